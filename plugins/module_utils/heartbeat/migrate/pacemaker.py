# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ha.cf and haresources as variables of the role pacemaker.

What can't be taken over is not passed over: every line has its fate, and a pair that ran without fencing gets none by
itself, since that is for somebody to decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..settings.ha_cf import parse_ha_cf
from ..settings.haresources import HaResources, parse_haresources
from ..settings.model import Failback, Settings
from ..settings.text import Line, lines
from .directives import NOT_PARSED, OTHER, RULES
from .fate import Conversion, Fate, Verdict
from .resources import basis_of_name, converted

#: What a resource stays where it is with; below and above it are the scores of a preferred node.
STICKINESS = 100
PREFERRED_AND_TAKEN_BACK = 200
PREFERRED = 50
#: A ping node weighs more than a preferred node, as with ipfail.
PING_WEIGHT = 1000
#: What corosync does not go below by itself, in milliseconds.
SHORTEST_TOKEN = 1000


def convert(ha_cf: str, haresources: str) -> Conversion:
    """Return the variables for a cluster that does what these two files say. Never raises, whatever the texts."""
    written = list(lines(ha_cf))
    read = parse_ha_cf(_without(ha_cf, written))
    resources = parse_haresources(haresources, read.draft.nodes)
    diagnostics = (*read.diagnostics, *resources.diagnostics)
    if read.settings is None or resources.failed:
        return Conversion({}, (), diagnostics)
    settings = read.settings
    found: dict[str, Any] = {
        "pacemaker_members": list(settings.nodes),
        "pacemaker_addresses": [_address_of(device) for device in _devices(settings)],
        "pacemaker_totem": {"token": token(settings.deadtime_ms)},
        "pacemaker_resource_defaults": {"resource-stickiness": STICKINESS},
    }
    fates = list(_of_directives(written, settings))
    groups, more = _groups(resources, settings)
    found.update(groups)
    fates += more
    found.update(_with_ping(settings, found))
    return Conversion({name: value for name, value in found.items() if value}, tuple(fates), diagnostics)


def token(deadtime_ms: int) -> int:
    """Return the token's time in milliseconds with which a dead node is noticed within ``deadtime_ms``.

    Corosync takes the token's time to miss a node and 1.2 times that to agree on it (corosync.conf(5), consensus).
    """
    return max(SHORTEST_TOKEN, int(deadtime_ms / 2.2))


def _without(text: str, written: list[Line]) -> str:
    """Return the text with lines emptied that the parser would refuse; line numbers stay."""
    physical = text.split("\n")
    for line in written:
        words = line.words()
        if words and words[0].text in NOT_PARSED:
            physical[line.number - 1] = ""
    return "\n".join(physical)


def _devices(settings: Settings) -> list[str]:
    """Return the devices of the links, each once, in the order of ha.cf."""
    return list(dict.fromkeys(medium.device for medium in settings.media))


def _address_of(device: str) -> str:
    """Return what tells Ansible each node's address on a device."""
    fact = device.replace("-", "_").replace(".", "_").replace(":", "_")
    return "{{ ansible_facts['" + fact + "']['ipv4']['address'] }}"


def _of_directives(written: list[Line], settings: Settings) -> Iterator[Fate]:
    for line in written:
        words = line.words()
        if not words or words[0].text.startswith("//"):
            continue
        name = words[0].text
        text = " ".join(word.text for word in words).partition(" //")[0]
        rule = RULES.get(name, OTHER)
        verdict, reason, is_open = rule.verdict, rule.reason, rule.is_open
        if name == "respawn":
            if "ipfail" in text:
                verdict, reason = Verdict.MAPPED, "a ping resource on every node, by which groups choose their place"
            else:
                verdict, is_open = Verdict.DROPPED, True
                reason = "make it a systemd unit that is enabled on every node, or a clone"
        elif name in ("ping", "ping_group"):
            verdict, reason = _fate_of_ping(settings)
        elif name == "deadtime":
            milliseconds = token(settings.deadtime_ms)
            reason += f": {milliseconds} ms, and 1.2 times that to agree"
        yield Fate("ha.cf", line.number, text, verdict, reason, is_open)


def _fate_of_ping(settings: Settings) -> tuple[Verdict, str]:
    if settings.ipfail:
        return Verdict.MAPPED, "becomes a host of the ping resource"
    return Verdict.DROPPED, "without ipfail, nothing acted on it"


def _groups(read: HaResources, settings: Settings) -> tuple[dict[str, Any], list[Fate]]:
    resources: list[dict[str, Any]] = []
    made_groups: list[dict[str, Any]] = []
    locations: list[dict[str, Any]] = []
    fates: list[Fate] = []
    taken: set[str] = set()
    failback = settings.auto_failback is not Failback.OFF
    for number, group in enumerate(read.groups, 1):
        members = []
        for resource in group.resources:
            done = converted(resource)
            line = read.places["resource", group.key, resource.text][1]
            fates.append(Fate("haresources", line, resource.text, done.verdict, done.reason, done.is_open))
            if done.entry is not None:
                name = _unique(basis_of_name(resource), taken)
                resources.append({"name": name, **done.entry})
                members.append(name)
        if not members:
            continue
        name = _unique(f"group-{number}", taken)
        made_groups.append({"name": name, "members": members})
        locations.append(
            {"resource": name, "node": group.preferred, "score": PREFERRED_AND_TAKEN_BACK if failback else PREFERRED}
        )
    found = {"pacemaker_resources": resources, "pacemaker_groups": made_groups, "pacemaker_locations": locations}
    return found, fates


def _unique(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def _with_ping(settings: Settings, found: dict[str, Any]) -> dict[str, Any]:
    """Return the variables with a ping resource and the rules by which groups follow it, as ipfail did."""
    if not settings.ipfail or not settings.pings:
        return {}
    hosts = list(dict.fromkeys(host for ping in settings.pings for host in ping.members))
    ping = {
        "name": "ping",
        "agent": "ocf:pacemaker:ping",
        "parameters": {"host_list": " ".join(hosts), "multiplier": PING_WEIGHT, "dampen": "5s"},
    }
    rule = {"score_attribute": "pingd", "expressions": [{"attribute": "pingd", "operation": "defined"}]}
    rules = [{"resource": group["name"], "rule": rule} for group in found["pacemaker_groups"]]
    return {
        "pacemaker_resources": [*found["pacemaker_resources"], ping],
        "pacemaker_clones": [{"name": "ping-clone", "resource": "ping"}],
        "pacemaker_locations": [*found["pacemaker_locations"], *rules],
    }
