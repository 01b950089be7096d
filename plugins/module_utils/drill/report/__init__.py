# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: one JSON document with a versioned schema, and the pages people read. Pure."""

from __future__ import annotations
