# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three network namespaces on one bridge: a node that is broken, a peer, and a bystander."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MODULE_UTILS = Path(__file__).resolve().parents[3] / "plugins" / "module_utils"
#: What a controller does by way of the module: ask for a fault, then wait for something, here for ever.
CONTROLLER = """
import json, sys, time
from drill.fault import answer
from drill.fault.place import Place
asked, directory, state, stay = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "stay"
print(json.dumps(answer.STATES[state](asked, Place(directory, "process"), False)), flush=True)
while stay:
    time.sleep(1)
"""
DEFAULTS: dict[str, Any] = {
    "id": "a-1.b",
    "target": "n1",
    "confirm": True,
    "max_seconds": 60.0,
    "members": ["n1", "n2"],
}
HEAR = """
import socket
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.bind(('', {port}))
ear.settimeout(2)
print('ready', flush=True)
count = 0
try:
    while count < 20:
        ear.recv(9)
        count += 1
except TimeoutError:
    pass
print(count)
"""
SEND = """
import socket
mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
errors = 0
for number in range(20):
    try:
        mouth.sendto(b'x', ('{address}', {port}))
    except OSError:
        errors += 1
print(errors)
"""
ADDRESSES = {"n1": ("10.78.0.1", "fd78::1"), "n2": ("10.78.0.2", "fd78::2"), "n3": ("10.78.0.3", "fd78::3")}


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass
class Net:
    """The namespaces, by the names n1, n2 and n3, and the place of n1's notes."""

    prefix: str
    notes: str

    def command(self, node: str, *argv: str) -> list[str]:
        return ["ip", "netns", "exec", f"{self.prefix}{node}", *argv]

    def run(self, node: str, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(node, *argv), capture_output=True, text=True, check=False)

    def reaches(self, node: str, other: str, version: int = 4) -> bool:
        """Whether a ping comes back; one of up to three, since address resolution may take one."""
        address = ADDRESSES[other][0 if version == 4 else 1]
        return self.run(node, "ping", "-i0.1", "-c3", "-W0.4", address).stdout.count("bytes from") > 0

    def ask(self, state: str, *, stay: bool = False, **asked: Any) -> subprocess.Popen[str]:
        """The controller in n1, which stays or ends."""
        argv = [sys.executable, "-c", CONTROLLER, json.dumps({**DEFAULTS, **asked}), self.notes, state]
        return subprocess.Popen(
            self.command("n1", *argv, "stay" if stay else "end"),
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(MODULE_UTILS)},
            start_new_session=True,
        )

    def answer(self, state: str, **asked: Any) -> dict[str, Any]:
        text, _none = self.ask(state, **asked).communicate(timeout=60)
        found: dict[str, Any] = json.loads(text)
        return found

    def heard(self, source: str, target: str, port: int = 694) -> tuple[int, int]:
        """How many of 20 datagrams arrive, and how many the sender was told of as lost."""
        argv = self.command(target, sys.executable, "-c", HEAR.format(port=port))
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as ear:
            assert ear.stdout
            assert ear.stdout.readline() == "ready\n"
            send = SEND.format(address=ADDRESSES[target][0], port=port)
            errors = int(self.run(source, sys.executable, "-c", send).stdout)
            return int(ear.stdout.read()), errors

    def tables(self) -> str:
        return self.run("n1", "nft", "list", "tables").stdout


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    missing = [program for program in ("ip", "nft", "ping") if shutil.which(program) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip("network namespaces need root, ip, nft and ping")
    made = Net(f"ft{os.getpid()}", str(tmp_path / "notes"))
    names = ["sw", *ADDRESSES]
    try:
        for name in names:
            ip("netns", "add", f"{made.prefix}{name}")
            ip("-n", f"{made.prefix}{name}", "link", "set", "lo", "up")
        switch = f"{made.prefix}sw"
        ip("-n", switch, "link", "add", "br0", "type", "bridge")
        ip("-n", switch, "link", "set", "br0", "up")
        for name, (four, six) in ADDRESSES.items():
            inside = f"{made.prefix}{name}"
            ip("-n", switch, "link", "add", f"p{name}", "type", "veth", "peer", "name", "eth0", "netns", inside)
            ip("-n", switch, "link", "set", f"p{name}", "master", "br0", "up")
            ip("-n", inside, "address", "add", f"{four}/24", "dev", "eth0")
            ip("-n", inside, "address", "add", f"{six}/64", "dev", "eth0", "nodad")
            ip("-n", inside, "link", "set", "eth0", "up")
        eventually(lambda: made.reaches("n1", "n2") and made.reaches("n1", "n2", 6), "the network is up")
        yield made
        made.answer("healed", id=None)
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", f"{made.prefix}{name}"], check=False, capture_output=True)


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for what must come; the bound only ends a test that has failed already."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def wait() -> Callable[[Callable[[], object], str], None]:
    return eventually
