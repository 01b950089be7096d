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
