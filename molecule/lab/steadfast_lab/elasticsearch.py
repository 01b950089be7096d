# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an archive of the real Elasticsearch from its artefacts on Maven Central, in the layout of the vendor's tarball.

`lab archive elasticsearch` prints ``{"path": …, "checksum": "sha256:…", "version": …}``. The archive lies in the user's
cache; a second call takes a second, until this file or one in `molecule/lab/elasticsearch/` changes.

What is published there: the server with its libraries, and the modules that Java clients need, among them the
transport. What is not, and so is missing: the vendor's start script (``launch`` stands in for it), the tools of
``bin/`` (keystore, certificates, plugins), X-Pack (security, voting-only nodes, snapshot policies), the bundled Java.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from .keep import kept
from .run import run

PARTS = Path(__file__).resolve().parents[1] / "elasticsearch"
VERSION = "7.17.28"
#: Module -> its main class, as its plugin descriptor names it.
MODULES = {
    "transport-netty4": "org.elasticsearch.transport.Netty4Plugin",
    "reindex": "org.elasticsearch.reindex.ReindexPlugin",
    "mapper-extras": "org.elasticsearch.index.mapper.MapperExtrasPlugin",
    "rank-eval": "org.elasticsearch.index.rankeval.RankEvalPlugin",
}
#: What a module asks of Java's security manager. netty opens sockets and looks at its own classes.
POLICIES = {
    "transport-netty4": """
grant {
  permission java.lang.RuntimePermission "accessDeclaredMembers";
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.lang.RuntimePermission "setContextClassLoader";
  permission java.net.SocketPermission "*", "accept,connect,resolve";
  permission java.io.FilePermission "/proc/sys/net/core/somaxconn", "read";
};
""",
    "reindex": """
grant {
  permission java.net.SocketPermission "*", "connect,resolve";
};
""",
}
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>org.steadfast.lab</groupId><artifactId>elasticsearch</artifactId>
<version>1</version><packaging>pom</packaging><dependencies><dependency>
<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
</dependency></dependencies></project>
"""
#: The plugin that copies an artefact with what it needs, always the same one.
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


def _fetch(group: str, artifact: str, version: str, target: Path) -> None:
    """Have Maven put the artefact and everything it needs into `target`. LabError with Maven's own words."""
    with tempfile.TemporaryDirectory() as work:
        pom = Path(work, "pom.xml")
        pom.write_text(POM.format(group=group, artifact=artifact, version=version), encoding="utf-8")
        run(
            ["mvn", "-B", "-q", "-f", str(pom), COPY, "-DincludeScope=runtime", f"-DoutputDirectory={target}"],
            timeout=600,
        )


def _add_module(root: Path, name: str, version: str) -> None:
    """Put a module with its own libraries, its descriptor and its policy where the server looks for it."""
    folder = root / "modules" / name
    _fetch("org.elasticsearch.plugin", f"{name}-client", version, folder)
    for jar in folder.glob("*.jar"):
        # A class may be on the path only once; what the server has, the module sees.
        if (root / "lib" / jar.name).exists():
            jar.unlink()
    (folder / "plugin-descriptor.properties").write_text(
        f"name={name}\ndescription=module {name}\nversion={version}\nclassname={MODULES[name]}\n"
        f"java.version=1.8\nelasticsearch.version={version}\nextended.plugins=\nhas.native.controller=false\n"
    )
    if name in POLICIES:
        (folder / "plugin-security.policy").write_text(POLICIES[name])


def _fill(root: Path, version: str) -> None:
    """Lay out the whole tree."""
    _fetch("org.elasticsearch", "elasticsearch", version, root / "lib")
    for name in MODULES:
        _add_module(root, name, version)
    for name in ("bin", "config/jvm.options.d", "plugins", "logs"):
        (root / name).mkdir(parents=True)
    shutil.copy(PARTS / "launch", root / "bin" / "elasticsearch")
    (root / "bin" / "elasticsearch").chmod(0o755)
    for name in ("jvm.options", "log4j2.properties"):
        shutil.copy(PARTS / name, root / "config")
    (root / "config" / "elasticsearch.yml").write_text("# All settings have their defaults.\n")


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Make the archive the same whoever builds it."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = 0
    return member


def _pack(root: Path, part: Path) -> None:
    """Write the tree as an archive without a word of who packed it, and when."""
    with contextlib.ExitStack() as open_files:
        raw = open_files.enter_context(open(part, "wb"))
        packed = open_files.enter_context(gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0))
        tree = open_files.enter_context(tarfile.open(fileobj=packed, mode="w"))
        tree.add(root, root.name, filter=_owned_by_root)
    part.chmod(0o644)


def _build(version: str, target: Path) -> None:
    """Write the archive; it appears by a rename, whole."""
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        root = Path(work, f"elasticsearch-{version}")
        _fill(root, version)
        part = Path(work, "archive.tar.gz")
        _pack(root, part)
        os.replace(part, target)


def archive(version: str = VERSION) -> dict[str, str]:
    """Build the archive if it is missing; return its path, checksum and version. LabError when Maven fails."""
    parts = [Path(__file__), *sorted(PARTS.iterdir())]
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()
    return kept("elasticsearch", version, recipe, lambda target: _build(version, target))
