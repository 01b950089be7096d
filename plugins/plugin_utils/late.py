# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are imported when they are first used.

For one filter Ansible loads all filter files of a collection, in each worker of each task, and compiles what they
import every time; that was a quarter of all the time a run took. So filter files name what they use, and a worker
imports what its one filter needs.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable

_PARENT = "ansible_collections.steadfast.ha.plugins.module_utils"


class Late:
    """A module under module_utils by its dotted name; its attributes are looked up, and it is imported, on use."""

    def __init__(self, name: str) -> None:
        self._name = f"{_PARENT}.{name}"

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

    def function(self, name: str) -> Callable[..., Any]:
        """One of its functions, as something that can be handed on without an import."""

        def called(*args: Any, **kwargs: Any) -> Any:
            return getattr(self, name)(*args, **kwargs)

        return called
