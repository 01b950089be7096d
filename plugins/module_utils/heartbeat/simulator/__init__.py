# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same core on a virtual clock: a world of nodes, faults and an oracle."""

from __future__ import annotations
