# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest

from drill.probe import redis_keys
from drill.probe.spec import parse_probe
from drill.probe.writes import ReadError


@pytest.mark.parametrize("slot", [0, 1, 8192, 16383])
def test_keys_of_a_probe_with_a_slot_all_lie_in_it(slot: int) -> None:
    key_slot = importlib.import_module("redis.crc").key_slot
    spec = parse_probe({"name": "p", "kind": "redis", "target": "192.0.2.1", "port": 7000, "slot": slot})
    assert {key_slot(redis_keys.key_of(spec, "run", str(number)).encode()) for number in range(50)} == {slot}


def test_keys_without_a_slot_go_everywhere() -> None:
    key_slot = importlib.import_module("redis.crc").key_slot
    spec = parse_probe({"name": "p", "kind": "redis", "target": "192.0.2.1", "port": 7000})
    slots = [key_slot(redis_keys.key_of(spec, "run", str(number)).encode()) for number in range(300)]
    assert {slot * 3 // 16384 for slot in slots} == {0, 1, 2}


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    spec = parse_probe({"name": "p", "kind": "redis", "target": "192.0.2.1", "port": 7000})
    with pytest.raises(ReadError, match="python3-redis"):
        redis_keys.read_keys(spec, "run")


def test_who_shares_a_machine_with_the_failed_one_is_asked_last() -> None:
    nodes = {f"10.0.0.{at}:{port}": SimpleNamespace(host=f"10.0.0.{at}") for at in (1, 2, 3) for port in (1, 2)}
    for _round in range(20):
        order = list(redis_keys.others_first(nodes, SimpleNamespace(host="10.0.0.1")))
        assert set(order[4:]) == {"10.0.0.1:1", "10.0.0.1:2"}
        assert set(order) == set(nodes)
    assert set(redis_keys.others_first(nodes, None)) == set(nodes)


def test_seeds_may_be_ipv6() -> None:
    assert redis_keys.split("[2001:db8::1]:7000") == ("2001:db8::1", 7000)
    assert redis_keys.split("192.0.2.1:7001") == ("192.0.2.1", 7001)
