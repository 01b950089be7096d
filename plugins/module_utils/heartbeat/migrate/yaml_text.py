# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes plain data as YAML that a person reads: a node has no YAML library, and a writer needs none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Texts that are themselves without quotes, for every reader of YAML 1.1 and 1.2.
_PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9/_.-]*")
_WORDS = frozenset("true false yes no on off y n null none".split())


def scalar(value: Any) -> str:
    """Return one value; a text in quotes where it could be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    # JSON's escapes are YAML's
    return json.dumps(text, ensure_ascii=False)


def document(variables: Mapping[str, Any], comments: Iterable[str] = ()) -> str:
    """Return a document: comment lines, then the variables in their order."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in comments)
    return f"---\n{head}" + "".join(f"{line}\n" for line in _mapping(variables, 0))


def _mapping(value: Mapping[str, Any], depth: int) -> list[str]:
    found = []
    for key, item in value.items():
        found += _entry(f"{'  ' * depth}{scalar(key)}:", item, depth + 1)
    return found


def _entry(head: str, item: Any, depth: int) -> list[str]:
    if isinstance(item, Mapping):
        return [head, *_mapping(item, depth)] if item else [f"{head} {{}}"]
    if isinstance(item, (list, tuple)):
        if not item:
            return [f"{head} []"]
        return [head, *(line for one in item for line in _item(one, depth))]
    return [f"{head} {scalar(item)}"]


def _item(item: Any, depth: int) -> list[str]:
    if isinstance(item, Mapping) and item:
        # the first key stands behind the dash, the others below it
        first, *others = _mapping(item, depth + 1)
        return [f"{'  ' * depth}- {first.lstrip()}", *others]
    if isinstance(item, (list, tuple)) and item:
        first, *others = (line for one in item for line in _item(one, depth + 1))
        return [f"{'  ' * depth}- {first.lstrip()}", *others]
    return [f"{'  ' * depth}- {_empty_or_scalar(item)}"]


def _empty_or_scalar(item: Any) -> str:
    if isinstance(item, Mapping):
        return "{}"
    return "[]" if isinstance(item, (list, tuple)) else scalar(item)
