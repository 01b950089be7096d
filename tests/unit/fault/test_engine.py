# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse, arm, break, heal: on real processes, with the notes in a directory of the test's own."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drill.fault import answer, engine, procfs, record, switch
from drill.fault.model import FaultError, Plan, Refusal, hook, remove, run, write
from drill.fault.place import Place

Wait = Callable[[Callable[[], object], str], None]


def request(**changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "id": "a",
        "kind": "freeze",
        "target": "n1",
        "confirm": True,
        "max_seconds": 300.0,
        "members": ["n1", "n2"],
        "pattern": f"victim-of-{os.getpid()}$",
    }
    return {**asked, **changes}


def stopped(victim: dict[str, Any]) -> bool:
    return procfs.state_of(victim["pid"], victim["started"]) == "T"


def files_of(place: Place) -> set[str]:
    return set(os.listdir(place.directory)) if os.path.isdir(place.directory) else set()


def test_a_fault_starts_is_told_of_and_heals(place: Place, victim: dict[str, Any], wait: Wait) -> None:
    done = answer.started(request(), place, False)
    assert done["switch"] == "process"
    assert done["t0"]["wall_ns"] <= done["done"]["wall_ns"]
    assert done["uncertainty_ns"] == done["done"]["monotonic_ns"] - done["t0"]["monotonic_ns"]
    assert done["at"].endswith("Z")
    wait(lambda: stopped(victim), "frozen")
    (fault,) = answer.reported({"id": None}, place, False)["faults"]
    assert (fault["state"], fault["in_force"], fault["armed"]) == ("started", True, True)
    assert 0 < fault["seconds_left"] <= 300
    armed = record.load(place, "a")
    assert armed

    result = answer.healed({"id": "a"}, place, False)
    assert result["changed"]
    assert result["healed"] == ["a"]
    wait(lambda: not stopped(victim), "thawed")
    (fault,) = result["faults"]
    assert (fault["state"], fault["in_force"], fault["armed"]) == ("healed", False, False)
    assert fault["healing"]["by"] == "operator"
    wait(lambda: not switch.is_armed(armed["switch"]), "the switch is taken back")
    # Only what tells of it is left.
    assert files_of(place) == {"a.json", "a.lock"}

    again = answer.healed({"id": "a"}, place, False)
    assert not again["changed"]
    assert again["healed"] == []


