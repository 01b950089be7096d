# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes: the only room of drills that touches the network."""

from __future__ import annotations
