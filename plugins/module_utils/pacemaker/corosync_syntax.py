# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of corosync.conf(5): reads a text into a tree of sections, and writes one.

A section is a list of pairs: a key with a text, or the name of a section within it with that section. Order is kept,
because nodes and links are told apart by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Union

Section = list[tuple[str, Union[str, "Section"]]]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unusable(ValueError):
    """A file that can't be read, or a value that can't be written or can't work; the text names the place."""


def parse(text: str) -> Section:
    """Return the tree of a file. Raises Unusable with the number of the line."""
    root: Section = []
    stack = [root]
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        if line == "}":
            if len(stack) == 1:
                raise Unusable(f"corosync.conf line {number}: a brace is closed that was not opened")
            stack.pop()
        elif line.endswith("{"):
            inner: Section = []
            stack[-1].append((line[:-1].strip(), inner))
            stack.append(inner)
        elif ":" in line:
            key, value = line.split(":", 1)
            stack[-1].append((key.strip(), value.strip()))
        else:
            raise Unusable(f"corosync.conf line {number}: neither a section nor 'key: value': {line!r}")
    if len(stack) != 1:
        raise Unusable("corosync.conf: a section is not closed")
    return root


def render(section: Section, depth: int = 0) -> str:
    """Return the text of a tree. Raises Unusable for a value that a line can't hold."""
    indent = "    " * depth
    lines = []
    for key, value in section:
        if not isinstance(value, str):
            lines.append(f"{indent}{key} {{\n{render(value, depth + 1)}{indent}}}\n")
        elif _CONTROL.search(value) or value != value.strip() or not value:
            raise Unusable(f"{key}: has to be one line without blanks around it, not {value!r}")
        else:
            lines.append(f"{indent}{key}: {value}\n")
    return "".join(lines)


def sections(section: Section, name: str) -> Iterator[Section]:
    """Yield the sections of a name, in their order."""
    for key, value in section:
        if key == name and not isinstance(value, str):
            yield value


def values(section: Section) -> dict[str, str]:
    """Return what a section itself says, without its inner sections."""
    return {key: value for key, value in section if isinstance(value, str)}


def flat(root: Section) -> dict[str, str]:
    """Return a file as corosync's own map of keys names it.

    Such as ``nodelist.node.0.ring0_addr`` or ``totem.interface.1.knet_link_priority``.
    """
    found: dict[str, str] = {}

    def walk(section: Section, prefix: str) -> None:
        count = 0
        for key, value in section:
            if isinstance(value, str):
                found[f"{prefix}{key}"] = value
            elif key == "node":
                walk(value, f"{prefix}node.{count}.")
                count += 1
            elif key == "interface":
                number = values(value).get("linknumber", "0")
                walk([pair for pair in value if pair[0] != "linknumber"], f"{prefix}interface.{number}.")
            else:
                walk(value, f"{prefix}{key}.")

    walk(root, "")
    return found
