# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection to a machine of the lab by entering its namespaces and control groups.

An Ansible task takes several round trips, and a scenario hundreds of tasks. Needs root, as the lab itself does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase
from steadfast_lab.entering import run_in
from steadfast_lab.process import is_alive
from steadfast_lab.readied import run_readied, settings_of

DOCUMENTATION = r"""
name: steadfast_lab
short_description: Run in a machine of the lab
description: Enters the namespaces and control groups of a lab machine's init, which the lab driver has on record.
options:
  remote_addr:
    description: Name of the machine's container, steadfast-CHECKOUT-LAB.NODE.
    vars:
      - name: inventory_hostname
      - name: ansible_host
"""

LABS = Path(__file__).resolve().parents[3] / "build" / "lab"


def init_of(container: str) -> int:
    """Return the pid of the machine's init. Raises AnsibleConnectionFailure when the machine is off or unknown."""
    lab, _, node = container.split("-", 2)[-1].partition(".")
    try:
        known = json.loads((LABS / lab / "lab.json").read_text(encoding="utf-8"))["nodes"][node]
    except (OSError, ValueError, KeyError) as error:
        raise AnsibleConnectionFailure(f"no lab has a machine {container!r}: {error!r}") from error
    if not is_alive(known["pid"], known["started"]):
        raise AnsibleConnectionFailure(f"{container} is off")
    return int(known["pid"])


class Connection(ConnectionBase):
    """One machine."""

    transport = "steadfast_lab"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def _init(self) -> int:
        return init_of(self.get_option("remote_addr"))

    def _run(self, command: list[str], **streams: Any) -> tuple[int, bytes, bytes]:
        return run_in(self._init(), command, **streams)

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command line in the machine; return its code, output and errors."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        settings = settings_of(cmd) if in_data else None
        if settings is not None and (done := run_readied(self._init(), settings, in_data)):
            return done
        return self._run(["/bin/sh", "-c", cmd], data=in_data)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file into the machine."""
        super().put_file(in_path, out_path)
        with Path(in_path).open("rb") as source:
            code, _, err = self._run(["/bin/sh", "-c", 'exec cat > "$0"', out_path], stdin=source)
        if code:
            raise AnsibleError(f"cannot write {out_path}: {err.decode(errors='replace')}")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file out of the machine."""
        super().fetch_file(in_path, out_path)
        with Path(out_path).open("wb") as destination:
            code, _, err = self._run(["cat", in_path], stdout=destination)
        if code:
            raise AnsibleError(f"cannot read {in_path}: {err.decode(errors='replace')}")

    def close(self) -> None:
        """Nothing is kept open."""
        self._connected = False
