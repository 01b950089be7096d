# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of real daemons in network namespaces: two nodes and a client on one bridge, plus faults and probes.

Everything is named after this process and removed by ``Cluster.close``; nothing touches the machine's own network.
Needs root, iproute2 and nftables.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbeat.control.client import NotRunning, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODULE_UTILS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
CLONE_NEWNET = 0x40000000
VIP = "10.77.0.100"
VIP6 = "fd77::100"
CLIENT_ADDRESS = "10.77.0.9"
#: How long a probe that is stopped waits for answers to its last requests.
ANSWER_S = 2.0
AUTHKEYS = "auth 1\n1 sha1 network-namespace-key\n"
HA_CF = """keepalive {keepalive}
deadtime {deadtime}
warntime {warntime}
initdead {initdead}
udpport 6694
{media}
auto_failback {failback}
realtime {realtime}
node n1 n2
{extra}
"""


def ip(*arguments: str) -> str:
    """Run iproute2; raises CalledProcessError."""
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def wait_for(condition: Callable[[], object], what: str, seconds: float = 10.0, logs: Callable[[], str] = str) -> None:
    """Poll until true; AssertionError names what did not happen. Generous: for correctness, never for speed.

    ``logs``: asked when the time is up, so that the message tells what was logged while we waited.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds} s there was not: {what}\n{logs()}")
        time.sleep(0.005)


def socket_in(namespace: str, *arguments: int) -> socket.socket:
    """A socket that lives in a namespace, made in a thread of its own (setns(2) is per thread)."""
    made: list[socket.socket | BaseException] = []

    def make() -> None:
        try:
            with open(f"/run/netns/{namespace}", "rb") as handle:
                if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(*arguments))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], BaseException):
        raise made[0]
    return made[0]


class Namespace:
    """One network namespace with ``eth0`` on the cluster's bridge."""

    def __init__(self, name: str) -> None:
        self.name = name
        ip("netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments: str) -> str:
        """Run iproute2 in here."""
        return ip("-n", self.name, *arguments)

    def run(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """A program in here."""
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *argv],
            capture_output=True,
            text=True,
            check=options.pop("check", False),
            **options,
        )

    def popen(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        """A program in here, in the background."""
        return subprocess.Popen(["ip", "netns", "exec", self.name, *argv], text=True, **options)

    def has(self, address: str) -> bool:
        """Is the address configured here?"""
        return f" {address}/" in self.ip("-o", "address", "show")

    def nft(self, rules: str) -> None:
        """Replace this namespace's table ``t`` by these rules (empty: none)."""
        script = (
            f"table inet t\ndelete table inet t\ntable inet t {{\n{rules}\n}}\n"
            if rules
            else "table inet t\ndelete table inet t\n"
        )
        self.run("nft", "-f", "-", input=script, check=True)

    def close(self) -> None:
        """Remove it, and with it its devices."""
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)


@dataclass
class Probe:
    """ICMP echo requests at a fixed pace from a namespace; what came back, and how long nothing did."""

    namespace: str
    target: str
    interval_s: float = 0.005
    sent: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Probe:
        six = ":" in self.target
        family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
        self._six, self._socket = six, socket_in(self.namespace, family, socket.SOCK_RAW, protocol)
        self._socket.settimeout(0.05)
        self._id = threading.get_native_id() & 0xFFFF
        self._stop, self._end = threading.Event(), threading.Event()
        self._sender, self._receiver = threading.Thread(target=self._send), threading.Thread(target=self._receive)
        self._sender.start()
        self._receiver.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._sender.join()
        while self._under_way():
            time.sleep(0.01)
        self._end.set()
        self._receiver.join()
        self._socket.close()

    def _under_way(self) -> bool:
        """May an answer still come? The last requests get the time that a busy machine took for all before them."""
        since = time.monotonic() - ANSWER_S
        return any(at > since for number, at in self.sent.items() if number not in self.answered)

    def _send(self) -> None:
        due = time.monotonic()
        number = 0
        while not self._stop.is_set():
            number += 1
            packet = self._request(number & 0xFFFF)
            self.sent[number & 0xFFFF] = time.monotonic()
            try:
                self._socket.sendto(packet, (self.target, 0))
            except OSError:
                pass  # no route or no neighbour at the moment: a lost probe
            due += self.interval_s
            time.sleep(max(0.0, due - time.monotonic()))

    def _receive(self) -> None:
        while True:
            ending = self._end.is_set()
            try:
                data = self._socket.recv(2048)
            except (TimeoutError, OSError):
                if ending:  # and what had come by then is read
                    return
                continue
            offset, reply = (0, 129) if self._six else ((data[0] & 15) * 4, 0)
            if data[offset] == reply and struct.unpack_from("!H", data, offset + 4)[0] == self._id:
                self.answered[struct.unpack_from("!H", data, offset + 6)[0]] = time.monotonic()

    def _request(self, number: int) -> bytes:
        kind = 128 if self._six else 8
        rest = struct.pack("!HH", self._id, number)
        total = (kind << 8) + self._id + number
        total = (total & 0xFFFF) + (total >> 16)
        return struct.pack("!BBH", kind, 0, ~total & 0xFFFF) + rest

    def lost(self) -> list[int]:
        """Numbers of the probes without an answer."""
        return [number for number in self.sent if number not in self.answered]

    def outage_s(self) -> float:
        """The longest time between two sent probes that were both answered, with none answered between."""
        times = [self.sent[number] for number in sorted(self.answered)]
        return max((times[index] - times[index - 1] for index in range(1, len(times))), default=float("inf"))


