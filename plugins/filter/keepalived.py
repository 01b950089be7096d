# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role keepalived: thin wrappers around module_utils/keepalived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

checks = Late("keepalived.checks")
config = Late("keepalived.config")
health = Late("keepalived.health")
listen = Late("keepalived.listen")
syntax = Late("keepalived.syntax")
timing = Late("keepalived.timing")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (syntax.Unwritable, ValueError, KeyError, TypeError) as error:
            raise AnsibleFilterError(str(error)) from None

    return filtered


def keepalived_refusals(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why the files can't be put in place, one sentence per member that objects or did not answer."""
    found = []
    for member in members:
        planned = (hosts.get(member) or {}).get("__keepalived_plan") or {}
        if "errors" not in planned:
            found.append(f"{member} could not be asked: {planned.get('msg', 'it did not answer')}")
        elif planned["errors"]:
            found.append(f"{member} refuses: " + "; ".join(planned["errors"]))
    return found


def keepalived_complaints(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with a group by the answers that its members gave, one sentence each."""
    answers = {member: (hosts.get(member) or {}).get("__keepalived_verified") or {} for member in members}
    return health.complaints(answers, members)


def keepalived_package_versions(package: Mapping[str, Any]) -> list[str]:
    """The spellings of an installed package's version that a package manager takes, with and without its release."""
    version, release, epoch = (str(package.get(key) or "") for key in ("version", "release", "epoch"))
    found = [version] + ([f"{version}-{release}"] if release else [])
    return found + [f"{epoch}:{text}" for text in found if epoch]


def keepalived_promises(host: Mapping[str, Any], members: Sequence[str]) -> dict[str, dict[str, float]]:
    """What VRRP promises, from the variables that one of the members has; see module_utils/keepalived/timing.py."""
    wanted = ("instances", "scripts", "priority_start", "priority_step")
    return timing.promises({key: host.get(f"keepalived_{key}") for key in wanted}, members)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "keepalived_conf": _guarded(config.function("configuration")),
            "keepalived_clashes": _guarded(checks.function("clashes")),
            "keepalived_warnings": _guarded(checks.function("warnings")),
            "keepalived_watched": _guarded(listen.function("watched")),
            "keepalived_group_addresses": listen.function("group_addresses"),
            "keepalived_moving": _guarded(config.function("moving")),
            "keepalived_promises": _guarded(keepalived_promises),
            "keepalived_package_versions": keepalived_package_versions,
            "keepalived_refusals": keepalived_refusals,
            "keepalived_complaints": _guarded(keepalived_complaints),
        }
