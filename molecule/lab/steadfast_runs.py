# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook runs of a scenario changed, as the callback `steadfast_runs` recorded it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: (host, task as Ansible names it: "role : task")
Change = tuple[str, str]


@dataclass(frozen=True)
class Play:
    """A play's name and its changes, in their order."""

    name: str
    changed: tuple[Change, ...]


@dataclass(frozen=True)
class Runs:
    """The runs of a scenario, the oldest first: (playbook, or playbook-check) and plays."""

    runs: tuple[tuple[str, tuple[Play, ...]], ...]

    @classmethod
    def read(cls, directory: Path) -> Runs:
        """Read the records in `directory`; none is an empty one."""
        found = []
        for path in sorted(directory.glob("*.json")):
            plays = (
                Play(play["play"], tuple((host, task) for host, task in play["changed"]))
                for play in json.loads(path.read_text())
            )
            found.append((path.stem.split("-", 1)[1], tuple(plays)))
        return cls(tuple(found))

    def first(self, name: str) -> tuple[Play, ...]:
        """Return the plays of the first run of this name. Raises LookupError if there is none."""
        for found, plays in self.runs:
            if found == name:
                return plays
        raise LookupError(f"no record of a run {name!r}, only of {[found for found, _ in self.runs]}")

    def side_effects(self) -> tuple[Play, ...]:
        """Return the plays of `side_effect.yml`, and behind them those of `full.yml` once it has been gone through.

        Raises LookupError if there was no side effect yet.
        """
        full = [plays for found, plays in self.runs if found == "full"]
        return self.first("side_effect") + (full[0] if full else ())

    def behind(self, mark: str, name: str) -> Play:
        """Return the first play of a name that follows a play called `mark`, among the side effects.

        Raises LookupError if there is none.
        """
        plays = self.side_effects()
        places = [place for place, play in enumerate(plays) if play.name == mark]
        for play in plays[places[0] :] if places else ():
            if play.name == name:
                return play
        raise LookupError(f"no play {name!r} behind {mark!r}")


def differences(foretold: tuple[Play, ...], done: tuple[Play, ...], exceptions: Mapping[str, str]) -> list[str]:
    """Return a sentence per task that check mode did not foretell, or foretold in vain, on a host.

    `exceptions` maps a task to the reason why it may differ. One that does not differ any more is told as well, so that
    the list cannot grow old.
    """
    before = Counter(change for play in foretold for change in play.changed)
    after = Counter(change for play in done for change in play.changed)
    found = []
    excused = set()
    for host, task in sorted(before.keys() | after.keys()):
        times = before[host, task], after[host, task]
        if times[0] == times[1]:
            continue
        if task in exceptions:
            excused.add(task)
            continue
        found.append(f"{host}: {task!r} changes {times[1]} time(s), check mode said {times[0]}")
    return found + [f"{task!r} is no exception any more" for task in sorted(exceptions.keys() - excused)]
