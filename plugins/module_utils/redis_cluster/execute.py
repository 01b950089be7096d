# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out steps on the real cluster, and waits after each until the cluster agrees on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .declare import Instance
from .draft import Plan
from .gather import gather, picture_of
from .migrate import End, Pace, Progress, move_slot
from .model import Member, Picture
from .parse import parse_fields
from .resp import Access, Client, CommandError, Unreachable
from .steps import Assign, Detach, Epoch, Forget, Meet, Move, Promote, Replicate, Settle, Step, sentence

__all__ = ["Executor", "Stuck"]

POLL_SECONDS = 0.2
FAILOVER_AGAIN_SECONDS = 6.0
"""A manual failover gives up after five seconds (CLUSTER_MF_TIMEOUT); then it may be asked for again."""


class Stuck(RuntimeError):
    """A step could not be completed; the message says which and why."""


@dataclass
class Executor:
    """Carries out plans. Times in seconds."""

    instances: Sequence[Instance]
    access: Access
    timeout: float = 60.0
    pace: Pace = field(default_factory=Pace)
    progress: Progress = field(default_factory=Progress)
    done: list[str] = field(default_factory=list)
    """Sentences of the steps that were carried out."""
    remaining_slots: int = 0

    def __post_init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self._picture = Picture({})
        self._names: dict[str, str] = {}

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def run(self, plan: Plan, picture: Picture) -> bool:
        """Carry out a plan made for this picture; False: it stopped at the limit of slots. Raises Stuck."""
        self._picture, self._names = picture, plan.names
        total = sum(len(step.slots) for step in plan.steps if isinstance(step, Move))
        self.progress.total = self.progress.moved + total
        self.remaining_slots = total
        for at, step in enumerate(plan.steps):
            try:
                if not self._carry_out(step):
                    return False
                following = plan.steps[at + 1] if at + 1 < len(plan.steps) else None
                if not isinstance(following, type(step)) and not isinstance(step, Epoch):
                    self._agree()
            except (CommandError, Unreachable) as error:
                raise Stuck(f"cannot {sentence(step, plan.names)}: {error}") from None
            self.done.append(sentence(step, plan.names))
        return True

    def look(self, instances: Optional[Sequence[Instance]] = None) -> Picture:
        """The cluster as it is now."""
        return picture_of(gather(instances or self.instances, self.access), self.access)

    def _carry_out(self, step: Step) -> bool:
        if isinstance(step, Move):
            return self._move(step)
        if isinstance(step, Epoch):
            self._client(step.node).call("CLUSTER", "SET-CONFIG-EPOCH", step.epoch)
        elif isinstance(step, Detach):
            self._detach(step)
        elif isinstance(step, Meet):
            self._meet(step)
        elif isinstance(step, Assign):
            self._client(step.node).call("CLUSTER", "ADDSLOTS", *sorted(step.slots))
        elif isinstance(step, Replicate):
            self._replicate(step)
        elif isinstance(step, Promote):
            self._promote(step)
        elif isinstance(step, Settle):
            self._settle(step)
        else:
            self._forget(step)
        return True

    def _meet(self, step: Meet) -> None:
        introducer = self._client(step.via)
        for node in step.nodes:
            member = self._member(node)
            host, _colon, port = member.address.rpartition(":")
            bus = next((port for port in (self._bus_port(node),) if port), 0)
            introducer.call("CLUSTER", "MEET", host, port, *([bus] if bus else []))
        wanted = {step.via, *step.nodes}

        def all_met() -> str:
            for node in wanted:
                lines = self._client(node).call("CLUSTER", "NODES")
                unknown = [other for other in wanted if other not in lines]
                if unknown or "handshake" in lines:
                    return f"{self._name(node)} has not met {self._name(unknown[0]) if unknown else 'somebody'} yet"
            return ""

        self._until(all_met)

    def _bus_port(self, node: str) -> int:
        lines = self._client(node).call("CLUSTER", "NODES").splitlines()
        own = next(line for line in lines if "myself" in line)
        return int(own.split()[1].split(",")[0].partition("@")[2] or 0)

    def _replicate(self, step: Replicate) -> None:
        client = self._client(step.node)

        def accepted() -> str:
            try:
                client.call("CLUSTER", "REPLICATE", step.master)
            except CommandError as error:
                # Gossip may not have told it yet who its master is, or that this one is a master again.
                return error.text
            return ""

        self._until(accepted)
        self._in_sync(step.node, step.master)

    def _in_sync(self, node: str, master: str) -> None:
        last_left, deadline = "", time.monotonic() + self.timeout

        def synced() -> str:
            nonlocal last_left, deadline
            info = parse_fields(self._client(node).call("INFO", "replication"))
            if info.get("role") == "slave" and info.get("master_link_status") == "up":
                return ""
            left = info.get("master_sync_left_bytes", "") + info.get("master_sync_read_bytes", "")
            if info.get("master_sync_in_progress") == "1" and left != last_left:
                # A copy takes as long as it takes; only standing still counts.
                last_left, deadline = left, time.monotonic() + self.timeout
            return f"{self._name(node)} is not in sync with {self._name(master)} yet"

        while why := synced():
            if time.monotonic() > deadline:
                raise Stuck(why)
            time.sleep(POLL_SECONDS)

    def _promote(self, step: Promote) -> None:
        client = self._client(step.node)
        old = next((line.split()[3] for line in self._own_line(step.node)), "-")
        if not step.is_forced:
            self._in_sync(step.node, old)
        asked_at = 0.0

        def leads() -> str:
            nonlocal asked_at
            if parse_fields(client.call("INFO", "replication")).get("role") == "master":
                return ""
            if time.monotonic() - asked_at > FAILOVER_AGAIN_SECONDS:
                client.call("CLUSTER", "FAILOVER", *(["TAKEOVER"] if step.is_forced else []))
                asked_at = time.monotonic()
            return f"{self._name(step.node)} has not become a master"

        self._until(leads)
        former = self._picture.members.get(old)
        if former is not None and former.is_alive:
            self._in_sync(former.id, step.node)

    def _own_line(self, node: str) -> list[str]:
        return [line for line in self._client(node).call("CLUSTER", "NODES").splitlines() if "myself" in line]

    def _settle(self, step: Settle) -> None:
        if step.owner and step.target and step.owner != step.target:
            others = self._others(step.owner, step.target)
            ends = self._end(step.owner), self._end(step.target)
            move_slot(step.slot, ends, others, self.pace, self._count)
        for member in self._living():
            # Replicas refuse; who has nothing open has nothing to end.
            self._client(member.id).pipeline([["CLUSTER", "SETSLOT", step.slot, "STABLE"]])

    def _move(self, step: Move) -> bool:
        # A master that has just come to the cluster takes no keys yet.
        self.serve()
        where = f"{self._name(step.source)} to {self._name(step.target)}"
        source, target, others = self._end(step.source), self._end(step.target), self._others(step.source, step.target)
        for slot in sorted(step.slots):
            if self.pace.max_slots and self.progress.moved >= self.pace.max_slots:
                self.progress.tell(where, is_last=True)
                return False
            move_slot(slot, (source, target), others, self.pace, self._count)
            self.progress.moved += 1
            self.remaining_slots -= 1
            self.progress.tell(where)
        self.progress.tell(where, is_last=True)
        return True

    def _count(self, keys: int) -> None:
        self.progress.keys += keys
        self.progress.tell("on the way")

    def _others(self, *ends: str) -> list[Client]:
        """Connections to the other masters, as far as they were masters when the plan was made."""
        masters = [member.id for member in self._living() if not member.master and member.slots]
        return [self._client(node) for node in masters if node not in ends]

    def _end(self, node: str) -> End:
        host, _colon, port = self._member(node).address.rpartition(":")
        return End(node, self._name(node), host, int(port), self._client(node))

    def _forget(self, step: Forget) -> None:
        for member in self._living():
            if member.id == step.node:
                continue

            def forgotten(node: str = member.id) -> str:
                try:
                    self._client(node).call("CLUSTER", "FORGET", step.node)
                except CommandError as error:
                    # It may follow the one that leaves until gossip has told it of its new master.
                    return "" if "Unknown node" in error.text else error.text
                return ""

            self._until(forgotten)

    def _detach(self, step: Detach) -> None:
        client = self._client(step.node)
        # Both commands throw data away, and answer only then.
        client.wait_longer(self.timeout)
        if step.flush:
            # A replica refuses; its copy goes with the reset.
            client.pipeline([["FLUSHALL"]])
        client.call("CLUSTER", "RESET", "HARD" if step.is_last else "SOFT")
        if step.is_last:
            self._picture.members.pop(step.node, None)

    def _agree(self) -> None:
        """Wait until all who answer see slots and masters alike."""

        def alike() -> str:
            said = self.look().disagreements
            return said[0] if said else ""

        self._until(alike)

    def serve(self) -> None:
        """Wait until everybody serves, after a complete plan. Raises Stuck, Unreachable.

        A master holds back writes for up to two seconds after it came to a cluster.
        """

        def unfit() -> str:
            for view in gather(self.instances, self.access):
                if not view.error and view.cluster.get("cluster_state") != "ok":
                    return f"{view.name} says cluster_state:{view.cluster.get('cluster_state')}"
            return ""

        self._until(unfit)

    def _until(self, why_not: Callable[[], str]) -> None:
        deadline = time.monotonic() + self.timeout
        while why := why_not():
            if time.monotonic() > deadline:
                raise Stuck(f"{why} (waited {self.timeout:g} s)")
            time.sleep(POLL_SECONDS)

    def _living(self) -> list[Member]:
        return [member for member in self._picture.members.values() if member.is_alive]

    def _member(self, node: str) -> Member:
        return self._picture.members[node]

    def _name(self, node: str) -> str:
        return self._names.get(node, node[:8])

    def _client(self, node: str) -> Client:
        """A connection to a member, kept; anew when the old one was lost."""
        found = self._clients.get(node)
        if found is not None:
            try:
                answer: Any = found.call("PING")
                if answer == "PONG":
                    return found
            except (CommandError, Unreachable):
                found.close()
        host, _colon, port = self._member(node).address.rpartition(":")
        self._clients[node] = Client(host, int(port), self.access)
        return self._clients[node]
