# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the classic resource protocol: names and order of fields as the C daemon sends them.

Each function returns (name, value) pairs for ``desk.send``; the station adds the control fields.
Source: Linux-HA heartbeat 3.0.6, message catalogue, as measured.
"""

from __future__ import annotations

from .holdings import Holding

Pairs = tuple[tuple[str, str], ...]

STARTING: Pairs = (("t", "starting"),)
SHUTDONE: Pairs = (("t", "shutdone"), ("st", "dead"))
#: sent when all groups of a dead or departed node are up; says nothing about stability
MACH_DOWN: Pairs = (("t", "resource"), ("rsc_hold", "foreign"), ("info", "mach_down"))

#: ``info`` of a report that follows the acquisition of the own groups
OWN_ACQUIRED = "req_our_resources()"


def resource(mine: Holding, *, stable: bool, info: str = "") -> Pairs:
    """What we hold, and whether that may still change."""
    pairs: Pairs = (
        ("t", "resource"),
        ("rsc_hold", mine.word()),
        ("rtype", "full"),
        ("isstable", "1" if stable else "0"),
    )
    return (*pairs, ("info", info)) if info else pairs


def ask_resources(what: Holding, info: str) -> Pairs:
    """The hand-over protocol: ``me`` offers, ``other`` accepts, ``done`` says a side's work is done."""
    return (("t", "ask_resources"), ("rsc_hold", what.word()), ("info", info))


def hb_takeover(what: Holding) -> Pairs:
    """Ask the other node to stand by."""
    return (("t", "hb_takeover"), ("rsc_hold", what.word()))


def stonith(node: str, *, needed: bool) -> Pairs:
    """What was done about a dead node: no fencing device is configured, or none was needed."""
    return (("t", "stonith"), ("node", node), ("result", "n_stnth" if needed else "unneeded"))


def ip_request(key: str) -> Pairs:
    """auto_failback legacy: please give up this group."""
    return (("t", "ip-request"), ("ipaddr", key))


def ip_request_resp(dest: str, key: str, *, owned: bool) -> Pairs:
    """auto_failback legacy: the answer; ``owned``: it was ours and is released."""
    answer = "yes" if owned else "no"
    return (("t", "ip-request-resp"), ("dest", dest), ("ipaddr", key), ("weown", answer), ("ok", "OK"))


def client_status(state: str, node: str, info: str) -> Pairs:
    """A named client (here: ipfail) came or went."""
    return (
        ("t", "hbapi-clstat"),
        ("st", state),
        ("from_id", "ipfail"),
        ("to_id", "ipfail"),
        ("src", node),
        ("info", info),
        ("client_gen", "0"),
    )


def client_answer(dest: str, client: str, asker: str, *, online: bool) -> Pairs:
    """Is this client running here?"""
    state = "online" if online else "offline"
    return (
        ("t", "respond-cstatus"),
        ("dest", dest),
        ("result", "OK"),
        ("cn", client),
        ("to_id", asker),
        ("cs", state),
    )


def num_ping_nodes(node: str, dest: str, count: int) -> Pairs:
    """ipfail: how many ping nodes answer us."""
    to = (("dest", dest), ("from_id", "ipfail"), ("to_id", "ipfail"), ("client_gen", "0"))
    return (("t", "num_ping_nodes"), ("src", node), ("num_ping", str(count)), *to)


def you_are_dead(dest: str) -> Pairs:
    """ipfail: we see more ping nodes than you."""
    return (("t", "you_are_dead"), ("dest", dest), ("from_id", "ipfail"), ("to_id", "ipfail"), ("client_gen", "0"))


def abort_giveup(node: str, dest: str) -> Pairs:
    """ipfail: we see the same number."""
    to = (("dest", dest), ("from_id", "ipfail"), ("to_id", "ipfail"), ("client_gen", "0"))
    return (("t", "abort_giveup"), ("src", node), *to)
