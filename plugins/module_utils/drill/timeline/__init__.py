# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure analysis: what a row of samples says about the service, and what it cannot say."""

from __future__ import annotations
