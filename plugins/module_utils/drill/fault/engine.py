# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a fault, heals it, tells of it: the only place where planning meets the machine.

The order is what makes it safe: refuse, look, plan, note down how to heal, arm the switch, and only then break.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from . import look, record, switch
from .carry_out import carry_out, passes
from .kinds import KINDS
from .model import FaultError, Kind, Plan, Refusal, Step
from .payload import build_payload
from .place import Place
from .record import IN_FORCE, Record
from .safety import refusals

__all__ = ["Prepared", "heal", "inject", "prepare", "report", "start"]

DELAY_MS = 1000
"""How long the answer gets to reach the controller before a fault that would stop it."""


@dataclass(frozen=True)
class Prepared:
    """A fault that may be started: nothing has been touched yet."""

    kind: Kind
    plan: Plan
    asked: Mapping[str, Any]
    delay_ms: int


def prepare(asked: Mapping[str, Any], place: Place) -> Prepared:
    """Refuse, look and plan. Changes nothing. Raises Refusal with every reason, FaultError when nobody can tell.

    asked: see ``safety.refusals``; also ``kind``, ``health_command``, ``health_seconds``, ``delay_ms``.
    """
    kind = KINDS[asked["kind"]]
    reasons = refusals(kind, asked)
    if reasons:
        raise Refusal(*reasons)
    known = record.load(place, asked["id"])
    if known and known["state"] in IN_FORCE:
        raise Refusal(
            f"Fault {asked['id']} is in force already ({known['target']}: {known['words']}). "
            "Heal it first, or choose another id."
        )
    _require_health(asked)
    plan = kind.plan(asked, look.answers(kind.asks(asked), place, asked["id"]))
    delay = asked.get("delay_ms")
    if delay is None:
        delay = DELAY_MS if plan.needs_delay else 0
    elif plan.needs_delay and delay <= 0:
        raise Refusal(f"delay_ms must not be 0: {plan.needs_delay}.")
    return Prepared(kind, plan, asked, int(delay))


def _require_health(asked: Mapping[str, Any]) -> None:
    command = asked.get("health_command")
    if not command:
        return
    seconds = float(asked.get("health_seconds") or 30)
    try:
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Refusal(f"The cluster is not healthy: health_command did not end within {seconds:g} s.") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise Refusal(
            f"The cluster is not healthy, and only a healthy one is broken on purpose: health_command ended with "
            f"{done.returncode}{': ' + said if said else ''}."
        )


def start(prepared: Prepared, place: Place) -> Record:
    """Note down, arm, break; returns the record. Raises FaultError after healing what was done so far."""
    asked, plan = prepared.asked, prepared.plan
    place.make()
    record.prune(place)
    fault_id, seconds = str(asked["id"]), float(asked["max_seconds"])
    options = {name: asked.get(name) for name in prepared.kind.options if name != "hook_environment"}
    noted: Record = {
        "version": 1,
        "id": fault_id,
        "kind": prepared.kind.name,
        "target": asked["target"],
        "words": plan.words,
        "notes": list(plan.notes),
        "options": {name: value for name, value in options.items() if value is not None},
        "state": "armed",
        "instant": plan.instant,
        "max_seconds": seconds,
        "armed_ns": time.time_ns(),
        "deadline_ns": time.monotonic_ns() + round((seconds + prepared.delay_ms / 1000) * 10**9),
        "start": list(plan.start),
        "heal": list(plan.heal),
        "check": list(plan.check),
        "ends": [[kind, dict(arguments)] for kind, arguments in plan.ends],
        "switch": {},
    }
    with record.locked(place, fault_id):
        known = record.load(place, fault_id)
        if known and known["state"] in IN_FORCE:
            raise Refusal(f"Fault {fault_id} has been started by somebody else just now.")
        with open(place.program(fault_id), "wb") as program:
            program.write(build_payload())
        record.save(place, noted)
    if plan.heal:
        try:
            noted["switch"] = switch.arm(place, fault_id, seconds + prepared.delay_ms / 1000)
        except BaseException:
            noted["state"] = "healed"
            _finish(place, noted, by="never started", errors=[])
            raise
        with record.locked(place, fault_id):
            record.save(place, noted)
    if prepared.delay_ms:
        return _inject_later(place, noted, prepared.delay_ms)
    return inject(place, fault_id)


def _inject_later(place: Place, noted: Record, delay_ms: int) -> Record:
    """Leave the start to the packed program, and answer with the instant that was set for it."""
    facts, at_ns = place.facts(noted["id"]), time.monotonic_ns() + delay_ms * 10**6
    program = [facts["python"], "-I", facts["program"], "inject", place.directory, noted["id"], str(at_ns)]
    if place.manager == "systemd":
        # A child of ours would end with the connection's session where logind kills what users leave behind.
        unit = f"--unit=steadfast-fault-{noted['id']}-start"
        carry_out({"do": "run", "argv": ["systemd-run", "--collect", "--quiet", unit, *program], "seconds": 20})
    else:
        note = os.path.join(place.directory, f"{noted['id']}.inject")
        carry_out({"do": "spawn", "argv": program, "note": note})
    wall_ns = time.time_ns() + at_ns - time.monotonic_ns()
    planned = {"wall_ns": wall_ns, "monotonic_ns": at_ns}
    return {**noted, "t0": planned, "done": planned, "uncertainty_ns": 10 * 10**6, "delayed": True}


