# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What instances answer, as data; the texts were taken from Redis 7.0 and Valkey 8."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis_cluster.health import concerns, majority_machine, problems, restart_order, shards, uneven
from redis_cluster.parse import parse_fields, parse_nodes
from redis_cluster.resp import Access, Client, CommandError, Unreachable
from redis_cluster.slots import SLOTS, as_ranges, from_ranges, ranges_text, shares
from redis_cluster.survey import key_in

ONE, TWO, THREE = "07c37dfeb235213a872192d90877d0cd55635b91", "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1", "e" * 40

REDIS_7 = f"""\
{ONE} 127.0.0.1:30004@31004,hostname4 slave {TWO} 0 1426238317239 4 connected
{TWO} 127.0.0.1:30002@31002,hostname2 myself,master - 0 0 2 connected 5461-10922 16000 [93->-{ONE}] [77-<-{THREE}]
{THREE} :0@0 master,fail,noaddr - 1426238316232 1426238315232 5 disconnected
"""
SHARD = "shard-id=69bc080733d1355567173199cff4a6a039a2f024"
VALKEY_8 = f"""\
{ONE} 2001:db8::4:7000@17000,,tls-port=0,{SHARD} myself,slave {TWO} 0 0 1 connected
{TWO} 10.0.0.2:7001@17001,node2.example,{SHARD} master,fail? - 1 1 7 connected 0-16383
"""


def test_nodes_of_redis_7() -> None:
    replica, myself, gone = parse_nodes(REDIS_7)
    assert (replica.is_replica, replica.master, replica.address) == (True, TWO, "127.0.0.1:30004")
    assert myself.is_myself
    assert (myself.bus_port, myself.epoch, myself.master) == (31002, 2, "")
    assert len(myself.slots) == 5463
    assert (myself.migrating, myself.importing) == (((93, ONE),), ((77, THREE),))
    assert (gone.host, gone.is_failing, gone.is_connected) == ("", True, False)


def test_nodes_of_valkey_8() -> None:
    myself, master = parse_nodes(VALKEY_8)
    assert (myself.host, myself.port, myself.bus_port) == ("2001:db8::4", 7000, 17000)
    assert (master.address, master.is_failing, len(master.slots)) == ("10.0.0.2:7001", True, SLOTS)


def test_what_cannot_be_read_is_shown() -> None:
    with pytest.raises(ValueError, match="not a line of CLUSTER NODES: 'nonsense"):
        parse_nodes("nonsense here\n")


def test_fields_are_read_and_headings_left_out() -> None:
    assert parse_fields("# Server\r\nredis_version:7.0.15\r\n\r\nos:Linux: x\r\n") == {
        "redis_version": "7.0.15",
        "os": "Linux: x",
    }


@given(st.sets(st.integers(0, SLOTS - 1), max_size=200))
def test_ranges_there_and_back(slots: set[int]) -> None:
    assert from_ranges(ranges_text(slots)) == slots
    ranges = as_ranges(slots)
    assert all(low[1] + 1 < high[0] for low, high in zip(ranges, ranges[1:]))


def test_a_range_that_is_none_is_refused() -> None:
    for text in ("16384", "5-3", "-1"):
        with pytest.raises(ValueError, match=r"range of slots|invalid literal"):
            from_ranges(text)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=12))
def test_shares_give_out_every_slot_by_weight(weights: list[float]) -> None:
    found = shares(weights, {})
    assert sum(found) == SLOTS
    for weight, share in zip(weights, found):
        assert abs(share - SLOTS * weight / sum(weights)) < 1
    # Who has what it should have keeps it.
    assert shares(weights, dict(enumerate(found))) == found


def test_rounding_moves_nothing() -> None:
    assert shares([1, 1, 1], {}) == [5462, 5461, 5461]
    assert shares([1, 1, 1], {0: 5461, 1: 5462, 2: 5461}) == [5461, 5462, 5461]


@given(st.sets(st.integers(0, SLOTS - 1), min_size=1, max_size=3))
def test_a_key_for_a_slot_is_found(slots: set[int]) -> None:
    import binascii

    assert binascii.crc_hqx(key_in(slots, "x").encode(), 0) % SLOTS in slots


