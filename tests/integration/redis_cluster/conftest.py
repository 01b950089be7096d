# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on loopback: 127.0.0.1, .2, .3 … stand for machines. Every process ends with its test."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import pytest
from redis_cluster.declare import Declaration, declare
from redis_cluster.execute import Executor
from redis_cluster.migrate import Pace, Progress
from redis_cluster.model import Picture
from redis_cluster.operate import Outcome, operate
from redis_cluster.plan import Plan, plan_present
from redis_cluster.resp import Access, Client, Unreachable
from redis_cluster.survey import survey

# One program under several names: Debian's redis-tools brings it along without the service.
PROGRAM = "/usr/bin/redis-check-rdb"
PASSWORD = "a-long-secret-for-tests-only"
NODE_TIMEOUT_MS = 1000


def free_port() -> int:
    """The first of four ports that are free on all of loopback, with their bus ports.

    Below 32768: from there on the kernel gives ports to clients, and there are many clients here.
    """
    for port in range(11000 + os.getpid() % 1000 * 5, 22700, 5):
        with contextlib.ExitStack() as stack:
            try:
                for number in [*range(port, port + 4), *range(port + 10000, port + 10004)]:
                    stack.enter_context(socket.socket()).bind(("0.0.0.0", number))
            except OSError:
                continue
            return port
    raise AssertionError("no free ports")


class Servers:
    """Instances by address, and the cluster module's own functions on them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.first = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.access = Access(password=PASSWORD, timeout=3)

    def rows(self, letters: str) -> list[dict[str, Any]]:
        """One instance per letter: a is machine 127.0.0.1."""
        found: list[dict[str, Any]] = []
        for letter in letters:
            count = sum(row["machine"] == letter for row in found)
            host = f"127.0.0.{ord(letter) - 96}"
            found.append({"name": f"{letter}{count}", "host": host, "port": self.first + count, "machine": letter})
        return found

    def declare(self, letters: str, **more: Any) -> Declaration:
        return declare(self.rows(letters), **more)

    def start(self, *addresses: str, password: str = PASSWORD, more: Sequence[str] = ()) -> None:
        for address in addresses:
            host, _colon, port = address.partition(":")
            place = self.directory / address.replace(":", "-")
            place.mkdir(exist_ok=True)
            words = ["redis-server", "--port", port, "--bind", host, "--dir", str(place), "--cluster-enabled", "yes"]
            words += ["--cluster-announce-ip", host, "--cluster-node-timeout", str(NODE_TIMEOUT_MS)]
            words += ["--appendonly", "no", "--save", "", "--loglevel", "warning", "--logfile", str(place / "log")]
            words += ["--requirepass", password, "--masterauth", password, "--repl-diskless-sync-delay", "0", *more]
            self.processes[address] = subprocess.Popen(words, executable=PROGRAM, stdin=subprocess.DEVNULL)
        for address in addresses:
            self.wait(address)

    def wait(self, address: str) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                host, _colon, port = address.partition(":")
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"{address} does not start")

    def client(self, address: str) -> Client:
        host, _colon, port = address.partition(":")
        return Client(host, int(port), self.access)

    def kill(self, address: str) -> None:
        process = self.processes.pop(address)
        process.kill()
        process.wait()

    def send(self, address: str, number: signal.Signals) -> None:
        self.processes[address].send_signal(number)

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def executor(self, declared: Declaration, max_slots: int = 0, timeout: float = 30) -> Executor:
        return Executor(declared.instances, self.access, timeout, Pace(max_slots=max_slots), Progress())

    def operate(
        self,
        declared: Declaration,
        planner: Optional[Callable[[Declaration, Picture], Plan]] = None,
        max_slots: int = 0,
        timeout: float = 30,
    ) -> Outcome:
        chosen = planner or plan_present
        executor = self.executor(declared, max_slots, timeout)
        return operate(declared, executor, lambda picture: chosen(declared, picture), is_check=False)

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it does not come true"
            time.sleep(0.2)

    def problems(self, declared: Declaration, seconds: float = 0) -> list[str]:
        """What is wrong; waits until nothing is, for so long."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                found: list[str] = survey(declared, self.access)[0]["problems"]
            except Unreachable as error:
                found = [str(error)]
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def check(self, address: str) -> subprocess.CompletedProcess[str]:
        """What redis-cli itself says."""
        return subprocess.run(
            ["redis-cli", "--cluster", "check", address],
            env={**os.environ, "REDISCLI_AUTH": PASSWORD},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    found = Servers(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def six(servers: Servers) -> tuple[Servers, Declaration]:
    """Six instances on three machines that know nothing of each other yet."""
    declared = servers.declare("aabbcc")
    servers.start(*(instance.address for instance in declared.instances))
    return servers, declared
