# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module on a node runs Pacemaker's programs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any, Optional

from .tools import PROGRAMS, Tools

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def are_installed() -> bool:
    """Tell whether Pacemaker's programs are on this node."""
    return all(shutil.which(name, path=_PATH) for name in PROGRAMS)


def tools_of(module: Any) -> Tools:
    """Return the programs, run by an AnsibleModule."""

    def run(arguments: Sequence[str], stdin: Optional[str]) -> tuple[int, str, str]:
        code, out, err = module.run_command(
            list(arguments), data=stdin, environ_update={"LC_ALL": "C", "LANGUAGE": "C"}
        )
        return code, out, err

    return Tools(run, module.tmpdir)
