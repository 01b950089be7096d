# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running cluster says of itself: reads ``crm_mon --output-as=xml``, and says in sentences what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from .daemons import REMEDY
from .words import FORMER_ROLES, Refused

Facts = dict[str, Any]
#: The facts of a node where no cluster answers.
NOT_RUNNING: Facts = {
    "running": False,
    "quorate": False,
    "dc": "",
    "maintenance_mode": False,
    "nodes": {},
    "resources": {},
    "failures": [],
    "bans": [],
    "fencing": {"enabled": False, "devices": [], "history": []},
    "missing_daemons": [],
}


def facts(text: str) -> Facts:
    """Return the facts of a cluster. Raises Refused when the text is no answer of crm_mon."""
    try:
        root = fromstring(text[text.index("<") :])
    except (ParseError, ValueError) as error:
        raise Refused(f"crm_mon answered something else than XML: {error}") from None
    dc = root.find("summary/current_dc")
    options = root.find("summary/cluster_options")
    found: Facts = {
        "running": True,
        "quorate": dc is not None and _is(dc, "with_quorum"),
        "dc": dc.get("name", "") if dc is not None else "",
        "maintenance_mode": options is not None and _is(options, "maintenance-mode"),
        "nodes": {str(node.get("name")): _node(node) for node in root.findall("nodes/node")},
        "resources": {},
        "failures": [_failure(entry) for entry in root.findall("failures/failure")],
        # not crm_mon's to say
        "missing_daemons": [],
        "bans": [
            {key: ban.get(key, "") for key in ("id", "resource", "node", "weight")} for ban in root.findall("bans/ban")
        ],
    }
    section = root.find("resources")
    for entry in section if section is not None else ():
        _resources(entry, "", found["resources"])
    found["fencing"] = {
        "enabled": options is not None and _is(options, "stonith-enabled"),
        "devices": [name for name, resource in found["resources"].items() if resource["agent"].startswith("stonith:")],
        "history": [
            {key: event.get(key, "") for key in ("action", "target", "status", "completed", "client")}
            for event in root.findall("fence_history/fence_event")
        ],
    }
    return found


def _is(entry: Element, name: str) -> bool:
    return entry.get(name) == "true"


def _node(entry: Element) -> Facts:
    names = ("online", "standby", "maintenance", "pending", "unclean", "shutdown", "is_dc")
    found: Facts = {name: _is(entry, name) for name in names}
    found["standby"] = found["standby"] or _is(entry, "standby_onfail")
    found["resources_running"] = int(entry.get("resources_running") or 0)
    return found


def _failure(entry: Element) -> dict[str, str]:
    resource, _underscore, _rest = (entry.get("op_key") or "").partition(f"_{entry.get('task')}_")
    return {
        "resource": resource,
        "action": entry.get("task", ""),
        "node": entry.get("node", ""),
        "status": entry.get("exitstatus", ""),
        "reason": entry.get("exitreason", ""),
        "at": entry.get("last-rc-change", ""),
    }


def _resources(entry: Element, inside: str, found: dict[str, Facts]) -> None:
    name = str(entry.get("id"))
    if entry.tag != "resource":
        for child in entry:
            _resources(child, name if entry.tag in ("clone", "group", "bundle") else inside, found)
        return
    # a clone's instances have the same id here, or one with a number
    known = found.setdefault(
        name.partition(":")[0],
        {
            "agent": entry.get("resource_agent", ""),
            "in": inside,
            "active": False,
            "managed": True,
            "failed": False,
            "blocked": False,
            "orphaned": False,
            "target_role": FORMER_ROLES.get(entry.get("target_role", ""), entry.get("target_role", "")),
            "nodes": [],
            "roles": {},
        },
    )
    role = entry.get("role", "")
    known["active"] = known["active"] or _is(entry, "active")
    known["managed"] = known["managed"] and _is(entry, "managed")
    for flag in ("failed", "blocked", "orphaned"):
        known[flag] = known[flag] or _is(entry, flag)
    # pacemaker 3.1 will say "removed" where it said "orphaned"
    known["orphaned"] = known["orphaned"] or _is(entry, "removed")
    for node in entry.findall("node"):
        where = str(node.get("name"))
        if where not in known["nodes"]:
            known["nodes"].append(where)
        known["roles"][where] = FORMER_ROLES.get(role, role)


def problems(found: Mapping[str, Any], expected_nodes: Collection[str] = (), here: str = "this node") -> list[str]:
    """Return what is wrong, one sentence each.

    expected_nodes: nodes that have to be members; here: name of the node that was asked.
    """
    if not found["running"]:
        return ["pacemaker does not run here"]
    of_daemons = [
        f"{name} does not run on {here}, and pacemakerd has given it up; '{REMEDY}' there makes it look again"
        for name in found["missing_daemons"]
    ]
    return [*_of_nodes(found, expected_nodes), *of_daemons, *_of_resources(found), *_of_fencing(found)]


def _of_nodes(found: Mapping[str, Any], expected_nodes: Collection[str]) -> Iterator[str]:
    if not found["quorate"]:
        yield "this part of the cluster has no quorum"
    if not found["dc"]:
        yield "no node has been elected to decide (no DC)"
    for name in expected_nodes:
        if name not in found["nodes"]:
            yield f"node {name} is not a member"
    for name, node in found["nodes"].items():
        if node["unclean"]:
            yield f"node {name} is unclean: it failed and has not been fenced"
        elif node["pending"]:
            yield f"node {name} is joining"
        elif not node["online"] and (not expected_nodes or name in expected_nodes):
            yield f"node {name} is offline"


def _of_resources(found: Mapping[str, Any]) -> Iterator[str]:
    available = [
        name
        for name, node in found["nodes"].items()
        if node["online"] and not node["standby"] and not node["maintenance"] and not node["pending"]
    ]
    for name, resource in found["resources"].items():
        if resource["failed"]:
            yield f"resource {name} has failed on {', '.join(resource['nodes']) or 'no node'}"
        if resource["blocked"]:
            yield f"resource {name} is blocked: the cluster can't do anything with it"
        if resource["orphaned"]:
            yield f"resource {name} runs and is no longer configured"
        stopped = resource["target_role"] == "Stopped" or found["maintenance_mode"] or not resource["managed"]
        if not resource["active"] and available and not stopped and not resource["agent"].startswith("stonith:"):
            yield f"resource {name} runs nowhere"
        if len(resource["nodes"]) > 1 and not resource["in"] and not resource["failed"]:
            yield f"resource {name} runs on {' and '.join(resource['nodes'])} at once"
    for failure in found["failures"]:
        reason = f" ({failure['reason']})" if failure["reason"] else ""
        yield (
            f"{failure['action']} of {failure['resource']} failed on {failure['node']} at {failure['at']}: "
            f"{failure['status']}{reason}"
        )


def _of_fencing(found: Mapping[str, Any]) -> Iterator[str]:
    fencing = found["fencing"]
    if not fencing["enabled"]:
        return
    if not fencing["devices"]:
        yield "fencing is on, and there is no device for it"
    for name in fencing["devices"]:
        # a cluster that leaves everything alone starts no device, and fences nobody; whether it may is asked elsewhere
        if not found["resources"][name]["active"] and not found["maintenance_mode"]:
            yield f"fence device {name} runs nowhere"
