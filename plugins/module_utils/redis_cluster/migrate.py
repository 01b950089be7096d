# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves slots with their keys, a batch at a time, so that it can be slowed down, watched, and taken up again.

Source of the procedure: Redis documentation of CLUSTER SETSLOT ("Redis Cluster live resharding explained"). A move that
is interrupted leaves flags on both masters; the next plan finds them and ends it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .resp import Client, CommandError, Word

__all__ = ["Pace", "Progress", "move_slot"]

MIGRATE_SECONDS = 20.0
WRITE_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """How fast slots are moved. ``max_slots``: at most so many in one go, 0 for all."""

    batch_keys: int = 100
    pause_ms: int = 0
    max_slots: int = 0


@dataclass
class Progress:
    """How far moving has come; ``path``: a file that always tells, for who looks from elsewhere."""

    path: str = ""
    total: int = 0
    moved: int = 0
    keys: int = 0
    text: str = ""
    _written: float = field(default=0.0, repr=False)

    def tell(self, text: str, *, is_last: bool = False) -> None:
        """Note where we are; the file is replaced in one step, twice a second at most."""
        self.text = f"{self.moved} of {self.total} slots moved, {self.keys} keys: {text}"
        now = time.monotonic()
        if not self.path or (now - self._written < WRITE_SECONDS and not is_last):
            return
        self._written = now
        with open(f"{self.path}.new", "w", encoding="utf-8") as stream:
            json.dump({"total": self.total, "moved": self.moved, "keys": self.keys, "text": self.text}, stream)
        os.replace(f"{self.path}.new", self.path)


@dataclass(frozen=True)
class End:
    """One end of a move: the master's id, its address, and the connection to it."""

    id: str
    name: str
    host: str
    port: int
    client: Client


def move_slot(
    slot: int, ends: tuple[End, End], others: Sequence[Client], pace: Pace, moved_keys: Callable[[int], None]
) -> None:
    """Move one slot from the first end to the second.

    Raises CommandError, Unreachable; then the slot is open, and a later move takes it up.
    """
    source, target = ends
    target.client.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    source.client.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
    while True:
        keys = source.client.call("CLUSTER", "GETKEYSINSLOT", slot, pace.batch_keys)
        if not keys:
            break
        _migrate(keys, source.client, target)
        moved_keys(len(keys))
        if pace.pause_ms:
            time.sleep(pace.pause_ms / 1000)
    # The target first: should it fail now, the source still sends everybody to it.
    target.client.call("CLUSTER", "SETSLOT", slot, "NODE", target.id)
    try:
        source.client.call("CLUSTER", "SETSLOT", slot, "NODE", target.id)
    except CommandError as error:
        # When this was its last slot, gossip may have been quicker and made a replica of it: before the command came,
        # or (Valkey 8) while it waited for its replicas.
        if "only with masters" not in error.text and error.code != "UNBLOCKED":
            raise
    for client in others:
        # They would learn it from gossip; who cannot take it now will.
        client.pipeline([["CLUSTER", "SETSLOT", slot, "NODE", target.id]])


def _migrate(keys: Sequence[str], client: Client, target: End) -> None:
    access = client.access
    # The password travels from master to master inside the protocol, never on a command line.
    secret: list[Word] = ["AUTH2", access.username or "default", access.password] if access.password else []
    # MIGRATE may use its timeout twice, once for each direction.
    client.wait_longer(access.timeout + 2 * MIGRATE_SECONDS)
    head: list[Word] = ["MIGRATE", target.host, target.port, "", 0, round(MIGRATE_SECONDS * 1000)]
    try:
        client.call(*head, *secret, "KEYS", *keys)
    except CommandError as error:
        if "BUSYKEY" not in error.text:
            raise
        # An interrupted move left a copy there. As long as the source has a key, nobody was sent to the target for it.
        client.call(*head, "REPLACE", *secret, "KEYS", *keys)
