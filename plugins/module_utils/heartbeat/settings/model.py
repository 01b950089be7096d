# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration as data: what ha.cf, authkeys and haresources say once they are understood.

Everything is frozen and compared by value, so that a reload can ask "what changed?" with ``==``.
Times are integer milliseconds, as in the specification (fractions are rounded half up when parsed).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Optional, Union


class Failback(enum.Enum):
    """``auto_failback``: does a group return to its preferred node when that node comes back?"""

    ON = "on"
    OFF = "off"
    LEGACY = "legacy"


class MessageFormat(enum.Enum):
    """``msgfmt``: only decides whether datagrams carry the inner ``auth`` field."""

    CLASSIC = "classic"
    NETSTRING = "netstring"


class DialectChoice(enum.Enum):
    """``dialect`` (our own directive): follow each peer, or treat every peer as Linux-HA 3.0.6."""

    AUTO = "auto"
    CLASSIC = "classic"


@dataclass(frozen=True)
class Ucast:
    """``ucast DEVICE ADDRESS``: unicast to one peer address (or our own, which is customary)."""

    device: str
    address: str
    port: int


@dataclass(frozen=True)
class Bcast:
    """``bcast DEVICE``: the device's broadcast address."""

    device: str
    port: int


@dataclass(frozen=True)
class Mcast:
    """``mcast DEVICE GROUP PORT TTL LOOP``."""

    device: str
    group: str
    port: int
    ttl: int
    loop: bool


Medium = Union[Ucast, Bcast, Mcast]


@dataclass(frozen=True)
class PingNode:
    """A pseudo node that answers ICMP echo. ``ping`` has one member, its own name; ``ping_group`` several."""

    name: str
    members: tuple[str, ...]
    kind: str  # "ping" or "ping_group"


@dataclass(frozen=True)
class Respawn:
    """``respawn USER COMMAND``: a client kept running while the node is active."""

    user: str
    command: str


@dataclass(frozen=True)
class Logging:
    """Where the daemon logs besides the journal."""

    logfile: Optional[str] = None
    debugfile: Optional[str] = None
    facility: Optional[str] = None
    debug: int = 0


@dataclass(frozen=True)
class Settings:
    """ha.cf, complete with defaults. Field names are the directives' names."""

    nodes: tuple[str, ...]
    media: tuple[Medium, ...]
    keepalive_ms: int = 1000
    deadtime_ms: int = 30000
    warntime_ms: int = 15000
    initdead_ms: int = 30000
    deadping_ms: int = 30000
    udpport: int = 694
    auto_failback: Failback = Failback.LEGACY
    hopfudge: int = 1
    pings: tuple[PingNode, ...] = ()
    ipfail: bool = False
    respawns: tuple[Respawn, ...] = ()
    msgfmt: MessageFormat = MessageFormat.CLASSIC
    compression: str = "zlib"
    compression_threshold_kib: int = 2
    traditional_compression: bool = False
    max_rexmit_delay_ms: int = 250
    hbgenmethod: str = "file"
    uuidfrom: str = "file"
    dialect: DialectChoice = DialectChoice.AUTO
    log_badpack: bool = True
    realtime: bool = True
    rtprio: int = 1
    logging: Logging = field(default_factory=Logging)
    env: tuple[tuple[str, str], ...] = ()
    #: directive -> value text as written (for ``hbparameter`` and the scripts' ``HA_*`` environment)
    parameters: dict[str, str] = field(default_factory=dict)

    def ttl(self) -> int:
        """The ``ttl`` field of every message: hopfudge plus all configured nodes, ping nodes included."""
        return self.hopfudge + len(self.nodes) + len(self.pings)


class Method(enum.Enum):
    """Digest methods of authkeys; ``sha256`` is our own addition, unknown to the C daemon."""

    CRC = "crc"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"


@dataclass(frozen=True)
class Key:
    """One key line. ``secret`` is the ASCII word of the file (empty for crc) and never appears in a repr."""

    id: int
    method: Method
    secret: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class KeyRing:
    """authkeys: all keys by id, and the one that signs."""

    active: int
    keys: tuple[Key, ...]

    def key(self, key_id: int) -> Optional[Key]:
        """The key with this id (the last definition wins), or None."""
        found = None
        for key in self.keys:
            if key.id == key_id:
                found = key
        return found

    def signing_key(self) -> Key:
        """The key of the ``auth`` line."""
        key = self.key(self.active)
        if key is None:
            raise KeyError(f"auth key [{self.active}] not found")
        return key


@dataclass(frozen=True)
class Address:
    """A VIP of a group. Without prefix or device they are worked out from the routes at start."""

    ip: str
    prefix: Optional[int] = None
    device: Optional[str] = None
    broadcast: Optional[str] = None
    agent: str = "IPaddr"
    #: the word as written in haresources, e.g. ``IPaddr::10.0.0.9/24/eth0``
    text: str = ""


@dataclass(frozen=True)
class Service:
    """A script-like resource: resource.d, init.d, OCF agent (``ocf:provider:type``) or systemd unit, with arguments."""

    name: str
    arguments: tuple[str, ...] = ()
    text: str = ""


Resource = Union[Address, Service]


@dataclass(frozen=True)
class Group:
    """One haresources line. ``key`` is its first resource as written, unique in the file."""

    key: str
    preferred: str
    resources: tuple[Resource, ...]

    def addresses(self) -> tuple[Address, ...]:
        """The VIPs, in start order."""
        return tuple(r for r in self.resources if isinstance(r, Address))

    def services(self) -> tuple[Service, ...]:
        """Everything that is not an address, in start order."""
        return tuple(r for r in self.resources if isinstance(r, Service))


@dataclass(frozen=True)
class Configuration:
    """The three files together, as the daemon runs them."""

    settings: Settings
    keyring: KeyRing
    groups: tuple[Group, ...]
