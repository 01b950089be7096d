# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python3 -m drill``: drills by hand, without Ansible."""

from __future__ import annotations

from .main import main

__all__ = ["main"]
