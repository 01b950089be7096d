# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action failover_clock: exchange clocks with a host from the controller."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.steadfast.ha.plugins.module_utils.drill.events.clock import (
    Exchange,
    Identity,
    best_offset,
    same_kernel,
)

BOOT_ID = "/proc/sys/kernel/random/boot_id"
COUNTERS = "/proc/stat"
# The clock comes first, and no module is shipped: the fewer processes between our two readings, the smaller the
# uncertainty.
COMMAND = f"date +%s%N; cat {BOOT_ID} 2>/dev/null; grep -E '^(ctxt|processes) ' {COUNTERS} 2>/dev/null || true"


def identity(boot_id: str, lines: Iterable[str]) -> Identity:
    """Put together what tells a kernel apart; ``lines`` are those of /proc/stat."""
    found = dict(line.split()[:2] for line in lines if line.startswith(("ctxt ", "processes ")))
    counters = tuple(int(found[name]) for name in ("ctxt", "processes") if name in found)
    return Identity(boot_id, counters)


def own_identity() -> Identity:
    """Read our own."""
    try:
        with open(BOOT_ID, encoding="ascii") as boot, open(COUNTERS, encoding="ascii") as stat:
            return identity(boot.read().strip(), stat)
    except OSError:
        return Identity()


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _validated, wanted = self.validate_argument_spec(argument_spec={"exchanges": {"type": "int", "default": 5}})
        exchanges, readings = [], []
        for _exchange in range(max(1, wanted["exchanges"])):
            ours = own_identity()
            before_ns = time.time_ns()
            answer = self._low_level_execute_command(COMMAND, sudoable=False)
            after_ns = time.time_ns()
            lines = str(answer.get("stdout", "")).split("\n")
            if answer.get("rc") != 0 or not lines[0].isdigit() or len(lines[0]) < 19:
                raise AnsibleActionFail(f"cannot read the clock: date +%s%N printed {answer.get('stdout')!r}")
            boot_id = lines[1].strip() if len(lines) > 1 and lines[1].count("-") == 4 else ""
            exchanges.append(Exchange(before_ns, int(lines[0]), after_ns))
            readings.append((ours, identity(boot_id, lines), own_identity()))
        one_kernel = same_kernel(readings)
        offset = best_offset(exchanges, one_kernel)
        return {
            "changed": False,
            "offset_ns": offset.ns,
            "uncertainty_ns": offset.uncertainty_ns,
            "same_kernel": one_kernel,
        }