def test_who_heals_second_heals_nothing(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "count"
    counting = run(["sh", "-c", f"echo healed >> {path}"])
    planning(monkeypatch, Plan("x", (run(["true"]),), (counting,)))
    answer.started(request(), place, False)
    assert engine.heal(place, "a", by="operator")[0]
    changed, noted = engine.heal(place, "a", by="switch")
    assert not changed
    assert noted
    assert noted["healing"]["by"] == "operator"
    assert path.read_text() == "healed\n"


def test_the_switch_heals_alone(place: Place, victim: dict[str, Any], wait: Wait) -> None:
    answer.started(request(max_seconds=0.2), place, False)
    wait(lambda: answer.reported({"id": "a"}, place, False)["faults"][0]["state"] == "healed", "healed by the switch")
    wait(lambda: not stopped(victim), "thawed")
    (fault,) = answer.reported({"id": "a"}, place, False)["faults"]
    assert fault["healing"]["by"] == "switch"


def test_check_mode_says_the_same_and_does_nothing(place: Place, victim: dict[str, Any]) -> None:
    said = answer.started(request(), place, True)
    assert said["changed"]
    assert said["heals"]
    assert "SIGSTOP" in said["words"]
    assert f"n1: {said['words']}" in said["diff"]["after"]
    assert not stopped(victim)
    assert not os.path.exists(place.directory)
    with pytest.raises(Refusal, match="Set confirm"):
        answer.started(request(confirm=False), place, True)


def test_the_same_id_is_refused_while_in_force_and_free_afterwards(place: Place, victim: dict[str, Any]) -> None:
    answer.started(request(), place, False)
    with pytest.raises(Refusal, match="Fault a is in force already"):
        answer.started(request(), place, False)
    answer.healed({"id": None}, place, False)
    answer.started(request(), place, False)
    assert answer.healed({"id": None}, place, False)["healed"] == ["a"]


def test_an_unhealthy_cluster_is_not_broken(place: Place, victim: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"not healthy.*ended with 3: two holders"):
        answer.started(request(health_command="echo two holders >&2; exit 3"), place, False)
    with pytest.raises(Refusal, match=r"did not end within 0\.1 s"):
        answer.started(request(health_command="exec sleep 60", health_seconds=0.1), place, False)
    assert not stopped(victim)
    answer.started(request(health_command="true"), place, True)


def planning(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    """Let every fault have this plan."""
    kind = engine.KINDS["freeze"]
    made = type(kind)("freeze", kind.options, lambda _arguments, _facts: plan)
    monkeypatch.setattr(engine, "KINDS", {"freeze": made})


def test_half_a_fault_is_healed(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "half")
    planning(monkeypatch, Plan("x", (write(path, "x"), run(["false"])), (remove(path),)))
    with pytest.raises(FaultError, match=r"run false: exit code 1; healed$"):
        answer.started(request(), place, False)
    assert not os.path.exists(path)
    assert not engine.report(place)[0]["armed"]


def test_without_a_switch_nothing_is_broken(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "broken")
    planning(monkeypatch, Plan("x", (write(path, "x"),), (remove(path),)))

    def refuse(*_arguments: Any) -> dict[str, Any]:
        raise FaultError("the dead man's switch does not start, so nothing was broken")

    monkeypatch.setattr(switch, "arm", refuse)
    with pytest.raises(FaultError, match="nothing was broken"):
        answer.started(request(), place, False)
    assert not os.path.exists(path)
    assert engine.report(place)[0]["state"] == "healed"


def test_the_switch_is_armed_before_the_first_step(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning(monkeypatch, Plan("x", (run(["true"]),), (remove(str(tmp_path / "none")),)))
    seen = []

    def look(step: dict[str, Any]) -> None:
        noted = record.load(place, "a")
        assert noted
        seen.append((noted["state"], switch.is_armed(noted["switch"]), step["argv"]))

    monkeypatch.setattr(engine, "carry_out", look)
    answer.started(request(), place, False)
    assert seen == [("armed", True, ["true"])]
    monkeypatch.undo()
    answer.healed({"id": None}, place, False)


def test_nothing_to_heal_needs_no_switch(place: Place, victim: dict[str, Any], wait: Wait) -> None:
    done = answer.started(request(kind="process_kill"), place, False)
    assert (done["heals"], done["switch"]) == (False, "")
    wait(lambda: procfs.state_of(victim["pid"], victim["started"]) == "-", "killed")
    (fault,) = engine.report(place)
    assert (fault["state"], fault["in_force"], fault["armed"]) == ("over", False, False)
    assert files_of(place) == {"a.json", "a.lock"}


def test_what_cannot_be_healed_stays_known_and_the_rest_is_healed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rest"
    path.write_text("")
    planning(monkeypatch, Plan("x", (run(["true"]),), (run(["false"]), remove(str(path)))))
    answer.started(request(), place, False)
    with pytest.raises(answer.NotHealed, match="fault a is not healed: run false") as caught:
        answer.healed({"id": None}, place, False)
    assert not path.exists()
    assert caught.value.faults[0]["state"] == "started"
    assert caught.value.faults[0]["armed"]
    noted = record.load(place, "a")
    assert noted
    noted["heal"] = []
    record.save(place, noted)
    answer.healed({"id": None}, place, False)


@pytest.mark.parametrize(
    ("said", "told_ns"),
    [
        ('{"t0": {"wall_ns": 1700000000123456789}}', 1700000000123456789),
        ('{"t0": 1700000000123456789}', 1700000000123456789),
        ('{"t0": 1700000000.25}', 1700000000250000000),
    ],
)
def test_a_hook_tells_the_instant(place: Place, monkeypatch: pytest.MonkeyPatch, said: str, told_ns: int) -> None:
    planning(monkeypatch, Plan("x", (hook(["echo", said], {}, 10),), instant=False))
    done = answer.started(request(), place, False)
    assert (done["t0"]["wall_ns"], done["uncertainty_ns"]) == (told_ns, 0)


@pytest.mark.parametrize("said", ["off", "{broken", "{}", '{"t0": true}', '{"t0": "now"}', "[1]"])
def test_a_hook_that_does_not_tell_leaves_its_whole_run(
    place: Place, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    planning(monkeypatch, Plan("x", (hook(["echo", said], {}, 10),), instant=False))
    done = answer.started(request(), place, False)
    assert done["uncertainty_ns"] > 0
    # The middle, with as much to either side.
    assert abs(done["t0"]["monotonic_ns"] + done["uncertainty_ns"] - done["done"]["monotonic_ns"]) <= 1


def test_a_hooks_secrets_are_private_and_forgotten(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    step = hook(["true"], {"PASSWORD": "quirk"}, 10)
    planning(monkeypatch, Plan("x", (step,), (step,), instant=False))
    answer.started(request(hook_environment={"PASSWORD": "quirk"}), place, False)
    path = os.path.join(place.directory, "a.json")
    assert "quirk" in Path(path).read_text()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(place.directory).st_mode) == 0o700
    answer.healed({"id": None}, place, False)
    assert "quirk" not in Path(path).read_text()


def test_a_return_takes_the_switch_of_what_it_undoes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    power = {"off_command": ["true"], "on_command": ["true"]}
    answer.started(request(kind="power_off", **power), place, False)
    answer.started(request(kind="power_off", **power, id="b", target="n2", quorum=1), place, False)
    answer.started(request(kind="power_on", id="c", on_command=["true"]), place, False)
    states = {fault["id"]: (fault["state"], fault["armed"]) for fault in engine.report(place)}
    assert states == {"a": ("healed", False), "b": ("started", True), "c": ("over", False)}
    answer.healed({"id": None}, place, False)


def test_a_delayed_fault_starts_after_the_answer(place: Place, victim: dict[str, Any], wait: Wait) -> None:
    done = answer.started(request(delay_ms=300), place, False)
    assert done["delayed"]
    wait(lambda: engine.report(place)[0]["state"] == "started", "started later")
    (fault,) = engine.report(place)
    # Planned and measured on the same clock: it never starts early.
    assert fault["t0"]["monotonic_ns"] >= done["t0"]["monotonic_ns"]
    answer.healed({"id": None}, place, False)


def test_a_directory_open_to_others_is_not_trusted(tmp_path: Path, victim: dict[str, Any]) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(FaultError, match="only its owner"):
        answer.started(request(), Place(str(tmp_path), "process"), False)
    assert not stopped(victim)


def test_old_faults_are_forgotten(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "KEPT", 2)
    planning(monkeypatch, Plan("x", (run(["true"]),)))
    for number in range(5):
        answer.started(request(id=f"f{number}"), place, False)
    assert [fault["id"] for fault in engine.report(place)] == ["f2", "f3", "f4"]


def test_a_note_is_never_seen_half_written(place: Place) -> None:
    place.make()
    record.save(place, {"id": "a", "armed_ns": 1, "state": "over"})
    assert json.loads(Path(place.directory, "a.json").read_text())["state"] == "over"
    Path(place.directory, "b.json").write_text("{")
    assert [found["id"] for found in record.load_all(place)] == ["a"]
