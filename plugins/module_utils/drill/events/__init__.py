# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster did and when, on the same axis as what the client saw. Pure."""

from __future__ import annotations
