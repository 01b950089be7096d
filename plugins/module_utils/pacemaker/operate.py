# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators do with nodes and resources: decided from the facts and the CIB, as commands."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional
from xml.etree.ElementTree import Element, tostring

from .listed import MOVE_OF_OURS, is_of_a_move
from .tree import value_of
from .words import Refused, known, made_id

#: action -> (needs a node, needs a resource)
ACTIONS: Mapping[str, tuple[bool, bool]] = {
    "standby": (True, False),
    "unstandby": (True, False),
    "maintenance": (False, False),
    "unmaintenance": (False, False),
    "cleanup": (False, False),
    "move": (False, True),
    "clear": (False, True),
}


#: id of the maintenance in which the role leaves resources alone, and which it ends itself; see its vars/main.yml
OF_A_RUN = "steadfast-maintenance-mode"
_CONSTRAINTS = ("cibadmin", "--scope=constraints")


@dataclass(frozen=True)
class Step:
    """What has to be run, and why in a sentence; no command means that there is nothing to do."""

    command: tuple[str, ...] = ()
    says: str = ""
    #: what has to be run after it
    then: tuple[tuple[str, ...], ...] = ()
    #: what it is about, as it is and as it will be, a line each
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def diff(self) -> dict[str, str]:
        """Return both as Ansible shows a difference."""
        return {"before": _lines(self.before), "after": _lines(self.after)}


def _lines(found: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in found)


def _switch(command: tuple[str, ...], wanted: bool, what: str, says: str) -> Step:
    """Return the step that switches something on or off."""
    off, on = (f"{what}: off",), (f"{what}: on",)
    return Step(command, says, before=off if wanted else on, after=on if wanted else off)


def decide(action: str, node: str, resource: str, found: Mapping[str, Any], cib: Element) -> Step:
    """Return the one step that an action takes. ``found``: facts by ``status.facts``. Raises Refused."""
    needs_node, needs_resource = ACTIONS[action]
    if needs_node and not node:
        raise Refused(f"node: {action} needs one")
    if needs_resource and not resource:
        raise Refused(f"resource: {action} needs one")
    if node:
        known("node", node, found["nodes"])
    if resource:
        known("resource", resource, _resources(cib))
    if action in ("standby", "unstandby"):
        return _standby(action == "standby", node, found)
    if action in ("maintenance", "unmaintenance"):
        return _maintenance(action == "maintenance", node, cib, found)
    if action == "cleanup":
        return _cleanup(node, resource, found)
    return _clear(resource, cib) if action == "clear" else _move(resource, node, found, cib)


def _resources(cib: Element) -> list[str]:
    return [
        str(entry.get("id"))
        for entry in cib.findall("configuration/resources//*")
        if entry.tag in ("primitive", "group", "clone", "master", "bundle")
    ]


def _standby(wanted: bool, node: str, found: Mapping[str, Any]) -> Step:
    if found["nodes"][node]["standby"] == wanted:
        return Step()
    command = ("crm_attribute", "--node", node, "--name", "standby")
    what = f"standby of node {node}"
    if wanted:
        return _switch((*command, "--update", "on"), True, what, f"node {node} gives its resources away")
    return _switch((*command, "--delete"), False, what, f"node {node} may run resources again")


def _maintenance(wanted: bool, node: str, cib: Element, found: Mapping[str, Any]) -> Step:
    if not node:
        command = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
        if found["maintenance_mode"] == wanted:
            return _taken_over(command) if wanted and _is_of_a_run(cib) else Step()
        what = "maintenance of the cluster"
        if wanted:
            return _switch((*command, "--update", "true"), True, what, "the cluster leaves all resources alone")
        return _switch((*command, "--delete"), False, what, "the cluster looks after its resources again")
    entry = next((one for one in cib.findall("configuration/nodes/node") if one.get("uname") == node), None)
    present = value_of(entry, "instance_attributes", "maintenance") if entry is not None else None
    if (present in ("true", "on", "yes", "1")) == wanted:
        return Step()
    command = ("crm_attribute", "--node", node, "--name", "maintenance")
    what = f"maintenance of node {node}"
    if wanted:
        return _switch((*command, "--update", "true"), True, what, f"the cluster leaves the resources on {node} alone")
    return _switch((*command, "--delete"), False, what, f"the cluster looks after the resources on {node} again")


def _is_of_a_run(cib: Element) -> bool:
    """Tell whether the cluster is in a maintenance that the next run of the role would end."""
    return cib.find(f"configuration/crm_config//nvpair[@id='{OF_A_RUN}']") is not None


def _taken_over(command: tuple[str, ...]) -> Step:
    """Return the step that makes such a maintenance an operator's, without an end to it in between."""
    ours, theirs = f"--id={OF_A_RUN}", f"--id={made_id('cib-bootstrap-options', 'maintenance-mode')}"
    what = "maintenance of the cluster: {}"
    return Step(
        (*command, theirs, "--update", "true"),
        "the cluster goes on leaving all resources alone, no longer only until the next run of the role",
        ((*command, ours, "--delete"),),
        (what.format("until the next run of the role"),),
        (what.format("on"),),
    )


