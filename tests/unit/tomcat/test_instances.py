# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports, routes and addresses of instances."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tomcat.instances import DEFAULTS, all_instances, instances, unique_id
from tomcat.words import Refused

ADDRESS = {"tomcat_address": "192.0.2.1"}


def test_the_defaults_are_those_of_the_role() -> None:
    text = (Path(__file__).resolve().parents[3] / "roles/tomcat/defaults/main.yml").read_text(encoding="utf-8")
    role = yaml.safe_load(text)
    assert {name: role[name] for name in DEFAULTS} == dict(DEFAULTS)


def test_two_on_one_machine_have_the_ports_of_the_tutorial() -> None:
    one, two = instances("web", {**ADDRESS, "tomcat_instances": [{"name": "worker1"}, {"name": "worker2"}]})
    assert (one.ports["ajp"], two.ports["ajp"]) == (8009, 8109)
    assert (one.ports["http"], two.ports["http"]) == (8080, 8180)
    assert (one.ports["cluster"], two.ports["cluster"]) == (4000, 4100)
    assert one.ports["shutdown"] == two.ports["shutdown"] == -1
    assert (one.route, two.route) == ("web-worker1", "web-worker2")


def test_a_shutdown_port_is_spread_too() -> None:
    given = {**ADDRESS, "tomcat_instances": [{"name": "a"}, {"name": "b"}], "tomcat_ports": {"shutdown": 8005}}
    assert [instance.ports["shutdown"] for instance in instances("web", given)] == [8005, 8105]


def test_the_only_instance_of_a_host_is_called_like_it_without_dots() -> None:
    (instance,) = instances("app1.example.org", dict(ADDRESS))
    assert instance.route == "app1-example-org"


def test_the_address_of_the_default_route_will_do() -> None:
    (instance,) = instances("app1", {"ansible_facts": {"default_ipv4": {"address": "192.0.2.7"}}})
    assert (instance.address, instance.cluster_address) == ("192.0.2.7", "192.0.2.7")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "set tomcat_address"),
        ({**ADDRESS, "tomcat_port_step": 1}, None),
        (
            {**ADDRESS, "tomcat_instances": [{"name": "a"}, {"name": "b", "ports": {"ajp": 8009}}]},
            "the ajp port of a and the ajp port of b are both 8009",
        ),
        ({**ADDRESS, "tomcat_ports": {"http": 8009}}, "the http port of main and the ajp port of main are both 8009"),
        ({**ADDRESS, "tomcat_ports": {"apj": 8009}}, "did you mean ajp?"),
        ({**ADDRESS, "tomcat_ports": {"ajp": 70000}}, "ajp port 70000 is outside 1-65535"),
        ({**ADDRESS, "tomcat_ports": {"ajp": -1}}, "ajp port -1"),
        ({**ADDRESS, "tomcat_instances": []}, "web: tomcat_instances is empty; a host without one is no member"),
        ({"tomcat_address": "0.0.0.0"}, "web: tomcat_address is where others reach this host, an address of its own"),
        ({**ADDRESS, "tomcat_cluster_address": "::"}, "web: tomcat_cluster_address is where others reach this host"),
        ({**ADDRESS, "tomcat_instances": [{"name": "a"}, {"name": "a"}]}, "two instances are called a"),
        ({**ADDRESS, "tomcat_instances": [{"name": "A b"}]}, "a name has small letters"),
        ({**ADDRESS, "tomcat_instances": [{"name": "a", "route": "web.1"}]}, "route 'web.1'"),
    ],
)
def test_what_can_not_be_is_refused(given: dict[str, Any], complaint: str | None) -> None:
    if complaint is None:
        instances("web", given)
        return
    with pytest.raises(Refused, match=re.escape(complaint)):
        instances("web", given)


def test_a_route_that_two_hosts_have_is_refused(hosts: dict[str, dict[str, Any]]) -> None:
    hosts["app2"]["tomcat_instances"] = [{"name": "main", "route": "app1"}]
    with pytest.raises(Refused, match="app1 and app2: both have an instance with the route app1"):
        all_instances(list(hosts), hosts)


def test_members_have_ids_of_sixteen_signed_bytes_of_their_own() -> None:
    ids = {unique_id("c", route) for route in ("app1", "app2", "app3")}
    assert len(ids) == 3
    for text in ids:
        numbers = [int(number) for number in text.strip("{}").split(",")]
        assert len(numbers) == 16
        assert all(-128 <= number <= 127 for number in numbers)
