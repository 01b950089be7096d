# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the role's variables to files and refusals."""

from __future__ import annotations

from typing import Any

import pytest
from redis_cluster.instance import config, request

PASSWORD = "correct horse battery"
REQUEST: dict[str, Any] = {
    "mode": "cluster", "address": "192.0.2.1", "bind": ["192.0.2.1", "127.0.0.1"], "is_protected": True,
    "node_timeout": 5000, "is_append_only": True, "append_fsync": "everysec", "save_points": ["900 1"], "maxmemory": "",
    "maxmemory_policy": "noeviction", "memory_percent": 60, "requires_full_coverage": True, "config": {"hz": 20},
    "password": PASSWORD, "former": [], "users": [], "is_tls": False, "tls_cert_file": "/c", "tls_key_file": "/k",
    "tls_ca_file": "/a", "tls_client_auth": "no",
    "memory_max": "", "config_dir": "/etc/x", "data_dir": "/var/lib/x",
    "runtime_dir": "/run/x",
}  # fmt: skip
ASKED: dict[str, Any] = {
    "instances": [{"port": 7000}, {"port": 7001}], "config": {}, "users": [], "password": "", "former": [],
    "leaving": [], "members": ["n1"], "address": "192.0.2.1", "is_tls": False, "cert": "", "key": "", "ca": "",
    "mode": "cluster", "source": {}, "maxmemory": "", "memory_max": "",
}  # fmt: skip


def one(instance: dict[str, Any] | None = None, **changes: Any) -> dict[str, list[str]]:
    (found,) = request.files([instance or {"port": 7000}], {**REQUEST, **changes}, 1024 * 1024**2)
    return config.directives(found["config"])


def test_an_instance_of_a_cluster() -> None:
    found = one()
    assert found["port"] == ["7000"]
    assert found["cluster-port"] == ["17000"]
    assert found["bind"] == ["192.0.2.1 127.0.0.1"]
    assert found["cluster-announce-ip"] == ["192.0.2.1"]
    assert found["cluster-allow-replica-migration"] == ["no"]
    assert found["masterauth"] == [f'"{PASSWORD}"']
    assert found["save"] == ['""', "900 1"]
    assert "requirepass" not in found


def test_memory_is_shared_unless_somebody_says_how_much() -> None:
    assert one()["maxmemory"] == [str(608 * 1024**2)]
    assert one(maxmemory="1gb")["maxmemory"] == ["1gb"]
    assert one({"port": 7000, "maxmemory": "2gb"}, maxmemory="1gb")["maxmemory"] == ["2gb"]


def test_a_limit_of_the_unit_is_shared_by_nobody_else() -> None:
    assert one(memory_max="512M")["maxmemory"] == [str(304 * 1024**2)]
    assert one(memory_max="25%")["maxmemory"] == [str(144 * 1024**2)]
    assert one(memory_max="infinity")["maxmemory"] == one()["maxmemory"]
    assert request.refusals({**ASKED, "memory_max": "1G", "maxmemory": "512mb"}) == []


def test_the_nearest_setting_wins() -> None:
    assert one()["hz"] == ["20"]
    assert one({"port": 7000, "config": {"hz": 50}})["hz"] == ["50"]


def test_an_instance_that_stands_alone_knows_nothing_of_a_cluster() -> None:
    assert not [key for key in one(mode="standalone") if key.startswith("cluster-")]


def test_with_tls_nobody_can_come_in_clear() -> None:
    found = one(is_tls=True)
    assert found["port"] == ["0"]
    assert found["tls-port"] == ["7000"]
    assert found["tls-cluster"] == found["tls-replication"] == ["yes"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instances": []}, "is empty"),
        ({"instances": [{"port": 7000}, {"port": 7000}]}, "needed twice: 7000"),
        ({"instances": [{"port": 7000}, {"port": 17000}]}, "needed twice: 17000"),
        ({"instances": [{"port": 60000}]}, "not a port: 70000"),
        ({"instances": [{"port": 7000, "config": {"dir": "/"}}]}, "redis_cluster_data_dir"),
        ({"config": {"requirepass": "x"}}, "redis_cluster_password"),
        ({"password": "jijiji"}, "6 characters"),
        ({"address": "node1"}, "has to be an address"),
        ({"leaving": ["n2:7000"]}, "no HOST:PORT"),
        ({"is_tls": True}, "redis_cluster_tls_cert_file"),
        ({"source": {"url": "https://example.org/x.tar.gz"}}, "checksum"),
        ({"config": {"maxmemory_samples": 5}}, "'maxmemory_samples' is no name of a directive"),
        ({"instances": [{"port": 7000, "config": {"Hz": 5}}]}, "'Hz' is no name of a directive"),
        ({"maxmemory": "lots"}, "maxmemory of port 7000: 'lots' is no size"),
        ({"memory_max": "4gb"}, "redis_cluster_memory_max: '4gb' is no size for systemd"),
        ({"memory_max": "1G", "maxmemory": "1gb"}, "maxmemory 1gb of port 7000 does not fit"),
        ({"users": [{"name": "app", "passwords": [PASSWORD], "rules": "nopass"}]}, "redis_cluster_users"),
    ],
)
def test_refusals(changes: dict[str, Any], words: str) -> None:
    found = request.refusals({**ASKED, **changes})
    assert words in " ".join(found)


def test_a_good_request_is_not_refused() -> None:
    assert request.refusals(ASKED) == []
    assert request.refusals({**ASKED, "password": PASSWORD, "leaving": ["n1:7001"]}) == []
    # the bus is a cluster's
    assert request.refusals({**ASKED, "mode": "standalone", "instances": [{"port": 60000}]}) == []


def test_every_member_that_objects_is_heard() -> None:
    plans = {"n1": {"__redis_cluster_plan": {"errors": []}}, "n2": {"__redis_cluster_plan": {"errors": ["no"]}}}
    assert request.objections(["n1", "n2", "n3"], plans) == ["n2: no", "n3 could not be asked: it did not answer"]


def test_members_that_are_down_stay_declared() -> None:
    hosts = {"n3": {"redis_cluster_address": "192.0.2.3"}, "n4": {}}
    assert request.down_nodes(["n3"], hosts, [{"port": 7000}]) == [
        {"name": "n3:7000", "host": "192.0.2.3", "port": 7000, "machine": "n3", "is_down": True}
    ]
    with pytest.raises(KeyError, match="n4"):
        request.down_nodes(["n4"], hosts, [{"port": 7000}])
