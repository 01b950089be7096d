#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the demo application from its sources, with the compiler that Tomcat has for its JSPs, or javac.

build.py FOLDER --servlet-api /usr/share/java/tomcat10-servlet-api.jar

The same sources make the same bytes, of four archives: two versions, ``local.war`` without <distributable/>, so that
sessions stay where they are, and ``broken.war``, which Tomcat can't start.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: The oldest Java that a supported Tomcat runs on.
JAVA = "11"
#: The compiler's own archives, by their names in Debian's releases.
ECJ = ("eclipse-jdt-core.jar", "eclipse-jdt-core-compiler-batch.jar", "ecj.jar")


def compiler() -> list[str]:
    """The command of a Java compiler. Raises SystemExit when there is none."""
    jars = sorted(str(path) for pattern in ECJ for path in Path("/usr/share/java").glob(pattern))
    if jars and shutil.which("java"):
        return ["java", "-classpath", ":".join(jars), "org.eclipse.jdt.internal.compiler.batch.Main"]
    javac = shutil.which("javac")
    if javac:
        return [javac]
    raise SystemExit("build.py: there is no Java compiler here; install default-jdk-headless or libtomcat10-java")


def classes(servlet_api: Path, place: Path) -> dict[str, bytes]:
    """Compile the sources in ``place``: path in the archive -> content. Raises SystemExit."""
    # what is jakarta today was javax until Tomcat 9
    with zipfile.ZipFile(servlet_api) as jar:
        package = "jakarta" if "jakarta/servlet/Servlet.class" in jar.namelist() else "javax"
    sources = []
    for path in sorted((HERE / "src").rglob("*.java")):
        copy = place / "src" / path.relative_to(HERE / "src")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8").replace("jakarta.", f"{package}."), encoding="utf-8")
        sources.append(str(copy))
    out = place / "classes"
    command = [*compiler(), "-source", JAVA, "-target", JAVA, "-encoding", "UTF-8", "-nowarn", "-proc:none"]
    done = subprocess.run(
        [*command, "-classpath", str(servlet_api), "-d", str(out), *sources],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"build.py: {done.stdout}{done.stderr}")
    return {
        f"WEB-INF/classes/{path.relative_to(out)}": path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


#: Archive -> what in its descriptor is replaced by what.
ARCHIVES = {
    "demo-1": {"@VERSION@": "1"},
    "demo-2": {"@VERSION@": "2"},
    "local": {"@VERSION@": "1", "  <distributable/>\n": ""},
    "broken": {
        "@VERSION@": "1",
        "</web-app>": "  <listener><listener-class>steadfast.demo.NobodyKnows</listener-class></listener>\n</web-app>",
    },
}


def pages(replaced: dict[str, str]) -> dict[str, bytes]:
    """What is not compiled: path in the archive -> content."""
    descriptor = (HERE / "WEB-INF" / "web.xml").read_text(encoding="utf-8")
    for before, after in replaced.items():
        descriptor = descriptor.replace(before, after)
    found = {path.name: path.read_bytes() for path in sorted(HERE.glob("*.jsp"))}
    return {**found, "WEB-INF/web.xml": descriptor.encode()}


def write(out: Path, content: dict[str, bytes]) -> None:
    """Write the archive, without anything in it that depends on when and where."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(content.items()):
            # an entry made by hand has always the same time
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


def main(arguments: list[str]) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Build the demo application.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--servlet-api", type=Path, required=True)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        compiled = classes(given.servlet_api, Path(place))
    for name, replaced in ARCHIVES.items():
        write(given.folder / f"{name}.war", {**compiled, **pages(replaced)})


if __name__ == "__main__":
    main(sys.argv[1:])
