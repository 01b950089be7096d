# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes corosync.conf out of the role's variables.

A request is a mapping with ``cluster_name``, ``transport``, ``links``, ``link_mode``, ``cipher``, ``hash``, ``totem``,
``quorum``, ``qdevice`` and ``logging`` as in the role, and ``nodes``: mappings with ``host`` (inventory name),
``name``, ``id`` (0: any), ``votes`` and ``addresses`` (one per link).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import corosync_times
from .corosync_syntax import Section, Unusable, parse, render, sections, values

Request = Mapping[str, Any]
Node = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
#: keys of a link that corosync knows by a longer word
_LINK_WORDS = {
    "priority": "knet_link_priority",
    "ping_interval": "knet_ping_interval",
    "ping_timeout": "knet_ping_timeout",
    "ping_precision": "knet_ping_precision",
    "pong_count": "knet_pong_count",
    "transport": "knet_transport",
    "mcastport": "mcastport",
}
#: what a vote of a device on a third host makes meaningless (votequorum(5))
_WITHOUT_DEVICE = (
    "two_node",
    "auto_tie_breaker",
    "auto_tie_breaker_node",
    "last_man_standing",
    "last_man_standing_window",
)


def configuration(request: Request, taken: Mapping[str, int]) -> str:
    """Return the file, the same for all nodes.

    taken: name -> number of the nodes that are known already. Raises Unusable.
    """
    found = refusals(request)
    if found:
        raise Unusable("; ".join(found))
    numbers = node_ids(request["nodes"], taken)
    tree: Section = [
        ("totem", _totem(request)),
        ("nodelist", [("node", _node(node, numbers[node["name"]])) for node in request["nodes"]]),
        ("quorum", _quorum(request)),
        ("logging", _logging(request["logging"])),
    ]
    return "# Ansible managed: role steadfast.ha.pacemaker\n" + render(tree)


def for_members(
    settings: Request, members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str]
) -> str:
    """Return the file for the members of an inventory.

    hosts: inventory name -> variables; a member that is in the play has told its ``__pacemaker_here``, one that is down
    is known from the others' files (texts: host -> corosync.conf). Raises Unusable.
    """
    texts = {host: text for host, text in texts.items() if not is_placeholder(text)}
    taken = known_ids(texts)
    known = {node.get("name", ""): node for text in texts.values() for node in nodes_of(text)}
    nodes = []
    for member in members:
        told = hosts.get(member) or {}
        name = str(told.get("pacemaker_node_name") or member)
        if "__pacemaker_here" in told:
            nodes.append(told["__pacemaker_here"])
        elif name in known:
            nodes.append(_remembered(member, name, known[name]))
        else:
            raise Unusable(
                f"{member} is absent, and no member's corosync.conf knows it: "
                "leave it out of pacemaker_members until it is there"
            )
    return configuration({**settings, "nodes": nodes}, taken)


def is_placeholder(text: str) -> bool:
    """Return whether a file is the one that a package brings: its nodes are nowhere but on loopback."""
    addresses = [node.get("ring0_addr", "") for node in nodes_of(text)]
    return all(address.startswith("127.") for address in addresses)


def _remembered(member: str, name: str, node: Mapping[str, str]) -> Node:
    links = sorted(key for key in node if key.startswith("ring"))
    return {
        "host": member,
        "name": name,
        "id": 0,
        "votes": int(node.get("quorum_votes", "1")),
        "addresses": [node[link] for link in links],
    }


def node_ids(nodes: Sequence[Node], taken: Mapping[str, int]) -> dict[str, int]:
    """Return name -> number.

    A number stays what it was; new nodes take what is declared, or the lowest that nobody has or had.

    Raises Unusable when a declared number is another than the one in use, or somebody else's.
    """
    numbers: dict[str, int] = {}
    for node in nodes:
        known, declared = taken.get(node["name"]), int(node.get("id") or 0)
        if known and declared and known != declared:
            raise Unusable(
                f"{node['host']}: pacemaker_node_id is {declared}, but the cluster knows {node['name']} as "
                f"number {known}; a number is for life"
            )
        if known or declared:
            numbers[node["name"]] = int(known or declared)
    used = set(numbers.values()) | set(taken.values())
    for node in nodes:
        if node["name"] not in numbers:
            numbers[node["name"]] = next(number for number in range(1, len(used) + 2) if number not in used)
            used.add(numbers[node["name"]])
    doubled = sorted(name for name, number in numbers.items() if list(numbers.values()).count(number) > 1)
    if doubled:
        raise Unusable(f"{' and '.join(doubled)} have the same number {numbers[doubled[0]]}; correct pacemaker_node_id")
    return numbers


