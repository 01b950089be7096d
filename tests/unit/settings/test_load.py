# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three files together, and the digests of what they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from heartbeat.settings.fingerprint import cluster_hash, configuration_hash
from heartbeat.settings.load import LoadResult, load_directory, local_node_name
from heartbeat.settings.model import Configuration, Ucast

Write = Callable[..., str]


def load(path: str, node_name: str | None = None) -> LoadResult:
    return load_directory(path, node_name, lambda name: None)


def valid(path: str) -> Configuration:
    result = load(path)
    assert result.configuration is not None, [str(item) for item in result.diagnostics]
    return result.configuration


def test_valid(directory: Write) -> None:
    result = load(directory(), "node1")
    assert result.diagnostics == ()
    assert result.configuration is not None
    assert result.configuration.groups[0].key == "10.0.0.9/24/eth0"


def test_port_comes_from_the_service_list(directory: Write) -> None:
    asked = []

    def services(name: str) -> int:
        asked.append(name)
        return 7000

    result = load_directory(directory(), None, services)
    assert result.configuration is not None
    assert result.configuration.settings.media == (Ucast("eth0", "10.0.0.2", 7000),)
    assert asked == ["ha-cluster"]


def test_errors_of_all_files_at_once_in_order(directory: Write) -> None:
    path = directory("keepalive 1s\nnode node1\nbcast eth0\nbogus 1\n", "1 sha9 x\n", "nod1 10.0.0.300\n")
    (Path(path) / "authkeys").chmod(0o644)
    result = load(path, "other")
    assert result.configuration is None
    where = [(Path(item.file).name, item.line, item.column) for item in result.errors()]
    assert where == [
        ("ha.cf", 1, 11),
        ("ha.cf", 2, 6),
        ("ha.cf", 4, 1),
        ("authkeys", 1, 1),
        ("authkeys", 1, 3),
        ("haresources", 1, 1),
        ("haresources", 1, 6),
    ]
    assert result.diagnostics == load(path, "other").diagnostics


@pytest.mark.parametrize("name", ["ha.cf", "authkeys", "haresources"])
def test_missing_file(directory: Write, name: str) -> None:
    path = directory()
    (Path(path) / name).unlink()
    result = load(path)
    assert result.configuration is None
    assert [(Path(item.file).name, "No such file" in item.message) for item in result.errors()] == [(name, True)]


def test_names_in_haresources_are_not_checked_when_ha_cf_is_missing(directory: Write) -> None:
    path = directory()
    (Path(path) / "ha.cf").unlink()
    assert len(load(path).errors()) == 1


def test_directory_instead_of_a_file(directory: Write) -> None:
    path = directory()
    (Path(path) / "haresources").unlink()
    (Path(path) / "haresources").mkdir()
    assert len(load(path).errors()) == 1


def test_comments_in_another_encoding(directory: Write) -> None:
    path = directory()
    (Path(path) / "ha.cf").write_bytes("node node1 node2 # 节点\nbcast eth0\nauto_failback on\n".encode("gbk"))
    assert load(path).diagnostics == ()


def test_byte_order_mark(directory: Write) -> None:
    path = directory()
    (Path(path) / "ha.cf").write_bytes(b"\xef\xbb\xbfnode node1 node2\nbcast eth0\nauto_failback on\n")
    assert load(path).diagnostics == ()


@pytest.mark.parametrize("line", ["ucast eth0 10.0.0.9", "bcast eth0\nping 10.0.0.9"])
def test_vip_that_is_a_fixed_address_in_ha_cf(directory: Write, line: str) -> None:
    result = load(directory(f"node node1 node2\n{line}\nauto_failback on\n"))
    (found,) = result.diagnostics
    assert (Path(found.file).name, found.line, found.column) == ("haresources", 1, 7)


def test_sha256_towards_c_daemons(directory: Write) -> None:
    ha_cf = "node node1 node2\nbcast eth0\nauto_failback on\ndialect classic\n"
    (found,) = load(directory(ha_cf, "auth 1\n1 sha256 ee869d3d86e1556f\n")).diagnostics
    assert (Path(found.file).name, found.nearest) == ("authkeys", "sha1")


def test_nodeinfo_replaces_the_host_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_node_name(str(tmp_path)) != "wanted"
    (tmp_path / "nodeinfo").write_text("Wanted\nother\n")
    assert local_node_name(str(tmp_path)) == "wanted"


def test_hash_ignores_spelling_and_secrets(directory: Write) -> None:
    first = valid(directory())
    second = valid(
        directory(
            "# comment\nauto_failback yes\nudpport 694\nnode Node1,node2\nkeepalive 1000ms\nucast eth0 10.0.0.2\n",
            "auth 1\n1 sha1 another-secret-key\n",
        )
    )
    assert configuration_hash(first) == configuration_hash(second)
    assert cluster_hash(first) == cluster_hash(second)
    assert len(configuration_hash(first)) == 64


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("ha.cf", "auto_failback on", "auto_failback off"),
        ("ha.cf", "node node1 node2", "node node1 node2 node3"),
        ("ha.cf", "auto_failback on", "auto_failback on\ndeadtime 5"),
        ("ha.cf", "node node1", "udpport 700\nnode node1"),
        ("authkeys", "1 sha1", "1 md5"),
        ("authkeys", "auth 1", "auth 1\n2 sha1 another-secret-key"),
        ("haresources", "10.0.0.9", "10.0.0.10"),
        ("haresources", "node1 ", "node2 "),
        ("haresources", "eth0\n", "eth0 nginx\n"),
    ],
)
def test_hashes_notice(directory: Write, name: str, old: str, new: str) -> None:
    path = directory()
    before = valid(path)
    file = Path(path) / name
    changed = file.read_text().replace(old, new)
    assert changed != file.read_text()
    file.write_text(changed)
    after = valid(path)
    assert configuration_hash(before) != configuration_hash(after)
    assert cluster_hash(before) != cluster_hash(after)


def test_cluster_hash_leaves_each_node_its_links(directory: Write) -> None:
    one = valid(directory("node node1 node2\nucast eth0 10.0.0.2\nauto_failback on\nlogfile /a\n"))
    two = valid(directory("node node2 node1\nucast ens3 10.0.0.1\nauto_failback on\nrtprio 5\n"))
    assert configuration_hash(one) != configuration_hash(two)
    assert cluster_hash(one) == cluster_hash(two)


def test_hash_leaves_out_a_key_that_a_later_line_replaces(directory: Write) -> None:
    one = valid(directory(authkeys="auth 1\n1 sha1 ee869d3d86e1556f\n"))
    two = valid(directory(authkeys="auth 1\n1 md5 ee869d3d86e1556f\n1 sha1 ee869d3d86e1556f\n"))
    assert configuration_hash(one) == configuration_hash(two)
