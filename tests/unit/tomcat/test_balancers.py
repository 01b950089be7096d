# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where balancers are told of workers, and what they are to make of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from node.addresses import own
from tomcat.balancers import STATUS, activation, shares, speaks_from, status_url, unheard
from tomcat.words import Refused

ROLE = Path(__file__).resolve().parents[3] / "roles" / "mod_jk"


def test_a_status_worker_is_where_the_role_mod_jk_puts_it() -> None:
    text = (ROLE / "vars" / "main.yml").read_text(encoding="utf-8")
    for name, value in STATUS.items():
        assert f"'{name}': {value!r}" in text
    assert status_url({}) == "http://127.0.0.1:8019/jk-status"
    assert status_url({"mod_jk_status": {"port": 8020, "path": "/jk"}}) == "http://127.0.0.1:8020/jk"
    assert status_url({"mod_jk_status": {"address": "::1"}}) == "http://[::1]:8019/jk-status"


def test_a_worker_is_what_the_inventory_makes_of_it() -> None:
    host = {"mod_jk_worker_overrides": {"app2": {"activation": "disabled"}, "app3": {"stopped": True, "lbfactor": 2}}}
    assert [activation(host, f"app{number}") for number in (1, 2, 3)] == ["active", "disabled", "stopped"]
    host["mod_jk_worker_options"] = {"activation": "disabled"}
    assert activation(host, "app1") == "disabled"
    with pytest.raises(Refused, match="did you mean disabled"):
        activation({"mod_jk_worker_options": {"activation": "disabeld"}}, "app1")


def test_each_balancer_is_told_what_its_own_inventory_says() -> None:
    hosts = {
        "lb1": {"mod_jk_worker_overrides": {"b": {"activation": "disabled"}}},
        "lb2": {"mod_jk_status": {"port": 1}},
    }
    one, two = status_url({}), "http://127.0.0.1:1/jk-status"
    assert shares(["lb1", "lb2", "stranger"], hosts, ["a", "b"]) == [
        {"balancer": "lb1", "url": one, "activation": "active", "names": ["a"]},
        {"balancer": "lb1", "url": one, "activation": "disabled", "names": ["b"]},
        {"balancer": "lb2", "url": two, "activation": "active", "names": ["a", "b"]},
        {"balancer": "stranger", "url": one, "activation": "active", "names": ["a", "b"]},
    ]
    assert {entry["url"] for entry in shares(["lb1", "lb2"], hosts, ["a"], "http://x/")} == {"http://x/"}


def test_a_balancer_that_is_down_on_purpose_is_told_nothing() -> None:
    hosts = {name: {"mod_jk_absent_members": ["lb2"]} for name in ("lb1", "lb2")}
    assert [entry["balancer"] for entry in shares(["lb1", "lb2"], hosts, ["a"])] == ["lb1"]


#: eth0 has a second address, which moves between balancers, and is here today.
FACTS = {
    "interfaces": ["lo", "eth0", "eth1"],
    "default_ipv4": {"interface": "eth0", "address": "192.0.2.11"},
    "all_ipv4_addresses": ["192.0.2.11", "192.0.2.100", "198.51.100.11"],
    "lo": {"type": "loopback", "active": True, "ipv4": {"address": "127.0.0.1"}},
    "eth0": {"active": True, "ipv4": {"address": "192.0.2.11"}, "ipv4_secondaries": [{"address": "192.0.2.100"}]},
    "eth1": {"active": True, "ipv4": {"address": "198.51.100.11"}},
}


def test_an_address_that_moves_between_balancers_is_nobodys() -> None:
    assert speaks_from({"ansible_host": "203.0.113.1"}, own(FACTS)) == ["192.0.2.11", "198.51.100.11"]
    assert speaks_from({"mod_jk_addresses": ["192.0.2.1"]}, own(FACTS)) == ["192.0.2.1"]
    named = {"node_addresses": ["192.0.2.11", "2001:db8::11"]}
    assert speaks_from(named, own(FACTS)) == ["192.0.2.11", "2001:db8::11", "198.51.100.11"]


def test_a_balancer_that_is_down_is_where_the_inventory_has_it() -> None:
    assert speaks_from({"ansible_host": "192.0.2.11"}, []) == ["192.0.2.11"]
    assert speaks_from({"ansible_host": "192.0.2.11", "node_addresses": ["192.0.2.12"]}, []) == ["192.0.2.12"]
    # a name, or an address that each machine has, tells nobody whom to let in
    assert speaks_from({"ansible_host": "lb1.example.org"}, []) == speaks_from({"ansible_host": "127.0.0.1"}, []) == []
    assert speaks_from({}, []) == []


def test_what_balancers_would_have_to_be_told_of_an_instance() -> None:
    text = (
        '<Server><Service><Connector protocol="AJP/1.3" address="192.0.2.21" port="8009" secret="sesame"/>'
        '<Engine jvmRoute="app1"/></Service></Server>'
    )
    planned = {"route": "app1", "address": "192.0.2.21", "ports": {"ajp": 8009}}
    assert unheard(planned, "sesame", text) == []
    changed = {"route": "a1", "address": "192.0.2.22", "ports": {"ajp": 8019}}
    found = unheard(changed, "opensesame", text)
    assert found == [
        "its route, app1, becomes a1",
        "its address, 192.0.2.21, becomes 192.0.2.22",
        "its AJP port, 8009, becomes 8019",
        "it gets another secret",
    ]
    assert "sesame" not in " ".join(found)
    with pytest.raises(Refused, match="not well-formed"):
        unheard(planned, "sesame", "<Server>")
