# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running cluster says of itself: reads ``crm_mon --output-as=xml``, and says in sentences what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from html import unescape
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
    "symmetric": True,
    "nodes": {},
    "resources": {},
    "clones": {},
    "failures": [],
    "bans": [],
    "fencing": {"enabled": False, "devices": [], "history": []},
    "missing_daemons": [],
    "unfenced": [],
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
        "symmetric": options is None or options.get("symmetric-cluster") != "false",
        "nodes": {str(node.get("name")): _node(node) for node in root.findall("nodes/node")},
        "resources": {},
        "clones": {},
        "failures": [_failure(entry) for entry in root.findall("failures/failure")],
        # not crm_mon's to say
        "missing_daemons": [],
        "unfenced": [],
        "bans": [
            {
                **{key: ban.get(key, "") for key in ("id", "resource", "node", "weight")},
                "promoted_only": _is(ban, "promoted-only"),
            }
            for ban in root.findall("bans/ban")
        ],
    }
    section = root.find("resources")
    for entry in section if section is not None else ():
        _resources(entry, "", found["resources"], is_cloned=False)
        if entry.tag == "clone":
            found["clones"][str(entry.get("id"))] = _clone(entry)
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
        # escaped once more than XML asks for
        "reason": unescape(entry.get("exitreason", "")),
        "at": entry.get("last-rc-change", ""),
    }


def _clone(entry: Element) -> Facts:
    """Return the facts of a clone, whose instances crm_mon lists one by one, also those that run nowhere."""
    instances = [list(one.iter("resource")) for one in entry if one.tag in ("resource", "group")]
    roles = {resource.get("target_role", "") for instance in instances for resource in instance}
    running = [instance for instance in instances if all(_is(resource, "active") for resource in instance)]
    nodes = {where: instance for instance in running for where in _nodes_of(instance)}
    return {
        "promotable": _is(entry, "multi_state"),
        "unique": _is(entry, "unique"),
        "managed": all(_is(resource, "managed") for instance in instances for resource in instance),
        "target_role": next((FORMER_ROLES.get(role, role) for role in sorted(roles) if role), ""),
        "instances": len(instances),
        "nodes": sorted(nodes),
        "promoted": sorted(
            where
            for where, instance in nodes.items()
            if any(FORMER_ROLES.get(one.get("role", ""), one.get("role")) == "Promoted" for one in instance)
        ),
    }


def _nodes_of(instance: Iterable[Element]) -> set[str]:
    return {str(node.get("name")) for resource in instance for node in resource.findall("node")}


