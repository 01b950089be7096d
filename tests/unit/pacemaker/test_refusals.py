# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sentence for all members about why a configuration can't be."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


def refusals(project: Path, members: list[str], hosts: dict[str, Any]) -> Any:
    spec = importlib.util.spec_from_file_location("pacemaker_cib", project / "plugins" / "filter" / "pacemaker_cib.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FilterModule().filters()["pacemaker_cib_refusals"](members, hosts)


def test_members_that_say_the_same_are_named_together(project: Path) -> None:
    good = {"__pacemaker_cib_checked": {"checked_agents": []}}
    bad = {"__pacemaker_cib_checked": {"msg": "Nothing was changed. no such agent"}}
    assert refusals(project, ["a", "b"], {"a": good, "b": good}) == []
    assert refusals(project, ["a", "b", "c", "d"], {"a": bad, "b": good, "c": bad, "d": {}}) == [
        "a, c: no such agent",
        "d: it did not answer",
    ]


def test_whether_all_are_fenced_is_for_those_to_say_that_know_the_cluster(project: Path) -> None:
    lacking = {"msg": "Nothing was changed. x: none fences db3", "lacks_fencing": True, "knows_cluster": False}
    well = {"checked_agents": [], "knows_cluster": True}

    def told(*answers: dict[str, Any]) -> list[str]:
        hosts = {f"db{number}": {"__pacemaker_cib_checked": answer} for number, answer in enumerate(answers, 1)}
        found = refusals(project, list(hosts), hosts)
        assert isinstance(found, list)
        return found

    # the one that joins does not know what was made by hand
    assert told(well, well, lacking) == []
    # where the cluster is new, or one that knows it misses something, nobody goes on
    assert told(lacking, lacking) == ["db1, db2: x: none fences db3"]
    assert told({**lacking, "knows_cluster": True}, lacking) == ["db1: x: none fences db3"]
    # all else is for each to say
    assert told(well, {**lacking, "lacks_fencing": False}) == ["db2: x: none fences db3"]
