# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role heartbeat: thin wrappers around module_utils/heartbeat_client."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

answers = Late("heartbeat_client.answers")
lines = Late("heartbeat_client.lines")
links = Late("heartbeat_client.links")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (lines.Unwritable, links.Unknown, answers.BadAnswer) as error:
            raise AnsibleFilterError(str(error)) from None

    return filtered


def heartbeat_media(
    wanted: Sequence[Mapping[str, Any]], me: str, members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]
) -> list[list[str]]:
    """(directive, value) of every link line of one node."""
    return [list(pair) for pair in links.media(wanted, me, members, hosts)]


def heartbeat_signing_key(text: str) -> dict[str, Any]:
    """The signing key of an authkeys file as a dictionary; empty when there is none."""
    key = lines.signing_key(text)
    return {} if key is None else {"id": key[0], "method": key[1], "secret": key[2]}


def heartbeat_new_secret(length: int) -> str:
    """A fresh random secret of so many bytes, in hex."""
    return secrets.token_hex(length)


def heartbeat_disagreements(
    statuses: Mapping[str, Mapping[str, Any]], absent: Optional[Sequence[str]] = None
) -> list[str]:
    """What is wrong with a cluster, one sentence each."""
    for status in statuses.values():
        answers.understood(status)
    return answers.disagreements(statuses, absent or ())


def heartbeat_names(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The node names of members: as the role told them, as the inventory has them, or the inventory names."""
    names = []
    for member in members:
        known = hosts.get(member) or {}
        names.append(str(known.get("__heartbeat_name") or known.get("heartbeat_node_name") or member).lower())
    return names


def heartbeat_joined(entries: Sequence[Mapping[str, Any]], *fields: str) -> list[str]:
    """Each entry's fields as one line of words; a field that is a list gives several words."""
    lines_ = []
    for entry in entries:
        words = [entry[name] if isinstance(entry[name], list) else [entry[name]] for name in fields]
        lines_.append(" ".join(str(word) for part in words for word in part))
    return lines_


def heartbeat_refusals(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why the files can't be put in place, one sentence per member that objects or did not answer."""
    found = []
    for member in members:
        planned = (hosts.get(member) or {}).get("__heartbeat_plan") or {}
        if "errors" not in planned:
            found.append(f"{member} could not be asked: {planned.get('msg', 'it did not answer')}")
        elif planned["errors"]:
            found.append(f"{member} refuses: " + "; ".join(planned["errors"]))
    return found


def heartbeat_complaints(
    members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]], absent: Sequence[str]
) -> list[str]:
    """What is wrong with a cluster by the answers that its members gave, one sentence each."""
    found, statuses = [], {}
    for member in members:
        answer = (hosts.get(member) or {}).get("__heartbeat_verified") or {}
        if answer.get("running") and "status" in answer:
            statuses[member] = answer["status"]
        else:
            found.append(f"{member}: " + "; ".join(answer.get("problems") or ["did not answer"]))
    return found + heartbeat_disagreements(statuses, heartbeat_names(absent, hosts))


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "heartbeat_directives": _guarded(lines.function("directives")),
            "heartbeat_media": _guarded(heartbeat_media),
            "heartbeat_haresources": _guarded(lines.function("haresources")),
            "heartbeat_authkeys": _guarded(lines.function("authkeys")),
            "heartbeat_signing_key": heartbeat_signing_key,
            "heartbeat_new_secret": heartbeat_new_secret,
            "heartbeat_names": heartbeat_names,
            "heartbeat_joined": heartbeat_joined,
            "heartbeat_refusals": heartbeat_refusals,
            "heartbeat_complaints": _guarded(heartbeat_complaints),
        }
