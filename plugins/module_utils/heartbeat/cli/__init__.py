# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one program: `python3 -m heartbeat COMMAND`; `hbctl` on a node is the same."""

from __future__ import annotations
