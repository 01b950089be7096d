# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What touches the machine: links, addresses, announcements, agents, state files."""

from __future__ import annotations
