# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written into elasticsearch.yml, in the words of each version, and what is refused instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from elasticsearch.checks import access_mistakes, member_mistakes, refusals, trust_mistakes
from elasticsearch.errors import Refused
from elasticsearch.members import Member
from elasticsearch.settings import compose, heap_options, java_environment, jvm_options, render, warnings
from elasticsearch.words import parse_version

PEERS = ["192.0.2.1:9300", "192.0.2.2:9300", "192.0.2.3:9300"]


def composed(request: dict[str, Any], members: list[Member], version: str, **more: Any) -> dict[str, Any]:
    return compose({**request, **more}, members, parse_version(version))


def test_what_is_rendered_is_yaml_and_says_the_same(request_: dict[str, Any], three: list[Member]) -> None:
    found = composed(
        request_, three, "8.15.3", config={"action.destructive_requires_name": True, "node.attr.rack": "a: b"}
    )
    assert yaml.safe_load(render(found)) == found
    assert found["node.attr.rack"] == "a: b"


def test_nobody_is_told_to_form_a_cluster_in_the_file(request_: dict[str, Any], three: list[Member]) -> None:
    for version in ("6.8.23", "7.17.28", "8.15.3", "9.1.0"):
        assert "cluster.initial_master_nodes" not in composed(request_, three, version)


@pytest.mark.parametrize("version", ["7.17.28", "8.15.3", "9.1.0"])
def test_from_seven_on_seeds_are_named_and_votes_are_not_counted(
    request_: dict[str, Any], three: list[Member], version: str
) -> None:
    found = composed(request_, three, version)
    assert found["discovery.seed_hosts"] == PEERS
    assert not [name for name in found if "zen" in name]
    assert found["node.roles"] == ["master", "data", "ingest"]
    assert found["cluster.fault_detection.leader_check.timeout"] == "10000ms"


def test_version_six_counts_votes_and_has_the_names_of_its_time(request_: dict[str, Any], three: list[Member]) -> None:
    found = composed(request_, three, "6.8.23", node_roles=["master"])
    assert found["discovery.zen.minimum_master_nodes"] == 2
    assert found["discovery.zen.ping.unicast.hosts"] == PEERS
    assert (found["node.master"], found["node.data"], found["node.ingest"]) == (True, False, False)
    assert found["transport.tcp.port"] == 9300
    assert not [name for name in found if name in ("node.roles", "discovery.seed_hosts")]


def test_only_those_who_may_vote_are_seeds(request_: dict[str, Any], three: list[Member]) -> None:
    members = [*three, Member("host4", "es4", ("data",), "192.0.2.4:9300")]
    assert composed(request_, members, "7.17.28")["discovery.seed_hosts"] == PEERS


def test_zones_make_copies_aware(request_: dict[str, Any], three: list[Member]) -> None:
    assert "cluster.routing.allocation.awareness.attributes" not in composed(request_, three, "7.17.28")
    zoned = [replace(one, zone=zone) for one, zone in zip(three, "abc")]
    found = composed(request_, zoned, "7.17.28", zone="a")
    assert found["node.attr.zone"] == "a"
    assert found["cluster.routing.allocation.awareness.attributes"] == "zone"
    assert warnings(zoned, (7, 17, 28)) == []
    assert "no elasticsearch_zone" in warnings([zoned[0], three[1], three[2]], (7, 17, 28))[0]


def test_tls_is_rendered_for_nodes_and_clients(request_: dict[str, Any], three: list[Member]) -> None:
    files = {"cert_file": "/c.pem", "key_file": "/k.pem", "ca_file": "/ca.pem"}
    found = composed(request_, three, "8.15.3", is_security_enabled=True, transport_tls=files, http_tls=files)
    assert found["xpack.security.enabled"] is True
    assert found["xpack.security.autoconfiguration.enabled"] is False
    for where in ("transport", "http"):
        assert found[f"xpack.security.{where}.ssl.key"] == "/k.pem"
        assert found[f"xpack.security.{where}.ssl.certificate_authorities"] == ["/ca.pem"]
    assert found["xpack.security.transport.ssl.verification_mode"] == "certificate"


