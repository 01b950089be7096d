# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the daemon into one executable file: a zipapp whose bytes depend on nothing but the sources.

Sorted entries, one fixed time stamp, fixed permissions, no compression: the same sources give the same bytes on every
controller, whatever zlib it was built with, so that a node's copy can be compared by checksum.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator

#: the earliest time a zip file can hold; any fixed one would do
EPOCH = (1980, 1, 1, 0, 0, 0)
SHEBANG = b"#!/usr/bin/env python3\n"
PACKAGE = "heartbeat"
#: what Python runs in a zipapp: the same as ``python3 -m heartbeat``
MAIN = b'import runpy\n\nrunpy.run_module("heartbeat", run_name="__main__", alter_sys=True)\n'


class NoSources(Exception):
    """There is no daemon package where one was expected."""


def sources_beside(plugin_file: str) -> str:
    """Return the folder of the daemon's package, given the file of any plugin of this collection.

    The same relative path holds in a checkout and in an installed collection: plugins/action/x.py and
    plugins/module_utils/heartbeat/. Raises NoSources.
    """
    plugins = os.path.dirname(os.path.dirname(os.path.abspath(plugin_file)))
    folder = os.path.join(plugins, "module_utils", PACKAGE)
    if not os.path.isfile(os.path.join(folder, "__main__.py")):
        raise NoSources(
            f"{folder}: the heartbeat daemon's sources are not there; is the collection installed completely?"
        )
    return folder


def _source_files(folder: str) -> Iterator[str]:
    """Yield every Python source below the folder, as a path relative to it, sorted."""
    found = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        found += [os.path.relpath(os.path.join(here, name), folder) for name in files if name.endswith(".py")]
    yield from sorted(found)


def build(folder: str) -> bytes:
    """Return the artefact for the package in this folder. Raises OSError when a source can't be read."""
    archive_bytes = io.BytesIO()
    archive_bytes.write(SHEBANG)
    with zipfile.ZipFile(archive_bytes, "w", zipfile.ZIP_STORED) as archive:
        for name in _source_files(folder):
            with open(os.path.join(folder, name), "rb") as source:
                _add(archive, f"{PACKAGE}/{name.replace(os.sep, '/')}", source.read())
        _add(archive, "__main__.py", MAIN)
    return archive_bytes.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = 3  # Unix, also when the controller is something else
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, zipfile.ZIP_STORED)


def checksum(content: bytes) -> str:
    """Return the SHA-256 of an artefact in lower-case hex."""
    return hashlib.sha256(content).hexdigest()
