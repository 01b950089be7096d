# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log entries that become events, and what of them is remembered."""

from __future__ import annotations

import json

import pytest

from heartbeat.control.chronicle import REMEMBERED, Chronicle
from heartbeat.control.happenings import KINDS, LONGEST_FACT, Happening
from heartbeat.core.effects import Level
from heartbeat.core.reasons import CATALOGUE as DECISIONS
from heartbeat.host.logs import Log
from heartbeat.host.sentences import CATALOGUE as OBSERVATIONS
from heartbeat.host.sentences import sentence


def event(code: str = "peer-silent", **facts: str) -> Happening:
    return Happening(1, 1_700_000_000_123, "n1", "notice", code, KINDS[code], sentence(code, facts), facts)


def test_every_code_of_an_event_is_a_code_of_the_log() -> None:
    assert set(KINDS) - set(DECISIONS) - set(OBSERVATIONS) == set()


def test_a_failing_hook_is_no_event() -> None:
    """Else it would be told of its own failure, for ever."""
    assert "hook-failed" not in KINDS


def test_every_reason_to_move_a_group_is_an_event() -> None:
    begin, end = list(DECISIONS).index("peer-silent"), list(DECISIONS).index("group-found")
    quiet = {"claimed", "claim-withdrawn", "retry", "stop-again"}
    assert {code for code in list(DECISIONS)[begin:end] if code not in KINDS} == quiet


def test_json_and_environment_say_the_same() -> None:
    found = event(group="10.0.0.9", peer="n2")
    assert json.loads(json.dumps(found.as_dict())) == {
        "schema_version": 1,
        "number": 1,
        "unix_ms": 1_700_000_000_123,
        "node": "n1",
        "level": "notice",
        "kind": "taken",
        "event": "peer-silent",
        "group": "10.0.0.9",
        "peer": "n2",
        "why": "10.0.0.9: taken because n2, which held it, fell silent",
        "facts": {"group": "10.0.0.9", "peer": "n2"},
    }
    environment = found.environment()
    assert environment["HB_EVENT"] == "peer-silent"
    assert environment["HB_KIND"] == "taken"
    assert environment["HB_GROUP"] == "10.0.0.9"
    assert environment["HB_WHY"] == found.why


def test_an_event_about_no_group_says_so() -> None:
    found = event("woke", gap_ms="812")
    assert found.as_dict()["group"] is None
    assert found.environment()["HB_GROUP"] == ""


def test_environment_carries_no_control_characters() -> None:
    found = event("group-start-failed", group="web", detail="line\nline\x00\x1b[31m")
    assert found.environment()["HB_WHY"] == "web: would not start: line line  [31m"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (event("peer-dead", peer="n2"), event("peer-returned", peer="n2"), True),
        (event("peer-dead", peer="n2"), event("peer-dead", peer="n3"), False),
        (event("link-up", peer="n2", link="eth0"), event("link-dead", peer="n2", link="eth0"), True),
        (event("link-up", peer="n2", link="eth0"), event("link-up", peer="n2", link="eth1"), False),
        (event("ping-up", ping="gw"), event("ping-dead", ping="gw"), True),
        (event("carrier-up", device="eth0"), event("carrier-down", device="eth0"), True),
    ],
)
def test_what_replaces_what(first: Happening, second: Happening, same: bool) -> None:
    assert (first.subject() == second.subject()) is same


@pytest.mark.parametrize("code", ["peer-silent", "group-started", "conflict-won", "started", "reload-done", "command"])
def test_what_happens_to_groups_and_node_is_never_replaced(code: str) -> None:
    assert event(code).subject() is None


def chronicle() -> Chronicle:
    return Chronicle("n1", lambda: 7)


def test_the_last_ones_are_remembered_and_numbered() -> None:
    told: list[int] = []
    one = chronicle()
    one.listen(lambda found: told.append(found.number))
    for number in range(REMEMBERED + 10):
        one.note(Level.NOTICE, "group-started", {"group": str(number)}, "…")
    events = one.as_dict()["events"]
    assert [found["number"] for found in events] == list(range(11, REMEMBERED + 11))
    assert told == list(range(1, REMEMBERED + 11))


def test_what_is_no_event_is_left_alone() -> None:
    one = chronicle()
    one.note(Level.WARNING, "bad-packet", {}, "…")
    assert one.as_dict() == {"schema_version": 1, "node": "n1", "events": []}


def test_long_facts_are_cut() -> None:
    one = chronicle()
    one.note(Level.ERROR, "group-start-failed", {"detail": "x" * (LONGEST_FACT + 1)}, "…")
    assert one.as_dict()["events"][0]["facts"]["detail"] == "x" * LONGEST_FACT + "…"


def test_the_log_tells_its_listener_what_it_writes() -> None:
    class Target:
        def send(self, data: bytes) -> None:
            raise BlockingIOError  # also when the log itself cannot keep up

    log = Log(Target, lambda: 0, sentence)  # type: ignore[arg-type]
    told: list[tuple[str, str]] = []
    log.listener = lambda level, code, facts, why: told.append((code, why))
    log.emit(Level.NOTICE, "peer-left", {"peer": "n2"})
    log.emit(Level.DEBUG, "claimed", {"group": "x"})
    assert told == [("peer-left", "n2 has released everything and leaves")]
    assert log.dropped == 1
