# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rolling with fake hooks: three hosts in a plain play without serial."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
STEPS = ("pre_check", "drain", "act", "rejoin", "gate")
#: the order that the play asks for, which is not the inventory's
ORDER = ("gamma", "alpha", "beta")

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)


def roll(folder: Path, *options: str, **variables: str) -> tuple[int, str, list[str]]:
    """Run the play; return its exit code, its output and what the hooks wrote down in this run."""
    journal = folder / "steps"
    journal.unlink(missing_ok=True)
    rolling = HERE / "rolling"
    done = conftest.ansible_playbook(
        "--inventory", rolling / "inventory.yml", rolling / "play.yml", "--extra-vars",
        json.dumps({"journal": str(folder), **variables}), *options, cwd=folder,
    )  # fmt: skip
    steps = journal.read_text().splitlines() if journal.exists() else []
    return done.returncode, " ".join((done.stdout + done.stderr).split()), steps


def turns(*hosts: str) -> list[str]:
    return [f"{host} {step}" for host in hosts for step in STEPS]


def test_stops_at_the_first_failure_and_goes_on_from_there(tmp_path: Path) -> None:
    # check mode: only what looks and what says what would change, and nothing is changed
    code, output, steps = roll(tmp_path, "--check")
    assert (code, steps) == (0, [])
    assert output.count("changed=1") == 3
    assert not list(tmp_path.glob("*.done"))

    # the second host fails: the third is not touched, and the output says who is where
    code, output, steps = roll(tmp_path, failing="alpha gate")
    assert code != 0
    assert steps == turns("gamma", "alpha")
    assert "STOPPED: the test's change failed on alpha at the step gate" in output
    assert "the fake hook fails on purpose -- Done: gamma. Not touched: beta." in output

    # a connection that is lost is a failure too; gamma and alpha are done and passed over
    code, output, steps = roll(tmp_path, losing="beta")
    assert code != 0
    assert steps == ["beta pre_check", "beta drain", "beta act"]

    # repaired: only what is left is done
    code, output, steps = roll(tmp_path)
    assert (code, steps) == (0, turns("beta"))

    # and then there is nothing to do
    code, output, steps = roll(tmp_path)
    assert (code, steps) == (0, [])
    assert output.count("changed=0") == 3


def test_one_host_after_the_other_in_the_given_order(tmp_path: Path) -> None:
    code, _output, steps = roll(tmp_path)
    assert code == 0
    assert steps == turns(*ORDER)
