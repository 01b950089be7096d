# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from heartbeat.host.places import PlaceError, find_place, plan
from heartbeat.host.rtnl import Device, KernelAddress, Route
from heartbeat.settings.model import Address, Group

DEVICES = {name: Device(index, name, b"\2" * 6, 1, True) for index, name in ((1, "lo"), (2, "eth0"), (3, "eth1"))}
ROUTES = [
    Route("127.0.0.0/8", 1, False),
    Route("10.0.0.0/16", 2, False),
    Route("10.0.5.0/24", 3, False),
    Route("fd00::/64", 3, False),
    Route("0.0.0.0/0", 2, True),
]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (Address("10.0.1.9"), "10.0.1.9/16 dev eth0"),
        (Address("10.0.5.9"), "10.0.5.9/24 dev eth1"),  # the longest match
        (Address("10.0.5.9", device="eth0"), "10.0.5.9/16 dev eth0"),
        (Address("10.0.5.9", prefix=32), "10.0.5.9/32 dev eth1"),
        (Address("FD00:0::9"), "fd00::9/64 dev eth1"),
        (Address("192.0.2.9", prefix=24), "192.0.2.9/24 dev eth0"),  # by the default route
        (Address("192.0.2.9", device="eth1"), "192.0.2.9/32 dev eth1"),
    ],
)
def test_what_is_not_given_comes_from_the_routes(address: Address, expected: str) -> None:
    place, warning = find_place(address, ROUTES, DEVICES)
    assert str(place) == expected
    assert (warning is not None) == address.ip.startswith("192.")


def test_a_vip_outside_every_network_needs_interface_or_mask() -> None:
    with pytest.raises(PlaceError, match="is in no network of this machine"):
        find_place(Address("192.0.2.9"), ROUTES, DEVICES)
    with pytest.raises(PlaceError, match="no interface eth7 here"):
        find_place(Address("10.0.0.9", device="eth7"), ROUTES, DEVICES)


def test_broadcast_is_given_worked_out_or_absent() -> None:
    def broadcast(address: Address) -> str | None:
        return find_place(address, ROUTES, DEVICES)[0].broadcast

    assert broadcast(Address("10.0.5.9")) == "10.0.5.255"
    assert broadcast(Address("10.0.5.9", broadcast="10.0.5.1")) == "10.0.5.1"
    assert broadcast(Address("10.0.5.9", prefix=31)) is None
    assert broadcast(Address("fd00::9")) is None


def test_labels_are_the_next_free_numbers_of_the_device() -> None:
    groups = [
        Group("a", "n1", (Address("10.0.0.1"), Address("10.0.0.2"))),
        Group("b", "n1", (Address("10.0.5.1"), Address("fd00::1"))),
    ]
    present = [KernelAddress(2, "10.0.9.9", 16, "eth0:0"), KernelAddress(2, "10.0.0.1", 16, "eth0:1")]
    found = plan(groups, ROUTES, DEVICES, present)
    assert [place.label for place in found.places["a"]] == ["eth0:1", "eth0:2"]
    assert [place.label for place in found.places["b"]] == ["eth1:0", ""]


def test_all_problems_are_found_at_once() -> None:
    groups = [Group("a", "n1", (Address("192.0.2.1"), Address("192.0.2.2")))]
    assert len(plan(groups, ROUTES, DEVICES, []).errors) == 2
