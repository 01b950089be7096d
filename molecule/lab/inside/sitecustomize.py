# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what Python compiles out of zip files, on machines of the lab, for the processes of Ansible's connection.

Each task sends its module and everything the module imports as one zip file, and Python compiles all of it each time,
as it keeps compiled files for folders but not for zip files: a third of the work of a scenario. Here they are kept in
the folder `LAB_BYTECODE`, by name and source. The interpreter imports a file of this name before all else.
"""

from __future__ import annotations

import _imp
import marshal
import os
import sys
import zipimport
from types import CodeType

_FOLDER = os.environ.get("LAB_BYTECODE", "")
_compile = getattr(zipimport, "_compile_source", None)  # private to Python: where it goes, nothing is kept


def _kept(pathname: str, source: bytes) -> CodeType:
    """Return the compiled `source` of a file in a zip file, from the folder when it is there."""
    name = pathname.rpartition(".zip" + os.sep)[2].replace(os.sep, ".")
    digest = _imp.source_hash(0, source).hex()
    path = f"{_FOLDER}/{name}-{sys.implementation.cache_tag}-{digest}"
    try:
        with open(path, "rb") as kept:
            return marshal.load(kept)
    except (OSError, EOFError, ValueError, TypeError):
        code = _compile(pathname, source)
    try:
        with open(f"{path}-{os.getpid()}", "wb") as fresh:
            marshal.dump(code, fresh)
        os.replace(fresh.name, path)
    except OSError:
        pass  # a module that runs as somebody else than root, or a full disk
    return code


if _FOLDER and _compile:
    zipimport._compile_source = _kept
