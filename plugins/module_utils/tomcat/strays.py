# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances on a node that the inventory does not have any more."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["complaint", "strays"]

_UNIT = re.compile(r"steadfast-tomcat@([^/\s]+)\.service")


def strays(running: str, enabled: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return the names of instances that run or begin with the machine and are not wanted, sorted.

    running: what ``systemctl list-units --plain --no-legend`` says of those that run, a unit in front of each line;
    enabled: paths of units that are enabled; wanted: names of the instances in the inventory.
    """
    units = [row.split()[0] for row in running.splitlines() if row.split()] + [
        path.rsplit("/", 1)[-1] for path in enabled
    ]
    found = {match.group(1) for match in map(_UNIT.fullmatch, units) if match}
    return sorted(found - set(wanted))


def complaint(host: str, names: Iterable[str]) -> str:
    """Return what is wrong with them and what to do. names: as ``strays`` returns them."""
    units = " ".join(f"steadfast-tomcat@{name}" for name in names)
    return (
        f"{host} has {units}, which the inventory does not: keep it in tomcat_instances there, or drain it and let it "
        f"go: systemctl disable --now {units}"
    )
