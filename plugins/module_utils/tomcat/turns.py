# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is when running instances are changed, what must be up meanwhile, and how it is told.

``actions`` is what each instance needs, by host and name of the instance: ``none``, ``restart`` or ``start``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .mod_jk.status import Member

__all__ = ["expected", "left_running", "order", "put_back", "usable"]

Actions = Mapping[str, Mapping[str, str]]


def order(members: Sequence[str], actions: Actions) -> list[str]:
    """Return the members, those first that only start something: they serve nobody yet, and then help out."""
    return sorted(members, key=lambda member: "restart" in actions[member].values())


def expected(instances: Iterable[Mapping[str, Any]], actions: Actions, changed: Sequence[str]) -> list[dict[str, Any]]:
    """Return the instances that have to be where they are planned by now.

    Those of hosts that were changed, and those that need no change. The others are still as they were: down, or at
    another address or port, or in no cluster. Of each no more than its ``route``, ``cluster_address`` and ``ports``:
    a task that waits for them prints what it has, and their files have secrets in them.
    """
    return [
        {key: instance[key] for key in ("route", "cluster_address", "ports")}
        for instance in instances
        if instance["host"] in changed or actions[instance["host"]].get(instance["name"]) == "none"
    ]


def left_running(here: str, actions: Actions, running: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the instances that stay up when those of one host are changed, as ``HOST/NAME``."""
    return [
        f"{host}/{name}"
        for host, names in running.items()
        for name in names
        if host != here or actions[here].get(name) != "restart"
    ]


def usable(routes: Iterable[str], workers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return those of some workers to which a balancer sends everybody. workers: name -> its ``Member`` as data.

    One that it does not know yet counts as well: balancers learn of a new node when all nodes are through.
    """
    known = {name: Member(**given) for name, given in workers.items()}
    return [
        route
        for route in routes
        if route not in known or (known[route].is_well and known[route].activation == "active")
    ]


def put_back(host: str, actions: Mapping[str, str], wrong: Sequence[str]) -> str:
    """Return what became of a host that got its former files back. wrong: what its restarted instances complain of."""
    told = []
    if "restart" in actions.values():
        told.append(
            f"{host} has its former files back, and is not well: {'; '.join(wrong)}."
            if wrong
            else f"{host} runs as it did before."
        )
    idle = [name for name, action in actions.items() if action == "start"]
    if idle:
        told.append(f"{host}: {', '.join(idle)} did not run before, and is stopped again with its former files.")
    return " ".join(told)
