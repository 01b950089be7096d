# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role pacemaker about the cluster's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable


def pacemaker_cib_refusals(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why the configuration can't be, one sentence; members that say the same are named together.

    That nothing was changed, as the module begins, is for the role to say: once, and of all.
    """
    found: dict[str, list[str]] = {}
    for member in members:
        checked = (hosts.get(member) or {}).get("__pacemaker_cib_checked") or {}
        if "checked_agents" not in checked:
            text = str(checked.get("msg", "it did not answer")).removeprefix("Nothing was changed. ")
            found.setdefault(text, []).append(member)
    return [f"{', '.join(names)}: {text}" for text, names in found.items()]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"pacemaker_cib_refusals": pacemaker_cib_refusals}