def _resources(entry: Element, inside: str, found: dict[str, Facts], *, is_cloned: bool) -> None:
    name = str(entry.get("id"))
    if entry.tag != "resource":
        inner = name if entry.tag in ("clone", "group", "bundle") else inside
        for child in entry:
            _resources(child, inner, found, is_cloned=is_cloned or entry.tag in ("clone", "bundle"))
        return
    # a clone's instances have the same id here, or one with a number
    known = found.setdefault(
        name.partition(":")[0],
        {
            "agent": entry.get("resource_agent", ""),
            "in": inside,
            "cloned": is_cloned,
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


def not_started(found: Mapping[str, Any], undeclared: Collection[str]) -> list[str]:
    """Return what should run and could not be started anywhere, a sentence for each resource that says what to do.

    undeclared: names of resources that are somebody else's. Of a cluster that is held nothing can be said, and what
    an operator has stopped is not to run.
    """
    if found["maintenance_mode"]:
        return []
    idle = {
        name
        for name, resource in found["resources"].items()
        if not resource["active"] and resource["target_role"] != "Stopped" and name not in undeclared
    }
    failed: dict[str, list[str]] = {}
    for failure in found["failures"]:
        name = failure["resource"]
        if name in idle:
            reason = f" ({failure['reason']})" if failure["reason"] else ""
            failed.setdefault(name, []).append(f"{failure['action']} on {failure['node']} failed{reason}")
    return [
        f"{name} does not run: {'; '.join(texts)}. 'journalctl --unit=pacemaker' there says more; once it is mended: "
        f"crm_resource --cleanup --resource={name}"
        for name, texts in failed.items()
    ]


def problems(
    found: Mapping[str, Any],
    expected_nodes: Collection[str] = (),
    here: str = "this node",
    *,
    wants_fencing: bool = False,
) -> list[str]:
    """Return what is wrong, one sentence each.

    expected_nodes: nodes that have to be members; here: name of the node that was asked; wants_fencing: whether a
    cluster that has fencing switched off is not as it should be.
    """
    if not found["running"]:
        return ["pacemaker does not run here"]
    of_daemons = [
        f"{name} does not run on {here}, and pacemakerd has given it up; '{REMEDY}' there makes it look again"
        for name in found["missing_daemons"]
    ]
    return [
        *_of_nodes(found, expected_nodes),
        *of_daemons,
        *_of_resources(found),
        *_of_clones(found),
        *_of_fencing(found, expected_nodes, wants_fencing),
    ]


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
    available = _available(found)
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
        if len(resource["nodes"]) > 1 and not resource["cloned"] and not resource["failed"]:
            yield f"resource {name} runs on {' and '.join(resource['nodes'])} at once"
    for failure in found["failures"]:
        reason = f" ({failure['reason']})" if failure["reason"] else ""
        yield (
            f"{failure['action']} of {failure['resource']} failed on {failure['node']} at {failure['at']}: "
            f"{failure['status']}{reason}"
        )


def _available(found: Mapping[str, Any]) -> list[str]:
    """Return the nodes on which the cluster may start something."""
    return [
        name
        for name, node in found["nodes"].items()
        if node["online"] and not node["standby"] and not node["maintenance"] and not node["pending"]
    ]


def _of_clones(found: Mapping[str, Any]) -> Iterator[str]:
    for name, clone in found["clones"].items():
        if found["maintenance_mode"] or not clone["managed"] or clone["target_role"] == "Stopped":
            continue
        within = [resource for resource, told in found["resources"].items() if told["in"] == name]
        bans = (ban for ban in found["bans"] if ban["resource"] in (name, *within) and not ban["promoted_only"])
        banned = {ban["node"] for ban in bans}
        allowed = [node for node in _available(found) if node not in banned]
        wanted = min(clone["instances"], len(allowed))
        # instances of a unique clone may share a node, and an opt-in cluster does not say where it may run; one that
        # runs nowhere is named by what is in it
        if 0 < len(clone["nodes"]) < wanted and not clone["unique"] and found["symmetric"]:
            missing = [node for node in allowed if node not in clone["nodes"]]
            yield (
                f"clone {name} runs on {len(clone['nodes'])} of the {wanted} nodes that it may run on, "
                f"not on {' and '.join(missing)}"
            )
        if clone["promotable"] and clone["nodes"] and not clone["promoted"] and clone["target_role"] != "Unpromoted":
            yield f"clone {name} has no promoted instance"


def _of_fencing(found: Mapping[str, Any], expected_nodes: Collection[str], wants_fencing: bool) -> Iterator[str]:
    fencing = found["fencing"]
    if not fencing["enabled"]:
        if wants_fencing:
            yield "fencing is switched off (stonith-enabled): a node that fails is not fenced"
        return
    if not fencing["devices"]:
        yield "fencing is on, and there is no device for it"
        return
    for name in found["unfenced"]:
        if not expected_nodes or name in expected_nodes:
            yield f"no fence device is for node {name}: when it fails, the cluster waits for what never comes"
    for name in fencing["devices"]:
        # a cluster that leaves everything alone starts no device, and fences nobody; whether it may is asked elsewhere
        if not found["resources"][name]["active"] and not found["maintenance_mode"]:
            yield f"fence device {name} runs nowhere"
