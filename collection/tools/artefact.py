#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the collection's artefact, checks what is in it, and installs it for the tests.

``artefact.py build`` leaves ``build/steadfast-ha-VERSION.tar.gz`` and, unpacked by ``ansible-galaxy`` as a user's
would be, ``build/collections/ansible_collections/steadfast/ha``. Exit code 1 when the artefact holds something that
a user has no use for, or lacks something that a user needs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
COLLECTIONS = BUILD / "collections"
#: ansible-galaxy of the virtual environment that runs us
GALAXY = Path(sys.executable).with_name("ansible-galaxy")

#: Everything that may stand at the top of the artefact. A new entry is a decision; see build_ignore in galaxy.yml.
ALLOWED = frozenset(
    "CHANGELOG.md CONTRIBUTING.md FILES.json LICENSE MANIFEST.json README.md bindep.txt changelogs docs examples "
    "inventories meta playbooks plugins roles tests".split()
)
REQUIRED = frozenset(
    "CHANGELOG.md FILES.json LICENSE MANIFEST.json README.md docs meta/runtime.yml "
    "plugins/module_utils/heartbeat/__init__.py".split()
)
#: Never in an artefact, at any depth: caches, and the tests that need the checkout around them.
FORBIDDEN = re.compile(
    r"(^|/)(__pycache__|\.[^/]+|[^/]+\.py[co]|[^/]+\.retry)(/|$)"
    r"|^tests/(?!config\.yml$|sanity(/|$))[^/]+"
    r"|^inventories/lab(/|$)"
)


def objections(names: list[str]) -> list[str]:
    """Return one sentence per thing that is wrong with an artefact holding these paths; none means good."""
    found = [f"{name}: does not belong into the artefact" for name in names if FORBIDDEN.search(name)]
    tops = {name.split("/", 1)[0] for name in names}
    found += [f"{top}: not in the list of what may be in the artefact" for top in sorted(tops - ALLOWED)]
    found += [f"{name}: missing from the artefact" for name in sorted(REQUIRED - set(names))]
    return found


def galaxy(*arguments: str | Path) -> None:
    """Run ansible-galaxy quietly, aware of our collections path.

    Raises subprocess.CalledProcessError when it fails, after it has said why on standard error.
    """
    subprocess.run(
        [GALAXY, "collection", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)},
    )


def build() -> Path:
    """Build the artefact into ``build/`` and return its path; older ones are removed first."""
    for old in BUILD.glob("steadfast-ha-*.tar.gz"):
        old.unlink()
    galaxy("build", "--force", "--output-path", BUILD, ROOT)
    (artefact,) = BUILD.glob("steadfast-ha-*.tar.gz")
    return artefact


def install(artefact: Path) -> Path:
    """Install the artefact into an empty collections path, as a user would, and return the installed folder."""
    shutil.rmtree(COLLECTIONS, ignore_errors=True)
    COLLECTIONS.mkdir(parents=True)
    galaxy("install", "--offline", "--force", "--collections-path", COLLECTIONS, artefact)
    return COLLECTIONS / "ansible_collections" / "steadfast" / "ha"


def main(arguments: list[str]) -> int:
    """Build, check, install."""
    if arguments != ["build"]:
        print("usage: artefact.py build", file=sys.stderr)
        return 2
    BUILD.mkdir(exist_ok=True)
    artefact = build()
    with tarfile.open(artefact) as archive:
        names = archive.getnames()
    wrong = objections(names)
    if wrong:
        shown = wrong[:20] + ([f"... and {len(wrong) - 20} more"] if len(wrong) > 20 else [])
        print("\n".join(f"artefact: {objection}" for objection in shown), file=sys.stderr)
        return 1
    installed = install(artefact)
    print(f"{artefact.relative_to(ROOT)}: {len(names)} entries, {artefact.stat().st_size // 1024} KiB")
    print(f"installed into {installed.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
