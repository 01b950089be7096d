# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what corosync's tools print about links and quorum."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from .corosync_conf import known_ids

_LINK = re.compile(r"^LINK ID (\d+)")
#: how Pacemaker writes no
_NO = ("false", "no", "off", "n", "0")
_PEER = re.compile(r"^\s*nodeid:\s*(\d+):\s*(\S+)")


def faults(said: str, names: Mapping[str, int], own: str, absent: list[str]) -> list[str]:
    """Return a sentence for each link to a present node that ``corosync-cfgtool -s`` shows as down.

    names: node -> number; own: the node that was asked; absent: nodes that are down on purpose.
    """
    by_number = {str(number): name for name, number in names.items()}
    link, found = "?", []
    for line in said.splitlines():
        match = _LINK.match(line)
        if match:
            link = match[1]
            continue
        peer = _PEER.match(line)
        if not peer or peer[2] in ("localhost", "connected"):
            continue
        name = by_number.get(peer[1], f"number {peer[1]}")
        if name not in absent and name != own:
            found.append(f"{own} does not reach {name} on link {link}: {peer[2]}")
    return found


def lost(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each resource that is not where it was, fencing devices apart.

    Both map a resource to its ``agent`` and the ``nodes`` on which it is active.
    """
    found = []
    for name, resource in sorted(before.items()):
        now = list((after.get(name) or {}).get("nodes") or [])
        if not str(resource.get("agent", "")).startswith("stonith:") and sorted(resource["nodes"]) != sorted(now):
            found.append(f"{name} was on {_places(resource['nodes'])}, is on {_places(now)}")
    return found


def _places(nodes: Sequence[str]) -> str:
    return " and ".join(nodes) or "no node"


def speaker(present: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the member that is asked on behalf of all: where pacemaker runs, else where corosync does, else any."""
    for what in ("pacemaker_running", "running"):
        for member in present:
            if _planned(hosts, member).get(what):
                return member
    return present[0]


def idle(present: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the members whose corosync runs without pacemaker."""
    plans = ((member, _planned(hosts, member)) for member in present)
    return [member for member, plan in plans if plan.get("running") and not plan.get("pacemaker_running")]


def _planned(hosts: Mapping[str, Mapping[str, Any]], member: str) -> Mapping[str, Any]:
    """Return what a member has answered when a change was planned."""
    return (hosts.get(member) or {}).get("__pacemaker_plan") or {}


def trouble(present: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return why a running cluster is left alone for now, by what its members see, one sentence each."""
    found: list[str] = []
    for member in present:
        if not _planned(hosts, member).get("running"):
            continue
        seen = (hosts.get(member) or {}).get("__pacemaker_before") or {}
        if "quorate" not in seen:
            found.append(f"{member} could not be asked: {seen.get('msg', 'it did not answer')}")
        elif not seen["quorate"]:
            found.append(f"{member} is in no quorate cluster")
        unclean = (name for name, node in (seen.get("nodes") or {}).items() if node.get("unclean"))
        found += [f"node {name} is unclean" for name in unclean if f"node {name} is unclean" not in found]
    return found


def complaints(
    present: Sequence[str],
    hosts: Mapping[str, Mapping[str, Any]],
    absent: Sequence[str],
    has_device: bool,
    may_be_unmanaged: bool = False,
) -> list[str]:
    """Return what is wrong with a cluster by what its members told the entry point verify, one sentence each.

    absent: members that are down on purpose, by their names in the inventory; may_be_unmanaged: whether somebody
    declares that the cluster leaves its resources alone.
    """
    found: list[str] = []
    down = [str((hosts.get(member) or {}).get("pacemaker_node_name") or member) for member in absent]
    if not may_be_unmanaged and any(
        ((hosts.get(member) or {}).get("__pacemaker_verified") or {}).get("maintenance_mode") for member in present
    ):
        found.append(
            "the cluster leaves all resources alone (maintenance-mode): none is restarted, and no node is fenced"
        )
    probes = ((hosts.get(member) or {}).get("__pacemaker_probes_seen") or {} for member in present)
    if not may_be_unmanaged and any(str(seen.get("stdout", "")).strip().lower() in _NO for seen in probes):
        found.append(
            "what runs already on a node that joins is not looked for (enable-startup-probes), so it may run twice; "
            "'crm_attribute --type crm_config --name enable-startup-probes --delete' ends that"
        )
    texts = {}
    for member in present:
        told = hosts.get(member) or {}
        problems = (told.get("__pacemaker_verified") or {}).get("problems")
        if problems is None:
            found.append(f"{member} could not be asked")
            continue
        found += [str(problem) for problem in problems if str(problem) not in found]
        file = told.get("__pacemaker_conf_file") or {}
        texts[member] = b64decode(file.get("content") or "").decode(errors="replace")
        links = told.get("__pacemaker_links_seen") or {}
        if links.get("rc") != 0:
            found.append(f"{member}: corosync does not tell about its links")
        else:
            found += faults(str(links.get("stdout", "")), known_ids({member: texts[member]}), member, down)
        if has_device and "Connected" not in str((told.get("__pacemaker_device_seen") or {}).get("stdout", "")):
            found.append(f"{member} is not connected to the quorum device")
    if len(set(texts.values())) > 1:
        found.append(f"corosync.conf is not the same on {', '.join(sorted(texts))}")
    return found


def pcs_host(node: Mapping[str, Any]) -> list[str]:
    """Return a node as ``pcs host auth`` takes it: its name, and where it is."""
    return [str(node["name"]), f"addr={node['addresses'][0]}"]
