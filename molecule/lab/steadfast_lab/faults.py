# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken on purpose: cuts, packet loss, unplugged cables; and the nftables rules that follow from it.

Pure except for `apply`. The whole rule set is worked out from the list of faults and replaced in one transaction, so
that a fault starts and ends at one instant and nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import LabError
from .run import run
from .topology import Plan

ROUTER = "router"
TABLE = "steadfast"


@dataclass(frozen=True)
class Cut:
    """No frame passes from one member to another, on one network, in this direction."""

    source: str
    target: str
    network: str


@dataclass(frozen=True)
class Faults:
    """Everything broken at the moment. `loss` counts in percent, both directions, keyed by (node, network)."""

    cuts: tuple[Cut, ...] = ()
    loss: Mapping[tuple[str, str], int] = field(default_factory=dict)
    unplugged: frozenset[tuple[str, str]] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the state file."""
        return {
            "cuts": [asdict(cut) for cut in self.cuts],
            "loss": [[node, network, percent] for (node, network), percent in sorted(self.loss.items())],
            "unplugged": sorted([node, network] for node, network in self.unplugged),
        }

    def unplugged_of(self, node: str) -> frozenset[str]:
        """Return the networks whose cable at `node` is unplugged."""
        return frozenset(network for name, network in self.unplugged if name == node)


def faults_from_dict(data: Mapping[str, Any]) -> Faults:
    """Rebuild what `Faults.to_dict` stored."""
    return Faults(
        cuts=tuple(Cut(**cut) for cut in data.get("cuts", [])),
        loss={(node, network): int(percent) for node, network, percent in data.get("loss", [])},
        unplugged=frozenset((node, network) for node, network in data.get("unplugged", [])),
    )


def make_cuts(
    plan: Plan, first: Sequence[str], second: Sequence[str], networks: Sequence[str], *, one_way: bool
) -> tuple[Cut, ...]:
    """Return the cuts that separate two sides on the given networks (empty: all that both members share).

    `one_way` cuts only what the first side sends to the second. Raises LabError for unknown or overlapping members,
    and when the two sides share no network at all.
    """
    if set(first) & set(second):
        raise LabError(f"{', '.join(sorted(set(first) & set(second)))} cannot be on both sides of a cut")
    wanted = {plan.network(name).name for name in networks} or {network.name for network in plan.networks}
    cuts: list[Cut] = []
    for one in first:
        for other in second:
            shared = _networks_of(plan, one) & _networks_of(plan, other) & wanted
            for network in sorted(shared):
                cuts.append(Cut(one, other, network))
                if not one_way:
                    cuts.append(Cut(other, one, network))
    if not cuts:
        raise LabError(f"{', '.join(first)} and {', '.join(second)} share none of: {', '.join(sorted(wanted))}")
    return tuple(cuts)


def _networks_of(plan: Plan, member: str) -> set[str]:
    if member == ROUTER:
        return {network.name for network in plan.networks}
    return {cable.network for cable in plan.node(member).cables}


def add_cuts(present: Sequence[Cut], new: Iterable[Cut]) -> tuple[Cut, ...]:
    """Return the cuts without doubles, in the order in which they were made."""
    return tuple(dict.fromkeys([*present, *new]))


def ruleset(plan: Plan, faults: Faults) -> str:
    """Return the nftables script that makes exactly these cuts and losses, whatever was there before."""
    forward: list[str] = []
    to_router: list[str] = []
    from_router: list[str] = []

    def port(node: str, network: str) -> str:
        return plan.node(node).cable(network).port

    for cut in faults.cuts:
        if cut.source == ROUTER:
            from_router.append(f'oifname "{port(cut.target, cut.network)}" drop')
        elif cut.target == ROUTER:
            to_router.append(f'iifname "{port(cut.source, cut.network)}" drop')
        else:
            source, target = port(cut.source, cut.network), port(cut.target, cut.network)
            forward.append(f'iifname "{source}" oifname "{target}" drop')
    for (node, network), percent in sorted(faults.loss.items()):
        name = port(node, network)
        # nft refuses a comparison that is always true.
        dice = f"numgen random mod 100 < {percent} " if percent < 100 else ""
        for direction, chains in (("iifname", (forward, to_router)), ("oifname", (forward, from_router))):
            for chain in chains:
                chain.append(f'{direction} "{name}" {dice}drop')

    lines = [f"add table bridge {TABLE}", f"delete table bridge {TABLE}"]
    if forward or to_router or from_router:
        lines.append(f"table bridge {TABLE} {{")
        for hook, rules in (("forward", forward), ("input", to_router), ("output", from_router)):
            lines.append(f"  chain {hook} {{")
            lines.append(f"    type filter hook {hook} priority 0; policy accept;")
            lines += [f"    {rule}" for rule in rules]
            lines.append("  }")
        lines.append("}")
    return "\n".join(lines) + "\n"


def apply(namespace: str, plan: Plan, faults: Faults) -> None:
    """Make the rules of the fabric equal to `faults`, in one transaction."""
    run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], stdin=ruleset(plan, faults), timeout=20)
