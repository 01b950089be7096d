# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster made of dictionaries that carries out steps, and refuses what Redis would refuse."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis_cluster.declare import Declaration, Instance, declare
from redis_cluster.model import Picture, View
from redis_cluster.observe import observe
from redis_cluster.parse import NodeLine, parse_nodes
from redis_cluster.plan import Plan, plan_present
from redis_cluster.slots import SLOTS, ranges_text
from redis_cluster.steps import Assign, Detach, Epoch, Forget, Meet, Move, Promote, Replicate, Settle, Step

ROUNDS = 4


@functools.lru_cache(maxsize=4096)
def read(line: str) -> NodeLine:
    return parse_nodes(line)[0]


@functools.lru_cache(maxsize=4096)
def write(slots: frozenset[int]) -> str:
    return ranges_text(slots)


@dataclass
class Node:
    id: str
    address: str
    machine: str
    master: str = ""
    slots: set[int] = field(default_factory=set)
    keys: dict[int, int] = field(default_factory=dict)
    knows: set[str] = field(default_factory=set)
    epoch: int = 0
    alive: bool = True
    failed: bool = False
    migrating: dict[int, str] = field(default_factory=dict)
    importing: dict[int, str] = field(default_factory=dict)
    link: str = "up"


class World:
    """Nodes by id. ``follows_last_slot``: a master whose last slot left it becomes a replica, as Redis 7 has it."""

    def __init__(self, *, follows_last_slot: bool = True) -> None:
        self.nodes: dict[str, Node] = {}
        self.follows_last_slot = follows_last_slot
        self.was_whole = False
        self.forgotten: set[str] = set()
        self.others: set[str] = set()
        """Nodes of somebody else's cluster."""
        self.serial = 0

    def add(self, host: str, port: int, machine: str = "") -> Node:
        self.serial += 1
        node = Node(f"{self.serial:040x}", f"{host}:{port}", machine or host)
        self.nodes[node.id] = node
        return node

    def at(self, address: str) -> Node:
        return next(node for node in self.nodes.values() if node.address == address and node.alive)

    def build(self, *shards: list[str]) -> None:
        """Make the instances at these addresses a whole cluster: each list is a master and its replicas."""
        everybody = {self.at(address).id for shard in shards for address in shard}
        for at, shard in enumerate(shards):
            leader = self.at(shard[0])
            leader.slots = set(range(SLOTS * at // len(shards), SLOTS * (at + 1) // len(shards)))
            leader.keys = dict.fromkeys(list(leader.slots)[:50], 1)
            for address in shard[1:]:
                self.at(address).master, self.at(address).keys = leader.id, dict(leader.keys)
        for at, node in enumerate(sorted(everybody)):
            self.nodes[node].knows, self.nodes[node].epoch = everybody - {node}, at + 1
        self.was_whole = True

    def kill(self, address: str, *, failed: bool = True) -> Node:
        """A node dies; where it can, a replica takes over."""
        node = self.at(address)
        node.alive, node.failed = False, failed
        heir = next((other for other in self.nodes.values() if other.master == node.id and other.alive), None)
        if heir is not None and failed:
            self.hand_over(node, heir)
        return node

    def hand_over(self, old: Node, new: Node) -> None:
        for other in self.nodes.values():
            if other.master == old.id:
                other.master = new.id
        new.master, new.slots = "", old.slots
        old.master, old.slots = new.id, set()
        new.epoch = max(node.epoch for node in self.nodes.values()) + 1

    def lines(self, of: Node) -> tuple[NodeLine, ...]:
        return tuple(read(self.line(self.nodes[node], is_myself=node == of.id)) for node in [of.id, *sorted(of.knows)])

    def line(self, node: Node, *, is_myself: bool) -> str:
        flags = ["myself"] if is_myself else []
        flags += ["slave" if node.master else "master"] + (["fail"] if node.failed else [])
        words = [node.id, f"{node.address}@{int(node.address.rpartition(':')[2]) + 10000},", ",".join(flags)]
        words += [node.master or "-", "0", "0", str(node.epoch), "connected" if node.alive else "disconnected"]
        if node.slots:
            words += write(frozenset(node.slots)).split(",")
        if is_myself:
            words += [f"[{slot}->-{other}]" for slot, other in node.migrating.items()]
            words += [f"[{slot}-<-{other}]" for slot, other in node.importing.items()]
        return " ".join(words)

    def views(self, declared: Declaration) -> list[View]:
        by_address: dict[str, Instance] = {instance.address: instance for instance in declared.instances}
        alive = {node.address: node for node in self.nodes.values() if node.alive}
        known = {
            self.nodes[other].address for node in alive.values() if node.address in by_address for other in node.knows
        }
        views = []
        for address in [*by_address, *sorted(known - set(by_address))]:
            instance = by_address.get(address)
            name = instance.name if instance else address
            if address not in alive:
                if instance is not None:
                    views.append(View(address, name, instance, error="connection refused", is_absent=True))
                continue
            node = alive[address]
            info = {"master_link_status": node.link} if node.master else {}
            cluster = {"cluster_current_epoch": str(node.epoch)}
            keys = sum(node.keys.values())
            views.append(View(address, name, instance, "", False, info, cluster, self.lines(node), keys))
        return views

    def picture(self, declared: Declaration) -> Picture:
        views = self.views(declared)
        held: dict[int, tuple[str, ...]] = {}
        asked = {view.myself.id for view in views if not view.error}
        covered = {slot for node in self.nodes.values() if node.alive for slot in node.slots}
        for node in self.nodes.values():
            if node.id in asked and not node.master:
                for slot, count in node.keys.items():
                    if slot not in covered and count:
                        held[slot] = (*held.get(slot, ()), node.id)
        return observe(views, held)

    def populate(self, declared: Declaration) -> None:
        for instance in declared.instances:
            self.add(instance.host, instance.port, instance.machine)

    def reconcile(self, declared: Declaration, *, may_lose: bool = False, is_exact: bool = False) -> None:
        """Plan and carry out until nothing is left to do, as the module does."""
        for _round in range(ROUNDS):
            plan = plan_present(declared, self.picture(declared), is_exact=is_exact)
            if not plan.steps:
                break
            self.run(plan, may_lose=may_lose)
        assert not plan_present(declared, self.picture(declared), is_exact=is_exact).steps
        self.holds(declared)

    def holds(self, declared: Declaration) -> None:
        """The world is as it was declared."""
        picture = self.picture(declared)
        leaders = picture.leaders()
        assert len(leaders) == declared.masters
        assert sum(len(leader.slots) for leader in leaders) == SLOTS
        assert all(leader.instance is not None for leader in leaders)
        assert len(picture.members) == len(declared.instances)
        for leader in leaders:
            replicas = picture.replicas_of(leader.id)
            assert len(replicas) >= declared.replicas
            if declared.needs_anti_affinity:
                assert len({replica.machine for replica in replicas} - {leader.machine}) >= declared.replicas
        for member in picture.members.values():
            assert member.is_met
            assert member.leads or member.master in {leader.id for leader in leaders}

    def run(self, plan: Plan, *, may_lose: bool = False) -> None:
        for step in plan.steps:
            before = self.count_keys()
            self.apply(step)
            self.check(may_lose or isinstance(step, (Detach, Promote)), before, self.count_keys())

    def count_keys(self) -> int:
        return sum(sum(node.keys.values()) for node in self.nodes.values() if node.alive and not node.master)

    def check(self, may_lose: bool, before: int, after: int) -> None:
        served = [node for node in self.nodes.values() if node.alive and node.id not in self.others]
        covered = [slot for node in served for slot in node.slots]
        assert len(covered) == len(set(covered)), "a slot has two masters"
        self.was_whole = self.was_whole or len(covered) == SLOTS
        assert may_lose or not self.was_whole or len(covered) == SLOTS, "a slot is uncovered"
        assert may_lose or before == after, "keys were lost"

    def apply(self, step: Step) -> None:
        getattr(self, f"_{type(step).__name__.lower()}")(step)

    def _epoch(self, step: Epoch) -> None:
        node = self.nodes[step.node]
        assert not node.knows, "the node knows others"
        assert node.epoch == 0, "the epoch is not zero"
        node.epoch = step.epoch

    def _detach(self, step: Detach) -> None:
        node = self.nodes[step.node]
        assert node.master or not sum(node.keys.values()) or step.flush, "a master with keys is not reset"
        assert not node.slots or not self.was_whole, "slots go down with a reset"
        assert not any(other.master == node.id and node.id in other.knows for other in self.nodes.values())
        node.master, node.slots, node.keys, node.knows = "", set(), {}, set()
        if step.is_last:
            del self.nodes[node.id]

    def _meet(self, step: Meet) -> None:
        group = {step.via} | self.nodes[step.via].knows
        for node in step.nodes:
            assert self.nodes[node].alive
            group |= {node} | self.nodes[node].knows
        # A node that was forgotten a moment ago is kept away.
        group = {node for node in group if node in self.nodes and node not in self.forgotten}
        for node in group:
            self.nodes[node].knows = group - {node}

    def _assign(self, step: Assign) -> None:
        node = self.nodes[step.node]
        assert not node.master, "a replica takes no slots"
        for other in node.knows:
            assert not self.nodes[other].slots & step.slots, "slot is already busy"
        node.slots |= step.slots

    def _replicate(self, step: Replicate) -> None:
        node, master = self.nodes[step.node], self.nodes[step.master]
        assert master.id in node.knows, "unknown node"
        assert not master.master, "I can only replicate a master"
        assert node.master or not (node.slots or sum(node.keys.values())), "the node must be empty and without slots"
        node.master, node.keys, node.link = master.id, dict(master.keys), "up"

    def _promote(self, step: Promote) -> None:
        node = self.nodes[step.node]
        assert node.master, "you should send CLUSTER FAILOVER to a replica"
        old = self.nodes[node.master]
        assert step.is_forced or (old.alive and node.link == "up"), "master is down or link is"
        node.keys = dict(old.keys)
        self.hand_over(old, node)

    def _settle(self, step: Settle) -> None:
        if step.owner and step.target != step.owner:
            self._move(Move(step.owner, step.target, frozenset({step.slot})))
        for node in self.nodes.values():
            node.importing.pop(step.slot, None)
            node.migrating.pop(step.slot, None)

    def _move(self, step: Move) -> None:
        source, target = self.nodes[step.source], self.nodes[step.target]
        assert source.alive
        assert target.alive
        assert step.slots <= source.slots, "not the owner of the slot"
        assert not target.master, "target node is not a master"
        assert source.id in target.knows
        source.slots -= step.slots
        target.slots |= step.slots
        for slot in step.slots & set(source.keys):
            target.keys[slot] = target.keys.get(slot, 0) + source.keys.pop(slot)
        for other in self.nodes.values():
            if other.master in (source.id, target.id):
                other.keys = dict(self.nodes[other.master].keys)
        if not source.slots and self.follows_last_slot:
            for other in self.nodes.values():
                if other.master == source.id or other is source:
                    other.master, other.keys = target.id, dict(target.keys)

    def _forget(self, step: Forget) -> None:
        node = self.nodes[step.node]
        for other in self.nodes.values():
            if other is not node and other.alive and node.id in other.knows:
                assert other.master != node.id, "can't forget my master"
                other.knows.discard(node.id)
        self.forgotten.add(node.id)
        if not node.alive:
            del self.nodes[node.id]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def worlds() -> Callable[..., World]:
    return World


@pytest.fixture
def declared() -> Callable[..., Declaration]:
    """``declared("aabbcc")``: one instance per letter, the letter is its machine; a capital may not lead."""

    def make(letters: str, **more: Any) -> Declaration:
        return declare(rows(letters), **more)

    return make


def rows(letters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for letter in letters:
        machine = letter.lower()
        port = 7000 + sum(row["machine"] == machine for row in found)
        role = "replica" if letter.isupper() else "any"
        host = f"10.0.0.{ord(machine) - 96}"
        found.append({"name": f"{machine}{port - 7000}", "host": host, "port": port, "machine": machine, "role": role})
    return found
