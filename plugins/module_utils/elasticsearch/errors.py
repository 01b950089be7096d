# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of requests that can't work."""

from __future__ import annotations

__all__ = ["Refused"]


class Refused(ValueError):
    """A request that can't work; the text says why."""
