# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hosts file with a block of cluster members: everybody else's lines stay, contradicting ones go."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

BEGIN = "# BEGIN steadfast.ha: members of the cluster"
END = "# END steadfast.ha"


def names_of(member: Mapping[str, Any]) -> list[str]:
    """The member's name, its first part if it has dots, and its aliases; each once."""
    name = str(member["name"])
    return list(dict.fromkeys([name, name.split(".", 1)[0], *map(str, member.get("aliases") or ())]))


def with_members(text: str, members: Sequence[Mapping[str, Any]]) -> str:
    """Return the hosts file with one line per member and address, in a marked block at the end.

    Names of members are taken out of all other lines, since the first match wins; a line that has no name left goes.
    A member that an earlier block has and that is not told now keeps its lines, so that a run on some hosts does not
    make the others unknown. Comments and the rest of the file stay as they are.
    """
    outside, inside = _split(text)
    told = {name.lower() for member in members for name in names_of(member)}
    rows = []
    for member in members:
        for address in member["addresses"]:
            rows.append(f"{ipaddress.ip_address(str(address))} {' '.join(names_of(member))}")
    kept = [row for row in inside if row.split() and not {word.lower() for word in row.split()[1:]} & told]
    lines = [line for line in (_without(line, told) for line in outside) if line is not None]
    block = sorted(rows + kept, key=_by_address)
    return "\n".join([*_stripped(lines), BEGIN, *block, END]) + "\n"


def _split(text: str) -> tuple[list[str], list[str]]:
    """The lines outside and inside of our block."""
    outside: list[str] = []
    inside: list[str] = []
    current = outside
    for line in text.splitlines():
        if line.strip() == BEGIN:
            current = inside
        elif line.strip() == END:
            current = outside
        else:
            current.append(line)
    return outside, inside


def _without(line: str, names: set[str]) -> str | None:
    """The line without these names; None when no name is left. Loopback keeps localhost and nothing of ours."""
    entry, mark, comment = line.partition("#")
    words = entry.split()
    if len(words) < 2 or not {word.lower() for word in words[1:]} & names:
        return line
    rest = [word for word in words[1:] if word.lower() not in names]
    if not rest:
        return None
    return "\t".join([words[0], " ".join(rest)]) + (f" {mark}{comment}" if mark else "")


def _stripped(lines: list[str]) -> list[str]:
    """Without empty lines at the end, so that the block does not wander down."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _by_address(row: str) -> tuple[int, int]:
    address = ipaddress.ip_address(row.split(maxsplit=1)[0])
    return address.version, int(address)
