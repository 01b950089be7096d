# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, as the kernel tells it, and what of that is in the way."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from tomcat.instances import all_instances, listens
from tomcat.ports import Listener, clashes, listeners

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TAIL = " 00000000:00000000 00:00000000 00000000     0        0 {} 1 0000000000000000 100 0 0 10 0\n"
FOUR = (
    HEAD
    + "   0: 0100007F:1F90 00000000:0000 0A"
    + TAIL.format(41)
    + "   1: 0100007F:1F90 0100007F:9999 01"
    + TAIL.format(42)
)
SIX = (
    HEAD
    + "   0: 00000000000000000000000000000000:1F49 00000000000000000000000000000000:0000 0A"
    + TAIL.format(51)
    + "   1: 0000000000000000FFFF00000C0200C0:0FA0 00000000000000000000000000000000:0000 0A"
    + TAIL.format(52)
)


def test_only_those_who_listen_are_found_with_their_addresses() -> None:
    assert listeners(FOUR, SIX) == [
        Listener("127.0.0.1", 8080, "41"),
        Listener("", 8009, "51"),
        Listener("192.0.2.12", 4000, "52"),
    ]


@pytest.mark.parametrize(
    ("address", "port", "own", "count"),
    [
        ("127.0.0.1", 8080, [], 1),
        ("127.0.0.1", 8080, ["41"], 0),
        ("192.0.2.12", 8080, [], 0),
        # who listens on all addresses is in everybody's way, and everybody in that of who wants all
        ("192.0.2.12", 8009, [], 1),
        ("", 4000, [], 1),
        ("0.0.0.0", 4000, [], 1),
        ("::", 4000, [], 1),
        ("192.0.2.12", 4001, [], 0),
    ],
)
def test_what_is_in_the_way(address: str, port: int, own: list[str], count: int) -> None:
    wanted = [{"what": "ajp", "address": address, "port": port}]
    found = clashes(wanted, listeners(FOUR, SIX), own)
    assert found == [f"the ajp port {port} is used by another program"] * count


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="needs Linux")
def test_the_kernel_is_read_as_it_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        inode = os.readlink(f"/proc/self/fd/{server.fileno()}")[len("socket:[") : -1]
        found = listeners(*(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")))
        assert Listener("127.0.0.1", port, inode) in found


def test_an_instance_listens_where_its_connectors_are() -> None:
    given = {
        "tomcat_address": "192.0.2.1",
        "tomcat_cluster_address": "198.51.100.1",
        "tomcat_ports": {"shutdown": 8005},
    }
    (instance,) = all_instances(["app1"], {"app1": given})
    assert listens(instance, "127.0.0.1", is_clustered=True) == [
        {"what": "http", "address": "127.0.0.1", "port": 8080},
        {"what": "ajp", "address": "192.0.2.1", "port": 8009},
        {"what": "cluster", "address": "198.51.100.1", "port": 4000},
        {"what": "shutdown", "address": "127.0.0.1", "port": 8005},
    ]
    assert [entry["what"] for entry in listens(instance, "127.0.0.1", is_clustered=False)] == [
        "http",
        "ajp",
        "shutdown",
    ]