def _cleanup(node: str, resource: str, found: Mapping[str, Any]) -> Step:
    failed = [
        failure
        for failure in found["failures"]
        if (not resource or _is_of(failure["resource"], resource, found)) and node in ("", failure["node"])
    ]
    if not failed:
        return Step()
    command: tuple[str, ...] = ("crm_resource", "--cleanup")
    if resource:
        command += ("--resource", resource)
    if node:
        command += ("--node", node)
    before = tuple(f"{one['action']} of {one['resource']} failed on {one['node']}: {one['status']}" for one in failed)
    return Step(command, f"{len(failed)} failed action{'s' if len(failed) > 1 else ''} forgotten", before=before)


def _is_of(name: str, resource: str, found: Mapping[str, Any]) -> bool:
    """Tell whether a resource is, or is in, another one."""
    name = name.partition(":")[0]
    return name == resource or found["resources"].get(name, {}).get("in") == resource


def places(resource: str, found: Mapping[str, Any]) -> list[str]:
    """Return the nodes on which a resource, or something in it, runs."""
    names = [name for name in found["resources"] if _is_of(name, resource, found)]
    return sorted({node for name in names for node in found["resources"][name]["nodes"]})


def _move(resource: str, node: str, found: Mapping[str, Any], cib: Element) -> Step:
    there = places(resource, found)
    if node and there == [node]:
        return Step()
    if not there:
        raise Refused(f"resource: {resource} runs nowhere, so it can't be moved")
    if node and (not found["nodes"][node]["online"] or found["nodes"][node]["standby"]):
        raise Refused(f"node: {node} is {'in standby' if found['nodes'][node]['standby'] else 'offline'}")
    if len(found["nodes"]) < 2:
        raise Refused("node: there is no other one")
    name = _outermost(resource, cib)
    for entry in moved(cib, resource):
        if is_in_the_way(entry, node):
            raise Refused(f"resource: {entry.get('id')} keeps {name} where it is; take it away with action=clear first")
    if not node and len(there) > 1:
        raise Refused(f"node: {resource} runs on {', '.join(there)}, so say where it is to go")
    wanted = {
        "id": MOVE_OF_OURS + name,
        "rsc": name,
        "node": node or there[0],
        "score": "INFINITY" if node else "-INFINITY",
    }
    says = f"{resource} leaves {', '.join(there)}{f' for {node}' if node else ''}"
    left = [one for one in found["nodes"] if one not in there]
    after = f"{resource} on {node or (left[0] if len(left) == 1 else 'one of ' + ', '.join(left))}"
    command = (*_CONSTRAINTS, "--modify", "--allow-create", "--xml-text", _location(wanted))
    return Step(command, says, before=(f"{resource} on {', '.join(there)}",), after=(after,))


def is_in_the_way(entry: Element, node: str) -> bool:
    """Return whether the constraint of a move by hand is stronger than another move, to a node or to any other one."""
    if str(entry.get("id")).startswith(MOVE_OF_OURS):
        return False
    is_there = entry.get("node") == node
    return is_there if str(entry.get("score")).startswith("-") else not is_there


def _location(attributes: Mapping[str, str]) -> str:
    return tostring(Element("rsc_location", dict(attributes)), encoding="unicode")


def _outermost(resource: str, cib: Element) -> str:
    """Return the group in which a resource is, since only all of it can move; else the resource itself."""
    for entry in cib.findall("configuration/resources//group"):
        if any(child.get("id") == resource for child in entry):
            return str(entry.get("id"))
    return resource


def moved(cib: Element, resource: str) -> list[Element]:
    """Return the constraints that moves of a resource have left, ours and those of people."""
    name = _outermost(resource, cib)
    return [
        entry
        for entry in cib.findall("configuration/constraints/rsc_location")
        if is_of_a_move(entry) and entry.get("rsc") == name
    ]


def of_ours(cib: Element, resource: str) -> list[Element]:
    """Return the constraint that a move of ours has left, in a list that is empty when there is none."""
    return [entry for entry in moved(cib, resource) if str(entry.get("id")).startswith(MOVE_OF_OURS)]


def unfinished(resource: str, cib: Element) -> str:
    """Return what to know of a move that takes too long: its constraint is still in force."""
    return (
        f"{resource} may move yet, as {MOVE_OF_OURS}{_outermost(resource, cib)} is still among the constraints; "
        "asking for the same move again ends that once it has, action=clear at once"
    )


def end_move(resource: str, cib: Element) -> Step:
    """Return how to take away what a move of ours has left. What people have left by hand stays."""
    return _without(of_ours(cib, resource), f"{resource} may go elsewhere again")


def _clear(resource: str, cib: Element) -> Step:
    return _without(moved(cib, resource), f"{resource} may run anywhere again")


def _without(entries: Sequence[Element], says: str) -> Step:
    if not entries:
        return Step()
    names = " or ".join(f"@id='{entry.get('id')}'" for entry in entries)
    return Step(
        ("cibadmin", "--delete-all", "--force", "--xpath", f"/cib/configuration/constraints/rsc_location[{names}]"),
        says,
        before=tuple(_told(entry) for entry in entries),
    )


def _told(entry: Element) -> str:
    return f"constraint {entry.get('id')}: {entry.get('rsc')} on {entry.get('node')}, score {entry.get('score')}"


def after_move(cib: Element, resource: str) -> Optional[Element]:
    """Return the CIB as it would be without the constraint of our move, None when there is none."""
    names = {entry.get("id") for entry in of_ours(cib, resource)}
    if not names:
        return None
    later = copy.deepcopy(cib)
    section = later.find("configuration/constraints")
    for entry in list(section) if section is not None else []:
        if section is not None and entry.get("id") in names:
            section.remove(entry)
    return later
