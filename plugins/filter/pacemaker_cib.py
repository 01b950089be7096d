# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role pacemaker about the cluster's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable


def pacemaker_cib_refusals(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why the configuration can't be, one sentence; members that say the same are named together.

    That nothing was changed, as the module begins, is for the role to say: once, and of all. Whether all are fenced is
    for those to say that know the cluster, once somebody does: one that joins does not know what was made by hand.
    """
    found: dict[str, list[str]] = {}
    answers = {member: (hosts.get(member) or {}).get("__pacemaker_cib_checked") or {} for member in members}
    is_known = any(checked.get("knows_cluster") for checked in answers.values())
    for member, checked in answers.items():
        is_in_doubt = is_known and checked.get("lacks_fencing") and not checked.get("knows_cluster")
        if "checked_agents" not in checked and not is_in_doubt:
            text = str(checked.get("msg", "it did not answer")).removeprefix("Nothing was changed. ")
            found.setdefault(text, []).append(member)
    return [f"{', '.join(names)}: {text}" for text, names in found.items()]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"pacemaker_cib_refusals": pacemaker_cib_refusals}