def known_ids(texts: Mapping[str, str]) -> dict[str, int]:
    """Return name -> number as the files of the members have it (host -> text; empty where there is none).

    Raises Unusable when two files contradict each other or one can't be read.
    """
    numbers: dict[str, int] = {}
    origin: dict[str, str] = {}
    for host, text in sorted(texts.items()):
        for node in nodes_of(text):
            name, number = node.get("name") or node.get("ring0_addr", ""), int(node.get("nodeid", "0"))
            if numbers.setdefault(name, number) != number:
                raise Unusable(
                    f"{name} is number {numbers[name]} in the corosync.conf of {origin[name]} and {number} in that of "
                    f"{host}: not one cluster"
                )
            origin.setdefault(name, host)
    return {name: number for name, number in numbers.items() if number}


def nodes_of(text: str) -> list[dict[str, str]]:
    """Return the nodes of a file, as they stand there. Raises Unusable."""
    return [values(node) for nodelist in sections(parse(text), "nodelist") for node in sections(nodelist, "node")]


def refusals(request: Request) -> list[str]:
    """Return why this can't be a cluster, one sentence per reason."""
    return [*_about_nodes(request), *_about_links(request), *_about_quorum(request), *_about_times(request)]


def _about_nodes(request: Request) -> Iterable[str]:
    nodes: Sequence[Node] = request["nodes"]
    if not _NAME.fullmatch(str(request["cluster_name"])):
        yield f"pacemaker_cluster_name: letters, digits, '.', '-' and '_' only, not {request['cluster_name']!r}"
    for node in nodes:
        if not _NAME.fullmatch(str(node["name"])):
            yield f"{node['host']}: pacemaker_node_name can't be {node['name']!r}"
        if int(node["votes"]) < 0:
            yield f"{node['host']}: pacemaker_votes can't be negative"
        if len(node["addresses"]) != len(nodes[0]["addresses"]):
            yield (
                f"{node['host']}: pacemaker_addresses has {len(node['addresses'])} addresses, {nodes[0]['host']} has "
                f"{len(nodes[0]['addresses'])}; each node needs one per link"
            )
        if not node["addresses"]:
            yield f"{node['host']}: pacemaker_addresses is empty; a node needs an address on at least one link"
    for title, found in (
        ("pacemaker_node_name", [node["name"] for node in nodes]),
        ("pacemaker_addresses", [address for node in nodes for address in node["addresses"]]),
    ):
        for value in sorted({str(value) for value in found if found.count(value) > 1}):
            yield f"{title}: {value} is there more than once"


def _about_links(request: Request) -> Iterable[str]:
    count = max((len(node["addresses"]) for node in request["nodes"]), default=0)
    numbers = [int(link["number"]) for link in request["links"]]
    for number in numbers:
        if not 0 <= number < count:
            yield f"pacemaker_links: there is no link {number}; pacemaker_addresses has {count} per node, from 0"
        if numbers.count(number) > 1:
            yield f"pacemaker_links: link {number} is described more than once"
    if count > 8:
        yield f"pacemaker_addresses: corosync has 8 links at most, not {count}"
    encrypted = [word for word in (request["cipher"], request["hash"]) if word != "none"]
    if request["transport"] == "knet":
        if request["cipher"] != "none" and request["hash"] == "none":
            yield "pacemaker_crypto_hash: can't be 'none' while pacemaker_crypto_cipher is not"
        return
    if count > 1:
        yield f"pacemaker_addresses: {request['transport']} has one link, not {count}; knet has several"
    if encrypted:
        yield (
            f"pacemaker_transport: {request['transport']} neither signs nor encrypts. Use knet, or set "
            "pacemaker_crypto_cipher and pacemaker_crypto_hash to 'none': whoever reaches the port is a member then"
        )
    for link in request["links"]:
        for key in sorted(key for key in link if key not in ("number", "mcastport") and link[key] is not None):
            yield f"pacemaker_links: {key} of link {link['number']} means nothing to {request['transport']}"


