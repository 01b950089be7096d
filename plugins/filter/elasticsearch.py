# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role elasticsearch: thin wrappers around module_utils/elasticsearch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

checks = Late("elasticsearch.checks")
errors = Late("elasticsearch.errors")
formation = Late("elasticsearch.formation")
members = Late("elasticsearch.members")
objects = Late("elasticsearch.objects")
rolling = Late("elasticsearch.rolling")
settings = Late("elasticsearch.settings")
words = Late("elasticsearch.words")

Hosts = Mapping[str, Mapping[str, Any]]


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except errors.Refused as error:
            raise AnsibleFilterError(str(error)) from None
        except (KeyError, TypeError, ValueError) as error:
            raise AnsibleFilterError(f"{type(error).__name__}: {error}") from None

    return filtered


def _member(entry: Mapping[str, Any]) -> members.Member:
    return members.Member(
        str(entry["host"]),
        str(entry["name"]),
        tuple(str(role) for role in entry["roles"]),
        members.transport(str(entry["address"]), int(entry["transport_port"])),
        str(entry.get("zone") or ""),
    )


def _members(declared: Sequence[Mapping[str, Any]]) -> list[members.Member]:
    return [_member(entry) for entry in declared]


def elasticsearch_absent(absent: Sequence[str], hosts: Hosts, usual: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Declarations of members that are down, from the inventory alone.

    usual: what a host has that does not say otherwise.
    """
    found = []
    for host in absent:
        own = hosts.get(host) or {}
        if not own.get("elasticsearch_address"):
            raise errors.Refused(f"{host} is absent and can't be asked: set its elasticsearch_address in the inventory")
        found.append(
            {
                "host": host,
                "name": own.get("elasticsearch_node_name") or host,
                "roles": own.get("elasticsearch_node_roles") or usual["roles"],
                "address": own["elasticsearch_address"],
                "transport_port": own.get("elasticsearch_transport_port") or usual["transport_port"],
                "zone": own.get("elasticsearch_zone") or "",
            }
        )
    return found


def elasticsearch_refusals(request: Mapping[str, Any], declared: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why a node can't be as declared."""
    mistakes: list[str] = checks.refusals(request)
    return mistakes + checks.member_mistakes(_members(declared)) + checks.trust_mistakes(declared)


def elasticsearch_warnings(declared: Sequence[Mapping[str, Any]], version: str) -> list[str]:
    """What is worth a thought."""
    return settings.warnings(_members(declared), words.parse_version(version))


def elasticsearch_yml(request: Mapping[str, Any], declared: Sequence[Mapping[str, Any]]) -> str:
    """The file elasticsearch.yml of one node."""
    return settings.render(settings.compose(request, _members(declared), words.parse_version(request["version"])))


def elasticsearch_decision(
    present: Sequence[str], hosts: Hosts, declared: Sequence[Mapping[str, Any]], wipe: str = ""
) -> dict[str, Any]:
    """Is there a cluster, and if not, who forms it: exists, uuid, initial, wiped, refusals."""
    looks = {}
    answers = [(hosts.get(host) or {}).get("__elasticsearch_look") or {} for host in present]
    objections = list(checks.access_mistakes(answers))
    for host, answer in zip(present, answers):
        if "has_data" not in answer:
            objections.append(f"{host} could not be asked: {answer.get('msg', 'it did not answer')}")
            continue
        objections += [f"{host}: {error}" for error in answer.get("errors") or []]
        name = next(str(entry["name"]) for entry in declared if entry["host"] == host)
        looks[host] = formation.look_of(name, answer)
    everybody = list(looks.values())
    # Who would be there without the one that is named: a member of that cluster is left alone.
    wiped, mistakes = formation.lost(wipe, looks)
    if wiped:
        rest = [look for host, look in looks.items() if host != wiped]
        wiped, mistakes = formation.lost(wipe, looks, formation.decide(rest, _members(declared)).uuid)
    found = formation.decide(everybody, _members(declared), [looks[wiped].name] if wiped else [])
    return {
        "exists": found.exists,
        "uuid": found.uuid,
        "initial": list(found.initial),
        "wiped": wiped or "",
        "refusals": objections + mistakes + list(found.refusals),
    }


def elasticsearch_order(present: Sequence[str], hosts: Hosts, master: str) -> list[str]:
    """In which order nodes are changed. master: host of the elected one."""
    serving = {
        host: bool(((hosts.get(host) or {}).get("__elasticsearch_look") or {}).get("running"))
        and not (hosts.get(host) or {}).get("__elasticsearch_is_outside")
        for host in present
    }
    return rolling.order(present, serving, master)


def elasticsearch_departures(leaving: Sequence[str], declared: Sequence[Mapping[str, Any]], replicas: int) -> list[str]:
    """Why nodes can't leave."""
    return rolling.departures(leaving, _members(declared), int(replicas))


def elasticsearch_way_refusals(version: str, running: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why there is no way from what runs to a version. running: nodes as elasticsearch_info returns them."""
    return rolling.way_refusals(version, {name: str(node.get("version") or "") for name, node in running.items()})


def elasticsearch_objects(by_kind: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the cluster keeps, in the order in which it is declared: kind, name, body."""
    return objects.declared(by_kind)


def elasticsearch_longest_election(request: Mapping[str, Any]) -> int:
    """The longest time without a master after a power loss, in milliseconds."""
    return rolling.longest_election_ms(
        int(request["fault_interval_ms"]),
        int(request["fault_timeout_ms"]),
        int(request["fault_retries"]),
        int(request["publish_timeout_ms"]),
    )


def elasticsearch_heap_options(heap_bytes: int, more: Sequence[str]) -> str:
    """The file in jvm.options.d."""
    return settings.heap_options(int(heap_bytes), more)


def elasticsearch_java_environment(options: str, version: str) -> str:
    """The same in the environment, for versions that do not read that folder; empty for others."""
    return settings.java_environment(options, words.parse_version(version))


def elasticsearch_jvm_options(text: str, data_dir: str, log_dir: str) -> str:
    """The archive's own jvm.options with folders that the node may write to."""
    return settings.jvm_options(text, data_dir, log_dir)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "elasticsearch_absent": _guarded(elasticsearch_absent),
            "elasticsearch_decision": _guarded(elasticsearch_decision),
            "elasticsearch_departures": _guarded(elasticsearch_departures),
            "elasticsearch_heap_options": _guarded(elasticsearch_heap_options),
            "elasticsearch_java_environment": _guarded(elasticsearch_java_environment),
            "elasticsearch_jvm_options": _guarded(elasticsearch_jvm_options),
            "elasticsearch_longest_election": _guarded(elasticsearch_longest_election),
            "elasticsearch_objects": _guarded(elasticsearch_objects),
            "elasticsearch_order": _guarded(elasticsearch_order),
            "elasticsearch_refusals": _guarded(elasticsearch_refusals),
            "elasticsearch_warnings": _guarded(elasticsearch_warnings),
            "elasticsearch_way_refusals": _guarded(elasticsearch_way_refusals),
            "elasticsearch_yml": _guarded(elasticsearch_yml),
        }
