# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures against budgets. Pure: numbers in, verdicts with their reasons out."""

from __future__ import annotations
