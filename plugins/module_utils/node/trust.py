# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files by which members trust each other's SSH: who may log in as root, and who a host proves to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

BEGIN = "# BEGIN steadfast.ha: members of the cluster"
END = "# END steadfast.ha"


def authorized_keys(text: str, told: Sequence[Mapping[str, Any]], members: Collection[str]) -> str:
    """Return the file with each member's key in a marked block, valid only from that member's addresses.

    told: members that told ``member`` (inventory name), ``sources`` (addresses), ``key`` (a public key's line). Of
    members that did not tell, the block keeps the line that it has; who is no member any more goes.
    """
    rows = {
        str(one["member"]): f'from="{",".join(map(str, one["sources"]))}" {_bare(one["key"])} {one["member"]}'
        for one in told
    }
    return _with_block(text, rows, members)


def known_hosts(text: str, told: Sequence[Mapping[str, Any]], members: Collection[str]) -> str:
    """Return the file with each member's host key in a marked block, under all of its names and addresses.

    told: members that told ``member``, ``names``, ``host_key``; the rest as in authorized_keys.
    """
    rows = {}
    for one in told:
        names = ",".join(dict.fromkeys(map(str, one["names"])))
        rows[str(one["member"])] = f"{names} {_bare(one['host_key'])} {one['member']}"
    return _with_block(text, rows, members)


def _bare(key: str) -> str:
    """Type and key, without the comment. Raises ValueError when it is no public key."""
    words = key.split()
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise ValueError(f"no public key: {key!r}")
    return " ".join(words[:2])


def _with_block(text: str, rows: Mapping[str, str], members: Collection[str]) -> str:
    """The text with our block at its end; the last word of a row is the member that it is about."""
    outside: list[str] = []
    known: dict[str, str] = {}
    is_inside = False
    for line in text.splitlines():
        if line in (BEGIN, END):
            is_inside = line == BEGIN
        elif is_inside and line.split():
            known[line.split()[-1]] = line
        elif not is_inside:
            outside.append(line)
    block = {name: row for name, row in {**known, **rows}.items() if name in members}
    return "\n".join([*outside, BEGIN, *(block[name] for name in sorted(block)), END]) + "\n"
