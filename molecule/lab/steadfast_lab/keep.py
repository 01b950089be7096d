# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that are made with Maven once and kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from .errors import LabError
from .identity import user_cache


def kept(system: str, version: str, recipe: str, make: Callable[[Path], None]) -> dict[str, str]:
    """Return path, checksum and version of a system's archive, which `make` writes to a path when it is missing.

    Another recipe takes the place of the former one of this version. LabError without Maven.
    """
    target = user_cache() / system / f"{system}-{version}-{recipe[:12]}.tar.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / "lock", "w", encoding="utf-8") as lock:
        # Scenarios of several checkouts may ask at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            if shutil.which("mvn") is None:
                raise LabError("the archive is made with Maven, which is not installed; run: apt-get install maven")
            for old in target.parent.glob(f"{system}-{version}-*.tar.gz"):
                old.unlink()
            make(target)
    checksum = hashlib.sha256(target.read_bytes()).hexdigest()
    return {"path": str(target), "checksum": f"sha256:{checksum}", "version": version}
