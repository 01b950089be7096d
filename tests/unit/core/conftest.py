# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node to ask, event by event, and a host that starts and stops groups without delay."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from heartbeat.core import steering
from heartbeat.core.clock import MS
from heartbeat.core.effects import (
    Effects,
    Log,
    Send,
    StartGroup,
    StopGroup,
)
from heartbeat.core.events import (
    Command,
    GroupReport,
    Heard,
    Stage,
    Tick,
)
from heartbeat.core.node import Node
from heartbeat.settings.model import Configuration
from heartbeat.simulator.samples import sample
from heartbeat.wire.message import Message

NATIVE = (("sf", "1"), ("sv", "1.1"))


def status(st: str = "active", *pairs: tuple[str, str], dt: str = "3e8") -> Message:
    return Message.of(("t", "status"), ("st", st), ("dt", dt), ("protocol", "1"), *(pairs or NATIVE))


def heard(peer: str, message: Message, **options: Any) -> Heard:
    return Heard(peer, message, "eth1", **options)


def sent(effects: Effects, kind: str = "status") -> list[Message]:
    return [effect.message for effect in effects if isinstance(effect, Send) and effect.message.kind == kind]


def codes(effects: Effects) -> list[str]:
    return [effect.code for effect in effects if isinstance(effect, Log)]


def started(configuration: Configuration | None = None, name: str = "n1", **options: Any) -> Node:
    node = Node(name, configuration or sample(), now=0, **options)
    node.start(0)
    return node


def drive(node: Node, until: int) -> Effects:
    """Ticks at every deadline up to a moment; the host of the test starts and stops groups without delay."""
    effects: list[Any] = []
    pending: list[Any] = []
    while True:
        deadline = node.next_deadline()
        assert deadline is not None
        now = min(until, max(deadline, node._desk.now))
        batch = [*node.handle(Tick(), now), *pending]
        pending = []
        for effect in batch:
            effects.append(effect)
            if isinstance(effect, StartGroup):
                for stage in (Stage.ADDRESSES_UP, Stage.STARTED):
                    effects.extend(node.handle(GroupReport(effect.key, stage), now))
            if isinstance(effect, StopGroup):
                effects.extend(node.handle(GroupReport(effect.key, Stage.STOPPED), now))
        if now >= until:
            return tuple(effects)


def alone() -> Node:
    """n1, active, holding everything, its peer never heard."""
    node = started()
    drive(node, 2000 * MS)
    return node


def pair(name: str = "n1", configuration: Configuration | None = None) -> Node:
    """A node that is active beside a live native peer that holds both groups."""
    node = started(configuration, name)
    peer = "n2" if name == "n1" else "n1"
    node.handle(heard(peer, holding(node)), MS)
    return node


def holding(node: Node, letter: str = "h", claim: int = 1, version: int = 1, echo: str = "") -> Message:
    """A peer's status: it holds both groups and hears us."""
    ids = node._dialect._views.ids.values()  # type: ignore[attr-defined]
    groups = ",".join(f"{gid}:{letter}{claim}" for gid in ids)
    return status(
        "active", ("sf", "1"), ("sv", f"1.{version:x}"), ("se", f"{node.name}:{echo or '0.1'}"), ("sg", groups)
    )


@pytest.fixture(name="kit")
def _kit() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(
        status=status,
        heard=heard,
        sent=sent,
        codes=codes,
        started=started,
        drive=drive,
        alone=alone,
        pair=pair,
        holding=holding,
    )


@pytest.fixture(name="classic_stub")
def _classic_stub(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for the classic dialect: the native rules under its name, and a record of what is called."""
    calls: list[Any] = []
    from heartbeat.core.dialect_native import NativeDialect

    class Stub(NativeDialect):
        name = "classic"

        def status_fields(self) -> Any:
            return ()

        def commanded(self, command: Command) -> None:
            calls.append(command)
            super().commanded(command)

    monkeypatch.setattr(
        steering, "choose_dialect", lambda name, desk: Stub(desk) if name == "classic" else NativeDialect(desk)
    )
    return calls
