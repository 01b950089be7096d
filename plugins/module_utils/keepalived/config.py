# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts keepalived.conf of one node together from the role's typed variables and the inventory.

``request`` is a dictionary of the role's variables without their prefix ``keepalived_``. Words and their meaning are
those of keepalived.conf(5), versions 2.2 and 2.3.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .derive import Host, address_of, interface_of, priorities
from .lvs import virtual_servers
from .seal import sealed
from .syntax import Tree, Unwritable, flag, options, raw, render, unknown, word, words

#: name of the tracked file that stands for the maintenance switch
MAINTENANCE = "steadfast_maintenance"
#: what the second instance of a coupled pair and their group are called
SUFFIX_6, SUFFIX_GROUP = "_6", "_pair"

#: what of an entry in the role's variables becomes a keyword of the same name
_FILE = ("file", "weight")
_PROCESS = ("process", "quorum", "delay", "weight")
_SCRIPT = ("interval", "timeout", "weight", "fall", "rise")
_BFD = (
    "neighbor_ip", "source_ip", "min_rx", "min_tx", "idle_tx", "multiplier", "ttl", "hoplimit", "max_hops", "weight",
)  # fmt: skip
#: kind of what is tracked -> what a section calls its list of them
TRACKS = {
    "interface": "track_interfaces", "script": "track_scripts", "file": "track_files", "process": "track_processes",
    "bfd": "track_bfds",
}  # fmt: skip
#: the same -> where the role's variables list it; interfaces are the node's own
_TRACKED = {
    "script": "scripts", "file": "track_files", "process": "track_processes", "bfd": "bfd_instances",
}  # fmt: skip
#: seconds between two runs of a check
INTERVAL = 3
#: seconds that steadfast-check may take to ask for a restart and see what became of it
RESTART = 2
_NOTIFY = ("master", "backup", "fault", "stop", "deleted", "master_rx_lower_pri")
_GARP = (
    "master_delay", "master_repeat", "lower_prio_delay", "lower_prio_repeat", "master_refresh", "master_refresh_repeat",
)  # fmt: skip


def family_of(where: str, text: Any) -> int:
    """Return 4 or 6 for an address with or without a prefix length. Raises Unwritable."""
    try:
        return ipaddress.ip_interface(str(text)).version
    except ValueError as error:
        raise Unwritable(f"{where}: {error}") from None


def families(instance: Mapping[str, Any]) -> list[int]:
    """Return the families of an instance's addresses, IPv4 first."""
    where = f"keepalived_instances {instance['name']}"
    found = {family_of(where, entry["ip"]) for entry in instance.get("addresses") or ()}
    if not found:
        raise Unwritable(f"{where}: needs at least one address")
    return sorted(found)


def name_of(instance: Mapping[str, Any], family: int) -> str:
    """Return the name of the VRRP instance for one family: with IPv4 and IPv6 there are two."""
    return str(instance["name"]) + (SUFFIX_6 if family == 6 and len(families(instance)) > 1 else "")


def moving(request: Mapping[str, Any]) -> list[str]:
    """Return every address that moves."""
    return [
        str(ipaddress.ip_interface(str(entry["ip"])).ip)
        for instance in request.get("instances") or ()
        for field in ("addresses", "excluded_addresses")
        for entry in instance.get(field) or ()
    ]


def shared_hash(request: Mapping[str, Any]) -> str:
    """Return a SHA-256 of what has to be equal on all nodes, in hex."""
    shared = {key: value for key, value in request.items() if key not in ("router_id", "extra_here")}
    # nodes may call the interface on the same segment differently
    shared["instances"] = [
        {key: value for key, value in instance.items() if key != "interface"}
        for instance in request.get("instances") or ()
    ]
    return hashlib.sha256(json.dumps(_as_text(shared), sort_keys=True).encode()).hexdigest()


