# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events out of log lines: one interpreter per way of logging, chosen by name.

An interpreter is a function from a line to (kind, reason, facts), or None for a line that is no
decision. A system that logs differently adds one function and one row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Optional

from .clock import Offset
from .event import Event, LogLine

__all__ = ["INTERPRETERS", "Reading", "interpret", "key_values", "read_key_values"]

_PAIR = re.compile(r"""(?:^|\s)([A-Za-z_][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|\S*)""")

#: Elasticsearch's; its names of loggers are cut short, and this one tells of requests
_LOG4J = re.compile(r"\[[^\]]+\]\[(?P<level>[A-Z]+) *\]\[(?P<logger>[^\]]*?) *\] (?:\[[^\]]*\] ?)?(?P<said>\S.*)")
_ANSWERS = "r.suppressed"
#: Pacemaker's, whose daemons begin a line with a space, and its agents'
_LEVEL = re.compile(
    r"\s*(?P<level>emerg|alert|crit|error|warning|notice|info): (?P<said>\S.*)", re.IGNORECASE | re.DOTALL
)

#: Tomcat's, and where it lists at each start what it is made of
_JULI = re.compile(r"(?P<level>[A-Z]+) \[(?:[\w.$]*\.)?(?P<logger>[\w$]+)\] (?P<said>\S.*)")
_PARTS = "VersionLoggerListener"
_CAUSE = re.compile(r"(?:Caused by: )?[\w.$]+\.\w*(?:Exception|Error)\b")


class Reading(NamedTuple):
    """What an interpreter found in a line."""

    kind: str
    reason: str
    facts: Mapping[str, str]


def key_values(text: str) -> dict[str, str]:
    """The ``key=value`` and ``key="quoted value"`` pairs of a line, in order; the first of a key wins."""
    found: dict[str, str] = {}
    for key, value in _PAIR.findall(text):
        found.setdefault(key, _unquoted(value))
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value.startswith('"') and value.endswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def read_key_values(text: str) -> Optional[Reading]:
    """``event=takeover reason=peer-silent …``: lines without ``event=`` are no decisions."""
    facts = key_values(text)
    kind = facts.pop("event", "")
    if not kind:
        return None
    # "why" is a sentence, "reason" its code; people read sentences, programs find the code in the facts.
    sentence = facts.pop("why", "")
    return Reading(kind, sentence or facts.pop("reason", ""), facts)


def read_any(text: str) -> Optional[Reading]:
    """Every line is an event called by its first words. One that begins with space goes on with the line before."""
    words = [] if text[:1].isspace() else text.split()
    return Reading(" ".join(words[:4])[:40], "", {}) if words else None


def read_log4j(text: str) -> Optional[Reading]:
    """``[time][LEVEL][logger] [node] sentence``, called by the sentence's first words.

    What follows of a stack trace is no event of its own, nor is a request of a client that was answered with an error.
    """
    match = _LOG4J.match(text)
    if not match or match["logger"] == _ANSWERS:
        return None
    return Reading(" ".join(match["said"].split()[:4])[:40], "", {"level": match["level"], "logger": match["logger"]})


def read_level(text: str) -> Optional[Reading]:
    """``notice: sentence``, called by the sentence's first words; a line without a level as `read_any` has it."""
    match = _LEVEL.match(text)
    if not match:
        return read_any(text)
    return Reading(" ".join(match["said"].split()[:4])[:40], "", {"level": match["level"].lower()})


def read_juli(text: str) -> Optional[Reading]:
    """``LEVEL [logger] sentence``, called by the sentence's first words; what systemd says of a unit is an event, too.

    What follows of a stack trace is none, nor is what Tomcat lists of itself when it starts.
    """
    match = _JULI.match(text)
    if not match:
        return None if _CAUSE.match(text) else read_any(text)
    if match["logger"] == _PARTS:
        return None
    facts = {"level": match["level"], "logger": match["logger"]}
    return Reading(" ".join(match["said"].split()[:4])[:40], match["said"], facts)


INTERPRETERS: Mapping[str, Callable[[str], Optional[Reading]]] = {
    "key-value": read_key_values,
    "any": read_any,
    "log4j": read_log4j,
    "level": read_level,
    "juli": read_juli,
}


def interpret(lines: Iterable[LogLine], how: str, offsets: Mapping[str, Offset]) -> list[Event]:
    """Events in order of time, on the controller's clock. Raises KeyError for an unknown ``how``.

    A node without a known offset is taken to have our clock, with an uncertainty of nothing
    less than a second: its events are shown, but claim nothing.
    """
    read = INTERPRETERS[how]
    unknown = Offset(0, 1_000_000_000)
    events = []
    for line in lines:
        reading = read(line.text)
        if reading is not None:
            offset = offsets.get(line.node, unknown)
            events.append(
                Event(
                    at_ns=offset.to_ours(line.at_ns),
                    node=line.node,
                    kind=reading.kind,
                    reason=reading.reason,
                    text=line.text,
                    uncertainty_ns=offset.uncertainty_ns,
                    facts=reading.facts,
                )
            )
    return sorted(events, key=lambda event: event.at_ns)
