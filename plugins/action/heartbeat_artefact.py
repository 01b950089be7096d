# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action heartbeat_artefact: pack the daemon on the controller, copy it to the node when the bytes differ."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat_client import artefact


def version_in(folder: str) -> str:
    """Return the daemon's version, read from its sources without running them."""
    with open(os.path.join(folder, "__init__.py"), encoding="utf-8") as source:
        found = re.search(r'^__version__ = "([^"]+)"', source.read(), re.MULTILINE)
    return found.group(1) if found else "unknown"


class ActionModule(ActionBase):
    TRANSFERS_FILES = True
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _validated, wanted = self.validate_argument_spec(
            argument_spec={
                "dest": {"type": "path", "required": True},
                "owner": {"type": "str", "default": "root"},
                "group": {"type": "str", "default": "root"},
                "mode": {"type": "str", "default": "0755"},
            }
        )
        try:
            folder = artefact.sources_beside(__file__)
            content, version = artefact.build(folder), version_in(folder)
        except (artefact.NoSources, OSError) as error:
            raise AnsibleActionFail(str(error)) from error
        before = self._checksum_there(wanted["dest"], task_vars)
        copied = self._copy(content, wanted, task_vars)
        after = artefact.checksum(content)
        copied.pop("diff", None)
        copied.update(version=version, sha256=after, differs=before != after)
        if self._task.diff and before != after:
            copied["diff"] = {
                "before_header": wanted["dest"],
                "after_header": wanted["dest"],
                "before": f"sha256 {before}\n" if before else "",
                "after": f"sha256 {after}\nversion {version}\n",
            }
        return copied

    def _checksum_there(self, path: str, task_vars: dict[str, Any] | None) -> str:
        """SHA-256 of the node's copy, empty when it has none."""
        found = self._execute_module(
            module_name="ansible.builtin.stat",
            module_args={"path": path, "checksum_algorithm": "sha256", "get_mime": False, "get_attributes": False},
            task_vars=task_vars,
        )
        if found.get("failed"):
            raise AnsibleActionFail(f"{path}: {found.get('msg')}")
        return str(found["stat"].get("checksum", ""))

    def _copy(self, content: bytes, wanted: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Let ansible.builtin.copy do what it does well: transfer, permissions, check mode, atomic replacement."""
        handle, local = tempfile.mkstemp(prefix="heartbeat-", suffix=".pyz")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            task = self._task.copy()
            task.args = {"src": local, **wanted}
            # its diff of a binary file would say nothing
            task.diff = False
            action = self._shared_loader_obj.action_loader.get(
                "ansible.builtin.copy",
                task=task,
                connection=self._connection,
                play_context=self._play_context,
                loader=self._loader,
                templar=self._templar,
                shared_loader_obj=self._shared_loader_obj,
            )
            result: dict[str, Any] = action.run(task_vars=task_vars)
        finally:
            os.unlink(local)
        return result
