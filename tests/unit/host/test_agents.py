# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from heartbeat.host.agents import Agent, AgentNotFoundError, Toolbox, is_running, script_environment
from heartbeat.host.worker import Outcome
from heartbeat.settings.model import Service
from heartbeat.settings.resolve import Kind

WEB = Service("web", ("8080",), "web::8080")


class NoMachine:
    def is_executable(self, path: str) -> bool:
        return path == "/etc/ha.d/resource.d/web"

    def has_unit(self, unit: str) -> bool:
        return unit == "nginx.service"


def tools(*, systemd: bool = False) -> Toolbox:
    machine: Any = NoMachine()
    return Toolbox(machine, systemd=systemd, environment=(("HA_CURHOST", "n1"),))


@pytest.mark.parametrize(
    ("output", "running"),
    [
        ("web is running", True),
        ("Running", True),
        ("OK", True),
        ("web is not running", False),
        ("Resource is stopped", False),
        ("running? no, not running", False),
        ("", False),
    ],
)
def test_a_script_s_status_is_read_by_its_words(output: str, running: bool) -> None:
    agent = Agent(WEB, Kind.RESOURCE_D, "/x")
    assert is_running(agent, Outcome(0, output)) is running
    assert is_running(agent, Outcome(3, output)) is running  # the exit code says nothing


@pytest.mark.parametrize("kind", [Kind.OCF, Kind.SYSTEMD])
def test_agents_and_units_are_read_by_their_exit_code(kind: Kind) -> None:
    agent = Agent(WEB, kind, "/x")
    assert is_running(agent, Outcome(0, ""))
    assert not is_running(agent, Outcome(7, "running"))
    assert not is_running(agent, Outcome(None, "running", timed_out=True))


def test_scripts_get_their_arguments_before_the_action() -> None:
    task = tools().task(tools().find(WEB), "start", 1)
    assert task.argv == ("/etc/ha.d/resource.d/web", "8080", "start")
    assert dict(task.env)["HA_CURHOST"] == "n1"


def test_ocf_agents_get_parameters_in_the_environment_and_monitor_for_status() -> None:
    service = Service("ocf:heartbeat:Filesystem", ("device=/dev/vdb", "directory=/srv"), "ocf:heartbeat:Filesystem::x")
    task = tools().task(Agent(service, Kind.OCF, "/usr/lib/ocf/resource.d/heartbeat/Filesystem"), "status", 1)
    env = dict(task.env)
    assert task.argv == ("/usr/lib/ocf/resource.d/heartbeat/Filesystem", "monitor")
    assert (env["OCF_RESKEY_device"], env["OCF_RESKEY_directory"]) == ("/dev/vdb", "/srv")
    assert (env["OCF_RESOURCE_PROVIDER"], env["OCF_RESOURCE_TYPE"]) == ("heartbeat", "Filesystem")
    assert env["OCF_ROOT"] == "/usr/lib/ocf"


def test_units_are_asked_for_by_systemctl() -> None:
    agent = tools().find(Service("nginx"))
    assert tools().task(agent, "start", 1).argv == ("systemctl", "start", "nginx.service")
    assert tools(systemd=True).task(agent, "status", 1).argv == ("systemctl", "is-active", "nginx.service")


def test_under_systemd_scripts_run_outside_the_daemon_s_sandbox_and_can_be_killed_whole() -> None:
    task = tools(systemd=True).task(tools().find(WEB), "start", 7)
    separator = task.argv.index("--")
    options = task.argv[:separator]
    assert options[0] == "systemd-run"
    assert {"--wait", "--collect", "--pipe", "--setenv=HA_CURHOST=n1"} <= set(options)
    assert task.argv[separator + 1 :] == ("/etc/ha.d/resource.d/web", "8080", "start")
    unit = next(option for option in options if option.startswith("--unit=")).partition("=")[2]
    assert task.on_timeout == ("systemctl", "kill", "--signal=KILL", unit)
    other = tools(systemd=True).task(tools().find(WEB), "start", 8).argv
    assert f"--unit={unit}" not in other


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(AgentNotFoundError, match="'httpd'"):
        tools().find(Service("httpd"))


def test_scripts_see_directives_and_env_lines() -> None:
    env = script_environment({"deadtime": "2", "auto_failback": "on"}, (("SITE", "b"),), "n1", "/etc/ha.d")
    assert (env["HA_deadtime"], env["HA_SITE"], env["HA_CURHOST"], env["HA_NICEFAILBACK"]) == ("2", "b", "n1", "yes")
    assert script_environment({"auto_failback": "legacy"}, (), "n1", "/x")["HA_NICEFAILBACK"] == "no"
