# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can't work, told before anything is touched."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import Refused
from .formation import WORDS
from .members import Member
from .security import user_mistakes
from .words import misplaced, parse_version, role_mistakes

__all__ = ["access_mistakes", "member_mistakes", "refusals", "trust_mistakes"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
CHECKSUM = re.compile(r"(md5|sha1|sha224|sha256|sha384|sha512):[0-9a-f]+\Z")


def _source(request: Mapping[str, Any]) -> list[str]:
    source = request["source"]
    if request["install"] == "repository":
        return []
    found = []
    if bool(source.get("url")) == bool(source.get("file")):
        found.append(
            f"elasticsearch_source: elasticsearch_install is {request['install']}, which needs either url or file"
        )
    checksum = str(source.get("checksum") or "")
    if not CHECKSUM.match(checksum):
        found.append(
            f"elasticsearch_source: checksum is {checksum!r}, has to be such as sha512:… with hexadecimal digits"
        )
    return found


def _numbers(request: Mapping[str, Any]) -> list[str]:
    found = []
    for key in ("http_port", "transport_port"):
        if not 0 < int(request[key]) < 65536:
            found.append(f"elasticsearch_{key} is {request[key]}, must be between 1 and 65535")
    if int(request["http_port"]) == int(request["transport_port"]):
        found.append(f"elasticsearch_http_port and elasticsearch_transport_port are both {request['http_port']}")
    # the smallest that the server takes
    for key, low in (
        ("fault_interval_ms", 100),
        ("fault_timeout_ms", 1),
        ("fault_retries", 1),
        ("publish_timeout_ms", 1),
    ):
        if int(request[key]) < low:
            found.append(f"elasticsearch_{key} is {request[key]}, must be at least {low}")
    return found


def _outside(key: str, files: Mapping[str, str], folder: str) -> list[str]:
    """The server's own sandbox lets it read certificates nowhere else."""
    return [
        f"elasticsearch_{key}: {option} is {files[option]}, has to be in {folder} or below it, "
        "elasticsearch_config_dir: the server refuses to read certificates from elsewhere"
        for option in ("cert_file", "key_file", "ca_file")
        if files.get(option)
        and not posixpath.normpath(files[option]).startswith(posixpath.join(posixpath.normpath(folder), ""))
    ]


def _security(request: Mapping[str, Any]) -> list[str]:
    found = []
    for key in ("transport_tls", "http_tls"):
        files = request[key]
        if files and not request["is_security_enabled"]:
            found.append(f"elasticsearch_{key} needs elasticsearch_is_security_enabled")
        if files and not (files.get("cert_file") and files.get("key_file")):
            found.append(f"elasticsearch_{key} needs cert_file and key_file")
        found += _outside(key, files, request["config_dir"])
    if not request["is_security_enabled"]:
        for key in ("own_authority", "security_roles", "users"):
            if request[key]:
                found.append(f"elasticsearch_{key} needs elasticsearch_is_security_enabled")
        return found
    if not request["transport_tls"]:
        found.append(
            "elasticsearch_is_security_enabled: such nodes speak TLS with each other, set elasticsearch_own_authority "
            "or elasticsearch_transport_tls"
        )
    if request["own_authority"] and not str(request["own_authority"]).startswith("/"):
        found.append(
            f"elasticsearch_own_authority is {request['own_authority']!r}, has to be a whole path, such as "
            '"{{ inventory_dir }}/authority"'
        )
    if not request["has_password"]:
        found.append(f"elasticsearch_password is empty, with which the role asks as {request['user']}")
    return found + user_mistakes(request["users"], request["user"])


def refusals(request: Mapping[str, Any]) -> list[str]:
    """Why one node can't be as declared, one sentence each. request: the role's variables without their prefix."""
    found = []
    try:
        version = parse_version(request["version"])
    except Refused as error:
        return [str(error)]
    for key in ("cluster_name", "node_name"):
        if not NAME.match(str(request[key])):
            found.append(f"elasticsearch_{key} is {request[key]!r}, has to be letters, digits, '.', '_' and '-'")
    if not request["address"]:
        found.append("elasticsearch_address is empty, and facts tell no address of this machine")
    wipe = str(request["wipe_data"])
    if wipe and not WORDS.fullmatch(wipe):
        found.append(f"elasticsearch_wipe_data is {wipe!r}; to have a node begin anew, say 'lose the data of NODE, ID'")
    return (
        found
        + role_mistakes(request["node_roles"], version)
        + misplaced(request["config"])
        + _source(request)
        + _numbers(request)
        + _security(request)
    )


def member_mistakes(members: Sequence[Member]) -> list[str]:
    """Why the members can't be one cluster."""
    found = []
    seen: dict[tuple[str, str], str] = {}
    for member in members:
        for what, value in (("node name", member.name), ("transport address", member.transport)):
            other = seen.setdefault((what, value), member.host)
            if other != member.host:
                found.append(f"{other} and {member.host} have the same {what}, {value}")
    if not any(member.is_eligible for member in members):
        found.append("no member has the role 'master': nobody could be elected")
    return found


def trust_mistakes(declared: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why one question can't go to all nodes.

    declared: host, and trust, by what a client there checks the nodes: the file of authorities, empty without TLS. Who
    is absent says nothing of it.
    """
    by_trust: dict[str, list[str]] = {}
    for entry in declared:
        if "trust" in entry:
            by_trust.setdefault(str(entry["trust"]) or "no TLS", []).append(str(entry["host"]))
    if len(by_trust) < 2:
        return []
    told = "; ".join(f"{', '.join(hosts)}: {trust}" for trust, hosts in sorted(by_trust.items()))
    return [
        f"the nodes differ in what their clients check them by ({told}). The role asks all nodes from each of them, so "
        "say elasticsearch_http_tls for all or none, with the same ca_file, which may hold several authorities"
    ]


def access_mistakes(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why nothing can be asked of a cluster that runs.

    answers: of the module elasticsearch_instance. A node that has just started, or has no master, refuses everybody
    for a while, since it can't read who its users are. When all run and all refuse, nothing that the role can do helps.
    """
    refused = [str(answer.get("refused") or "") for answer in answers]
    if refused and all(refused):
        return [f"every node refuses elasticsearch_user with elasticsearch_password: {refused[0]}"]
    return []
