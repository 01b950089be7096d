# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SELinux has to be told: labels of ports, and of folders that its policy does not know.

Source: semanage-port(8) and semanage-fcontext(8) of policycoreutils. ``--add`` refuses what has an entry of its own,
``--modify`` what has none; a range that a port lies in is no entry of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

PORT_TYPE = "redis_port_t"
#: "unconfined:object_r:type", with a level behind it where the policy has levels
CONTEXT_PARTS = 3

_SPECIAL = re.compile(r"([.^$?*+|()\[\]{}\\])")


def port_calls(listed: str, ports: Iterable[int]) -> list[list[str]]:
    """Return the arguments of ``semanage`` for each port without the label.

    listed: what ``semanage port --list --noheading`` says. A port that was given another label here is there twice.
    """
    kinds: dict[str, set[str]] = {}
    for row in listed.splitlines():
        kind, protocol, numbers = [*row.split(None, 2), "", "", ""][:3]
        for number in numbers.split(",") if protocol == "tcp" else []:
            kinds.setdefault(number.strip(), set()).add(kind)
    found = []
    for port in map(str, ports):
        if PORT_TYPE not in kinds.get(port, ()):
            verb = "--modify" if port in kinds else "--add"
            found.append(["port", verb, "--type", PORT_TYPE, "--proto", "tcp", port])
    return found


def folder_calls(listed: str, folders: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the arguments of ``semanage`` for each (folder, type) without an entry for it and all below.

    listed: what ``semanage fcontext --list --noheading`` says.
    """
    present: dict[str, str] = {}
    for row in listed.splitlines():
        words = row.split()
        context = words[-1].split(":") if words else []
        if len(context) >= CONTEXT_PARTS:
            present[words[0]] = context[2]
    found = []
    for folder, kind in folders:
        pattern = _SPECIAL.sub(r"\\\1", folder.rstrip("/")) + "(/.*)?"
        if present.get(pattern) != kind:
            verb = "--modify" if pattern in present else "--add"
            found.append(["fcontext", verb, "--type", kind, pattern])
    return found
