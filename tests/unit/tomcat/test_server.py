# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""server.xml: what is in it, where it is, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from tomcat.cluster import send_options
from tomcat.instances import all_instances
from tomcat.server import ajp_place, scratch, server_xml
from tomcat.words import Refused

Make = Callable[..., dict[str, Any]]
Hosts = dict[str, dict[str, Any]]


def tree(request: dict[str, Any], hosts: Hosts) -> ElementTree.Element:
    """server.xml of the first host, parsed."""
    everybody = all_instances(list(hosts), hosts)
    return ElementTree.fromstring(server_xml(everybody[0], everybody, request))


def only(root: ElementTree.Element, path: str) -> ElementTree.Element:
    found = root.findall(path)
    assert len(found) == 1, path
    return found[0]


def test_ajp_wants_the_secret_and_listens_where_balancers_are(request_of: Make, hosts: Hosts) -> None:
    connector = only(tree(request_of(), hosts), ".//Connector[@protocol='AJP/1.3']")
    assert connector.get("address") == "192.0.2.1"
    assert connector.get("port") == "8009"
    assert connector.get("secretRequired") == "true"
    assert len(connector.get("secret") or "") == 48


def test_where_an_instance_is_now_is_read_from_its_own_file(request_of: Make, hosts: Hosts) -> None:
    everybody = all_instances(list(hosts), hosts)
    text = server_xml(everybody[0], everybody, request_of())
    assert ajp_place(text) == {"address": "192.0.2.1", "port": 8009, "secret": request_of()["secret"]}
    for wrong, words in (("<Server/>", "no AJP connector"), ("", "not well-formed")):
        with pytest.raises(Refused, match=words):
            ajp_place(wrong)


def test_balancers_are_refused_until_applications_are_there(request_of: Make, hosts: Hosts) -> None:
    found = ".//Connector[@protocol='AJP/1.3']"
    assert only(tree(request_of(), hosts), found).get("bindOnInit") == "false"
    assert only(tree(request_of(ajp_options={"bindOnInit": True}), hosts), found).get("bindOnInit") == "true"


def test_limits_that_newer_tomcats_have_are_known(request_of: Make, hosts: Hosts) -> None:
    limits = {"maxPartCount": 20, "maxPartHeaderSize": 512, "maxCookieCount": 50, "allowBackslash": False}
    root = tree(request_of(http_options=limits, ajp_options=limits), hosts)
    for connector in root.iter("Connector"):
        assert {name: connector.get(name) for name in limits} == {
            "maxPartCount": "20",
            "maxPartHeaderSize": "512",
            "maxCookieCount": "50",
            "allowBackslash": "false",
        }


def test_without_a_secret_there_is_no_file(request_of: Make, hosts: Hosts) -> None:
    with pytest.raises(Refused, match="needs a secret"):
        tree(request_of(secret=""), hosts)


def test_http_is_for_this_machine_only(request_of: Make, hosts: Hosts) -> None:
    assert only(tree(request_of(), hosts), ".//Connector[@protocol='HTTP/1.1']").get("address") == "127.0.0.1"


def test_a_host_may_do_without_http(request_of: Make, hosts: Hosts) -> None:
    hosts["app1"]["tomcat_ports"] = {"http": -1}
    assert [found.get("protocol") for found in tree(request_of(), hosts).iter("Connector")] == ["AJP/1.3"]


def test_the_route_is_the_workers_name(request_of: Make, hosts: Hosts) -> None:
    assert only(tree(request_of(), hosts), "./Service/Engine").get("jvmRoute") == "app1"


def test_static_members_are_all_of_the_inventory_and_one_is_this(request_of: Make, hosts: Hosts) -> None:
    service = only(tree(request_of(), hosts), ".//Membership")
    assert (service.get("className") or "").endswith(".StaticMembershipService")
    assert [(child.tag, child.get("host"), child.get("port")) for child in service] == [
        ("LocalMember", "198.51.100.1", "4000"),
        ("Member", "198.51.100.2", "4000"),
        ("Member", "198.51.100.3", "4000"),
    ]
    assert len({child.get("uniqueId") for child in service}) == 3


