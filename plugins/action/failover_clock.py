# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action failover_clock: exchange clocks with a host from the controller."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.steadfast.ha.plugins.module_utils.drill.events.clock import Exchange, best_offset

BOOT_ID = "/proc/sys/kernel/random/boot_id"
# No pipe and no module: the fewer processes between the two readings, the smaller the uncertainty.
COMMAND = f"date +%s%N; cat {BOOT_ID} 2>/dev/null || true"


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _validated, wanted = self.validate_argument_spec(argument_spec={"exchanges": {"type": "int", "default": 5}})
        exchanges, boot_id = [], ""
        for _ in range(max(1, wanted["exchanges"])):
            before_ns = time.time_ns()
            answer = self._low_level_execute_command(COMMAND, sudoable=False)
            after_ns = time.time_ns()
            words = str(answer.get("stdout", "")).split()
            if answer.get("rc") != 0 or not words or not words[0].isdigit() or len(words[0]) < 19:
                raise AnsibleActionFail(f"cannot read the clock: date +%s%N printed {answer.get('stdout')!r}")
            boot_id = words[1] if len(words) > 1 else ""
            exchanges.append(Exchange(before_ns, int(words[0]), after_ns))
        ours = self._own_boot_id()
        offset = best_offset(exchanges, ours, boot_id)
        return {
            "changed": False,
            "offset_ns": offset.ns,
            "uncertainty_ns": offset.uncertainty_ns,
            "same_kernel": bool(ours) and ours == boot_id,
        }

    @staticmethod
    def _own_boot_id() -> str:
        try:
            with open(BOOT_ID, encoding="ascii") as stream:
                return stream.read().strip()
        except OSError:
            return ""
