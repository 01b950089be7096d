# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instance answers, as data: CLUSTER NODES, and the key:value texts of INFO and CLUSTER INFO.

Source: the Redis documentation of CLUSTER NODES (serialization format), CLUSTER INFO and INFO; Valkey 8 writes
the same, with more auxiliary fields after the host name.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NodeLine", "parse_fields", "parse_nodes"]


@dataclass(frozen=True)
class NodeLine:
    """One line of CLUSTER NODES: a member as the asked instance sees it."""

    id: str
    host: str
    port: int
    bus_port: int
    flags: frozenset[str]
    master: str
    """Id of its master; empty for a master."""
    epoch: int
    is_connected: bool
    slots: frozenset[int]
    migrating: tuple[tuple[int, str], ...] = ()
    """(slot, id of the node it goes to); only ever in the line of the asked instance itself."""
    importing: tuple[tuple[int, str], ...] = ()
    """(slot, id of the node it comes from)."""

    @property
    def is_myself(self) -> bool:
        """Whether this line is about the instance that was asked."""
        return "myself" in self.flags

    @property
    def is_replica(self) -> bool:
        """Whether this member is a replica."""
        return "slave" in self.flags

    @property
    def is_failing(self) -> bool:
        """Whether this member is taken for dead, or suspected of it."""
        return bool(self.flags & {"fail", "fail?"})

    @property
    def address(self) -> str:
        """host:port for clients."""
        return f"{self.host}:{self.port}"


def parse_nodes(text: str) -> tuple[NodeLine, ...]:
    """Read an answer to CLUSTER NODES. Raises ValueError with the line that cannot be read."""
    return tuple(_line(line) for line in text.splitlines() if line.strip())


def _line(line: str) -> NodeLine:
    try:
        node_id, address, flags, master, _ping, _pong, epoch, link, *rest = line.split()
        # host:port@busport[,hostname[,key=value...]]; the host may be an IPv6 address, or empty while unknown.
        host, _colon, ports = address.split(",", 1)[0].rpartition(":")
        port, _at, bus = ports.partition("@")
        slots: set[int] = set()
        migrating: list[tuple[int, str]] = []
        importing: list[tuple[int, str]] = []
        for word in rest:
            if word.startswith("["):
                slot, mark, other = word[1:-1].partition("->-")
                if mark:
                    migrating.append((int(slot), other))
                else:
                    slot, _mark, other = word[1:-1].partition("-<-")
                    importing.append((int(slot), other))
            else:
                low, _dash, high = word.partition("-")
                slots.update(range(int(low), int(high or low) + 1))
        return NodeLine(
            id=node_id,
            host=host,
            port=int(port),
            bus_port=int(bus or int(port) + 10000),
            flags=frozenset(flags.split(",")),
            master="" if master == "-" else master,
            epoch=int(epoch),
            is_connected=link == "connected",
            slots=frozenset(slots),
            migrating=tuple(migrating),
            importing=tuple(importing),
        )
    except ValueError as error:
        raise ValueError(f"not a line of CLUSTER NODES: {line!r} ({error})") from None


def parse_fields(text: str) -> dict[str, str]:
    """Read "key:value" lines; comments and empty lines are left out."""
    found = {}
    for line in text.splitlines():
        key, colon, value = line.strip().partition(":")
        if colon and not key.startswith("#"):
            found[key] = value
    return found
