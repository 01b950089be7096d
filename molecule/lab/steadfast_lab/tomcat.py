# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get the archive of a Tomcat that Debian no longer packages, as its makers publish it on Maven Central."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .keep import kept
from .run import run

VERSION = "9.0.98"
#: The plugin that copies an artefact, always the same one.
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"


def _fetch(version: str, target: Path) -> None:
    """Have Maven fetch the archive; it appears by a rename, whole. LabError with Maven's own words."""
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        artefact = f"org.apache.tomcat:tomcat:{version}:tar.gz"
        run(["mvn", "-B", "-q", COPY, f"-Dartifact={artefact}", f"-DoutputDirectory={work}"], timeout=600)
        os.replace(Path(work, f"tomcat-{version}.tar.gz"), target)


def archive(version: str = VERSION) -> dict[str, str]:
    """Fetch the archive if it is missing; return its path, checksum and version. LabError when Maven fails."""
    return kept("tomcat", version, "published", lambda target: _fetch(version, target))
