# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter that converts heartbeat's files: a thin wrapper around module_utils/heartbeat/migrate."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

migrate = Late("heartbeat.cli.migrate")
pacemaker = Late("heartbeat.migrate.pacemaker")


def heartbeat_to_pacemaker(ha_cf: str, haresources: str) -> dict[str, Any]:
    """The text of a variables file, the variables themselves, and sentences about what is left to do."""
    found = pacemaker.convert(ha_cf, haresources)
    if not found.variables:
        raise AnsibleFilterError("; ".join(str(diagnostic) for diagnostic in found.diagnostics))
    return {
        "text": migrate.as_yaml(found, "pacemaker"),
        "variables": found.variables,
        "left": [fate.sentence() for fate in found.fates if fate.is_open],
    }


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"heartbeat_to_pacemaker": heartbeat_to_pacemaker}
