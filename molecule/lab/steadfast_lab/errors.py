# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error a user of the lab sees, and the one way progress is told."""

from __future__ import annotations

import sys
import time

_START = time.monotonic()


class LabError(RuntimeError):
    """Something the lab cannot do; the text says what happened and what to do next."""


def say(text: str) -> None:
    """Print one progress line to standard error (standard output carries results only)."""
    print(f"lab {time.monotonic() - _START:6.1f}s  {text}", file=sys.stderr, flush=True)
