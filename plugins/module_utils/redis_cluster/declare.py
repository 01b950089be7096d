# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator declares: the instances, and what the cluster made of them is to look like.

Every mistake is named at once, before anything is touched.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

__all__ = ["ALLOWED", "Declaration", "DeclarationError", "Instance", "declare", "reservations"]

ALLOWED = ("remove", "lose_data", "takeover")
"""What happens only when it is allowed by name."""

LEAST_MASTERS = 3
"""A master is replaced by vote of the majority of masters: two cannot outvote the loss of one."""

LARGEST_PORT = 65535
BUS_OFFSET = 10000


class DeclarationError(ValueError):
    """The declaration cannot be fulfilled; ``reasons`` lists every one."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True)
class Instance:
    """One declared instance. ``machine`` is its failure domain: what dies with it dies together."""

    name: str
    host: str
    port: int
    machine: str
    weight: float = 1.0
    may_lead: bool = True
    is_down: bool = False
    """Known to be away: it stays declared, but nobody waits for it and nothing is planned on it."""

    @property
    def address(self) -> str:
        """host:port for clients."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Declaration:
    """The declared cluster."""

    instances: tuple[Instance, ...]
    masters: int
    replicas: int = 1
    needs_anti_affinity: bool = True
    threshold: float = 5.0
    """Percent by which a shard's share of slots may be off without anything being moved."""
    allow: frozenset[str] = field(default_factory=frozenset)
    leaving: frozenset[str] = field(default_factory=frozenset)
    """Addresses of members that may be removed although removing is not allowed in general."""

    def may_remove(self, address: str) -> bool:
        """Whether a member that is not declared may be drained and forgotten."""
        return "remove" in self.allow or address in self.leaving

    @property
    def machines(self) -> tuple[str, ...]:
        """All failure domains, in the order they are named in."""
        return tuple(dict.fromkeys(instance.machine for instance in self.instances))

    def named(self, name: str) -> Optional[Instance]:
        """The instance of that name."""
        return next((instance for instance in self.instances if instance.name == name), None)


def _instance(raw: Mapping[str, Any], at: int, errors: list[str]) -> Optional[Instance]:
    host, where = str(raw.get("host") or ""), f"nodes[{at}]"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # CLUSTER MEET takes nothing else.
        errors.append(f"{where}: host must be an IP address, not {host!r}")
        return None
    port = int(raw.get("port") or 6379)
    if not 0 < port <= LARGEST_PORT - BUS_OFFSET:
        errors.append(f"{where}: port {port} leaves no room for the bus port, which is {BUS_OFFSET} higher")
        return None
    weight = float(1.0 if raw.get("weight") is None else raw["weight"])
    if weight <= 0:
        errors.append(f"{where}: weight must be above 0, not {weight:g}; role: replica keeps an instance without slots")
        return None
    return Instance(
        name=str(raw.get("name") or f"{host}:{port}"),
        host=host,
        port=port,
        machine=str(raw.get("machine") or host),
        weight=weight,
        may_lead=str(raw.get("role") or "any") != "replica",
        is_down=bool(raw.get("is_down")),
    )


def declare(
    nodes: Sequence[Mapping[str, Any]],
    *,
    masters: Optional[int] = None,
    replicas: int = 1,
    needs_anti_affinity: bool = True,
    threshold: float = 5.0,
    allow: Sequence[str] = (),
    leaving: Sequence[str] = (),
) -> Declaration:
    """Check what was declared. Raises DeclarationError naming everything that is wrong with it."""
    errors: list[str] = []
    instances = [found for at, raw in enumerate(nodes) if (found := _instance(raw, at, errors)) is not None]
    for what, values in (
        ("are named", [instance.name for instance in instances]),
        ("have the address", [instance.address for instance in instances]),
    ):
        for value in sorted(value for value, count in Counter(values).items() if count > 1):
            errors.append(f"two instances {what} {value}")
    if replicas < 0:
        errors.append(f"replicas must not be negative, not {replicas}")
        replicas = 0
    wanted = len(instances) // (replicas + 1) if masters is None else masters
    if errors:
        raise DeclarationError(errors)
    if wanted < LEAST_MASTERS:
        errors.append(
            f"{len(instances)} instances with {replicas} replica(s) for each master make {wanted} master(s); "
            f"a cluster needs at least {LEAST_MASTERS}"
        )
    elif wanted * (replicas + 1) > len(instances):
        errors.append(
            f"{wanted} masters with {replicas} replica(s) each need {wanted * (replicas + 1)} instances, "
            f"{len(instances)} are declared"
        )
    leaders = sum(instance.may_lead for instance in instances)
    if leaders < wanted:
        errors.append(f"{wanted} masters are declared, but only {leaders} instances may be one")
    staying = [instance.address for instance in instances if instance.address in set(leaving)]
    errors += [f"{address} is declared as a node and as leaving" for address in staying]
    result = Declaration(
        tuple(instances), wanted, replicas, needs_anti_affinity, threshold, frozenset(allow), frozenset(leaving)
    )
    if not errors and needs_anti_affinity:
        errors += _impossible(result)
    if errors:
        raise DeclarationError(errors)
    return result


def _impossible(declared: Declaration) -> list[str]:
    """Why master and replicas cannot all be kept on different machines.

    A machine helps each shard at most once; more instances than shards on one machine are of no use for that.
    """
    held = Counter(instance.machine for instance in declared.instances)
    useful = sum(min(count, declared.masters) for count in held.values())
    needed = declared.masters * (declared.replicas + 1)
    if useful >= needed:
        return []
    shown = ", ".join(f"{machine}: {count}" for machine, count in held.items())
    return [
        f"{declared.masters} masters and their {declared.replicas} replica(s) each cannot be kept on different "
        f"machines ({shown}); declare more machines, or anti_affinity: preferred where one machine is meant"
    ]


def reservations(declared: Declaration) -> list[str]:
    """What is worth a warning, though it is not refused."""
    found = []
    if declared.masters % 2 == 0:
        found.append(
            f"{declared.masters} masters are an even number: "
            f"they survive no more losses than {declared.masters - 1} would"
        )
    if len(declared.machines) < LEAST_MASTERS:
        found.append(
            f"{len(declared.machines)} machine(s) cannot keep a majority of masters when the wrong one is lost: "
            f"{LEAST_MASTERS} are needed"
        )
    if declared.replicas == 0:
        found.append("no replicas are declared: the loss of any master is a loss of data and stops the cluster")
    if not declared.needs_anti_affinity and (why := _impossible(declared)):
        found.append(why[0].split(" (", 1)[0] + ": they die together")
    return found
