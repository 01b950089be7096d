# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""elasticsearch.yml and JVM options, put together from what is declared, in the words of the version."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import Refused
from .members import Member, voters
from .words import Version

__all__ = ["compose", "heap_options", "java_environment", "jvm_options", "quorum", "render", "warnings"]

#: the first version that reads jvm.options.d
OPTIONS_FOLDER = (7, 7, 0)


def quorum(members: Sequence[Member]) -> int:
    """How many votes an election needs: more than half."""
    return len(voters(members)) // 2 + 1


def warnings(members: Sequence[Member], version: Version) -> list[str]:
    """What is worth a thought before such a cluster is built."""
    count = len(voters(members))
    found = []
    if count == 2:
        found.append(
            "two nodes may vote: the loss of one stops the cluster. Add a third, which may be a small voting_only one"
        )
    elif count > 2 and count % 2 == 0:
        also = "; one vote is left out by the cluster itself" if version >= (7, 0, 0) else ""
        found.append(f"{count} nodes may vote, which bears the loss of no more nodes than {count - 1} would{also}")
    zones = {member.zone for member in members if member.has_data}
    if len(zones) > 1 and "" in zones:
        found.append(
            "some data nodes have no elasticsearch_zone: awareness of zones leaves their shards wherever they are"
        )
    return found


def _roles(roles: Sequence[str], version: Version) -> dict[str, Any]:
    """node.roles, or what it was called before 7.9."""
    if version >= (7, 9, 0):
        return {"node.roles": list(roles)}
    found: dict[str, Any] = {f"node.{role}": role in roles for role in ("master", "data", "ingest")}
    if "voting_only" in roles:
        found["node.voting_only"] = True
    return found


def _tls(where: str, files: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {f"xpack.security.{where}.ssl.enabled": True}
    for option, key in (("cert_file", "certificate"), ("key_file", "key"), ("ca_file", "certificate_authorities")):
        if files.get(option):
            value: Any = [files[option]] if option == "ca_file" else files[option]
            found[f"xpack.security.{where}.ssl.{key}"] = value
    if where == "transport":
        found["xpack.security.transport.ssl.verification_mode"] = files.get("verification") or "certificate"
    return found


def _fault_detection(request: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for who in ("follower_check", "leader_check"):
        stem = f"cluster.fault_detection.{who}"
        found[f"{stem}.interval"] = f"{request['fault_interval_ms']}ms"
        found[f"{stem}.timeout"] = f"{request['fault_timeout_ms']}ms"
        found[f"{stem}.retry_count"] = request["fault_retries"]
    return found


def compose(request: Mapping[str, Any], members: Sequence[Member], version: Version) -> dict[str, Any]:
    """The settings of one node, flat. request: the role's variables without their prefix; config lies over the rest."""
    found: dict[str, Any] = {
        "cluster.name": request["cluster_name"],
        "node.name": request["node_name"],
        **_roles(request["node_roles"], version),
        "network.host": list(request["bind"]),
        "network.publish_host": request["address"],
        "http.port": request["http_port"],
        "path.data": request["data_dir"],
        "path.logs": request["log_dir"],
        "bootstrap.memory_lock": request["is_memory_locked"],
    }
    found["transport.port" if version >= (7, 1, 0) else "transport.tcp.port"] = request["transport_port"]
    # Sorted: whoever is absent today is told last, and an order of its own would be a change.
    seeds = sorted(member.transport for member in members if member.is_eligible)
    if version >= (7, 0, 0):
        found["discovery.seed_hosts"] = seeds
        found.update(_fault_detection(request))
        found["cluster.publish.timeout"] = f"{request['publish_timeout_ms']}ms"
    else:
        found["discovery.zen.ping.unicast.hosts"] = seeds
        found["discovery.zen.minimum_master_nodes"] = quorum(members)
    if request["repository_paths"]:
        found["path.repo"] = list(request["repository_paths"])
    zones = sorted({member.zone for member in members if member.zone})
    if request["zone"]:
        found["node.attr.zone"] = request["zone"]
    if zones:
        found["cluster.routing.allocation.awareness.attributes"] = "zone"
    if version >= (8, 0, 0):
        # The vendor's packages leave passwords for both in the keystore; with those, what is not said is an error.
        found["xpack.security.transport.ssl.enabled"] = found["xpack.security.http.ssl.enabled"] = False
    if request["is_security_enabled"]:
        found["xpack.security.enabled"] = True
        if version >= (8, 0, 0):
            # It would write files of its own, with a password that it shows once.
            found["xpack.security.autoconfiguration.enabled"] = False
        found.update(_tls("transport", request["transport_tls"]))
        if request["http_tls"]:
            found.update(_tls("http", request["http_tls"]))
    elif version >= (8, 0, 0):
        found["xpack.security.enabled"] = False
    found.update(request["config"])
    return found


def render(settings: Mapping[str, Any]) -> str:
    """The file. A value in JSON is one in YAML, too, so nothing needs a guess about quotes."""
    return "".join(f"{key}: {json.dumps(settings[key], ensure_ascii=False)}\n" for key in sorted(settings))


def jvm_options(text: str, data_dir: str, log_dir: str) -> str:
    """The archive's jvm.options with the folders that the node may write to, as the vendor's packages have them.

    Its relative paths mean the program's own folder, which is read-only, and Java does not start without its log.
    """

    def moved(line: str) -> str:
        if line.lstrip().startswith("#"):
            return line
        logged = re.sub(r"(?<=[=:])logs/", lambda _found: f"{log_dir}/", line)
        return re.sub(r"(?<==)data(?=/|\s*$)", lambda _found: data_dir, logged)

    return "".join(moved(line) for line in text.splitlines(keepends=True))


def java_environment(options: str, version: Version) -> str:
    """ES_JAVA_OPTS for a unit, quoted, where the server does not read jvm.options.d; empty where it does.

    options: the text of that file. Raises Refused for what can't be said in that variable.
    """
    if version >= OPTIONS_FOLDER:
        return ""
    words = options.splitlines()
    for word in words:
        if re.match(r"[0-9]+(-[0-9]*)?:", word) or re.search(r"\s", word):
            raise Refused(
                f"elasticsearch_jvm_options: {word!r}: before version 7.7 options are given in ES_JAVA_OPTS, without "
                "a version of Java before them and without blanks"
            )
    quoted = " ".join(words).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"ES_JAVA_OPTS={quoted}"'


def heap_options(heap_bytes: int, more: Sequence[str]) -> str:
    """jvm.options.d/steadfast.options: the heap does not grow, for a heap that does is one that pauses."""
    size = heap_bytes // 1024**2
    return "".join(f"{line}\n" for line in [f"-Xms{size}m", f"-Xmx{size}m", *more])
