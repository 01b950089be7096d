# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from steadfast_lab import LabError, agent_process, images, process, state
from steadfast_lab.freezer import control_file
from steadfast_lab.identity import Identity, checkout_hash
from steadfast_lab.inventory import make_inventory
from steadfast_lab.topology import make_plan

PLAN = make_plan({"lab": "x", "nodes": {"a": {"groups": ["g"], "vars": {"color": "red"}}, "b": {}}}, seed="1")


def test_names_tell_checkouts_apart(tmp_path: Path) -> None:
    one, other = Identity(tmp_path / "one", "x"), Identity(tmp_path / "other", "x")
    assert one.container("a") != other.container("a")
    assert one.netns != other.netns
    assert len(checkout_hash(tmp_path)) == 6


def test_the_inventory_has_groups_addresses_and_room_for_vips(tmp_path: Path) -> None:
    inventory = make_inventory(Identity(tmp_path, "x"), PLAN, "podman", "secret")["all"]
    assert inventory["children"] == {"g": {"hosts": {"a": {}}}}
    host = inventory["hosts"]["a"]
    assert host["lab_addresses"] == {cable.network: cable.ipv4 for cable in PLAN.node("a").cables}
    assert host["lab_interfaces"] == {"service": "eth0", "cluster": "eth1"}
    assert host["color"] == "red"
    for network in PLAN.networks:
        facts = inventory["vars"]["lab_networks"][network.name]
        used = {network.router, *(cable.ipv4 for node in PLAN.nodes for cable in node.cables)}
        assert not used & set(facts["vips"])
        assert len(set(facts["vips"])) == 40


def test_a_state_survives_and_another_version_is_told(tmp_path: Path) -> None:
    identity = Identity(tmp_path, "x")
    assert state.load(identity) is None
    before = state.LabState(
        plan=PLAN, image="i", engine="podman", power_token="t", nodes={"a": state.NodeState("on", 7, 8, 1)}
    )
    before.deadlines["network"] = 12.5
    state.save(identity, before)
    assert state.load(identity) == before
    path = identity.directory / "lab.json"
    assert path.stat().st_mode & 0o777 == 0o600
    for text in ("{", "[]", '{"version": 0}', '{"version": 1}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(LabError, match="another version"):
            state.load(identity)


def test_a_pid_counts_only_with_its_start_time() -> None:
    own = os.getpid()
    assert process.is_alive(own, process.start_time(own))
    assert not process.is_alive(own, process.start_time(own) + 1)
    assert not process.is_alive(0, 0)


def test_kill_spares_a_stranger_with_the_same_pid() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        started = process.start_time(child.pid)
        assert process.kill(child.pid, started + 1, signal.SIGKILL)
        assert child.poll() is None
        assert process.kill(child.pid, started, signal.SIGKILL, wait=10)
        assert child.wait() == -signal.SIGKILL
    assert process.kill(child.pid, started, signal.SIGKILL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "9:name=systemd:/x\n6:freezer:/libpod_parent/libpod-1\n0::/u",
            ("freezer/libpod_parent/libpod-1/freezer.state", "FROZEN"),
        ),
        ("0::/machine.slice/libpod-1.scope/init.scope\n", ("machine.slice/libpod-1.scope/cgroup.freeze", "1")),
    ],
    ids=["v1 or hybrid", "v2"],
)
def test_the_freezer_is_found(text: str, expected: tuple[str, str]) -> None:
    path, freeze, _thaw = control_file(text, Path("/c"))
    assert (str(path.relative_to("/c")), freeze) == expected


def test_the_image_changes_with_its_recipe_only(monkeypatch: pytest.MonkeyPatch) -> None:
    before = images.image_name("trixie")
    assert images.image_name("trixie") == before
    assert images.image_name("bookworm") != before
    monkeypatch.setattr(images, "PACKAGES", (*images.PACKAGES, "sudo"))
    assert images.image_name("trixie") != before


def test_sources_are_debians_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "mirror", lambda: "http://mirror.example/debian")
    assert all(line.startswith("deb http://mirror.example/debian") for line in images.sources("trixie"))
    assert [line.split()[2] for line in images.sources("trixie")] == ["trixie", "trixie-updates", "trixie-security"]


def test_an_agent_that_is_gone_is_not_taken_for_running(tmp_path: Path) -> None:
    identity = Identity(tmp_path, "x")
    assert not agent_process.is_running(identity)
    note = agent_process.note_path(identity)
    note.parent.mkdir(parents=True)
    note.write_text(f'{{"pid": {os.getpid()}, "started": 1, "code": ""}}', encoding="utf-8")
    assert not agent_process.is_running(identity)
    agent_process.stop(identity)
    assert not note.exists()
