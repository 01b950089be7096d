# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from heartbeat.core.commands import Requests, scope_keys
from heartbeat.core.events import Command, Verb
from heartbeat.simulator.samples import VIP, WEB, sample_groups

BOTH, MINE, YOURS = (VIP, WEB), (VIP,), (WEB,)


@pytest.mark.parametrize(
    ("verb", "scope", "key", "keys"),
    [
        (Verb.STANDBY, "all", None, BOTH),
        (Verb.STANDBY, "local", None, MINE),
        (Verb.STANDBY, "foreign", None, YOURS),
        (Verb.STANDBY, "failback", None, YOURS),
        (Verb.TAKEOVER, "local", None, MINE),
        (Verb.TAKEOVER, "foreign", None, YOURS),
        (Verb.TAKEOVER, "failback", None, MINE),
        (Verb.TAKEOVER, "group", WEB, YOURS),
        (Verb.TAKEOVER, "group", "10.9.9.9", None),
        (Verb.TAKEOVER, "group", None, None),
        (Verb.TAKEOVER, "everything", None, None),
    ],
)
def test_scopes_as_n1_sees_them(verb: Verb, scope: str, key: str | None, keys: tuple[str, ...] | None) -> None:
    assert scope_keys(Command(verb, scope, key), sample_groups(), "n1") == keys


@pytest.fixture(name="answers")
def _answers() -> list[tuple[int, bool, str]]:
    return []


@pytest.fixture(name="requests")
def _requests(answers: list[tuple[int, bool, str]]) -> Requests:
    return Requests(lambda *answer: answers.append(answer))


def test_the_answer_comes_with_the_last_group(requests: Requests, answers: list[tuple[int, bool, str]]) -> None:
    requests.add(Command(Verb.STANDBY, request=7), BOTH, 0)
    requests.settle(Verb.STANDBY, VIP, True, "moved to n2")
    assert answers == []
    requests.settle(Verb.TAKEOVER, WEB, True, "another verb")
    assert answers == []
    requests.settle(Verb.STANDBY, WEB, True, "moved to n2")
    assert answers == [(7, True, f"{VIP}: moved to n2; {WEB}: moved to n2")]
    requests.settle(Verb.STANDBY, WEB, False, "too late")
    assert len(answers) == 1


def test_one_failure_makes_the_answer_no(requests: Requests, answers: list[tuple[int, bool, str]]) -> None:
    requests.add(Command(Verb.STANDBY, request=7), BOTH, 0)
    requests.settle(Verb.STANDBY, VIP, True, "moved to n2")
    requests.settle(Verb.STANDBY, WEB, False, "would not stop")
    assert answers == [(7, False, f"{WEB}: would not stop")]


def test_nothing_to_do_is_an_answer(requests: Requests, answers: list[tuple[int, bool, str]]) -> None:
    requests.finish(requests.add(Command(Verb.STANDBY, request=7), (), 0))
    assert answers == [(7, True, "nothing to move")]


def test_close_all_of_one_kind(requests: Requests, answers: list[tuple[int, bool, str]]) -> None:
    requests.add(Command(Verb.STANDBY, request=1), MINE, 0)
    requests.add(Command(Verb.TAKEOVER, request=2), YOURS, 0)
    requests.close_all(False, "shutting down", Verb.TAKEOVER)
    assert answers == [(2, False, "shutting down")]
    requests.close_all(True, "done")
    assert answers[1:] == [(1, True, "done")]