class Node(Namespace):
    """A node: namespace, configuration directory, and the daemon in it."""

    def __init__(self, prefix: str, name: str, directory: Path) -> None:
        super().__init__(f"{prefix}{name}")
        self.node_name = name
        self.config, self.state, self.runtime = (directory / name / part for part in ("ha.d", "state", "run"))
        for path in (self.config, self.config / "resource.d", self.state, self.runtime):
            path.mkdir(parents=True)
        self.log_path = directory / name / "log"
        self.process: subprocess.Popen[str] | None = None

    def configure(self, ha_cf: str, haresources: str, authkeys: str = AUTHKEYS) -> None:
        """Write the three files."""
        (self.config / "ha.cf").write_text(ha_cf)
        (self.config / "haresources").write_text(haresources)
        (self.config / "authkeys").write_text(authkeys)
        (self.config / "authkeys").chmod(0o600)

    def command(self, *arguments: str) -> list[str]:
        """The command line of the program with this node's directories."""
        return [sys.executable, "-m", "heartbeat", *arguments]

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """Start the daemon; its standard error goes to ``log_path``."""
        directories = ("--config-dir", str(self.config), "--state-dir", str(self.state))
        command = self.command("run", *directories, "--runtime-dir", str(self.runtime), "--node-name", self.node_name)
        with self.log_path.open("a") as log:
            environment = {**os.environ, "PYTHONPATH": str(MODULE_UTILS), **(env or {})}
            self.process = self.popen(*command, stderr=log, stdout=log, stdin=subprocess.DEVNULL, env=environment)

    def signal(self, number: int) -> None:
        """Signal the daemon."""
        if self.process is None:
            raise AssertionError(f"{self.node_name} was not started")
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL for the daemon; its addresses stay."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """SIGTERM and wait; the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = 20.0) -> int:
        """Wait until the daemon has ended; the exit code."""
        if self.process is None:
            raise AssertionError(f"{self.node_name} was not started")
        return self.process.wait(seconds)

    def hbctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The control program, with this node's socket."""
        command = self.command(*arguments, "--runtime-dir", str(self.runtime))
        environment = {**os.environ, "PYTHONPATH": str(MODULE_UTILS)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    def status(self) -> dict[str, Any]:
        """The status reply, or {} while nobody answers."""
        try:
            return ask({"command": "status"}, str(self.runtime))
        except (NotRunning, OSError):
            return {}

    def active(self) -> bool:
        """Is the daemon's state ``active``?"""
        return self.status().get("state") == "active"

    def sees(self, peer: str, state: str) -> bool:
        """Is the peer in this state, as this node sees it?"""
        return any(p["name"] == peer and p["state"] == state for p in self.status().get("peers", ()))

    def log(self) -> str:
        """Everything logged so far."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def events(self, code: str) -> list[str]:
        """Log lines of an event."""
        return [line for line in self.log().splitlines() if f"event={code} " in line or line.endswith(f"event={code}")]

    def close(self) -> None:
        """End the daemon, however it is, and remove the namespace."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        super().close()


class Cluster:
    """Two nodes and a client on a bridge."""

    _count = 0

    def __init__(self, directory: Path) -> None:
        Cluster._count += 1
        self.prefix = f"hb{os.getpid()}x{Cluster._count}"
        self.directory = directory
        self._all: list[Namespace] = []
        self.switch = self._keep(Namespace(f"{self.prefix}sw"))
        self.switch.ip("link", "add", "br0", "type", "bridge")
        self.switch.ip("link", "set", "br0", "up")
        self.n1 = self._keep(Node(self.prefix, "n1", directory))
        self.n2 = self._keep(Node(self.prefix, "n2", directory))
        self.client = self._keep(Namespace(f"{self.prefix}cl"))
        for number, namespace in ((1, self.n1), (2, self.n2), (9, self.client)):
            self.plug(namespace, number)

    def _keep(self, namespace: Any) -> Any:
        self._all.append(namespace)
        return namespace

    @property
    def nodes(self) -> tuple[Node, Node]:
        """Both nodes."""
        return self.n1, self.n2

    def plug(self, namespace: Namespace, number: int, device: str = "eth0") -> None:
        """Give a namespace a device on the bridge, with the addresses of that number."""
        port = f"p{number}{device}"
        self.switch.ip("link", "add", port, "type", "veth", "peer", "name", device, "netns", namespace.name)
        self.switch.ip("link", "set", port, "master", "br0", "up")
        namespace.ip("address", "add", f"10.77.0.{number}/24", "dev", device)
        namespace.ip("address", "add", f"fd77::{number}/64", "dev", device, "nodad")
        namespace.ip("link", "set", device, "up")

    def configure(
        self,
        haresources: str = f"n1 IPaddr::{VIP}/24/eth0\n",
        *,
        extra: str = "",
        media: str = "ucast eth0 10.77.0.1\nucast eth0 10.77.0.2",
        keepalive: str = "50ms",
        deadtime: str = "800ms",
        initdead: str = "2",
        failback: str = "off",
        realtime: str = "off",
    ) -> None:
        """The same three files on both nodes."""
        warntime = "400ms"
        text = HA_CF.format(
            keepalive=keepalive,
            deadtime=deadtime,
            warntime=warntime,
            initdead=initdead,
            media=media,
            failback=failback,
            realtime=realtime,
            extra=extra,
        )
        for node in self.nodes:
            node.configure(text, haresources)

    def start(self) -> None:
        """Start both daemons and wait until they are active and n1 holds the VIP.

        Which node takes first when both start at once is for the tests of the start; the others begin with n1."""
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            wait_for(node.active, f"{node.node_name} active\n{node.log()}")
        wait_for(lambda: len(self.holders()) == 1, "one holder", logs=self.logs)
        if self.holders() == ["n2"]:
            self.n1.hbctl("takeover")
            wait_for(lambda: self.holders() == ["n1"], "n1 takes over", logs=self.logs)

    def holders(self, address: str = VIP) -> list[str]:
        """The nodes on which the address is configured."""
        return [node.node_name for node in self.nodes if node.has(address)]

    def node(self, name: str) -> Node:
        """A node by name."""
        return next(node for node in self.nodes if node.node_name == name)

    def other(self, name: str) -> Node:
        """The other node."""
        return next(node for node in self.nodes if node.node_name != name)

    def probe(self, target: str = VIP, interval_s: float = 0.005) -> Probe:
        """Probe an address from the client while in the ``with`` block."""
        return Probe(self.client.name, target, interval_s)

    def neighbour(self, address: str = VIP) -> str:
        """The client's neighbour entry for an address: the hardware address, or empty."""
        words = self.client.ip("neighbour", "show", address).split()
        return words[words.index("lladdr") + 1] if "lladdr" in words else ""

    def mac(self, node: Namespace, device: str = "eth0") -> str:
        """A node's hardware address."""
        words = node.ip("-o", "link", "show", "dev", device).split()
        return words[words.index("link/ether") + 1]

    def logs(self) -> str:
        """Both nodes' logs, for a failed assertion."""
        return "\n".join(f"--- {node.node_name}\n{node.log()}" for node in self.nodes)

    def close(self) -> None:
        """Remove everything."""
        for namespace in reversed(self._all):
            namespace.close()


def usable() -> str:
    """Empty when namespaces can be made here, else why not."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [program for program in ("ip", "nft") if shutil.which(program) is None]
    return f"needs {', '.join(missing)}" if missing else ""
