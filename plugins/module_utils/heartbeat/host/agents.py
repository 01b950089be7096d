# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource scripts: where a service's script is found, how it is called, and what its answer means.

The reading of ``status`` follows Linux-HA heartbeat 3.0.6; OCF agents follow the OCF resource agent API 1.0/1.1;
where a name is looked for is the settings' rule, so that a check and the daemon agree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .worker import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..settings.machine import Machine
    from ..settings.model import Service
from ..settings.resolve import Kind, resolve_service
from ..settings.this_machine import ThisMachine

TIMEOUT_S = {"status": 20.0, "start": 60.0, "stop": 60.0}
_OCF_ROOT = "/usr/lib/ocf"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Agent:
    """A service, found on this machine. ``path``: the script, or the unit's name."""

    service: Service
    kind: Kind
    path: str


class AgentNotFoundError(LookupError):
    """No script or unit of that name; the text is a complete sentence."""


@dataclass(frozen=True)
class Toolbox:
    """Where services are looked for, and how they are called. ``systemd``: is it running here?"""

    machine: Machine
    config_directory: str = "/etc/ha.d"
    systemd: bool = False
    environment: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_this_machine(cls, config_directory: str, environment: Mapping[str, str]) -> Toolbox:
        """The usual places, and whether systemd runs (sd_booted(3))."""
        booted = os.path.isdir("/run/systemd/system")
        return cls(ThisMachine(config_directory), config_directory, booted, tuple(sorted(environment.items())))

    def find(self, service: Service) -> Agent:
        """The agent of a service; raises AgentNotFoundError. A few stat calls, only when a service is to be run."""
        found = resolve_service(service.name, self.machine, self.config_directory)
        if found is None:
            raise AgentNotFoundError(f"'{service.name}' is no service of this machine")
        return Agent(service, found.kind, found.target)

    def task(self, agent: Agent, action: str, number: int) -> Task:
        """The call for start, stop or status. ``number`` makes the transient unit's name unique."""
        environment = {"PATH": _PATH, "LC_ALL": "C", "OCF_ROOT": _OCF_ROOT, **dict(self.environment)}
        if agent.kind is Kind.SYSTEMD:
            verb = "is-active" if action == "status" else action
            argv: tuple[str, ...] = ("systemctl", verb, agent.path)
            return Task(argv, tuple(sorted(environment.items())), TIMEOUT_S[action])
        if agent.kind is Kind.OCF:
            environment.update(_ocf_environment(agent))
            argv = (agent.path, "monitor" if action == "status" else action)
        else:
            argv = (agent.path, *agent.service.arguments, action)
        env = tuple(sorted(environment.items()))
        if not self.systemd:
            return Task(argv, env, TIMEOUT_S[action])
        unit = f"heartbeat-agent-{os.getpid()}-{number}.service"
        return Task(_transient(unit, argv, env), env, TIMEOUT_S[action], on_timeout=_kill_unit(unit))


def is_running(agent: Agent, outcome: Outcome) -> bool:
    """What an answer to status means.

    Scripts are read by their words, as Linux-HA does: "not running" is no; running, Running or OK is yes; else no.
    """
    if agent.kind in (Kind.OCF, Kind.SYSTEMD):
        return outcome.code == 0
    text = outcome.output
    if "not running" in text:
        return False
    return any(word in text for word in ("Running", "running", "OK"))


def script_environment(
    parameters: Mapping[str, str], extra: Sequence[tuple[str, str]], node: str, directory: str
) -> dict[str, str]:
    """``HA_<directive>`` for every parameter, ``env`` lines, and what the scripts' shell functions expect."""
    found = {f"HA_{name}": value for name, value in parameters.items()}
    found.update({f"HA_{name}": value for name, value in extra})
    found.update(HA_CURHOST=node, HA_DIR=directory, HA_FUNCS=os.path.join(directory, "shellfuncs"))
    found.update(
        HA_DATEFMT="%Y/%m/%d_%T ", HA_NICEFAILBACK="yes" if parameters.get("auto_failback") != "legacy" else "no"
    )
    found["HA_LOGFILE"] = parameters.get("logfile", "")
    found["HA_DEBUGLOG"] = parameters.get("debugfile", "")
    found["HA_LOGFACILITY"] = parameters.get("logfacility", "none")
    return {name: value for name, value in found.items() if "\0" not in name + value}


def _ocf_environment(agent: Agent) -> dict[str, str]:
    provider, _colon, kind = agent.service.name[4:].strip(":").partition(":")
    found = {
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "0",
        "OCF_RESOURCE_PROVIDER": provider,
        "OCF_RESOURCE_TYPE": kind,
        "OCF_RESOURCE_INSTANCE": "".join(c if c.isalnum() else "_" for c in agent.service.text or kind),
    }
    for argument in agent.service.arguments:
        name, equals, value = argument.partition("=")
        if equals:
            found[f"OCF_RESKEY_{name}"] = value
    return found


def _transient(unit: str, argv: Sequence[str], env: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    # outside the daemon's sandbox; processes that a start leaves running must outlive the script
    options = ("--quiet", "--wait", "--collect", "--pipe", f"--unit={unit}", "--service-type=oneshot")
    settings = ("--property=KillMode=process", "--property=SendSIGHUP=no")
    return ("systemd-run", *options, *settings, *(f"--setenv={name}={value}" for name, value in env), "--", *argv)


def _kill_unit(unit: str) -> tuple[str, ...]:
    return ("systemctl", "kill", "--signal=KILL", unit)
