# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of fault does to start and to heal, from given facts."""

from __future__ import annotations

from typing import Any

import pytest

from drill.fault.kinds import KINDS
from drill.fault.model import Plan, Refusal
from drill.fault.nic import restorable_routes

MIB = 1024 * 1024
MAIN = {"pid": 100, "started": 5, "command": "nginx: master"}
WORKER = {"pid": 101, "started": 6, "command": "nginx: worker"}
UNIT = {"load": "loaded", "active": "active", "main": MAIN, "all": [MAIN, WORKER], "freeze_file": ""}
PLACE = {"directory": "/run/f", "manager": "systemd", "python": "/usr/bin/python3", "program": "/run/f/a.pyz"}


def planned(kind: str, facts: dict[str, Any], **arguments: Any) -> Plan:
    asked = {"id": "a", "target": "n1", "max_seconds": 60.0, **arguments}
    KINDS[kind].asks(asked)
    return KINDS[kind].plan(asked, facts)


def words_of(steps: tuple[dict[str, Any], ...]) -> list[str]:
    return [" ".join(step["argv"]) for step in steps]


def test_every_kind_is_known_by_its_own_name() -> None:
    assert len(KINDS) == 15
    assert all(name == kind.name and set(kind.needs) <= set(kind.options) for name, kind in KINDS.items())


# services and processes ------------------------------------------------------------------------------------------


def test_a_stopped_service_is_started_again() -> None:
    plan = planned("service_stop", {"unit": UNIT}, unit="nginx")
    assert words_of(plan.start) == ["systemctl stop --job-mode=replace-irreversibly nginx.service"]
    assert words_of(plan.heal) == ["systemctl reset-failed nginx.service", "systemctl start nginx.service"]
    assert not plan.instant


def test_a_broken_service_cannot_be_started_until_it_heals() -> None:
    plan = planned("service_stop", {"unit": UNIT}, unit="nginx", broken=True)
    drop_in = str(plan.start[0]["path"])
    assert drop_in.startswith("/run/systemd/system/nginx.service.d/")
    assert plan.start[0]["text"] == "[Service]\nExecStartPre=/bin/false\n"
    assert words_of(plan.start[1:]) == [
        "systemctl daemon-reload",
        "systemctl stop --job-mode=replace-irreversibly nginx.service",
    ]
    assert plan.heal[0] == {"do": "remove", "path": drop_in}
    assert words_of(plan.heal[1:]) == [
        "systemctl daemon-reload",
        "systemctl reset-failed nginx.service",
        "systemctl start nginx.service",
    ]


def test_a_started_service_ends_the_stop() -> None:
    plan = planned("service_start", {"unit": {**UNIT, "active": "inactive"}}, unit="nginx")
    assert words_of(plan.start) == ["systemctl start nginx.service"]
    assert plan.heal == ()
    assert plan.ends == (("service_stop", {"unit": "nginx"}),)


