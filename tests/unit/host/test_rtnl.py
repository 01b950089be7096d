# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.host import rtnl


@pytest.mark.parametrize(
    ("ip", "prefix", "label"), [("10.0.0.9", 24, "eth0:0"), ("fd77::9", 64, ""), ("192.0.2.1", 32, "")]
)
def test_an_address_survives_the_way_to_the_kernel_and_back(ip: str, prefix: int, label: str) -> None:
    ((kind, flags, seq, body),) = rtnl.split(rtnl.with_seq(rtnl.new_address(7, ip, prefix, None, label), 99))
    assert kind == rtnl.RTM_NEWADDR
    assert flags & rtnl.NLM_F_EXCL
    assert seq == 99
    address = rtnl.parse_address(body)
    assert address is not None
    assert (address.index, address.ip, address.prefix, address.label) == (7, ip, prefix, label)
    assert address.protocol == rtnl.OUR_PROTOCOL
    assert bool(address.flags & rtnl.IFA_F_NODAD) == (":" in ip)


def test_errors_are_positive_numbers() -> None:
    assert rtnl.error_number(struct.pack("=i", -errno.EEXIST) + bytes(16)) == errno.EEXIST
    assert rtnl.error_number(bytes(20)) == 0


@given(st.binary(max_size=200))
def test_no_bytes_from_the_kernel_raise(data: bytes) -> None:
    for _kind, _flags, _seq, body in rtnl.split(data):
        rtnl.parse_address(body)
        rtnl.parse_device(body)
    rtnl.parse_address(data)
    rtnl.parse_device(data)


def test_only_unicast_routes_of_the_main_table_count() -> None:
    def route(kind: int = 1, table: int = 254, gateway: bool = False) -> rtnl.Route | None:
        body = struct.pack("=BBBBBBBBI", 2, 24, 0, 0, table, 2, 253, kind, 0)
        body += struct.pack("=HH4s", 8, rtnl.RTA_DST, bytes([10, 1, 2, 0]))
        body += struct.pack("=HHI", 8, rtnl.RTA_OIF, 3)
        if gateway:
            body += struct.pack("=HH4s", 8, rtnl.RTA_GATEWAY, bytes([10, 1, 2, 1]))
        return rtnl.parse_route(body)

    assert route() == rtnl.Route("10.1.2.0/24", 3, False)
    assert route(gateway=True) == rtnl.Route("10.1.2.0/24", 3, True)
    assert route(kind=2) is None
    assert route(table=255) is None
