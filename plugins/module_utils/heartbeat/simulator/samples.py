# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small configurations to simulate when no operator's own is at hand."""

from __future__ import annotations

from ..settings.model import (
    Address,
    Bcast,
    Configuration,
    DialectChoice,
    Failback,
    Group,
    Key,
    KeyRing,
    Method,
    PingNode,
    Service,
    Settings,
)
from .network import LINK

#: The two groups of a sample: an address alone, preferred by the first node, and an address with a service, preferred
#: by the second.
VIP, WEB = "10.0.0.9", "10.0.0.8"


def sample(
    nodes: int = 2,
    *,
    failback: Failback = Failback.ON,
    keepalive_ms: int = 200,
    deadtime_ms: int = 1000,
    initdead_ms: int = 2000,
    pings: tuple[str, ...] = (),
    dialect: DialectChoice = DialectChoice.AUTO,
    groups: tuple[Group, ...] | None = None,
) -> Configuration:
    """``nodes`` nodes n1, n2, … that share two groups; ``pings`` switches ping arbitration on."""
    settings = Settings(
        nodes=tuple(f"n{number + 1}" for number in range(nodes)),
        media=(Bcast(LINK, 694),),
        keepalive_ms=keepalive_ms,
        deadtime_ms=deadtime_ms,
        warntime_ms=deadtime_ms // 2,
        initdead_ms=initdead_ms,
        deadping_ms=deadtime_ms,
        auto_failback=failback,
        pings=tuple(PingNode(name, (name,), "ping") for name in pings),
        ipfail=bool(pings),
        dialect=dialect,
    )
    keyring = KeyRing(1, (Key(1, Method.SHA256, b"simulated"),))
    return Configuration(settings, keyring, sample_groups() if groups is None else groups)


def sample_groups() -> tuple[Group, ...]:
    """The two groups of a sample."""
    return (
        Group(VIP, "n1", (_address(VIP),)),
        Group(WEB, "n2", (_address(WEB), Service("httpd", text="httpd"))),
    )


def _address(ip: str) -> Address:
    return Address(ip, 24, "eth0", text=ip)
