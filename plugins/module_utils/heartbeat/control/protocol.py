# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control protocol: one JSON object per line in each direction, on a unix stream socket.

Request: ``{"command": "status"}``; commands: status, standby, takeover, reload, version, metrics, events, notify.
``standby`` and ``takeover`` take ``scope`` (all, local, foreign, failback, group) and, with ``group``, ``key``. Replies
to them, to ``notify`` (a test event for the hooks) and to a request that is not understood: ``{"ok": bool, "text":
str}``; ``reload`` adds ``diagnostics``. ``status``, ``metrics`` and ``events`` (what happened lately) reply with an
object that has a ``schema_version``; ``events`` with ``"follow": true`` is followed by a line per new event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SOCKET_NAME = "control.sock"
LINE_LIMIT = 4096
SCOPES = ("all", "local", "foreign", "failback", "group")
COMMANDS = ("status", "standby", "takeover", "reload", "version", "metrics", "events", "notify")


class RequestError(ValueError):
    """A request that is not understood; the text is for the client."""


@dataclass(frozen=True)
class Request:
    """A request as understood."""

    command: str
    scope: str = "all"
    key: str | None = None
    follow: bool = False


def parse_request(line: bytes) -> Request:
    """One line. Raises RequestError."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise RequestError("a request is one JSON object on one line") from None
    if not isinstance(found, dict) or not isinstance(found.get("command"), str):
        raise RequestError('a request is an object with "command"')
    command, scope, key = found["command"], found.get("scope", "all"), found.get("key")
    if command not in COMMANDS:
        raise RequestError(f"unknown command {command!r}; known: {', '.join(COMMANDS)}")
    if scope not in SCOPES:
        raise RequestError(f"unknown scope {scope!r}; known: {', '.join(SCOPES)}")
    if (scope == "group") != isinstance(key, str):
        raise RequestError('scope "group" needs "key", the group\'s first resource as written; other scopes take none')
    return Request(command, scope, key, found.get("follow") is True and command == "events")


def encode(answer: dict[str, Any]) -> bytes:
    """One reply or request as a line."""
    return json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def verdict(ok: bool, text: str) -> dict[str, Any]:
    """The reply to a command."""
    return {"ok": ok, "text": text}
