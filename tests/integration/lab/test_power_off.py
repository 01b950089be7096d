# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power off means power off: the network hears nothing of the machine from t0 on."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time

import pytest
from steadfast_lab import Lab, netns

pytestmark = pytest.mark.needs_root

ETH_P_ALL = 0x0003
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; not in the socket module of Python 3.9
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 263, 1, 1
TCP, FIN, RST = 6, 0x01, 0x04

LISTENER = """
import socket, threading
server = socket.create_server(("0.0.0.0", 7000))
def drain(connection):
    while connection.recv(65536):
        pass
while True:
    threading.Thread(target=drain, args=(server.accept()[0],), daemon=True).start()
"""
# A TCP stream to the client and a broadcast each millisecond on both networks: a machine in the middle of its work.
TALKER = """
import socket, sys, time
stream = socket.create_connection((sys.argv[1], 7000))
shout = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
shout.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
while True:
    stream.sendall(b"x" * 100)
    for target in sys.argv[2:]:
        shout.sendto(b"here", (target, 6940))
    time.sleep(0.001)
"""


def stamping() -> socket.socket:
    """Return a socket for which the kernel stamps what it receives, once it does.

    It begins some time after the first socket has asked, and until then gives the time at which a frame is read.
    """
    keeper = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    keeper.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    keeper.bind(("127.0.0.1", 0))
    for _attempt in range(500):
        keeper.sendto(b"now", keeper.getsockname())
        time.sleep(0.02)
        asked_ns = time.time_ns()
        _data, control, _flags, _address = keeper.recvmsg(16, 256)
        if stamp_of(control) < asked_ns:
            return keeper
    keeper.close()
    pytest.fail("the kernel does not stamp what it receives")


def stamp_of(control: list[tuple[int, int, bytes]]) -> int:
    """The time stamp of a received frame, in nanoseconds of the wall clock."""
    seconds, nanoseconds = struct.unpack("qq", control[0][2][:16])
    return seconds * 10**9 + nanoseconds


class Capture:
    """Every frame on a lab network as a bridge sees it, with the kernel's time stamps (wall clock, ns)."""

    def __init__(self, lab: Lab, interfaces: list[str]) -> None:
        self.keeper = stamping()
        self.sockets = netns.inside(netns.path_of(lab.identity.netns), lambda: [self._open(i) for i in interfaces])

    @staticmethod
    def _open(interface: str) -> socket.socket:
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tap.bind((interface, 0))
        index = socket.if_nametoindex(interface)
        request = struct.pack("IHH8s", index, PACKET_MR_PROMISC, 0, b"")
        tap.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
        tap.setblocking(False)
        return tap

    def frames(self) -> list[tuple[int, bytes]]:
        found = []
        for tap in self.sockets:
            while True:
                try:
                    frame, control, _flags, _address = tap.recvmsg(2048, 256)
                except BlockingIOError:
                    break
                found.append((stamp_of(control), frame))
            tap.close()
        self.keeper.close()
        return sorted(found)


def start_talking(lab: Lab) -> None:
    plan = lab.state.plan
    client = plan.node("client").cable("service").ipv4
    broadcasts = [network.ipv4.replace(".0/24", ".255") for network in plan.networks]
    lab.execute("client", "systemctl", "stop", "listener.service")
    lab.execute("client", "systemd-run", "--unit=listener", "--collect", "python3", "-c", LISTENER)
    code, _text = lab.execute(
        "node1", "systemd-run", "--unit=talker", "--collect", "--property=Restart=on-failure",
        "--property=RestartSec=50ms", "python3", "-c", TALKER, client, *broadcasts,
    )  # fmt: skip
    assert code == 0


def wait_for_talk(lab: Lab) -> None:
    """Wait until the stream is established, as the client's own socket table says."""
    for _attempt in range(100):
        if ":7000" in lab.execute("client", "ss", "-Htn", "state", "established")[1]:
            return
        time.sleep(0.05)
    pytest.fail("the talker did not reach the client")


def from_node1(lab: Lab, frames: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    macs = {bytes.fromhex(cable.mac.replace(":", "")) for cable in lab.state.plan.node("node1").cables}
    return [(stamp, frame) for stamp, frame in frames if frame[6:12] in macs]


def goodbyes(frames: list[tuple[int, bytes]]) -> list[int]:
    """Time stamps of TCP segments with FIN or RST (IPv4 without options, which is what Linux sends)."""
    return [
        stamp
        for stamp, frame in frames
        if frame[12:14] == b"\x08\x00" and frame[23] == TCP and frame[14 + 20 + 13] & (FIN | RST)
    ]


@pytest.mark.parametrize("paused", [False, True], ids=["running", "frozen with a live kernel"])
def test_nobody_hears_of_the_machine_after_t0(lab: Lab, paused: bool) -> None:
    start_talking(lab)
    wait_for_talk(lab)
    capture = Capture(lab, ["service", "cluster", "client-eth0", "node2-eth0", "node2-eth1"])
    time.sleep(0.2)
    if paused:
        lab.pause("node1", kernel_alive=True)
    report = lab.power_off("node1")
    time.sleep(0.5)
    heard = from_node1(lab, capture.frames())
    t0 = report["t0"]["wall_ns"]
    assert len([stamp for stamp, _frame in heard if stamp <= t0]) > 50, "the capture must have seen the machine talk"
    assert [stamp - t0 for stamp, _frame in heard if stamp > t0] == []
    assert goodbyes(heard) == []
    assert lab.power_state("node1") == "off"


def test_a_machine_that_is_merely_killed_says_goodbye(lab: Lab) -> None:
    """The reason for all this, and the proof that the capture above could have failed."""
    start_talking(lab)
    wait_for_talk(lab)
    capture = Capture(lab, ["service"])
    os.kill(lab.state.nodes["node1"].pid, signal.SIGKILL)
    time.sleep(0.5)
    assert goodbyes(from_node1(lab, capture.frames()))


def test_power_on_is_the_same_machine_after_a_boot(lab: Lab) -> None:
    def boot_id() -> str:
        return lab.execute("node1", "cat", "/proc/sys/kernel/random/boot_id")[1]

    def addresses() -> str:
        return lab.execute("node1", "sh", "-c", "ip -o -4 addr; cat /sys/class/net/eth*/address")[1].replace("\\", "")

    def without_index(text: str) -> list[str]:
        return [line.split(":", 1)[-1].split("@")[0] for line in text.splitlines()]

    lab.execute("node1", "sh", "-c", "echo kept > /srv/proof; sync")
    before, addresses_before = boot_id(), addresses()
    assert lab.power_off("node1")["was"] == "on"
    report = lab.power_on("node1")
    assert report["systemd"] == "running"
    assert lab.execute("node1", "cat", "/srv/proof") == (0, "kept")
    assert boot_id() != before
    assert without_index(addresses()) == without_index(addresses_before)
    assert len(lab.execute("node1", "journalctl", "--list-boots", "--no-pager", "-q")[1].splitlines()) >= 2
