# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what is wrong with a group, given what each of its nodes says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Answer = Mapping[str, Any]


def held(instances: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of the instances that are master here, sorted."""
    return sorted(name for name, entry in instances.items() if entry["state"] == "master")


def problems(
    instances: Mapping[str, Mapping[str, Any]], is_in_maintenance: bool, on_kernel: Iterable[str]
) -> list[str]:
    """Return what is wrong with one node in its own eyes. ``on_kernel``: the addresses that its interfaces have."""
    found = []
    present = set(on_kernel)
    for name, entry in instances.items():
        if entry["state"] == "fault" and not is_in_maintenance:
            found.append(f"{name} is in state fault: see 'journalctl -u keepalived'")
        elif entry["state"] not in ("master", "backup", "fault"):
            found.append(f"{name} is in state {entry['state']}")
        missing = [address for address in entry["addresses"] if address not in present]
        left = [address for address in entry["addresses"] if address in present]
        if entry["state"] == "master" and missing:
            found.append(f"{name} is master, but the interface lacks {', '.join(missing)}")
        if entry["state"] != "master" and left:
            found.append(f"{name} is {entry['state']}, but the interface still has {', '.join(left)}")
    return found


def complaints(answers: Mapping[str, Answer], asked: Sequence[str]) -> list[str]:
    """Return what is wrong with a group, one sentence each; empty means that all is well.

    Beside each node's own problems: every instance has exactly one master, all nodes know the same instances with the
    same virtual router id and run the same shared configuration, as it was written, and each sees the VIP at the
    master's own MAC.
    """
    found = []
    for node in asked:
        answer = answers.get(node) or {}
        if not answer.get("running"):
            found.append(f"{node}: " + "; ".join(answer.get("problems") or ["did not answer"]))
        else:
            found += [f"{node}: {sentence}" for sentence in answer.get("problems") or ()]
    found += [f"{node}: keepalived.conf is not as the role wrote it" for node in asked
              if (answers.get(node) or {}).get("is_edited")]  # fmt: skip
    alive = {node: answers[node] for node in asked if (answers.get(node) or {}).get("running")}
    names = sorted({name for answer in alive.values() for name in answer["instances"]})
    for name in names:
        knowing = {node: answer["instances"][name] for node, answer in alive.items() if name in answer["instances"]}
        found += [f"{node} does not know {name}" for node in alive if node not in knowing]
        masters = [node for node, entry in knowing.items() if entry["state"] == "master"]
        if len(masters) != 1:
            found.append(f"{name} has {len(masters)} masters" + (f": {', '.join(masters)}" if masters else ""))
        if len({entry["virtual_router_id"] for entry in knowing.values()}) > 1:
            found.append(f"{name} has different virtual router ids on the nodes")
        if len(masters) == 1:
            found += _macs(name, masters[0], alive)
    hashes: dict[str, list[str]] = {}
    for node, answer in alive.items():
        hashes.setdefault(str(answer.get("shared_hash", "")), []).append(node)
    if len(hashes) > 1:
        found.append("the configurations differ: " + "; ".join(", ".join(nodes) for nodes in hashes.values()))
    return found


def _macs(name: str, master: str, alive: Mapping[str, Answer]) -> list[str]:
    """Complaints of nodes that find an address of this instance at a MAC that the master does not have."""
    own = set(alive[master].get("macs") or ())
    found = []
    for node, answer in alive.items():
        seen = answer.get("neighbours") or {}
        for address in alive[master]["instances"][name]["addresses"] if node != master else ():
            if address not in seen:
                continue
            if not seen[address]:
                found.append(f"{node}: nobody answers at {address} of {name}")
            elif own and seen[address] not in own:
                found.append(f"{node} finds {address} of {name} at {seen[address]}, which is not {master}'s")
    return found
