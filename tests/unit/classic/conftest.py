# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two of our nodes that treat each other as C daemons, on the simulator's clock, with everything they send on tape."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Callable

import pytest

from heartbeat.core.clock import MS, SECOND
from heartbeat.core.events import Command, Verb
from heartbeat.settings.model import Address, Configuration, DialectChoice, Group, Service
from heartbeat.simulator.courier import Parcel
from heartbeat.simulator.machine import Machine
from heartbeat.simulator.world import Watcher, World
from heartbeat.wire.codec import decode
from heartbeat.wire.message import Message

#: added by every sender, or different in every run
CONTROL = frozenset({"src", "srcuuid", "destuuid", "seq", "hg", "ts", "ld", "ttl", "auth"})

#: A message as it is compared: its specific fields in wire order.
Said = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Line:
    """One message on tape."""

    at_s: float
    sender: str
    said: Said

    def get(self, name: str) -> str:
        return dict(self.said).get(name, "")

    def text(self) -> str:
        """Short: the type and the values that distinguish messages of one type."""
        words = [self.get(n) for n in ("t", "st", "rsc_hold", "isstable", "info", "result", "ipaddr", "weown")]
        return " ".join(word for word in words if word)


def normalise(lines: Iterable[tuple[float, str, int, int, list[tuple[str, str]]]]) -> list[Line]:
    """From (time, sender, generation, sequence, fields): what is periodic, addressed to oneself or about delivery is
    left out, retransmissions too, and each sender's messages are in the order of their numbers."""
    result: list[tuple[str, int, int, Line]] = []
    seen: set[tuple[str, int, str]] = set()
    for at, sender, generation, seq, fields in lines:
        values = dict(fields)
        if values["t"].startswith("NS_") or values.get("dest") == sender or not seq:
            continue
        mark = values["st"] if values["t"] == "status" else f"#{seq}"
        if (sender, generation, mark) in seen:
            continue
        seen.add((sender, generation, mark))
        said = tuple((name, value) for name, value in fields if name not in CONTROL)
        result.append((sender, generation, seq, Line(at, sender, said)))
    ordered = sorted(range(len(result)), key=lambda n: result[n][:3])
    slots: dict[tuple[str, int], list[int]] = {}
    for n, (sender, generation, _, _) in enumerate(result):
        slots.setdefault((sender, generation), []).append(n)
    lines_in_order: list[Line | None] = [None] * len(result)
    for n in ordered:
        lines_in_order[slots[result[n][:2]].pop(0)] = result[n][3]
    return [line for line in lines_in_order if line is not None]


class Tape(World):
    """A world that keeps what is sent."""

    def __init__(self, configuration: Configuration, seed: int, watcher: Watcher | None = None) -> None:
        super().__init__(configuration, random.Random(seed), wire=True, watcher=watcher)
        self.network.delay = (300_000, 300_000)  # in order, as on a quiet wire
        self.messages: list[tuple[float, str, Message]] = []

    def _transmit(self, machine: Machine, parcels: tuple[Parcel, ...]) -> None:
        for parcel in parcels:
            message = decode(parcel.datagram, self.configuration.keyring).message
            self.messages.append((self.now / SECOND, machine.name, message))
        super()._transmit(machine, parcels)

    def played(self, since_s: float = 0.0) -> list[Line]:
        """What was sent, normalised; ``since_s``: only from this moment on."""
        raw = [
            (at, name, int(m.get("hg"), 16), int(m.get("seq") or "0", 16), [(f.name, f.text()) for f in m])
            for at, name, m in self.messages
        ]
        return [line for line in normalise(raw) if line.at_s >= since_s]

    def texts(self, sender: str, since_s: float = 0.0) -> list[str]:
        """What one node said, in short."""
        return [line.text() for line in self.played(since_s) if line.sender == sender]

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.run_until(self.now + round(seconds * SECOND))

    def command(self, name: str, verb: Verb, scope: str = "all", key: str | None = None) -> None:
        """An operator asks now."""
        self.ask(name, Command(verb, scope, key))

    def where(self) -> list[tuple[str, ...]]:
        """The holders of each group, in file order."""
        return [self.holders(group.key) for group in self.configuration.groups]

    def seconds(self) -> float:
        return self.now / SECOND

    def cut(self) -> None:
        """Nothing gets through in either direction."""
        names = list(self.machines)
        self.network.cut = {(a, b) for a in names for b in names if a != b}

    def answers(self) -> list[tuple[bool, str]]:
        """What the last command was answered."""
        return [(answer.ok, answer.text) for answer in self.asked[-1].answers]

    def hear(self, sender: str, *pairs: tuple[str, str]) -> None:
        """Let a node say something that our own code would not."""
        courier = self.machines[sender].courier
        assert courier is not None
        self._transmit(self.machines[sender], courier.send(Message.of(*pairs), self.now))

    def told(self, name: str) -> dict[str, Any]:
        """The node's status report."""
        node = self.machines[name].node
        assert node is not None
        return dict(node.snapshot(self.now))


def group(number: int, node: str, *services: str) -> Group:
    """A group ``IPaddr::10.0.0.NUMBER/24/eth0`` at home on a node."""
    ip = f"10.0.0.{number}"
    resources = (Address(ip, 24, "eth0", text=ip), *(Service(name) for name in services))
    return Group(f"IPaddr::{ip}/24/eth0", node, resources)


#: by name: one group (the first with a service) at home on each node; two and one
GROUPS = {
    "two": (group(1, "n5", "httpd"), group(2, "n6")),
    "three": (group(1, "n5", "httpd"), group(2, "n6"), group(3, "n5")),
}


@pytest.fixture
def tape(recorded: Any) -> Callable[..., Tape]:
    """``tape(run, **settings)``: a world with the files of a recorded run, dialect classic, nothing booted yet."""

    def make(run: str = "tl-main", *, groups: str = "", watcher: Any = None, seed: int = 1, **settings: Any) -> Tape:
        configuration = recorded.configuration(run)
        changed = replace(configuration.settings, dialect=DialectChoice.CLASSIC, **settings)
        configuration = replace(configuration, settings=changed, groups=GROUPS.get(groups, configuration.groups))
        return Tape(configuration, seed, watcher)

    return make


@pytest.fixture
def two(tape: Callable[..., Tape]) -> Tape:
    """One group at home on each node, both running."""
    world = tape(groups="two")
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    assert world.where() == [("n5",), ("n6",)]
    return world


@pytest.fixture
def recording(recorded: Any) -> Callable[..., list[Line]]:
    """``recording(run, situation)``: what C daemons sent in situations whose name begins so, normalised."""

    def read(run: str, *situations: str) -> list[Line]:
        raw = []
        for packet in recorded.packets:
            if packet.run != run or packet.kind == "compressed":
                continue
            if situations and not packet.facts["situation"].startswith(situations):
                continue
            fields = [(f["name"], f.get("value", f.get("hex"))) for f in packet.facts["fields"]]
            numbers = int(packet.get("hg") or "0", 16), int(packet.get("seq") or "0", 16)
            raw.append((packet.facts["t_offset"], packet.get("src"), *numbers, fields))
        return normalise(sorted(raw, key=lambda line: line[0]))

    return read


__all__ = ["MS", "Line", "Tape"]
