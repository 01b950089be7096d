# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role node: thin wrappers around module_utils/node."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

addresses = Late("node.addresses")
hosts = Late("node.hosts")
openings = Late("node.openings")
trust = Late("node.trust")


def node_hosts(text: str, members: Sequence[Mapping[str, Any]]) -> str:
    """The hosts file with the members in it."""
    try:
        return hosts.with_members(text, members)
    except ValueError as error:
        raise AnsibleFilterError(f"node_addresses: {error}") from None


def node_openings(
    wanted: Sequence[Mapping[str, Any]], told: Mapping[str, Sequence[str]], earlier: str = ""
) -> dict[str, Any]:
    """What the firewall tool reads: openings with addresses in place of host names, and whose addresses these are.

    told: inventory name -> addresses of the hosts in this play; earlier: the file of an earlier run, or nothing.
    """
    try:
        known = openings.told_and_known(told, wanted, json.loads(earlier or "{}"))
        return {"hosts": known, "openings": openings.resolved(wanted, known)}
    except openings.Unusable as error:
        raise AnsibleFilterError(f"node_firewall_openings: {error}") from None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "node_authorized_keys": trust.function("authorized_keys"),
            "node_hosts": node_hosts,
            "node_known_hosts": trust.function("known_hosts"),
            "node_openings": node_openings,
            "node_own_addresses": addresses.function("own"),
        }
