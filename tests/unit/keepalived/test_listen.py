# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overhearing adverts of strangers before a group joins a segment."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

import pytest
from keepalived import listen
from keepalived.listen import Advert
from keepalived.syntax import Unwritable

#: protocol, type and version, virtual router id, priority, count, and what is left of an advert
BODY_2 = bytes([0x21, 51, 100, 1, 1, 1, 0, 0])
BODY_3 = bytes([0x31, 51, 150, 1, 0, 20, 0, 0])


def ipv4(body: bytes, source: str = "192.0.2.7", protocol: int = 112, options: bytes = b"") -> bytes:
    head = bytes([0x45 + len(options) // 4, 0xC0]) + struct.pack("!HHHBBH", 20 + len(body), 0, 0, 255, protocol, 0)
    return head + ipaddress.ip_address(source).packed + bytes([224, 0, 0, 18]) + options + body


def ipv6(body: bytes, source: str = "fe80::7") -> bytes:
    head = struct.pack("!IHBB", 6 << 28, len(body), 112, 255)
    return head + ipaddress.ip_address(source).packed + ipaddress.ip_address("ff02::12").packed + body


@pytest.mark.parametrize(
    ("packet", "advert"),
    [
        (ipv4(BODY_2), Advert(4, "192.0.2.7", 51, 100)),
        (ipv4(BODY_3, options=b"\x94\x04\0\0"), Advert(4, "192.0.2.7", 51, 150)),
        (ipv6(BODY_3), Advert(6, "fe80::7", 51, 150)),
        (ipv4(BODY_2, protocol=17), None),
        (ipv4(b"\x22\x33\x64"), None),
        (ipv4(b"\x21"), None),
        (b"", None),
        (ipv6(BODY_3)[:30], None),
    ],
)
def test_an_advert_is_told_from_other_packets(packet: bytes, advert: Advert) -> None:
    assert listen.advert_of(packet) == advert


HOSTS: dict[str, Any] = {
    "a": {
        "ansible_facts": {
            "interfaces": ["eth0"],
            "eth0": {
                "device": "eth0",
                "ipv4": {"address": "192.0.2.1"},
                "ipv6": [{"address": "fe80::1", "scope": "link"}],
            },
        }
    },
    "b": {"keepalived_addresses": {"web": ["192.0.2.2", "2001:db8::2"], "eth1": "192.0.2.22"}},
}
REQUEST = {
    "instances": [
        {
            "name": "web",
            "virtual_router_id": 51,
            "interface": "eth0",
            "addresses": [{"ip": "192.0.2.100/24"}, {"ip": "2001:db8::100"}],
        }
    ]
}


def test_what_to_listen_for_follows_from_the_instances() -> None:
    watch = listen.watched(REQUEST, "a", HOSTS)
    assert [(entry["name"], entry["family"]) for entry in watch] == [("web", 4), ("web_6", 6)]
    assert {(entry["interface"], entry["virtual_router_id"]) for entry in watch} == {("eth0", 51)}
    with pytest.raises(Unwritable, match="no default route"):
        listen.watched({"instances": [{**REQUEST["instances"][0], "interface": ""}]}, "a", HOSTS)


def test_the_groups_own_addresses_are_known() -> None:
    assert listen.group_addresses(["a", "b", "c"], HOSTS) == [
        "192.0.2.1", "192.0.2.2", "192.0.2.22", "2001:db8::2", "fe80::1",
    ]  # fmt: skip


def test_only_a_stranger_with_the_same_number_clashes() -> None:
    watch = listen.watched(REQUEST, "a", HOSTS)
    group = listen.group_addresses(["a", "b"], HOSTS)

    def heard(*adverts: Advert, interface: str = "eth0") -> list[str]:
        return listen.strangers(watch, {interface: adverts}, group)

    assert heard(Advert(4, "192.0.2.2", 51, 100), Advert(6, "fe80::1", 51, 100)) == []
    assert heard(Advert(4, "192.0.2.7", 52, 100)) == []
    assert heard(Advert(4, "192.0.2.7", 51, 100), interface="eth1") == []
    (sentence,) = heard(Advert(4, "192.0.2.7", 51, 100), Advert(4, "192.0.2.7", 51, 100))
    assert sentence.startswith("192.0.2.7")
    assert sentence.endswith("web needs another")
    assert "web_6 needs another" in heard(Advert(6, "fe80::7", 51, 100))[0]


def test_a_router_that_is_configured_already_is_not_listened_for() -> None:
    watch = listen.watched(REQUEST, "a", HOSTS)
    address = "    virtual_ipaddress {\n        192.0.2.100/24\n    }\n"
    four = f"vrrp_instance web {{\n    interface eth0\n    virtual_router_id 51\n{address}}}\n"
    assert listen.unknown(watch, "") == watch
    assert [entry["name"] for entry in listen.unknown(watch, four)] == ["web_6"]
    assert listen.unknown(watch, four + four.replace("192.0.2.100/24", "2001:db8::100")) == []
    assert listen.unknown(watch, four.replace("eth0", "eth1")) == watch
