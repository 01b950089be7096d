# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""haresources: one group of resources per line, and the node that prefers to hold it.

Rules of Linux-HA heartbeat 3.0.6, as measured: ``#`` starts a comment anywhere, a line ending in ``\\`` continues on
the next, the first word must be a configured node, the first resource is the group's key and unique in the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import addresses
from .diagnostics import Diagnostic, Findings, Place, PlaceKey, nearest_node, shown, together
from .model import Address, Group, Resource, Service
from .text import LOOKALIKES, PASTED_COMMENT, Line, Word, lines
from .values import Invalid

#: Scripts that stand for an address which the daemon configures itself.
ADDRESS_AGENTS = ("IPaddr", "IPaddr2", "IPv6addr")
#: Agents of the resource-agents package that resemble them and are something else.
_OTHER_AGENTS = ("IPsrcaddr", "SendArp")


@dataclass(frozen=True)
class HaResources:
    """What haresources says; ``groups`` holds what could be understood, also after errors."""

    groups: tuple[Group, ...]
    diagnostics: tuple[Diagnostic, ...]
    places: dict[PlaceKey, Place]
    failed: bool


@dataclass
class _Seen:
    keys: dict[str, Word] = field(default_factory=dict)
    ips: dict[str, Word] = field(default_factory=dict)
    services: dict[str, Word] = field(default_factory=dict)


def parse_haresources(text: str, nodes: Sequence[str], *, file: str = "haresources") -> HaResources:
    """Parse haresources; never raises, whatever the text. ``nodes``: the names of ha.cf in lower case; when there are
    none (ha.cf is broken), names are not checked."""
    findings = Findings(file)
    seen = _Seen()
    groups = []
    for words in _logical_lines(text, findings):
        group = _group(words, nodes, findings, seen)
        if group is not None:
            groups.append(group)
    return HaResources(tuple(groups), findings.result(), findings.places, findings.failed)


def _logical_lines(text: str, findings: Findings) -> list[list[Word]]:
    joined: list[list[Word]] = []
    physical = text.split("\n")
    #: the backslash that promises another line, and the number of that line
    promise: Word | None = None
    for line in lines(text):
        for look in line.lookalikes:
            meant, character = LOOKALIKES[look.text]
            wanted = "a '#'" if meant == "#" else "a blank"
            findings.error(look, f"{character} looks like {wanted} but is none; type {wanted}", quote=False)
        words, comment = _cut_pasted_comment(line)
        if promise is not None and line.number != promise.line + 1:
            _broken_promise(promise, findings)
            promise = None
        if comment is not None and (words or promise is not None):
            findings.warning(comment, PASTED_COMMENT, "#")
        elif comment is not None:
            findings.error(comment, f"'{shown(comment.text)}': '//' does not start a line, '#' starts a comment", "#")
        if promise is None:
            joined.append([])
        promise = _take_backslash(words)
        if promise is not None and not physical[line.number - 1].rstrip("\r").endswith("\\"):
            message = "the C daemon only continues a line when '\\' is its very last character"
            findings.warning(promise, message, quote=False)
        joined[-1].extend(words)
    if promise is not None:
        _broken_promise(promise, findings)
    return [words for words in joined if words]


def _take_backslash(words: list[Word]) -> Word | None:
    if not words or not words[-1].text.endswith("\\"):
        return None
    last = words.pop()
    if len(last.text) > 1:
        words.append(Word(last.text[:-1], last.line, last.column))
    return Word("\\", last.line, last.column + len(last.text) - 1)


def _broken_promise(promise: Word, findings: Findings) -> None:
    findings.warning(promise, "'\\' promises another line, but none follows", quote=False)


def _cut_pasted_comment(line: Line) -> tuple[list[Word], Word | None]:
    words = line.words()
    for index, word in enumerate(words):
        if word.text.startswith("//"):
            return words[:index], word
    return words, None