ANSWERS = [
    (b"+OK\r\n", "OK"),
    (b":-7\r\n", -7),
    (b"$5\r\nhe\r\no\r\n", "he\r\no"),
    (b"$-1\r\n", None),
    (b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", ["a", [1]]),
    (b"*-1\r\n", None),
    (b"$0\r\n\r\n", ""),
]


@pytest.fixture
def speaker() -> Iterator[Any]:
    """Start a server that says these bytes, a few at a time, to whoever comes."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def say(data: bytes) -> int:
        def serve() -> None:
            connection, _peer = listener.accept()
            with connection:
                connection.recv(4096)
                for at in range(0, len(data), 3):
                    connection.sendall(data[at : at + 3])

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        port: int = listener.getsockname()[1]
        return port

    yield say
    for thread in threads:
        thread.join(5)
    listener.close()


@pytest.mark.parametrize(("data", "meant"), ANSWERS)
def test_answers_in_small_pieces(speaker: Any, data: bytes, meant: Any) -> None:
    with Client("127.0.0.1", speaker(data)) as client:
        assert client.call("ANY") == meant


def test_errors_and_ends(speaker: Any) -> None:
    with Client("127.0.0.1", speaker(b"-MOVED 1 10.0.0.1:7000\r\n")) as client:
        with pytest.raises(CommandError) as caught:
            client.call("GET", "x")
        assert caught.value.code == "MOVED"
    with Client("127.0.0.1", speaker(b"$10\r\nabc")) as client, pytest.raises(Unreachable, match="was closed"):
        client.call("GET", "x")
    with Client("127.0.0.1", speaker(b"HTTP/1.1 400\r\n")) as client, pytest.raises(Unreachable, match="protocol"):
        client.call("GET", "x")


def test_nobody_there_is_told_apart(speaker: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        Client("127.0.0.1", port, Access(timeout=1))
    assert caught.value.is_refused
    with pytest.raises(Unreachable) as caught:
        Client(path="/nonexistent/redis.sock")
    assert caught.value.is_refused


def whole(world: Any, declared: Any, letters: str = "aabbcc") -> Any:
    wanted = declared(letters)
    for instance in wanted.instances:
        world.add(instance.host, instance.port, instance.machine)
    names = {instance.name: instance.address for instance in wanted.instances}
    world.build(*([names[name] for name in shard] for shard in (["a0", "b1"], ["b0", "c1"], ["c0", "a1"])))
    return wanted


def said(world: Any, wanted: Any) -> list[str]:
    views = [replace(view, cluster={**view.cluster, "cluster_state": "ok"}) for view in world.views(wanted)]
    found: list[str] = problems(wanted, world.picture(wanted), views)
    return found


def test_a_whole_cluster_has_no_problems(world: Any, declared: Any) -> None:
    wanted = whole(world, declared)
    assert said(world, wanted) == []
    assert concerns(wanted, world.picture(wanted)) == []
    assert restart_order(world.picture(wanted)) == ["a1", "b1", "c1", "a0", "b0", "c0"]
    assert [(shard["master"], shard["replicas"]) for shard in shards(world.picture(wanted))] == [
        ("a0", ["b1"]),
        ("b0", ["c1"]),
        ("c0", ["a1"]),
    ]


def test_each_thing_that_is_wrong_is_named(world: Any, declared: Any) -> None:
    wanted = whole(world, declared)
    a0, b1 = world.at("10.0.0.1:7000"), world.at("10.0.0.2:7001")
    b1.link = "down"
    assert said(world, wanted) == [
        "b1 is not in sync with its master a0",
        "a0 has 0 replica(s) on other machines, 1 are declared",
    ]
    b1.link = "up"
    a0.slots.discard(0)
    assert said(world, wanted) == ["1 slots have no master: 0"]
    a0.slots.add(0)
    a0.migrating[5] = b1.id
    assert said(world, wanted) == ["slot 5 is in the middle of a move"]
    a0.migrating.clear()
    world.kill("10.0.0.1:7001")
    found = said(world, wanted)
    assert "a1 (10.0.0.1:7001): connection refused" not in found
    assert "connection refused" in found
    assert "c0 has 0 replica(s) on other machines, 1 are declared" in found
    assert any(text.endswith("takes a1 for dead") for text in found)


def test_who_is_declared_as_down_is_no_problem(world: Any, declared: Any) -> None:
    wanted = whole(world, declared)
    world.kill("10.0.0.1:7001")
    instances = tuple(
        replace(instance, is_down=True) if instance.name == "a1" else instance for instance in wanted.instances
    )
    away = replace(wanted, instances=instances)
    assert said(world, away) == []
    assert "a1 is declared as down" in concerns(away, world.picture(away))


def test_a_machine_with_the_majority_of_masters_is_named(world: Any, declared: Any) -> None:
    wanted = whole(world, declared)
    world.hand_over(world.at("10.0.0.1:7000"), world.at("10.0.0.2:7001"))
    assert majority_machine(wanted, world.picture(wanted)) == "b"
    assert said(world, wanted) == []
    assert uneven(wanted, world.picture(wanted)) == [
        "b holds 2 of 3 masters: its loss would stop the cluster (state: spread hands some over)"
    ]