def _about_quorum(request: Request) -> Iterable[str]:
    wanted = _set(request["quorum"])
    count = len(request["nodes"])
    if request["qdevice"]:
        for key in _WITHOUT_DEVICE:
            if wanted.get(key):
                yield f"pacemaker_quorum.{key}: means nothing beside pacemaker_qdevice"
        if not request["qdevice"].get("host"):
            yield "pacemaker_qdevice.host: is missing, the address of the host that runs qnetd"
        is_split = (request["qdevice"].get("algorithm") or "ffsplit") == "ffsplit"
        if is_split and any(int(node["votes"]) != 1 for node in request["nodes"]):
            yield "pacemaker_votes: the algorithm ffsplit of pacemaker_qdevice wants one vote for each node"
    if wanted.get("two_node") and count != 2:
        yield f"pacemaker_quorum.two_node: is for two nodes, and there are {count}"
    if wanted.get("two_node") and wanted.get("auto_tie_breaker"):
        yield "pacemaker_quorum.auto_tie_breaker: can't be together with two_node"
    for key, other in (
        ("auto_tie_breaker_node", "auto_tie_breaker"),
        ("last_man_standing_window", "last_man_standing"),
    ):
        if key in wanted and not wanted.get(other):
            yield f"pacemaker_quorum.{key}: means nothing without {other}"


def _about_times(request: Request) -> Iterable[str]:
    totem, count = request["totem"], len(request["nodes"])
    token, agreed = corosync_times.token(totem, count), corosync_times.consensus(totem, count)
    # what corosync works out for itself it rounds down
    if totem.get("consensus") is not None and agreed * 5 < token * 6:
        yield (
            f"pacemaker_totem.consensus: {agreed} ms is less than 1.2 x {token} ms, what {count} nodes take: "
            f"at least {-(-token * 6 // 5)}"
        )


def _totem(request: Request) -> Section:
    section: Section = [
        ("version", "2"),
        ("cluster_name", str(request["cluster_name"])),
        ("transport", request["transport"]),
    ]
    if request["transport"] == "knet":
        section += [
            ("link_mode", request["link_mode"]),
            ("crypto_cipher", request["cipher"]),
            ("crypto_hash", request["hash"]),
        ]
    section += [(key, _text(value)) for key, value in sorted(_set(request["totem"]).items())]
    for link in sorted(request["links"], key=lambda link: int(link["number"])):
        inner: Section = [("linknumber", str(link["number"]))]
        inner += [(word, _text(link[key])) for key, word in _LINK_WORDS.items() if link.get(key) is not None]
        section.append(("interface", inner))
    return section


def _node(node: Node, number: int) -> Section:
    section: Section = [(f"ring{link}_addr", str(address)) for link, address in enumerate(node["addresses"])]
    section += [("name", str(node["name"])), ("nodeid", str(number))]
    if int(node["votes"]) != 1:
        section.append(("quorum_votes", str(node["votes"])))
    return section


def _quorum(request: Request) -> Section:
    wanted = _set(request["quorum"])
    if len(request["nodes"]) == 2 and not request["qdevice"] and not wanted.get("auto_tie_breaker"):
        wanted.setdefault("two_node", True)
    section: Section = [("provider", "corosync_votequorum")]
    section += [(key, _text(value)) for key, value in sorted(wanted.items())]
    if request["qdevice"]:
        section.append(("device", _device(request["qdevice"])))
    return section


def _device(qdevice: Mapping[str, Any]) -> Section:
    section: Section = [("model", "net")]
    algorithm = qdevice.get("algorithm") or "ffsplit"
    if algorithm == "ffsplit":
        section.append(("votes", "1"))
    for key in ("timeout", "sync_timeout"):
        if qdevice.get(key) is not None:
            section.append((key, _text(qdevice[key])))
    net: Section = [
        ("host", str(qdevice["host"])),
        ("algorithm", algorithm),
        ("tls", qdevice.get("tls") or "required"),
    ]
    net += [
        (key, _text(qdevice[key])) for key in ("port", "tie_breaker", "connect_timeout") if qdevice.get(key) is not None
    ]
    section.append(("net", net))
    if qdevice.get("heuristics"):
        heuristics: Section = [("mode", qdevice.get("heuristics_mode") or "sync")]
        heuristics += [(f"exec_{name}", str(command)) for name, command in sorted(qdevice["heuristics"].items())]
        section.append(("heuristics", heuristics))
    return section


def _logging(wanted: Mapping[str, Any]) -> Section:
    section = {"to_logfile": "no", "to_syslog": "yes", "timestamp": "on"}
    section.update({key: _text(value, yes=("yes", "no")) for key, value in _set(wanted).items()})
    return sorted(section.items())


def _set(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that somebody has set: argument validation fills in the others as null."""
    return {key: value for key, value in options.items() if value is not None}


def _text(value: Any, yes: tuple[str, str] = ("1", "0")) -> str:
    if isinstance(value, bool):
        return yes[0] if value else yes[1]
    return str(value)
