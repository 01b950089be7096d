# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a figure was measured, as one JSON object: machine, kernel and versions belong beside every number."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path


def processor() -> str:
    """The processor's name, as the kernel has it."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def memory_gib() -> int:
    """Memory of the machine, rounded to GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def version() -> str:
    """The collection's version, from galaxy.yml."""
    text = Path(__file__, "../../../galaxy.yml").resolve().read_text(encoding="utf-8")
    found = re.search(r"^version:\s*(\S+)", text, re.MULTILINE)
    return found.group(1) if found else "unknown"


def facts() -> dict[str, str]:
    """All of it, as text."""
    return {
        "machine": f"{os.cpu_count()} x {processor()}, {memory_gib()} GiB",
        "kernel": platform.release(),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "steadfast.ha": version(),
        "ansible-core": metadata.version("ansible-core"),
        "python of the controller": platform.python_version(),
    }


if __name__ == "__main__":
    json.dump(facts(), sys.stdout)