def _group(words: list[Word], nodes: Sequence[str], findings: Findings, seen: _Seen) -> Group | None:
    node = words[0]
    preferred = node.text.lower()
    if nodes and preferred not in nodes:
        if addresses.looks_like_address(node.text) or "::" in node.text:
            hint = "a line begins with the name of the node that prefers the group"
        else:
            hint = f"the nodes of ha.cf are {together(nodes)}"
        findings.error(node, f"bad node name '{shown(node.text)}': {hint}", nearest_node(preferred, nodes))
    if len(words) < 2:
        findings.error(node, f"the group of '{shown(node.text)}' has no resource")
        return None
    key = words[1]
    if key.text in seen.keys:
        first = seen.keys[key.text].line
        findings.error(
            key,
            f"the group '{shown(key.text)}' is already defined in line {first}: a line's first resource must be unique",
        )
    repeated = key.text in seen.keys
    seen.keys.setdefault(key.text, key)
    resources: list[Resource] = []
    for word in words[1:]:
        try:
            resource = _resource(word, findings)
        except Invalid as problem:
            findings.error(word, problem.message, problem.nearest)
            continue
        resources.append(resource)
        findings.mark(("resource", key.text, word.text), word)
        if not repeated:
            _note(resource, word, findings, seen)
    return Group(key.text, preferred, tuple(resources)) if resources else None


def _note(resource: Resource, word: Word, findings: Findings, seen: _Seen) -> None:
    """Report what occurs twice: an address would be held twice, a service be stopped under the other group."""
    if isinstance(resource, Address):
        first = seen.ips.setdefault(resource.ip, word)
        if first is not word:
            findings.error(word, f"the address {resource.ip} already stands in line {first.line}: one VIP, one group")
        return
    first = seen.services.setdefault(word.text, word)
    if first is not word:
        message = (
            f"'{shown(word.text)}' already stands in line {first.line}: when one of them stops, the other is without it"
        )
        findings.warning(word, message)


def _resource(word: Word, findings: Findings) -> Resource:
    text = word.text
    if addresses.looks_like_address(text):
        return _address(text, "IPaddr", word, findings)
    name, separator, rest = text.partition("::")
    if name in ADDRESS_AGENTS:
        if not rest:
            raise Invalid(f"{name} needs an address: {name}::10.0.0.9/24/eth0")
        return _address(rest, name, word, findings)
    _refuse_misspelt_address(name, separator, rest)
    if not name or name.startswith("-") or "/" in name or name in (".", "..") or not name.isprintable():
        raise Invalid(f"'{shown(name)}' is not the name of a script, a systemd unit or an agent")
    if not text.isascii():
        raise Invalid(f"'{shown(text)}' is not a resource (a comment starts with '#')")
    if ":" in name and not name.startswith(("ocf:", "lsb:", "systemd:")):
        close = name.replace(":", "::", 1)
        raise Invalid(f"'{shown(text)}': arguments are separated by two colons", shown(close))
    if name.startswith("ocf:") and len([part for part in name.split(":") if part]) != 3:
        raise Invalid(
            f"'{shown(name)}' is not an OCF agent: ocf:PROVIDER:TYPE", "ocf:heartbeat:" + name.rsplit(":", 1)[-1]
        )
    return Service(name, tuple(rest.split("::")) if separator else (), text)


def _refuse_misspelt_address(name: str, separator: str, rest: str) -> None:
    head = name.split(":", 1)[0]
    for agent in ADDRESS_AGENTS:
        if name == head and head.casefold() == agent.casefold():
            raise Invalid(f"'{shown(name)}' is not '{agent}': names are case-sensitive", agent)
        if name != head and head == agent:
            raise Invalid(
                f"'{shown(name)}': the address follows {agent} after two colons", f"{agent}::{name[len(head) + 1 :]}"
            )
    if separator and head not in _OTHER_AGENTS and addresses.looks_like_address(rest):
        close = difflib.get_close_matches(head[:40], ADDRESS_AGENTS, n=1, cutoff=0.9)
        if close:
            raise Invalid(f"unknown script '{shown(name)}' with an address", close[0])


def _address(spec: str, agent: str, word: Word, findings: Findings) -> Address:
    address = addresses.parse_address(spec, agent, word.text)
    for doubt in addresses.doubts(address, spec):
        findings.warning(word, doubt)
    return address