def test_multicast_says_on_which_card(request_of: Make, hosts: Hosts) -> None:
    request = request_of(membership="multicast", membership_options={"address": "228.0.0.9", "dropTime": 2000})
    service = only(tree(request, hosts), ".//Membership")
    assert (service.get("className") or "").endswith(".McastService")
    assert service.get("bind") == "198.51.100.1"
    assert (service.get("address"), service.get("port")) == ("228.0.0.9", "45564")
    assert (service.get("frequency"), service.get("dropTime")) == ("500", "2000")


def test_sessions_are_acknowledged_unless_asked_otherwise(request_of: Make, hosts: Hosts) -> None:
    assert only(tree(request_of(), hosts), ".//Cluster").get("channelSendOptions") == "6"
    assert only(tree(request_of(send_options=8), hosts), ".//Cluster").get("channelSendOptions") == "8"


def test_the_receiver_does_not_wander(request_of: Make, hosts: Hosts) -> None:
    receiver = only(tree(request_of(), hosts), ".//Receiver")
    assert (receiver.get("address"), receiver.get("port"), receiver.get("autoBind")) == ("198.51.100.1", "4000", "0")


@pytest.mark.parametrize(("manager", "name"), [("delta", "DeltaManager"), ("backup", "BackupManager")])
def test_the_manager_is_the_wanted_one(request_of: Make, hosts: Hosts, manager: str, name: str) -> None:
    element = only(tree(request_of(manager=manager), hosts), ".//Cluster/Manager")
    assert (element.get("className") or "").endswith(f".{name}")
    assert element.get("mapSendOptions") == ("6" if manager == "backup" else None)


def test_requests_of_a_peer_that_starts_at_the_same_time_are_not_dropped(request_of: Make, hosts: Hosts) -> None:
    def dropped(**given: Any) -> str | None:
        return only(tree(request_of(**given), hosts), ".//Cluster/Manager").get("stateTimestampDrop")

    assert dropped() == "false"
    assert dropped(manager_options={"stateTimestampDrop": True}) == "true"
    assert dropped(manager="backup") is None


def test_interceptors_of_old_tutorials_have_todays_names_and_none_twice(request_of: Make, hosts: Hosts) -> None:
    former = ["TcpFailureDetector", "MessageDispatch15Interceptor", "AsyncSocketSender"]
    request = request_of(interceptors=[{"class": name} for name in former])
    names = [(found.get("className") or "").rsplit(".", 1)[-1] for found in tree(request, hosts).iter("Interceptor")]
    assert names == ["TcpFailureDetector", "MessageDispatchInterceptor"]


def test_an_interceptor_may_be_somebodys_own(request_of: Make, hosts: Hosts) -> None:
    package = "org.apache.catalina.tribes.group.interceptors"
    given = [{"class": "org.example.Own", "options": {"loud": True}}, {"class": f"{package}.TcpFailureDetector"}]
    found = list(tree(request_of(interceptors=given), hosts).iter("Interceptor"))
    assert found[0].attrib == {"className": "org.example.Own", "loud": "true"}
    # one of Tomcat's is the same by its full name, and there once
    names = [one.get("className") for one in found[1:]]
    assert names == [f"{package}.TcpFailureDetector", f"{package}.MessageDispatchInterceptor"]
    assert found[1].get("performReadTest") == "true"


def test_replication_and_failover_have_their_valves(request_of: Make, hosts: Hosts) -> None:
    valves = [
        (found.get("className") or "").rsplit(".", 1)[-1]
        for found in only(tree(request_of(), hosts), ".//Cluster").findall("Valve")
    ]
    assert valves == ["ReplicationValve", "JvmRouteBinderValve"]


