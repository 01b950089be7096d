# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent says about itself: its parameters and its actions, read from the metadata that it prints."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional
from xml.etree.ElementTree import ParseError, fromstring

from .words import FENCE_PARAMETERS, FORMER_ROLES, Refused, duration_ms, nearest

_AGENT = re.compile(
    r"(?:(?P<standard>ocf):(?P<provider>[\w.-]+)|(?P<other>systemd|lsb|service|stonith)):(?P<type>[^:\s]+)"
)


@dataclass(frozen=True)
class Parameter:
    """One parameter: its type in the agent's words, whether it has to be there, and what it may be."""

    kind: str = "string"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One action that an agent recommends; times in its own spelling, ``""`` where it does not say."""

    name: str
    interval: str = ""
    timeout: str = ""
    role: str = ""
    depth: str = ""


@dataclass(frozen=True)
class Agent:
    """An agent by its metadata."""

    name: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    #: systemd and LSB services have no parameters at all
    takes_parameters: bool = True


def split(where: str, name: str) -> dict[str, Optional[str]]:
    """Return class, provider and type of ``ocf:heartbeat:IPaddr2``, ``systemd:nginx`` and so on. Raises Refused."""
    match = _AGENT.fullmatch(name)
    if match is None:
        raise Refused(f"{where}: {name!r} is no agent: ocf:PROVIDER:TYPE, systemd:UNIT, lsb:SCRIPT or stonith:AGENT")
    return {"class": match["standard"] or match["other"], "provider": match["provider"], "type": match["type"]}


def metadata(name: str, text: str) -> Agent:
    """Return an agent from the metadata that ``crm_resource --show-metadata`` prints. Raises Refused."""
    start = text.find("<resource-agent")
    end = text.rfind("</resource-agent>")
    try:
        root = fromstring(text[start : end + len("</resource-agent>")])
    except ParseError as error:
        raise Refused(f"{name}: its metadata can't be read: {error}") from None
    return Agent(
        name,
        {str(entry.get("name")): _parameter(entry) for entry in root.iter("parameter")},
        tuple(_action(entry) for entry in root.iter("action")),
        name.partition(":")[0] in ("ocf", "stonith"),
    )


def _parameter(entry: Any) -> Parameter:
    content = entry.find("content")
    kind = content.get("type", "string") if content is not None else "string"
    choices = tuple(
        str(option.get("value")) for option in (content if content is not None else ()) if option.tag == "option"
    )
    # a deprecated or obsoleted name is never asked for: its successor is
    required = entry.get("required") == "1" and entry.get("deprecated") != "1"
    return Parameter(kind, required, choices)


def _action(entry: Any) -> Action:
    role = entry.get("role", "")
    return Action(
        str(entry.get("name")),
        entry.get("interval", ""),
        entry.get("timeout", ""),
        FORMER_ROLES.get(role, role),
        entry.get("depth", ""),
    )


def check(where: str, agent: Agent, given: Mapping[str, str], *, fills: frozenset[str] = frozenset()) -> None:
    """Refuse parameters that the agent does not know, does without or can't read.

    ``fills``: parameters that it gets all the same, from Pacemaker itself or because it has them. Raises Refused.
    """
    extra = FENCE_PARAMETERS if agent.name.startswith("stonith:") else frozenset()
    if given and not agent.takes_parameters:
        raise Refused(f"{where}.{sorted(given)[0]}: {agent.name} takes no parameters")
    for name, value in given.items():
        if name in extra:
            continue
        if name not in agent.parameters:
            raise Refused(f"{where}.{name}: {agent.name} does not know it, {nearest(name, agent.parameters)}")
        _fits(f"{where}.{name}", agent.parameters[name], value)
    for name, parameter in agent.parameters.items():
        if parameter.required and name not in given and name not in fills and not _other_name(name, {*given, *fills}):
            raise Refused(f"{where}.{name}: {agent.name} can't do without it")


def _other_name(name: str, given: Collection[str]) -> bool:
    """Fence agents have two names for some things, ``ip`` and ``ipaddr``: either will do."""
    pairs = (("ip", "ipaddr"), ("username", "login"), ("password", "passwd"), ("plug", "port"))
    return any(name in pair and any(other in given for other in pair) for pair in pairs)


def _fits(where: str, parameter: Parameter, value: str) -> None:
    if parameter.kind == "integer" and not re.fullmatch(r"[+-]?\d+", value.strip()):
        raise Refused(f"{where}: has to be a whole number, and is {value!r}")
    if parameter.kind in ("second", "time") and duration_ms(value) is None:
        raise Refused(f"{where}: has to be a time such as 10s, and is {value!r}")
    if parameter.kind == "boolean" and value.lower() not in (
        "true", "false", "yes", "no", "on", "off", "1", "0", "y", "n", "t", "f",
    ):  # fmt: skip
        raise Refused(f"{where}: has to be true or false, and is {value!r}")
    if parameter.kind == "select" and parameter.choices and value not in parameter.choices:
        raise Refused(f"{where}: {value!r} is none of its values, {nearest(value, parameter.choices)}")
