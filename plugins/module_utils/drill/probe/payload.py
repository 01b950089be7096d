# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the probing code into one file that any client host with ``python3`` can run.

The code is taken from wherever this package was itself imported from – the checkout, an
installed collection, or the archive Ansible ships modules in – and the same code always packs
to the same bytes.
"""

from __future__ import annotations

import importlib.util
import io
import sys
import zipfile

from . import agent

__all__ = ["build_payload", "packed_modules"]

_ROOT = __name__.rsplit(".probe.", 1)[0]
_PACKAGE = "drill"
_MAIN = f"""from __future__ import annotations
import sys
from {_PACKAGE}.probe.agent import main
sys.exit(main(sys.argv[1:]))
"""
# What starts runs and reads them stays on the starter's side.
_NOT_PACKED = frozenset(f"{_ROOT}.probe.{name}" for name in ("payload", "rundir", "follow"))
# The earliest date a zip archive can hold: fixed, so that the archive depends on the code alone.
_DATE = (1980, 1, 1, 0, 0, 0)


def packed_modules() -> list[str]:
    """Full names of the modules the agent needs: the package, the model, the probe room."""
    room = agent.__name__.rsplit(".", 1)[0]
    return sorted(
        name
        for name in sys.modules
        if name in (_ROOT, f"{_ROOT}.model", room) or (name.startswith(f"{room}.") and name not in _NOT_PACKED)
    )


def build_payload() -> bytes:
    """The archive. Raises ImportError when a module's source cannot be read."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _DATE), _MAIN)
        for name in packed_modules():
            spec = importlib.util.find_spec(name)
            loader = spec.loader if spec else None
            if spec is None or loader is None or not hasattr(loader, "get_source"):
                raise ImportError(f"cannot read the source of {name}")
            source = loader.get_source(name)
            path = _PACKAGE + name[len(_ROOT) :].replace(".", "/")
            path += "/__init__.py" if spec.submodule_search_locations is not None else ".py"
            info = zipfile.ZipInfo(path, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, source or "")
    return packed.getvalue()