def test_the_cluster_is_the_engines_but_with_a_farm_the_hosts(request_of: Make, hosts: Hosts) -> None:
    assert only(tree(request_of(), hosts), ".//Engine/Cluster").find("Deployer") is None
    farm = {"deployDir": "/srv/deploy", "tempDir": "/srv/temp", "watchDir": "/srv/watch", "watchEnabled": False}
    root = tree(request_of(farm=farm), hosts)
    assert root.find(".//Engine/Cluster") is None
    deployer = only(root, ".//Host/Cluster/Deployer")
    assert (deployer.get("deployDir"), deployer.get("watchEnabled")) == ("/srv/deploy", "false")


def test_without_a_cluster_there_is_none(request_of: Make, hosts: Hosts) -> None:
    assert tree(request_of(is_clustered=False), hosts).find(".//Cluster") is None


def test_a_pool_is_shared_by_the_connectors(request_of: Make, hosts: Hosts) -> None:
    root = tree(request_of(executor={"maxThreads": 50}), hosts)
    assert only(root, ".//Executor").get("maxThreads") == "50"
    assert {found.get("executor") for found in root.iter("Connector")} == {only(root, ".//Executor").get("name")}


def test_text_is_escaped(request_of: Make, hosts: Hosts) -> None:
    valve = {"class": "AccessLogValve", "options": {"pattern": '%h "%r" <%s>'}}
    found = only(tree(request_of(valves=[valve]), hosts), ".//Valve[@pattern]")
    assert found.get("pattern") == '%h "%r" <%s>'


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"http_options": {"maxThread": 5}}, "tomcat_http_options: nobody knows 'maxThread', did you mean maxThreads?"),
        ({"ajp_options": {"secretrequired": "false"}}, "tomcat_ajp_options: nobody knows 'secretrequired'"),
        ({"ajp_options": {"port": 1}}, "tomcat_ajp_options: nobody knows 'port'"),
        ({"manager": "detla"}, "tomcat_manager: nobody knows 'detla', did you mean delta?"),
        ({"manager_options": {"expireSessionOnShutdown": True}}, "did you mean expireSessionsOnShutdown?"),
        ({"membership": "unicast"}, "tomcat_membership: nobody knows 'unicast'"),
        ({"membership_options": {"dropTime": 1}}, "tomcat_membership_options: nobody knows 'dropTime'"),
        ({"interceptors": [{"class": "TcpFailureDetektor"}]}, "did you mean TcpFailureDetector?"),
        ({"valves": [{"class": "RemoteIPvalve"}]}, "did you mean RemoteIpValve?"),
        ({"send_options": 12}, "12 is both synchronous (4) and asynchronous (8)"),
        ({"send_options": ["synchronized_ack", "asynchronous"]}, "12 is both synchronous (4) and asynchronous (8)"),
        ({"send_options": ["use_akc"]}, "did you mean use_ack?"),
        ({"farm": {"deploydir": "/x"}}, "did you mean deployDir?"),
    ],
)
def test_misspelt_words_are_refused(request_of: Make, hosts: Hosts, given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Refused, match=re.escape(complaint)):
        tree(request_of(**given), hosts)


def test_send_options_may_be_named() -> None:
    assert send_options(["use_ack", "synchronized_ack"]) == send_options("6") == 6


def test_a_scratch_copy_binds_nobodys_ports(request_of: Make, hosts: Hosts) -> None:
    everybody = all_instances(list(hosts), hosts)
    text = server_xml(everybody[0], everybody, request_of())
    root = ElementTree.fromstring(scratch(text))
    assert {found.get("port") for found in root.iter("Connector")} == {"0"}
    # a test that bound nothing would not find an address that is not there
    assert {found.get("bindOnInit") for found in root.iter("Connector")} == {None}
    assert root.get("port") == "-1"
    with pytest.raises(Refused, match="not well-formed"):
        scratch(text[:-10])
