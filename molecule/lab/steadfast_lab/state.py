# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's memory: `build/lab/<lab>/lab.json`, written whole, read whole, changed under one lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import LabError
from .faults import Faults, faults_from_dict
from .identity import Identity
from .topology import Plan, plan_from_dict

VERSION = 1
LOCK_SECONDS = 180.0


@dataclass
class NodeState:
    """What the driver last did to a node. `power` is what the switch says: on, off or paused."""

    power: str = "off"
    pid: int = 0
    started: int = 0
    boots: int = 0


@dataclass
class LabState:
    """Content of the state file. `deadlines`: what the agent ends by itself -> when (monotonic clock, seconds)."""

    plan: Plan
    image: str
    engine: str
    power_token: str
    faults: Faults = field(default_factory=Faults)
    nodes: dict[str, NodeState] = field(default_factory=dict)
    deadlines: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "version": VERSION,
            "plan": self.plan.to_dict(),
            "image": self.image,
            "engine": self.engine,
            "power_token": self.power_token,
            "faults": self.faults.to_dict(),
            "nodes": {name: vars(node) for name, node in self.nodes.items()},
            "deadlines": self.deadlines,
        }


def load(identity: Identity) -> LabState | None:
    """Return the lab's state, or None when there is none; LabError when an other version of the driver wrote it."""
    path = identity.directory / "lab.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != VERSION:
            raise ValueError(f"version {data['version']}")
        return LabState(
            plan=plan_from_dict(data["plan"]),
            image=data["image"],
            engine=data["engine"],
            power_token=data["power_token"],
            faults=faults_from_dict(data["faults"]),
            nodes={name: NodeState(**node) for name, node in data["nodes"].items()},
            deadlines=dict(data["deadlines"]),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LabError(f"{path} is of another version of the driver; run: lab up (which makes the lab anew)") from None


def save(identity: Identity, state: LabState) -> None:
    """Write the state; readers see the old or the new file, never half of one. Mode 0600: it holds the power token."""
    write_private(identity.directory / "lab.json", json.dumps(state.to_dict(), indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def locked(identity: Identity) -> Iterator[None]:
    """Hold the lab's lock: one change at a time, whoever makes it. LabError after `LOCK_SECONDS`."""
    directory = identity.root / "build" / "lab" / ".locks"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / identity.lab, "a+", encoding="ascii") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LabError(
                        f"another command has been changing lab {identity.lab} for {LOCK_SECONDS:.0f} s; "
                        "wait for it, or end it by its process id"
                    ) from None
                time.sleep(0.005)
        yield