@pytest.mark.parametrize("version", ["8.15.3", "9.1.0"])
def test_both_kinds_of_tls_are_said_from_eight_on_for_packages_leave_passwords_of_both(
    request_: dict[str, Any], three: list[Member], version: str
) -> None:
    files = {"cert_file": "/c.pem", "key_file": "/k.pem"}
    flags = ("xpack.security.transport.ssl.enabled", "xpack.security.http.ssl.enabled")
    for more, wanted in (
        ({}, (False, False)),
        ({"is_security_enabled": True, "transport_tls": files}, (True, False)),
        ({"is_security_enabled": True, "transport_tls": files, "http_tls": files}, (True, True)),
    ):
        found = composed(request_, three, version, **more)
        assert tuple(found[flag] for flag in flags) == wanted


def test_version_eight_is_told_when_it_has_no_security_and_seven_does_not_know_the_word(
    request_: dict[str, Any], three: list[Member]
) -> None:
    assert composed(request_, three, "8.15.3")["xpack.security.enabled"] is False
    assert not [name for name in composed(request_, three, "7.17.28") if name.startswith("xpack")]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"version": "7.x"}, "has to be exact"),
        ({"version": "5.6.16"}, "versions 6 to 9"),
        ({"cluster_name": "two words"}, "elasticsearch_cluster_name"),
        ({"address": ""}, "elasticsearch_address is empty"),
        ({"config": {"node.master": True}}, "put 'master' into elasticsearch_node_roles"),
        ({"config": {"discovery.zen.minimum_master_nodes": 2}}, "keeps account of who may vote"),
        ({"config": {"cluster.initial_master_nodes": ["es-node1"]}}, "forms a cluster of its own"),
        ({"config": {"clustername": "x"}}, "did you mean 'cluster.name'?"),
        ({"config": {"discoveryseed_hosts": []}}, "did you mean 'discovery.seed_hosts'?"),
        ({"config": {"clutser.routing.x": 1}}, "did you mean 'cluster'?"),
        ({"config": {"cluster": {"routing": 1}}}, "each with its whole name"),
        ({"config": {"index.number_of_shards": 3}}, "belongs to an index"),
        ({"config": {"http.port": 1}}, "said by elasticsearch_http_port"),
        ({"node_roles": ["masterr"]}, "did you mean 'master'?"),
        ({"node_roles": ["voting_only", "data"]}, "needs 'master'"),
        ({"version": "7.3.2", "node_roles": ["master", "data_hot"]}, "version 7.3.2 has no role"),
        ({"source": {}}, "needs either url or file"),
        ({"source": {"url": "x", "checksum": "abc"}}, "checksum is 'abc'"),
        ({"http_port": 9300}, "are both 9300"),
        ({"transport_port": 70000}, "between 1 and 65535"),
        ({"fault_interval_ms": 50}, "at least 100"),
        ({"is_security_enabled": True}, "set elasticsearch_own_authority or elasticsearch_transport_tls"),
        (
            {"is_security_enabled": True, "user": "admin"},
            "elasticsearch_password is empty, with which the role asks as admin",
        ),
        ({"is_security_enabled": True, "own_authority": "ca"}, "is 'ca', has to be a whole path"),
        ({"own_authority": "/srv/ca"}, "elasticsearch_own_authority needs elasticsearch_is_security_enabled"),
        ({"users": {"a": {}}}, "elasticsearch_users needs elasticsearch_is_security_enabled"),
        ({"transport_tls": {"cert_file": "/c"}}, "needs cert_file and key_file"),
        ({"wipe_data": "yes"}, "'lose the data of NODE, ID'"),
        (
            {"http_tls": {"cert_file": "/etc/ssl/es1.crt"}},
            "cert_file is /etc/ssl/es1.crt, has to be in /etc/elasticsearch",
        ),
        ({"http_tls": {"ca_file": "/etc/elasticsearch/../ssl/ca.crt"}}, "the server refuses to read certificates"),
        ({"transport_tls": {"key_file": "/etc/elasticsearch-old/key"}}, "the server refuses to read certificates"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(
    request_: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    assert refusals(request_) == []
    found = refusals({**request_, **more})
    assert any(words in sentence for sentence in found), found


def test_certificates_below_the_folder_of_the_configuration_are_taken(request_: dict[str, Any]) -> None:
    files = {"cert_file": "/etc/elasticsearch/a/es1.crt", "key_file": "/etc/elasticsearch/es1.key"}
    secured = {"is_security_enabled": True, "has_password": True, "transport_tls": files}
    assert refusals({**request_, **secured}) == []


def test_nodes_that_are_checked_by_different_authorities_cannot_be_asked_together() -> None:
    rows = [{"host": "es1", "trust": "/a"}, {"host": "es2", "trust": "/a"}, {"host": "es3"}]
    assert trust_mistakes(rows) == []
    assert "es1, es2: /a; es3: /b" in trust_mistakes([*rows[:2], {"host": "es3", "trust": "/b"}])[0]
    assert "es3: no TLS" in trust_mistakes([*rows[:2], {"host": "es3", "trust": ""}])[0]


def test_a_password_that_all_refuse_is_said_and_one_that_some_refuse_is_waited_for() -> None:
    refused = {"refused": "GET / at 192.0.2.1:9200: 401 security_exception"}
    assert "401 security_exception" in access_mistakes([refused, refused])[0]
    assert access_mistakes([refused, {"refused": ""}]) == []
    assert access_mistakes([refused, {}]) == []
    assert access_mistakes([]) == []


def test_members_that_cannot_be_one_cluster(three: list[Member]) -> None:
    assert member_mistakes(three) == []
    assert "same node name, es1" in member_mistakes([three[0], replace(three[1], name="es1")])[0]
    assert "same transport address" in member_mistakes([three[0], replace(three[1], transport=three[0].transport)])[0]
    assert "nobody could be elected" in member_mistakes([replace(three[0], roles=("data",))])[0]


@pytest.mark.parametrize(("count", "words"), [(1, None), (2, "the loss of one"), (3, None), (4, "than 3 would")])
def test_numbers_of_voters_that_are_worth_a_thought(three: list[Member], count: int, words: str | None) -> None:
    members = [replace(three[0], name=f"es{number}") for number in range(count)]
    found = warnings(members, (7, 17, 28))
    assert (words in found[0]) if words else found == []


def test_the_heap_does_not_grow() -> None:
    assert heap_options(2 * 1024**3, ["-XX:+UseSerialGC"]) == "-Xms2048m\n-Xmx2048m\n-XX:+UseSerialGC\n"


def test_before_there_was_a_folder_for_options_they_are_in_the_environment() -> None:
    options = heap_options(512 * 1024**2, ['-Da="%p"'])
    assert java_environment(options, (7, 7, 0)) == ""
    for version in ((6, 8, 23), (7, 6, 2)):
        assert java_environment(options, version) == '"ES_JAVA_OPTS=-Xms512m -Xmx512m -Da=\\"%%p\\""'
    for option in ("8-13:-XX:+UseConcMarkSweepGC", "-Da=two words"):
        with pytest.raises(Refused, match="given in ES_JAVA_OPTS"):
            java_environment(f"{option}\n", (7, 6, 2))


def test_java_writes_where_the_node_may() -> None:
    vendor = (
        "# -Xloggc:logs/gc.log\n-XX:HeapDumpPath=data\n-XX:ErrorFile=logs/hs_err_pid%p.log\n-Da=database\n"
        "8:-Xloggc:logs/gc.log\n9-:-Xlog:gc*:file=logs/gc.log:utctime:filecount=32\n-Xlog:gc*:file=/srv/logs/gc.log\n"
    )
    assert jvm_options(vendor, "/d", "/l") == (
        "# -Xloggc:logs/gc.log\n-XX:HeapDumpPath=/d\n-XX:ErrorFile=/l/hs_err_pid%p.log\n-Da=database\n"
        "8:-Xloggc:/l/gc.log\n9-:-Xlog:gc*:file=/l/gc.log:utctime:filecount=32\n-Xlog:gc*:file=/srv/logs/gc.log\n"
    )


def test_a_member_that_is_told_last_because_it_is_absent_changes_nothing(
    request_: dict[str, Any], three: list[Member]
) -> None:
    assert composed(request_, three[1:] + three[:1], "7.17.28") == composed(request_, three, "7.17.28")
