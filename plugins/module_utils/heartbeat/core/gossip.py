# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our own nodes tell each other in every ``status``: the fields ``sf``, ``sv``, ``sp``, ``sl``, ``se``, ``sg``.

* ``sf=1``: this node speaks the native dialect, version 1;
* ``sv=INCARNATION.VERSION``: which run of the daemon this is, and a counter that rises with every change of the state
  told;
* ``sp=N``: answering ping nodes; ``sl=1``: leaving;
* ``se=NODE:INCARNATION.VERSION,...``: for every peer that we hold alive, the last state of it that we have taken in;
* ``sg=GROUP:LETTER[CLAIM][FLAGS][>TARGET],...``: every group that is not plainly idle.

All numbers are lower-case hexadecimal. GROUP is the beginning of the SHA-256 of the group's key. The C daemon ignores
all of these. Decoding is total: what cannot be understood is left out.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..wire.message import Message
from .dialect import MARK, Pairs
from .ownership import Hold, State

VERSION = "1"


class Letter(enum.Enum):
    """The state of a group as told to peers; finer than :class:`State` where the peer has to know."""

    IDLE = "i"
    FOUND = "f"
    WANTING = "w"
    TAKING = "t"  # addresses not up yet
    ANNOUNCED = "T"  # addresses up and announced, services still starting
    HELD = "h"
    GIVING = "g"  # services still stopping
    OFFERED = "G"  # services stopped: the target may take the addresses
    RELEASING = "r"
    FAILED = "x"
    STUCK = "s"


#: The sender counts as holder.
HOLDERS = frozenset({Letter.TAKING, Letter.ANNOUNCED, Letter.HELD, Letter.GIVING, Letter.OFFERED, Letter.STUCK})
#: ... and the group's addresses are configured there.
ADDRESSED = HOLDERS - {Letter.TAKING}
#: The sender would like to become holder.
CONTENDERS = frozenset({Letter.FOUND, Letter.WANTING})

_PLAIN = {
    State.IDLE: Letter.IDLE,
    State.FOUND: Letter.FOUND,
    State.WANTING: Letter.WANTING,
    State.HELD: Letter.HELD,
    State.RELEASING: Letter.RELEASING,
    State.FAILED: Letter.FAILED,
    State.STUCK: Letter.STUCK,
}


def letter(hold: Hold) -> Letter:
    """How a row of our table is told."""
    if hold.state is State.TAKING:
        return Letter.ANNOUNCED if hold.address else Letter.TAKING
    if hold.state is State.GIVING:
        return Letter.OFFERED if hold.services_stopped else Letter.GIVING
    return _PLAIN[hold.state]


@dataclass(frozen=True)
class Entry:
    """One group as one node tells it. ``standby``: does not want it; ``asked``: was told to take it; ``unable``: no
    carrier."""

    letter: Letter = Letter.IDLE
    claim: int = 0
    to: str | None = None
    standby: bool = False
    asked: bool = False
    unable: bool = False


IDLE_ENTRY = Entry()

Stamp = tuple[int, int]  # (incarnation, version)


@dataclass(frozen=True)
class Gossip:
    """One node's state as told in one status."""

    stamp: Stamp
    pings: int = 0
    leaving: bool = False
    echoes: dict[str, Stamp] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)


def group_ids(keys: Iterable[str]) -> dict[str, str]:
    """Key -> short id, unique among these keys (all nodes have the same haresources, so they agree)."""
    digests = {key: hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest() for key in keys}
    length = 8
    while len({digest[:length] for digest in digests.values()}) < len(digests):
        length += 1
    return {key: digest[:length] for key, digest in digests.items()}


def body(entries: Mapping[str, Entry], pings: int, leaving: bool) -> Pairs:
    """The part of the fields whose change raises the version. ``entries`` by short id."""
    groups = ",".join(f"{gid}:{_entry(entry)}" for gid, entry in entries.items() if entry != IDLE_ENTRY)
    pairs = [("sp", f"{pings:x}")] if pings else []
    if leaving:
        pairs.append(("sl", "1"))
    if groups:
        pairs.append(("sg", groups))
    return tuple(pairs)


def fields(stamp: Stamp, echoes: Mapping[str, Stamp], told: Pairs) -> Pairs:
    """All native fields of a status, in wire order."""
    seen = ",".join(f"{node}:{_stamp(echo)}" for node, echo in echoes.items())
    head = [(MARK, VERSION), ("sv", _stamp(stamp))]
    if seen:
        head.append(("se", seen))
    return (*head, *told)


def decode(message: Message) -> Gossip | None:
    """The gossip of a status; None when it carries none that we understand."""
    stamp = _read_stamp(message.get("sv"))
    if not message.has(MARK) or stamp is None:
        return None
    echoes: dict[str, Stamp] = {}
    for item in message.get("se").split(","):
        node, _colon, text = item.rpartition(":")
        echo = _read_stamp(text)
        if node and echo is not None:
            echoes[node] = echo
    entries: dict[str, Entry] = {}
    for item in message.get("sg").split(","):
        found = _ENTRY.fullmatch(item)
        if found:
            flags = found["flags"]
            entries[found["id"]] = Entry(
                letter=Letter(found["letter"]),
                claim=int(found["claim"] or "0", 16),
                to=found["to"],
                standby="-" in flags,
                asked="!" in flags,
                unable="~" in flags,
            )
    pings = _HEX.fullmatch(message.get("sp"))
    return Gossip(
        stamp=stamp,
        pings=int(pings[0], 16) if pings else 0,
        leaving=message.get("sl") == "1",
        echoes=echoes,
        entries=entries,
    )


_HEX = re.compile(r"[0-9a-f]{1,16}")
_STAMP = re.compile(r"([0-9a-f]{1,16})\.([0-9a-f]{1,16})")
_ENTRY = re.compile(
    r"(?P<id>[0-9a-f]{8,64}):(?P<letter>[ifwtThgGrxs])(?P<claim>[0-9a-f]{0,16})(?P<flags>[-!~]*)(?:>(?P<to>[^,>]+))?"
)


def _entry(entry: Entry) -> str:
    claim = f"{entry.claim:x}" if entry.claim else ""
    flags = "-" * entry.standby + "!" * entry.asked + "~" * entry.unable
    return f"{entry.letter.value}{claim}{flags}" + (f">{entry.to}" if entry.to else "")


def _stamp(stamp: Stamp) -> str:
    return f"{stamp[0]:x}.{stamp[1]:x}"


def _read_stamp(text: str) -> Stamp | None:
    found = _STAMP.fullmatch(text)
    return (int(found[1], 16), int(found[2], 16)) if found else None
