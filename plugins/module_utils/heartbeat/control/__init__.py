# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may ask: the unix control socket, its clients and the commands of operators."""

from __future__ import annotations
