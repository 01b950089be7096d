# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: writes down which tasks of a playbook run changed which host, in their order.

Each run becomes one file in `$STEADFAST_RUNS`, `NN-PLAYBOOK[-check].json`; `create.yml` throws older ones away.
`steadfast_runs.py` beside this folder reads them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: steadfast_runs
type: notification
short_description: Record which tasks changed something
description: Writes one JSON file per playbook run into the directory named by the environment variable STEADFAST_RUNS.
"""


class CallbackModule(CallbackBase):
    """One record per run, one entry per play, one line per host and task that changed it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "steadfast_runs"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(os.environ["STEADFAST_RUNS"]) if os.environ.get("STEADFAST_RUNS") else None
        self.playbook = ""
        self.plays: list[dict[str, Any]] = []

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Learn the name of the run."""
        self.playbook = Path(playbook._file_name).stem

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Begin an entry."""
        self.plays.append({"play": play.get_name().strip(), "changed": []})

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note a change."""
        if result.is_changed():
            task = result._task.get_name().strip()
            self.plays[-1]["changed"].append([result._host.get_name(), task])

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write it down; a run that failed is no record."""
        if self.directory is None or any(stats.summarize(host)["failures"] for host in stats.processed):
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        number = len(list(self.directory.glob("*.json"))) + 1
        mode = "-check" if context.CLIARGS.get("check") else ""
        path = self.directory / f"{number:02}-{self.playbook}{mode}.json"
        path.write_text(json.dumps(self.plays, indent=1) + "\n")
