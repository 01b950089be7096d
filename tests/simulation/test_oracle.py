# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oracle bites: every deliberately broken core is caught by the schedules that the real one survives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core import dialect_native, reconcile
from heartbeat.core.arbitration import Party
from heartbeat.core.reconcile import Act, Clues, Decision, decide
from heartbeat.settings.model import Failback
from heartbeat.simulator.campaign import Outcome, drill, play, shrink, storm
from heartbeat.simulator.samples import sample

Others = tuple[Party, ...]


def storms(limit: int = 40) -> Outcome | None:
    """The first schedule that fails."""
    for seed in range(limit):
        outcome = play(storm(sample(failback=Failback.ON if seed % 2 else Failback.OFF), seed))
        if outcome.violation:
            return outcome
    return None


def drills(limit: int = 10) -> Outcome | None:
    for seed in range(limit):
        outcome = play(drill(sample(), seed))
        if outcome.violation:
            return outcome
    return None


def broken(monkeypatch: pytest.MonkeyPatch, verdict: Any) -> None:
    monkeypatch.setattr(dialect_native, "decide", verdict)


def test_a_core_that_ignores_its_peers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, lambda me, others, clues: decide(me, (), clues))
    outcome = storms()
    assert outcome is not None
    assert "keep" in (outcome.violation or "")


def test_a_core_that_never_yields_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "outranks", lambda peer, me: False)
    outcome = storms()
    assert outcome is not None
    assert "keep" in (outcome.violation or "")


def test_a_core_that_always_yields_is_caught(monkeypatch: pytest.MonkeyPatch, cluster: Any) -> None:
    """Both ends of a split let go when it heals; the real core heals without a hole."""
    monkeypatch.setattr(reconcile, "outranks", lambda peer, me: True)
    holes = []
    for seed in range(10):  # the first statuses after the heal have to cross
        c = cluster(failback=Failback.OFF, seed=seed).up()
        c.do("isolate", "n1").run(5000).watch_for_holes().do("heal").do("delay", value=150).run(5000)
        holes.append(c.holes())
    assert max(holes) > 0


def test_a_core_that_takes_without_asking_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(me: Party, others: Others, clues: Clues) -> Decision:
        verdict = decide(me, others, clues)
        return replace(verdict, act=Act.TAKE, code="nobody-holds") if verdict.act is Act.WANT else verdict

    def rank_blind(parties: Any) -> Any:
        return next((party for party in parties if party.able()), None)

    broken(monkeypatch, hasty)
    monkeypatch.setattr(reconcile, "candidate", rank_blind)
    monkeypatch.setattr(reconcile, "outranks", lambda peer, me: False)
    assert storms() is not None


def test_a_core_that_breaks_before_it_makes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def rude(me: Party, others: Others, clues: Clues) -> Decision:
        verdict = decide(me, others, clues)
        return replace(verdict, act=Act.RELEASE) if verdict.act is Act.GIVE else verdict

    broken(monkeypatch, rude)
    outcome = drills()
    assert outcome is not None
    assert "without an address" in (outcome.violation or "")


def test_a_core_that_does_not_take_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(me: Party, others: Others, clues: Clues) -> Decision:
        verdict = decide(me, others, clues)
        return Decision() if verdict.act is Act.TAKE else verdict

    broken(monkeypatch, lazy)
    outcome = storms(2)
    assert outcome is not None
    assert "holders" in (outcome.violation or "")


def test_an_announcement_by_the_giver_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    desk_give = dialect_native.Desk.give

    def shouting(desk: Any, key: str, to: str, code: str, **facts: str) -> bool:
        desk.announce(key)
        return desk_give(desk, key, to, code, **facts)

    monkeypatch.setattr(dialect_native.Desk, "give", shouting)
    outcome = drills()
    assert outcome is not None
    assert "announces" in (outcome.violation or "")


def test_a_command_without_an_answer_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect_native.Desk, "answer", lambda *_: None)
    outcome = drills(1)
    assert outcome is not None
    assert "never answered" in (outcome.violation or "")


def test_an_exception_in_the_core_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbling(me: Party, others: Others, clues: Clues) -> Decision:
        raise KeyError("a defect")

    broken(monkeypatch, stumbling)
    outcome = storms(1)
    assert outcome is not None
    assert "KeyError" in (outcome.violation or "")


def test_a_failing_schedule_shrinks_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "outranks", lambda peer, me: False)
    outcome = storms()
    assert outcome is not None
    smallest = shrink(outcome)
    assert smallest.violation is not None
    assert len(smallest.plan.schedule) < len(outcome.plan.schedule)
    for index in range(len(smallest.plan.schedule)):
        rest = smallest.plan.schedule[:index] + smallest.plan.schedule[index + 1 :]
        assert play(replace(smallest.plan, schedule=rest)).violation is None
