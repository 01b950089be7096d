# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media and ping nodes of ha.cf: words after the directive's name become links.

Rules of Linux-HA heartbeat 3.0.6, as measured. Words beyond those that a medium needs are ignored, with a warning.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Callable

from . import values
from .diagnostics import Findings, shown
from .model import Bcast, Mcast, Medium, PingNode, Ucast
from .text import Word
from .values import Invalid

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*\.?")
_NUMERIC = re.compile(r"[0-9.]+")

MulticastTerms = tuple[str, int, int, bool]


def address_or_name(text: str) -> tuple[str, bool]:
    """``(host, whether it is a name)`` of an IPv4 address or host name; raises ``Invalid``."""
    if ":" in text:
        raise Invalid(f"'{shown(text)}' is not an IPv4 address (heartbeats and pings over IPv6 are not implemented)")
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        if _NUMERIC.fullmatch(text) or _HOST_NAME.fullmatch(text) is None:
            raise Invalid(f"'{shown(text)}' is neither an IPv4 address nor a host name") from None
        return text, True
    if address.is_multicast or address.is_unspecified or int(address) == 0xFFFFFFFF:
        raise Invalid(f"'{shown(text)}' is not the address of one host")
    return str(address), False


def checked(findings: Findings, word: Word, check: Callable[[str], object]) -> object | None:
    """``check(word)``, or None after reporting what is wrong with it."""
    try:
        return check(word.text)
    except Invalid as problem:
        findings.error(word, problem.message, problem.nearest)
        return None


def parse_bcast(findings: Findings, words: Sequence[Word], port: int) -> list[Medium]:
    """``bcast DEVICE...``"""
    found: list[Medium] = []
    for word in words:
        if checked(findings, word, values.device) is not None:
            findings.mark(("device", word.text), word)
            found.append(Bcast(word.text, port))
    return found


def parse_ucast(findings: Findings, name: Word, words: Sequence[Word], port: int) -> list[Medium]:
    """``ucast DEVICE ADDRESS``"""
    if len(words) < 2:
        findings.error(
            words[0], f"ucast needs the peer's address after the interface: ucast {shown(words[0].text)} 10.0.0.2"
        )
        return []
    device = checked(findings, words[0], values.device)
    host = _host(findings, words[1], "when the daemon starts")
    _extra(findings, name, words[2:], "the interface and the address")
    if device is None or host is None:
        return []
    findings.mark(("device", words[0].text), words[0])
    findings.mark(("ucast", host), words[1])
    return [Ucast(words[0].text, host, port)]


def parse_mcast(findings: Findings, name: Word, words: Sequence[Word]) -> list[Medium]:
    """``mcast DEVICE GROUP PORT TTL LOOP``"""
    if len(words) < 5:
        missing = ("interface", "group", "port", "ttl", "loop")[len(words) :]
        findings.error(
            words[-1], f"mcast needs five words, as in 'mcast eth0 225.0.0.1 694 1 0'; missing: {', '.join(missing)}"
        )
        return []
    checks: tuple[Callable[[str], object], ...] = (
        values.device,
        _multicast_group,
        values.integer(1, 65535, " (a UDP port)"),
        values.integer(0, 4, " (the ttl)"),
        values.integer(0, 1, " (loop)"),
    )
    found = [checked(findings, word, check) for word, check in zip(words, checks)]
    _extra(findings, name, words[5:], "the loop flag")
    device, group, port, ttl, loop = found
    if device is None or not isinstance(group, str):
        return []
    if not isinstance(port, int) or not isinstance(ttl, int) or not isinstance(loop, int):
        return []
    findings.mark(("device", words[0].text), words[0])
    return [Mcast(words[0].text, group, port, ttl, loop == 1)]


def parse_ping(findings: Findings, words: Sequence[Word], known: dict[str, Word]) -> list[PingNode]:
    """``ping HOST...``; ``known`` holds the ping nodes so far and is added to."""
    found: list[PingNode] = []
    for word in words:
        host = _host(findings, word, "when the daemon starts")
        if host is not None and _new_ping(findings, host, word, known):
            found.append(PingNode(host, (host,), "ping"))
    return found


def parse_ping_group(findings: Findings, words: Sequence[Word], known: dict[str, Word]) -> list[PingNode]:
    """``ping_group NAME HOST...``"""
    if len(words) < 2:
        findings.error(
            words[0], f"ping_group needs hosts after its name: ping_group {shown(words[0].text)} 10.0.0.1 10.0.0.2"
        )
        return []
    hosts = [_host(findings, word, "when the daemon starts") for word in words[1:]]
    name = checked(findings, words[0], values.node_name)
    if not isinstance(name, str) or None in hosts or not _new_ping(findings, name, words[0], known):
        return []
    return [PingNode(name, tuple(host for host in hosts if host is not None), "ping_group")]


def _host(findings: Findings, word: Word, when: str) -> str | None:
    try:
        host, is_name = address_or_name(word.text)
    except Invalid as problem:
        findings.error(word, problem.message, problem.nearest)
        return None
    if is_name:
        findings.warning(word, f"the name '{shown(word.text)}' is looked up {when}; an address does not depend on DNS")
    return host


def _new_ping(findings: Findings, name: str, word: Word, known: dict[str, Word]) -> bool:
    if name in known:
        findings.warning(word, f"ping node '{shown(name)}' is already there (line {known[name].line}); it counts once")
        return False
    known[name] = word
    return True


def _extra(findings: Findings, name: Word, words: Sequence[Word], after: str) -> None:
    if words:
        findings.warning(
            words[0],
            f"'{shown(words[0].text)}' is ignored: {name.text} takes nothing after {after} (a comment starts with '#')",
        )


def _multicast_group(text: str) -> str:
    try:
        group = ipaddress.IPv4Address(text)
    except ValueError:
        raise Invalid(f"'{shown(text)}' is not an IPv4 multicast group") from None
    if not group.is_multicast:
        raise Invalid(f"'{shown(text)}' is not a multicast group: those are 224.0.0.0 to 239.255.255.255")
    return str(group)