@pytest.mark.parametrize("kind", ["service_stop", "process_kill", "freeze", "clock_prepare"])
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"load": "not-found", "active": "inactive"}, "There is no unit nginx.service"),
        ({"load": "", "active": ""}, "systemd does not answer"),
        ({"active": "inactive"}, "is not running"),
        ({"active": "failed"}, r"is not running on this node \(failed\)"),
    ],
)
def test_what_does_not_run_is_not_broken(kind: str, state: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        planned(kind, {"unit": {**UNIT, **state}, "library": "x"}, unit="nginx")


def test_kill_takes_the_main_process_and_all_if_told() -> None:
    plan = planned("process_kill", {"unit": UNIT}, unit="nginx")
    assert plan.start == (
        {"do": "signal", "processes": [{"pid": 100, "started": 5}], "name": "SIGKILL", "may_be_gone": False},
    )
    assert plan.heal == ()
    every = planned("process_kill", {"unit": UNIT}, unit="nginx", processes="all")
    assert [process["pid"] for process in every.start[0]["processes"]] == [100, 101]
    assert every.words == "kills all 2 processes of nginx.service"


def test_a_pattern_is_bounded() -> None:
    with pytest.raises(Refusal, match=r"finds 2 processes, limit allows 1: 100 nginx: master, 101 nginx: worker"):
        planned("process_kill", {"found": [MAIN, WORKER]}, pattern="nginx")
    plan = planned("process_kill", {"found": [MAIN, WORKER]}, pattern="nginx", limit=2)
    assert len(plan.start[0]["processes"]) == 2
    with pytest.raises(Refusal, match="finds no process"):
        planned("process_kill", {"found": []}, pattern="nginx")


@pytest.mark.parametrize("arguments", [{}, {"unit": "x", "pattern": "y"}])
def test_unit_or_pattern_but_not_both(arguments: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="one of the two"):
        planned("process_kill", {}, **arguments)


def test_a_broken_pattern_is_told() -> None:
    with pytest.raises(Refusal, match="not a regular expression"):
        planned("freeze", {}, pattern="(")


@pytest.mark.parametrize("kind", ["process_kill", "freeze"])
def test_process_1_is_never_touched(kind: str) -> None:
    with pytest.raises(Refusal, match="Process 1"):
        planned(kind, {"found": [{"pid": 1, "started": 1, "command": "init"}]}, pattern="init")


def test_freeze_by_signal_takes_every_process() -> None:
    plan = planned("freeze", {"unit": UNIT}, unit="nginx")
    assert [step["name"] for step in (*plan.start, *plan.heal)] == ["SIGSTOP", "SIGCONT"]
    assert [process["pid"] for process in plan.start[0]["processes"]] == [100, 101]
    assert plan.heal[0]["may_be_gone"]


def test_freeze_by_control_group_where_there_is_one() -> None:
    facts = {"unit": {**UNIT, "freeze_file": "/sys/fs/cgroup/x/cgroup.freeze"}}
    plan = planned("freeze", facts, unit="nginx")
    assert [(step["path"], step["text"]) for step in (*plan.start, *plan.heal)] == [
        ("/sys/fs/cgroup/x/cgroup.freeze", "1"),
        ("/sys/fs/cgroup/x/cgroup.freeze", "0"),
    ]
    assert planned("freeze", facts, unit="nginx", method="signal").start[0]["do"] == "signal"
    with pytest.raises(Refusal, match="use method signal"):
        planned("freeze", {"unit": UNIT}, unit="nginx", method="cgroup")


# whole nodes -----------------------------------------------------------------------------------------------------


def test_power_goes_and_comes_by_the_hook() -> None:
    commands = {"off_command": ["fence", "off"], "on_command": ["fence", "on"]}
    plan = planned("power_off", {}, **commands, hook_environment={"K": "v"})
    assert plan.start[0]["argv"] == ["fence", "off"]
    assert plan.heal[0]["argv"] == ["fence", "on"]
    assert plan.heal[0]["environment"] == {"K": "v"}
    back = planned("power_on", {}, on_command=["fence", "on"])
    assert back.ends == (("power_off", {"target": "n1"}),)
    assert back.heal == ()


@pytest.mark.parametrize("wrong", ["fence off", [1], [""]])
def test_a_hook_is_a_list_of_words(wrong: Any) -> None:
    with pytest.raises(Refusal, match="list of words"):
        planned("power_off", {}, off_command=wrong, on_command=["on"])


def test_a_reboot_waits_for_the_answer_and_never_uses_sysrq() -> None:
    plan = planned("reboot", {})
    assert words_of(plan.start) == ["systemctl reboot"]
    assert plan.needs_delay
    assert words_of(planned("reboot", {}, method="forced").start) == ["systemctl reboot --force --force"]


# network interface -----------------------------------------------------------------------------------------------

INTERFACE = {
    "exists": True,
    "up": True,
    "others": ["lo", "eth0"],
    "keep": "0",
    "addresses": ["192.0.2.1", "fe80::1"],
    "routes": "default via 192.0.2.254 proto static\n192.0.2.0/24 proto kernel scope link src 192.0.2.1\n"
    "local 192.0.2.1 table local proto kernel scope host src 192.0.2.1\n",
    "routes6": "2001:db8::/64 proto kernel metric 256 pref medium\n"
    "default via fe80::9 proto ra metric 100 expires 9sec\n"
    "2001:db8:1::/48 via fe80::9 metric 1024 linkdown pref medium\nmulticast ff00::/8 table local metric 256\n",
}


def test_an_interface_goes_down_keeps_its_addresses_and_gets_its_routes_back() -> None:
    plan = planned("nic_down", {"interface": INTERFACE, "connection": {}}, interface="eth0")
    assert plan.start[0]["path"] == "/proc/sys/net/ipv6/conf/eth0/keep_addr_on_down"
    assert plan.start[1]["argv"] == ["ip", "link", "set", "dev", "eth0", "down"]
    assert words_of(plan.heal[:3]) == [
        "ip link set dev eth0 up",
        "ip -4 route replace default via 192.0.2.254 proto static dev eth0",
        "ip -6 route replace 2001:db8:1::/48 via fe80::9 metric 1024 pref medium dev eth0",
    ]
    assert (plan.heal[3]["path"], plan.heal[3]["text"]) == (plan.start[0]["path"], "0")
    assert all(step["ok"] == [] for step in plan.heal[1:3])


def test_addresses_are_never_put_back() -> None:
    # What the cluster moved away meanwhile must stay away.
    plan = planned("nic_down", {"interface": INTERFACE, "connection": {}}, interface="eth0")
    assert not any("address" in step.get("argv", []) or "addr" in step.get("argv", []) for step in plan.heal)


def test_an_interface_that_keeps_addresses_anyway_is_left_so() -> None:
    plan = planned("nic_down", {"interface": {**INTERFACE, "keep": "1"}, "connection": {}}, interface="eth0")
    assert [step["do"] for step in plan.start] == ["run"]


def test_ansibles_own_interface_goes_down_after_the_answer() -> None:
    facts = {"interface": INTERFACE, "connection": {"client": "192.0.2.9", "server": "192.0.2.1"}}
    assert "through eth0" in planned("nic_down", facts, interface="eth0").needs_delay


@pytest.mark.parametrize(
    ("interface", "changes", "words"),
    [
        ("lo", {}, "no network interface to lose"),
        ("eth9", {"exists": False}, "There is no interface eth9 on this node; there are: lo, eth0"),
        ("eth0", {"up": False}, "down already"),
    ],
)
def test_an_interface_that_cannot_be_lost(interface: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        planned("nic_down", {"interface": {**INTERFACE, **changes}, "connection": {}}, interface=interface)


def test_routes_with_an_end_lose_it_and_multipath_is_left() -> None:
    text = "10.0.0.0/8 via 192.0.2.3 expires 30sec metric 5\ndefault proto static nexthop via 192.0.2.3 weight 1\n"
    assert restorable_routes(text) == [["10.0.0.0/8", "via", "192.0.2.3", "metric", "5"]]


# processor, disk, clock ------------------------------------------------------------------------------------------


def test_busy_processes_are_bounded_in_number_and_time() -> None:
    plan = planned("cpu", {"cpus": 2, "place": PLACE})
    command = words_of(plan.start)[0]
    assert command.startswith("systemd-run --unit=steadfast-fault-a-busy.service ")
    assert "--property=RuntimeMaxSec=60" in command
    assert command.endswith("/usr/bin/python3 -I /run/f/a.pyz busy 16 60")
    assert words_of(plan.heal) == ["systemctl stop steadfast-fault-a-busy.service"]
    with pytest.raises(Refusal, match="between 1 and 128"):
        planned("cpu", {"cpus": 2, "place": PLACE}, workers=129)


def test_busy_processes_without_systemd_are_a_group() -> None:
    plan = planned("cpu", {"cpus": 1, "place": {**PLACE, "manager": "process"}}, workers=3)
    assert [step["do"] for step in (*plan.start, *plan.heal, *plan.check)] == ["spawn", "end", "alive"]


SPACE = {"directory": True, "holds_state": False, "is_root": False, "free": 1000 * MIB}


def filled(space: dict[str, Any] | None = None, **arguments: Any) -> Plan:
    return planned("disk_full", {"space": {**SPACE, **(space or {})}, "place": PLACE}, path="/srv/", **arguments)


def test_a_disk_is_filled_up_to_its_reserve() -> None:
    plan = filled()
    assert plan.start == ({"do": "fill", "path": "/srv/.steadfast-fault-a", "size": 936 * MIB, "reserve": 64 * MIB},)
    assert plan.heal == ({"do": "remove", "path": "/srv/.steadfast-fault-a"},)
    assert filled(size_mb=10).start[0]["size"] == 10 * MIB
    assert filled(reserve_mb=0).start[0]["size"] == 1000 * MIB


@pytest.mark.parametrize(
    ("space", "arguments", "words"),
    [
        ({"directory": False}, {}, "no directory"),
        ({"holds_state": True}, {}, "dead man's switch keeps its notes"),
        ({"is_root": True}, {"reserve_mb": 0}, "root filesystem"),
        ({}, {"reserve_mb": -1}, "negative"),
        ({"free": 64 * MIB}, {}, "no more than the reserve"),
    ],
)
def test_a_disk_that_must_not_be_filled(space: dict[str, Any], arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        filled(space, **arguments)


CLOCK = {"container": False, "may_set": True, "wall_ns": 1_700_000_000 * 10**9, "boot_ns": 77}


def test_the_clock_steps_with_its_keepers_stopped_and_goes_back_to_the_truth() -> None:
    plan = planned("clock", {"clock": CLOCK, "running": ["chrony.service"]}, shift_ms=-3_600_000)
    assert [step["do"] for step in plan.start] == ["run", "shift_clock"]
    assert plan.start[1]["milliseconds"] == -3_600_000
    assert plan.heal[0] == {"do": "restore_clock", "wall_ns": CLOCK["wall_ns"], "boot_ns": 77}
    assert words_of(plan.heal[1:]) == ["systemctl start chrony.service"]
    assert plan.words == "sets the clock 3600 s back"


@pytest.mark.parametrize(
    ("changes", "shift", "words"),
    [
        ({"container": True}, 1000, "shares its clock with its host"),
        ({"may_set": False}, 1000, "CAP_SYS_TIME"),
        ({}, -800_000_000_000, "before the year 2000"),
        ({}, 0, "nothing would be broken"),
    ],
)
def test_a_clock_that_must_not_be_stepped(changes: dict[str, Any], shift: int, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        planned("clock", {"clock": {**CLOCK, **changes}, "running": []}, shift_ms=shift)


def test_one_services_clock_is_prepared_then_stepped() -> None:
    prepared = planned("clock_prepare", {"unit": UNIT, "library": "/usr/lib/x/faketime/libfaketime.so.1"}, unit="nginx")
    drop_in = "/run/systemd/system/nginx.service.d/90-steadfast-clock.conf"
    assert [step["path"] for step in prepared.start[:2]] == ["/run/steadfast-clock/nginx.service", drop_in]
    assert "Environment=LD_PRELOAD=/usr/lib/x/faketime/libfaketime.so.1\n" in prepared.start[1]["text"]
    assert prepared.heal[0] == {"do": "remove", "path": drop_in}
    facts = {"unit": UNIT, "environment": {"FAKETIME_TIMESTAMP_FILE": "/run/steadfast-clock/nginx.service"}}
    plan = planned("clock", facts, unit="nginx", shift_ms=-1500)
    assert [step["text"] for step in (*plan.start, *plan.heal)] == ["-1.500\n", "+0\n"]
    with pytest.raises(Refusal, match="clock_prepare first"):
        planned("clock", {**facts, "environment": {}}, unit="nginx", shift_ms=1)
    with pytest.raises(Refusal, match="install the package libfaketime"):
        planned("clock_prepare", {"unit": UNIT, "library": ""}, unit="nginx")
