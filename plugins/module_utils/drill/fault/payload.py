# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the faults' code into one file that a node can run when the module that brought it is long gone.

The code is taken from wherever this package was itself imported from: the checkout, an installed collection, or the
archive that Ansible ships modules in.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import zipfile

__all__ = ["MODULES", "build_payload"]

_ROOT = __name__.rsplit(".fault.", 1)[0]
MODULES = tuple(
    "carry_out choose clock cpu cut disk engine freeze icmp kill kinds look loss model nic packets payload place power "
    "procfs reboot record safety service switch".split()
)
_MAIN = """from __future__ import annotations
import sys
from drill.fault.program import main
sys.exit(main(sys.argv[1:]))
"""
# The earliest date a zip archive can hold: fixed, so that the archive depends on the code alone.
_DATE = (1980, 1, 1, 0, 0, 0)


def build_payload() -> bytes:
    """The archive. Raises ImportError when a module's source cannot be read."""
    # Ansible ships the modules that it finds named in imports; nothing else names this one.
    from . import program  # noqa: PLC0415

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _DATE), _MAIN)
        archive.writestr(zipfile.ZipInfo("drill/__init__.py", _DATE), "")
        archive.writestr(zipfile.ZipInfo("drill/fault/__init__.py", _DATE), "")
        for name in (*MODULES, program.__name__.rsplit(".", 1)[1]):
            full = f"{_ROOT}.fault.{name}"
            spec = importlib.util.find_spec(full)
            loader = spec.loader if spec else None
            source = loader.get_source(full) if loader is not None and hasattr(loader, "get_source") else None
            if not source:
                raise ImportError(f"cannot read the source of {full}")
            info = zipfile.ZipInfo(f"drill/fault/{name}.py", _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, source)
    return packed.getvalue()