def _as_text(value: Any) -> Any:
    """The same structure with numbers as text: 1 on the command line and 1 in the inventory are one wish."""
    if isinstance(value, Mapping):
        return {str(key): _as_text(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_text(entry) for entry in value]
    return value if value is None or isinstance(value, bool) else str(value)


def configuration(request: Mapping[str, Any], me: str, members: Sequence[str], hosts: Mapping[str, Host]) -> str:
    """Return the text of keepalived.conf for one node. Raises Unwritable."""
    tree: Tree = [("global_defs", _globals(request))]
    maintenance = request.get("maintenance_file")
    if maintenance:
        path = word("keepalived_maintenance_file", maintenance)
        tree.append((f"track_file {MAINTENANCE}", [f"file {path}", "weight 0"]))
    for entry in request.get("track_files") or ():
        tree.append(_named("track_file", "keepalived_track_files", entry, _FILE))
    for entry in request.get("track_processes") or ():
        tree.append(_named("vrrp_track_process", "keepalived_track_processes", entry, _PROCESS))
    tree += [_script(entry, request) for entry in request.get("scripts") or ()]
    for entry in request.get("bfd_instances") or ():
        tree.append(_named("bfd_instance", "keepalived_bfd_instances", entry, _BFD))
    tree += _sync_groups(request)
    for instance in request.get("instances") or ():
        for family in families(instance):
            tree.append(_instance(request, instance, family, me=me, members=members, hosts=hosts))
    tree += virtual_servers(request)
    tree += raw(request.get("extra")) + raw(request.get("extra_here"))
    return sealed(shared_hash(request), "\n" + render(tree))


def _globals(request: Mapping[str, Any]) -> Tree:
    mail = request.get("mail") or {}
    lines: Tree = []
    # first, since what follows needs it to exist
    if request.get("script_user"):
        lines.append(f"script_user {words('keepalived_script_user', request['script_user'])}")
    if mail.get("to"):
        lines.append(("notification_email", [word("keepalived_mail, to", item) for item in mail["to"]]))
    lines += options("keepalived_mail", {"notification_email_from": mail.get("from")})
    if mail.get("server"):
        # its port is a word of its own
        lines.append(f"smtp_server {words('keepalived_mail, server', mail['server'])}")
    lines += options(
        "keepalived_mail",
        {
            "smtp_connect_timeout": mail.get("timeout"),
            "smtp_helo_name": mail.get("helo_name"),
        },
    )
    fifo = request.get("notify_fifo") or {}
    lines += options(
        "keepalived_global",
        {
            "router_id": request.get("router_id"),
            "enable_script_security": flag(
                "keepalived_is_script_security_enabled", request.get("is_script_security_enabled")
            ),
            "vrrp_notify_fifo": fifo.get("path"),
            "vrrp_notify_fifo_script": fifo.get("script"),
        },
    )
    return (
        lines
        + options("keepalived_global_options", request.get("global_options") or {})
        + raw(request.get("global_extra"))
    )


def _named(header: str, variable: str, entry: Mapping[str, Any], keys: Sequence[str]) -> tuple[str, Tree]:
    """A block for an entry of a variable: its keys, its ``options``, its ``extra``."""
    where = f"{variable} {entry['name']}"
    lines = options(where, {key: entry.get(key) for key in keys}) + options(where, entry.get("options") or {})
    return f"{header} {word(where, entry['name'])}", lines + raw(entry.get("extra"))


def _script(entry: Mapping[str, Any], request: Mapping[str, Any]) -> tuple[str, Tree]:
    where = f"keepalived_scripts {entry['name']}"
    if entry.get("service") and entry.get("command"):
        raise Unwritable(f"{where}: give service or command, not both")
    if entry.get("service"):
        command = " ".join([str(request["check_script"]), str(entry["service"]), *map(str, entry.get("check") or ())])
    elif entry.get("command"):
        command = str(entry["command"])
    else:
        raise Unwritable(f"{where}: give service or command")
    lines: Tree = [f"script {word(where, command)}"]
    given = {key: entry[key] for key in _SCRIPT if entry.get(key) is not None}
    lines += options(where, {"interval": INTERVAL, **_timeout(entry), **given})
    if entry.get("user"):
        lines.append(f"user {words(where, entry['user'])}")
    lines += options(where, {"init_fail": flag(f"{where}, init_fail", entry.get("init_fail"))})
    return (f"vrrp_script {word(where, entry['name'])}", lines + raw(entry.get("extra")))


def interval_of(entry: Mapping[str, Any]) -> float:
    """Return the seconds between two runs of a check."""
    return float(entry.get("interval") or INTERVAL)


def timeout_of(entry: Mapping[str, Any]) -> float:
    """Return the seconds that a check may take: its interval, but time enough to restart a service."""
    if entry.get("timeout") is not None:
        return float(entry["timeout"])
    return max(interval_of(entry), RESTART) if entry.get("service") else interval_of(entry)


def _timeout(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword where it does not follow from the interval."""
    return {} if timeout_of(entry) == interval_of(entry) else {"timeout": f"{timeout_of(entry):g}"}


def _tracked(where: str, kind: str, entries: Sequence[Any], known: Optional[Sequence[str]]) -> Tree:
    """``known``: names that there are, None where anything may be named. keepalived only warns of one that is not
    there, and goes on without looking after it."""
    lines: Tree = []
    for entry in entries:
        name, weight = (entry["name"], entry.get("weight")) if isinstance(entry, Mapping) else (entry, None)
        if known is not None and str(name) not in known:
            raise Unwritable(f"{where}: there is no {unknown(name, known)}")
        lines.append(word(where, name) + ("" if weight is None else f" weight {int(weight)}"))
    return [(kind, lines)] if lines else []


def _tracks(where: str, section: Mapping[str, Any], request: Mapping[str, Any], is_instance: bool) -> Tree:
    tree: Tree = []
    switch = [MAINTENANCE] if is_instance and request.get("maintenance_file") else []
    for kind, field in TRACKS.items():
        entries = list(section.get(field) or ()) + (switch if kind == "file" else [])
        listed = request.get(_TRACKED[kind]) or () if kind in _TRACKED else None
        known = (
            None if listed is None else [*(str(entry["name"]) for entry in listed), *(switch if kind == "file" else [])]
        )
        tree += _tracked(f"{where}, {field}", f"track_{kind}", entries, known)
    return tree


def _notified(where: str, section: Mapping[str, Any]) -> Tree:
    tree: Tree = []
    for key, command in (section.get("notify") or {}).items():
        if key not in (*_NOTIFY, "any"):
            raise Unwritable(f"{where}: notify does not know {unknown(key, (*_NOTIFY, 'any'))}")
        if command:
            tree.append(f"{'notify' if key == 'any' else 'notify_' + key} {word(where, command)}")
    if section.get("smtp_alert") is not None:
        tree.append(f"smtp_alert {word(where, flag(f'{where}, smtp_alert', section['smtp_alert']))}")
    return tree


def _sync_groups(request: Mapping[str, Any]) -> Tree:
    tree: Tree = []
    instances = {str(entry["name"]): entry for entry in request.get("instances") or ()}
    grouped = set()
    for group in request.get("sync_groups") or ():
        where = f"keepalived_sync_groups {group['name']}"
        names = []
        for name in group["instances"]:
            if name not in instances:
                raise Unwritable(f"{where}: there is no instance {unknown(name, instances)}")
            grouped.add(name)
            names += [name_of(instances[name], family) for family in families(instances[name])]
        body: Tree = [("group", [word(where, name) for name in names])]
        body += _tracks(where, group, request, False) + _notified(where, group)
        body += options(where, group.get("options") or {}) + raw(group.get("extra"))
        tree.append((f"vrrp_sync_group {word(where, group['name'])}", body))
    for name, instance in instances.items():
        if name in grouped or len(families(instance)) == 1:
            continue
        where = f"keepalived_instances {name}"
        body = [("group", [word(where, name_of(instance, family)) for family in families(instance)])]
        tracked = [entry for field in TRACKS.values() for entry in instance.get(field) or ()]
        # without this word a group ignores weights
        if any(isinstance(entry, Mapping) and entry.get("weight") for entry in tracked):
            body.append("sync_group_tracking_weight")
        tree.append((f"vrrp_sync_group {word(where, name + SUFFIX_GROUP)}", body + _notified(where, instance)))
    return tree


def _address(where: str, entry: Mapping[str, Any]) -> str:
    interface = ipaddress.ip_interface(str(entry["ip"]))
    prefix = entry.get("prefix")
    if prefix in (None, "") and "/" in str(entry["ip"]):
        prefix = interface.network.prefixlen
    text = str(interface.ip) + ("" if prefix in (None, "") else f"/{int(str(prefix))}")
    for key, keyword in (("broadcast", "brd"), ("device", "dev"), ("scope", "scope"), ("label", "label")):
        if entry.get(key):
            text += f" {keyword} {word(where, entry[key])}"
    return text + (f" {words(where, entry['options'])}" if entry.get("options") else "")


def _instance(
    request: Mapping[str, Any],
    instance: Mapping[str, Any],
    family: int,
    *,
    me: str,
    members: Sequence[str],
    hosts: Mapping[str, Host],
) -> tuple[str, Tree]:
    where = f"keepalived_instances {instance['name']}"
    version = version_of(instance, family)
    start, step = int(request.get("priority_start") or 100), int(request.get("priority_step") or 10)
    ranks = priorities(where, instance, members, start=start, step=step)
    is_preempting = flag(f"{where}, preempt", instance.get("preempt"))
    device = interface_of(where, instance, me, hosts[me])
    lines: Tree = [
        f"state {'MASTER' if is_preempting and ranks[me] == max(ranks.values()) else 'BACKUP'}",
        f"interface {word(where, device)}",
        f"virtual_router_id {int(instance['virtual_router_id'])}",
        f"version {version}",
        f"priority {ranks[me]}",
        f"advert_int {_seconds(where, instance.get('advert_interval', 1), version)}",
    ]
    if family == 6:
        lines.append("native_ipv6")
    if not is_preempting:
        lines.append("nopreempt")
    elif instance.get("preempt_delay"):
        lines.append(f"preempt_delay {float(instance['preempt_delay']):g}")
    others = [member for member in members if member != me]
    moved = moving(request)
    if instance.get("mode", "unicast") == "unicast":
        source = address_of(where, instance, family, name=me, host=hosts[me], moving=moved)
        peers = [
            address_of(where, instance, family, name=member, host=hosts.get(member) or {}, moving=moved)
            for member in others
        ]
        lines += [f"unicast_src_ip {source}", ("unicast_peer", peers)]
    secret = (instance.get("auth") or {}).get("password")
    if secret and version == 2:
        kind = (instance.get("auth") or {}).get("type", "PASS")
        # keepalived sends no more than eight bytes, and its test refuses a file with more
        sent = str(secret).encode()[:8].decode(errors="ignore")
        lines.append(("authentication", [f"auth_type {word(where, kind)}", f"auth_pass {word(where, sent)}"]))
    lines += options(where, {f"garp_{key}": (instance.get("garp") or {}).get(key) for key in _GARP})
    for field, keyword in (("addresses", "virtual_ipaddress"), ("excluded_addresses", "virtual_ipaddress_excluded")):
        entries = [entry for entry in instance.get(field) or () if family_of(where, entry["ip"]) == family]
        lines.append((keyword, [_address(where, entry) for entry in entries]))
    if family == families(instance)[0]:
        for field in ("virtual_routes", "virtual_rules"):
            lines.append((field, [words(f"{where}, {field}", entry) for entry in instance.get(field) or ()]))
    lines += _tracks(where, instance, request, True)
    if len(families(instance)) == 1:
        lines += _notified(where, instance)
    lines += options(where, instance.get("options") or {}) + raw(instance.get("extra"))
    return (f"vrrp_instance {word(where, name_of(instance, family))}", lines)


def version_of(instance: Mapping[str, Any], family: int) -> int:
    """Return the VRRP version of an instance: IPv6 has only version 3 (RFC 5798)."""
    return 3 if family == 6 else int(instance.get("version") or 2)


def _seconds(where: str, value: Any, version: int) -> str:
    seconds = float(value)
    if version == 2 and (seconds != int(seconds) or not 1 <= seconds <= 255):
        raise Unwritable(f"{where}: VRRP version 2 counts whole seconds, 1 to 255; {value} needs version 3")
    if version == 3 and not 0.01 <= seconds <= 40.95:
        raise Unwritable(f"{where}: an advert_interval of version 3 lies between 0.01 and 40.95 seconds, not {value}")
    return f"{seconds:g}"
