# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines out of what collectors bring: the journal's JSON export, or plain text with times.

See systemd's "Journal JSON Format" and systemd.journal-fields(7).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Optional

from .event import LogLine

__all__ = ["FORMATS", "read_journal", "read_plain"]

_PLAIN = re.compile(r"\s*(\d{9,10})(?:\.(\d{1,9}))?\s+(.*)")


def _message(raw: Any) -> str:
    # Messages that are not UTF-8 are exported as an array of byte values.
    if isinstance(raw, list):
        return bytes(raw).decode("utf-8", "replace")
    return str(raw) if raw is not None else ""


def _time_us(entry: Mapping[str, Any]) -> Optional[int]:
    # When the sender says when it happened, that is better than when the journal read it.
    for key in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):
        value = entry.get(key)
        if isinstance(value, str) and value.isdigit():
            return int(value)
    return None


def read_journal(text: str, node: str) -> list[LogLine]:
    """Lines of ``journalctl -o json``; what is not an entry with a time and a message is left out."""
    found = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict):
            continue
        at_us, message = _time_us(entry), _message(entry.get("MESSAGE"))
        if at_us is not None and message:
            found.append(LogLine(at_us * 1000, node, message))
    return found


def read_plain(text: str, node: str) -> list[LogLine]:
    """Lines ``EPOCH_SECONDS[.FRACTION] text``, as ``journalctl -o short-unix`` or awk prints them."""
    found = []
    for line in text.splitlines():
        match = _PLAIN.match(line)
        if match:
            seconds, fraction, rest = match.groups()
            found.append(LogLine(int(seconds) * 10**9 + int((fraction or "0").ljust(9, "0")), node, rest))
    return found


FORMATS: Mapping[str, Callable[[str, str], list[LogLine]]] = {"journal": read_journal, "plain": read_plain}
"""Collector formats by name; a system with another log adds its reader here."""
