# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A heartbeat and VIP-failover daemon that reads Linux-HA configuration and speaks its wire protocol."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
