# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands say: results on standard output, complaints on standard error."""

from __future__ import annotations

import sys
from typing import TextIO


def say(text: str, *, ok: bool = True) -> None:
    """One line, at once; a terminal without UTF-8 gets escapes instead of a traceback."""
    stream: TextIO = sys.stdout if ok else sys.stderr
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
