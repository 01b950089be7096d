# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies a snapshot into a cluster: a server of its own reads the file, each key goes to the master of its slot.

Commands: DUMP, PTTL, RESTORE and CLUSTER SLOTS of the Redis documentation.
"""

from __future__ import annotations

import binascii
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..resp import Access, Client, CommandError, Unreachable
from ..slots import SLOTS

#: a minute for each gigabyte or so
LOADING_SECONDS = 600.0
BATCH = 200


class Failed(Exception):
    """The snapshot can't be read, or the cluster does not take it; the text says why."""


@dataclass
class Copied:
    """How many keys there are, how many were copied, and how many were there already."""

    keys: int = 0
    copied: int = 0
    present: int = 0


def slot_of(key: str) -> int:
    """Return the slot of a key: CRC16 (XMODEM) of it, or of what stands between the first braces, modulo 16384."""
    data = key.encode("utf-8", "surrogateescape")
    start = data.find(b"{")
    end = data.find(b"}", start + 1) if start >= 0 else -1
    if end > start + 1:
        data = data[start + 1 : end]
    return binascii.crc_hqx(data, 0) % SLOTS


class Target:
    """A running cluster. Raises Failed when it does not serve all slots."""

    def __init__(self, seeds: Sequence[tuple[str, int]], access: Access, *, replaces: bool = False) -> None:
        self.access = access
        self._how = ["REPLACE"] if replaces else []
        self._masters: dict[int, tuple[str, int]] = {}
        self._clients: dict[tuple[str, int], Client] = {}
        self._learn(seeds)

    def _learn(self, seeds: Sequence[tuple[str, int]]) -> None:
        words = "no instance was named"
        for host, port in seeds:
            try:
                with Client(host, port, self.access) as redis:
                    answer = redis.call("CLUSTER", "SLOTS")
            except (Unreachable, CommandError) as error:
                words = str(error)
                continue
            for first, last, master, *_replicas in answer:
                for slot in range(first, last + 1):
                    self._masters[slot] = (str(master[0]), int(master[1]))
            break
        if len(self._masters) != SLOTS:
            raise Failed(f"the cluster serves {len(self._masters)} of {SLOTS} slots: {words}")

    def close(self) -> None:
        """End the connections."""
        for client in self._clients.values():
            client.close()

    def put(self, items: Sequence[tuple[str, int, str]]) -> tuple[int, int]:
        """Write keys with their time to live in milliseconds (0: none) and their serialised values.

        Returns how many were written and how many were there already.
        """
        written = present = 0
        by_master: dict[tuple[str, int], list[list[str]]] = {}
        for key, ttl, value in items:
            command = ["RESTORE", key, str(ttl), value, *self._how]
            by_master.setdefault(self._masters[slot_of(key)], []).append(command)
        for where, commands in by_master.items():
            if where not in self._clients:
                self._clients[where] = Client(*where, self.access)
            for answer in self._clients[where].pipeline(commands):
                if isinstance(answer, CommandError) and answer.code == "BUSYKEY":
                    present += 1
                elif isinstance(answer, CommandError):
                    raise Failed(f"{where[0]}:{where[1]}: {answer}")
                else:
                    written += 1
        return written, present


@contextlib.contextmanager
def served(binary: str, user: str, file: str) -> Iterator[Client]:
    """Serve a snapshot on a Unix socket in a folder of its own. Raises Failed."""
    account = pwd.getpwnam(user)
    folder = tempfile.mkdtemp(prefix="steadfast-redis-")
    process = None
    try:
        shutil.copyfile(file, os.path.join(folder, "dump.rdb"))
        shutil.chown(os.path.join(folder, "dump.rdb"), user)
        shutil.chown(folder, user)
        with open(os.path.join(folder, "log"), "wb") as log:
            process = subprocess.Popen(
                [binary, "--port", "0", "--unixsocket", f"{folder}/socket", "--unixsocketperm", "700", "--dir", folder,
                 "--dbfilename", "dump.rdb", "--appendonly", "no", "--save", "", "--daemonize", "no"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder,
                user=account.pw_uid, group=account.pw_gid, extra_groups=os.getgrouplist(user, account.pw_gid),
            )  # fmt: skip
        with _loaded(process, folder) as redis:
            yield redis
    finally:
        if process is not None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _loaded(process: subprocess.Popen[bytes], folder: str) -> Client:
    """A connection, as soon as everything is loaded."""
    deadline = time.monotonic() + LOADING_SECONDS
    while time.monotonic() < deadline:
        try:
            redis = Client(path=f"{folder}/socket")
        except Unreachable:
            if process.poll() is not None:
                break
            time.sleep(0.1)
            continue
        try:
            redis.call("DBSIZE")
            return redis
        except CommandError:
            # still loading
            redis.close()
        time.sleep(0.1)
    with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as file:
        words = [row.strip() for row in file if row.strip()][-3:]
    raise Failed("the snapshot can't be read: " + " / ".join(words))


def copied(source: Client, target: Target | None) -> Copied:
    """Copy every key of the source; without a target only count them."""
    found, cursor = Copied(), "0"
    while True:
        cursor, keys = source.call("SCAN", cursor, "COUNT", str(BATCH))
        if keys and target is not None:
            answers = source.pipeline([[word, key] for key in keys for word in ("PTTL", "DUMP")])
            items = [
                (key, max(0, int(answers[2 * number])), answers[2 * number + 1])
                for number, key in enumerate(keys)
                # gone meanwhile: its time was up
                if answers[2 * number + 1] is not None
            ]
            written, present = target.put(items)
            found.copied += written
            found.present += present
        found.keys += len(keys)
        if cursor == "0":
            return found
