# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is touched, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from drill.fault.kinds import KINDS
from drill.fault.safety import ACCEPT_QUORUM_LOSS, quorum_of, refusals

GOOD: dict[str, Any] = {
    "id": "a",
    "target": "n1",
    "confirm": True,
    "max_seconds": 60.0,
    "members": ["n1", "n2", "n3"],
    "peers": ["192.0.2.2"],
}


def refused(kind: str = "cut", **changes: Any) -> list[str]:
    return refusals(KINDS[kind], {**GOOD, **changes})


def test_a_good_request_is_not_refused() -> None:
    assert refused() == []


def test_target_and_confirmation_are_asked_for_in_words() -> None:
    assert refused(target=None) == ["Say what to break: target must name the node. There is no default for it."]
    for answer in (False, None, "yes", 1):
        assert refused(confirm=answer) == [
            "This breaks n1 on purpose (cut). Set confirm to true if that is what you want."
        ]


def test_every_reason_is_told_at_once() -> None:
    assert len(refused(target="", confirm=False, id="../x", max_seconds=0, peers=[])) == 5


@pytest.mark.parametrize("wrong", ["", None, "a b", "a/b", "-a", ".a", "a" * 65, "a\n"])
def test_an_id_is_safe_as_a_file_a_unit_and_a_table(wrong: Any) -> None:
    assert any("needs an id" in reason for reason in refused(id=wrong))


@pytest.mark.parametrize("wrong", [0, -1, 24 * 3600 + 1, None])
def test_the_switch_always_has_an_end(wrong: Any) -> None:
    assert any("max_seconds" in reason for reason in refused(max_seconds=wrong))


def test_what_a_kind_needs_is_named() -> None:
    assert refused(peers=[]) == ["A fault of kind cut needs peers."]
    assert refused("power_off") == ["A fault of kind power_off needs off_command and on_command."]


@pytest.mark.parametrize(("members", "expected"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (7, 4)])
def test_quorum_is_the_majority_and_one_for_a_pair(members: int, expected: int) -> None:
    assert quorum_of([f"n{number}" for number in range(members)], None) == expected


def test_a_given_quorum_counts() -> None:
    assert quorum_of(["a", "b"], 2) == 2


def test_the_first_of_three_may_break_and_the_second_may_not() -> None:
    assert refused(faulted=[]) == []
    assert refused(faulted=["n1"]) == []  # the same node again
    assert refused(faulted=["n2"]) == [
        "With n1 and n2 broken, 1 of 3 members would be left, and 2 are needed. Heal one first, or set "
        f"accept_quorum_loss to {ACCEPT_QUORUM_LOSS!r}."
    ]
    assert refused(faulted=["n2"], accept_quorum_loss=ACCEPT_QUORUM_LOSS) == []


def test_one_of_a_pair_may_break_unless_both_are_needed() -> None:
    assert refused(members=["n1", "n2"]) == []
    assert len(refused(members=["n1", "n2"], faulted=["n2"])) == 1
    assert len(refused(members=["n1", "n2"], quorum=2)) == 1


@pytest.mark.parametrize("words", ["yes", "true", ACCEPT_QUORUM_LOSS.upper(), f"{ACCEPT_QUORUM_LOSS}."])
def test_only_the_exact_words_count(words: str) -> None:
    assert refused(faulted=["n2"], accept_quorum_loss=words) == [
        f"accept_quorum_loss must read, in these words, {ACCEPT_QUORUM_LOSS!r}; it reads {words!r}."
    ]


def test_without_members_nobody_can_tell() -> None:
    assert any("nobody can tell whether it stays quorate" in reason for reason in refused(members=[]))
    assert refused(members=[], accept_quorum_loss=ACCEPT_QUORUM_LOSS) == []


def test_names_must_be_members() -> None:
    assert refused(target="n9") == ["n9 is not among the members n1, n2, n3."]
    assert refused(faulted=["n8"]) == ["faulted names n8, not among the members n1, n2, n3."]


@pytest.mark.parametrize("quorum", [0, 4, -1])
def test_a_quorum_that_cannot_be_is_told(quorum: int) -> None:
    assert refused(quorum=quorum) == [f"A quorum of {quorum} makes no sense for 3 members."]


@pytest.mark.parametrize(("kind", "options"), [("power_on", {"on_command": ["on"]}), ("service_start", {"unit": "x"})])
def test_a_node_may_always_come_back(kind: str, options: dict[str, Any]) -> None:
    assert refused(kind, members=[], **options) == []
    assert refused(kind, faulted=["n2", "n3"], **options) == []


def test_only_returns_take_no_node() -> None:
    assert {name for name, kind in KINDS.items() if not kind.takes_node} == {"power_on", "service_start"}