def inject(place: Place, fault_id: str) -> Record:
    """Perform the start of a noted fault, with the clocks read directly before and after."""
    noted = record.load(place, fault_id)
    if noted is None or noted["state"] != "armed":
        raise FaultError(f"fault {fault_id} is not armed (any more), so it is not started")
    told: Optional[int] = None
    failure: Optional[BaseException] = None
    before = _now()
    try:
        for step in noted["start"]:
            told = carry_out(step) or told
    except (FaultError, KeyboardInterrupt) as error:
        failure = error
    after = _now()
    t0, uncertainty_ns = _instant(noted, before, after, told)
    with record.locked(place, fault_id):
        latest = record.load(place, fault_id) or noted
        latest.update(t0=t0, done=after, uncertainty_ns=uncertainty_ns)
        overtaken = latest["state"] not in IN_FORCE
        if not overtaken:
            latest["state"] = "started" if noted["heal"] else "over"
        record.save(place, latest)
    if latest["state"] == "over":
        _forget_program(place, fault_id)
    if failure or overtaken:
        # What the switch healed while it was still being broken is healed again: what is whole stays whole.
        errors = _healed_by(latest)
        latest["state"] = "healed"
        _finish(place, latest, by="failure", errors=errors)
        if failure is None:
            failure = FaultError(f"the fault took longer to start than its max_seconds of {noted['max_seconds']:g}")
        raise FaultError(f"{failure}; healed{' with errors: ' + '; '.join(errors) if errors else ''}") from failure
    _end_others(place, latest)
    return latest


def _instant(
    noted: Mapping[str, Any], before: Mapping[str, int], after: Mapping[str, int], told: Optional[int]
) -> tuple[dict[str, int], int]:
    """When the fault began, and how much later that may have been (either way for a hook that does not tell)."""
    span = after["monotonic_ns"] - before["monotonic_ns"]
    if told is not None:
        return {"wall_ns": told, "monotonic_ns": before["monotonic_ns"] + told - before["wall_ns"]}, 0
    if any(step["do"] == "hook" for step in noted["start"]):
        return {name: value + span // 2 for name, value in before.items()}, span // 2
    return dict(before), span if noted["instant"] else 0


def _now() -> dict[str, int]:
    return {"wall_ns": time.time_ns(), "monotonic_ns": time.monotonic_ns()}


def _end_others(place: Place, noted: Record) -> None:
    """Take note that this fault undid earlier ones: their switches must not fire into what comes next."""
    for kind, arguments in noted["ends"]:
        for other in record.load_all(place):
            values = {**other["options"], "target": other["target"]}
            same = all(values.get(name) == value for name, value in arguments.items())
            if other["kind"] == kind and other["state"] in IN_FORCE and same:
                with record.locked(place, other["id"]):
                    other["state"] = "healed"
                    _finish(place, other, by=noted["id"], errors=[])


def heal(place: Place, fault_id: str, by: str) -> tuple[bool, Optional[Record]]:
    """Heal a fault, whoever asks, as often as anybody asks; returns whether there was anything to heal.

    Raises FaultError when a step failed; the others were performed all the same, and the switch stays armed.
    """
    if not os.path.isdir(place.directory) or record.load(place, fault_id) is None:
        return False, None
    with record.locked(place, fault_id):
        noted = record.load(place, fault_id)
        if noted is None or noted["state"] not in IN_FORCE:
            return False, noted
        before = _now()
        errors = _healed_by(noted)
        noted["healing"] = {"from": before, "to": _now(), "by": by, "errors": errors}
        if errors:
            record.save(place, noted)
            raise FaultError(f"fault {fault_id} is not healed: {'; '.join(errors)}")
        noted["state"] = "healed"
        _finish(place, noted, by=by, errors=[])
        return True, noted


def _healed_by(noted: Mapping[str, Any]) -> list[str]:
    errors = []
    steps: Sequence[Step] = noted["heal"]
    for step in steps:
        try:
            carry_out(step)
        except FaultError as error:
            errors.append(str(error))
    return errors


def _finish(place: Place, noted: Record, *, by: str, errors: list[str]) -> None:
    """Store the end of a fault, without what only its healing needed, and take the switch back."""
    noted.setdefault("healing", {"from": _now(), "to": _now(), "by": by, "errors": errors})
    # Hooks may carry secrets; nobody needs them any more.
    noted["start"], noted["heal"] = [], []
    record.save(place, noted)
    switch.disarm(noted["switch"])
    _forget_program(place, noted["id"])


def _forget_program(place: Place, fault_id: str) -> None:
    try:
        os.unlink(place.program(fault_id))
    except FileNotFoundError:
        pass


def report(place: Place, fault_id: Optional[str] = None) -> list[dict[str, Any]]:
    """Every fault that this machine knows of, or the one, with whether it is in force right now."""
    found = []
    for noted in record.load_all(place):
        if fault_id and noted["id"] != fault_id:
            continue
        active = noted["state"] in IN_FORCE
        shown = {name: noted.get(name) for name in ("id", "kind", "target", "words", "notes", "state", "max_seconds")}
        shown["in_force"] = all(passes(step) for step in noted["check"]) if active and noted["check"] else active
        shown["armed"] = active and switch.is_armed(noted["switch"])
        left = (noted["deadline_ns"] - time.monotonic_ns()) / 10**9
        shown["seconds_left"] = round(max(0.0, left), 3) if active else None
        for name in ("t0", "done", "uncertainty_ns", "healing"):
            if name in noted:
                shown[name] = noted[name]
        found.append(shown)
    return found
