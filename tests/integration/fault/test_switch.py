# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead man's switch: whoever started the fault is killed in the middle of it, and it heals all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Net

pytestmark = pytest.mark.needs_root
Wait = Callable[[Callable[[], object], str], None]


def kill_group(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)


def test_a_partition_heals_itself_when_its_maker_is_killed(net: Net, wait: Wait) -> None:
    with net.ask("started", stay=True, kind="cut", peers=["10.78.0.2"], max_seconds=3) as controller:
        assert controller.stdout
        assert controller.stdout.readline().startswith("{")
        assert not net.reaches("n1", "n2")
        kill_group(controller.pid)
    wait(lambda: net.reaches("n1", "n2"), "healed")
    assert net.tables() == ""
    (fault,) = net.answer("report", id=None)["faults"]
    assert (fault["state"], fault["healing"]["by"]) == ("healed", "switch")
    # By the node's own clock: not before the time was up.
    assert fault["healing"]["from"]["monotonic_ns"] - fault["t0"]["monotonic_ns"] > 2 * 10**9
    assert fault["t0"]["monotonic_ns"] < fault["healing"]["from"]["monotonic_ns"]


def test_a_maker_killed_half_way_leaves_nothing_broken_for_long(net: Net, wait: Wait) -> None:
    # Killed at whatever point it has reached: before the switch nothing is broken, after it the switch heals.
    for milliseconds in (40, 80, 120, 160, 200, 240):
        with net.ask("started", id=f"k{milliseconds}", kind="cut", peers=["10.78.0.2"], max_seconds=1) as controller:
            try:
                controller.wait(timeout=milliseconds / 1000)
            except subprocess.TimeoutExpired:
                kill_group(controller.pid)
    wait(lambda: net.tables() == "" and net.reaches("n1", "n2"), "healed")
    faults = net.answer("report", id=None)["faults"]
    assert {fault["armed"] for fault in faults if fault["state"] == "healed"} <= {False}
    assert not any(fault["in_force"] and fault["state"] == "started" for fault in faults)


def test_healing_by_hand_takes_the_switch_back(net: Net, wait: Wait) -> None:
    net.answer("started", kind="cut", peers=["10.78.0.2"], max_seconds=2)
    net.answer("healed", id=None)
    # The same id again, for longer: the first one's switch must not end it.
    net.answer("started", kind="cut", peers=["10.78.0.2"], max_seconds=300)
    net.answer("started", id="clock", kind="cut", peers=["10.78.0.3"], max_seconds=4)
    wait(lambda: net.reaches("n1", "n3"), "the younger one's switch has fired")
    assert not net.reaches("n1", "n2")


def test_hang_ups_and_interrupts_do_not_end_the_switch(net: Net, wait: Wait) -> None:
    net.answer("started", kind="cut", peers=["10.78.0.2"], max_seconds=2)
    switch = json.loads(Path(net.notes, "a-1.b.json").read_text())["switch"]
    for number in (signal.SIGHUP, signal.SIGINT):
        os.kill(switch["pid"], number)
    wait(lambda: net.reaches("n1", "n2"), "healed")
    assert net.answer("report", id=None)["faults"][0]["healing"]["by"] == "switch"
