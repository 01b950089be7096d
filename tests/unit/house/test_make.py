# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make help` tells everything, and the documents promise only targets that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import stages

RULE = re.compile(r"^(?P<target>[A-Za-z][\w./-]*):(?!=)(?P<rest>.*)$", re.MULTILINE)
PHONY = re.compile(r"^\.PHONY: (.*)$", re.MULTILINE)
#: in code only: prose may say "make sure"
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s`])make((?: +[a-z][a-z-]*)+)", re.MULTILINE)


def targets(project: Path) -> dict[str, str]:
    """Every target of the Makefile, with what follows the colon."""
    text = (project / "Makefile").read_text()
    return {match["target"]: match["rest"] for match in RULE.finditer(text)}


def commands(text: str) -> set[str]:
    """The make targets that a document's code names."""
    return {
        target
        for code in CODE.findall(text)
        # a comment in a code block is prose again
        for line in COMMAND.findall(re.sub(r" +#.*", "", code))
        for target in line.split()
    }


def test_every_target_has_a_help_text_and_is_phony(project: Path) -> None:
    all_targets = targets(project)
    assert len(all_targets) > 10
    assert [target for target, rest in all_targets.items() if not re.search(r"## \S", rest)] == []
    phony = {name for line in PHONY.findall((project / "Makefile").read_text()) for name in line.split()}
    assert phony == set(all_targets)


def test_help_prints_every_target(project: Path) -> None:
    printed = subprocess.run(["make", "help"], cwd=project, check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"^  make ([\w-]+)", printed, re.MULTILINE)) == set(targets(project))


def test_documents_name_only_targets_that_exist(project: Path) -> None:
    pages = [project / "README.md", project / "CONTRIBUTING.md", *sorted((project / "docs").rglob("*.md"))]
    named = {str(page.relative_to(project)): commands(page.read_text()) for page in pages}
    assert {"demo", "test"} <= named["README.md"]
    unknown = {page: sorted(names - set(targets(project))) for page, names in named.items()}
    assert {page: names for page, names in unknown.items() if names} == {}


def test_the_stages_of_make_test_exist(project: Path) -> None:
    recipe = re.search(r"^test:.*\n\t.*stages\.py (.*)$", (project / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    assert set(re.split(r"[ +]", recipe[1])) <= set(targets(project))


def test_ci_runs_make_test_and_nothing_else(project: Path) -> None:
    script = (project / ".ci" / "run").read_text()
    assert [line for line in script.splitlines() if line and not line.startswith("#")] == [
        "set -euo pipefail",
        'cd "$(dirname "${BASH_SOURCE[0]}")/.."',
        "exec make test",
    ]


def test_commands_are_read_from_code_only() -> None:
    text = "make sure that `make lint unit` works\n```sh\nmake demo   # to make things clear\n```\n"
    assert commands(text) == {"lint", "unit", "demo"}


def test_the_summary_counts_stages_and_closes_with_them() -> None:
    outcomes = [
        stages.Outcome("lint", "passed", 1.25),
        stages.Outcome("unit", "failed", 2.0),
        stages.Outcome("sanity", "not run", 0.0),
    ]
    lines = stages.summary(outcomes, 3.0).splitlines()
    assert lines[-1] == "1 passed, 1 failed"
    assert [line.split() for line in lines[2:6]] == [
        ["lint", "passed", "1.2"],
        ["unit", "failed", "2.0"],
        ["sanity", "not", "run", "-"],
        ["total", "3.0"],
    ]


def run_stages(folder: Path, project: Path, makefile: str, *names: str) -> subprocess.CompletedProcess[str]:
    (folder / "Makefile").write_text(makefile)
    command = ["python3", project / "collection" / "tools" / "stages.py", *names]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=60)


def test_stages_stop_at_the_first_failure(tmp_path: Path, project: Path) -> None:
    makefile = "one three:\n\t@echo ran $@\ntwo:\n\t@echo ran $@; exit 3\n"
    done = run_stages(tmp_path, project, makefile, "one", "two", "three")
    assert done.returncode == 1
    assert re.findall(r"^ran (\w+)$", done.stdout, re.MULTILINE) == ["one", "two"]
    assert done.stdout.splitlines()[-1] == "1 passed, 1 failed"


def test_stages_side_by_side_all_count_and_keep_their_output_together(tmp_path: Path, project: Path) -> None:
    # each waits for the other, so neither would end alone
    meet = "touch $@; for i in $$(seq 500); do [ -e {0} ] && break; sleep 0.02; done; test -e {0}"
    makefile = (
        f"one:\n\t@{meet.format('two')}; echo ran $@; echo ran $@\n"
        f"two:\n\t@{meet.format('one')}; echo ran $@; exit 3\n"
        "three:\n\t@echo ran $@\n"
    )
    done = run_stages(tmp_path, project, makefile, "one+two", "three")
    assert done.returncode == 1
    assert re.findall(r"^ran (\w+)$", done.stdout, re.MULTILINE) == ["one", "one", "two"]
    assert [line.split()[:2] for line in done.stdout.splitlines()[-6:-3]] == [
        ["one", "passed"],
        ["two", "failed"],
        ["three", "not"],
    ]
    assert done.stdout.splitlines()[-1] == "1 passed, 1 failed"
