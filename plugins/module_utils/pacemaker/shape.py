# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the typed data: which fields an entry has, and a sentence with its path for one that it can't have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .words import Refused, duration_ms, is_secret, known, nearest, score, spelt, xml_id

#: kind of a field -> what it is called in a sentence
_CALLED = {
    "text": "a text",
    "id": "a name",
    "score": "a score",
    "time": "a time such as 10s",
    "bool": "true or false",
    "number": "a whole number",
    "words": "a list of names",
    "list": "a list",
    "map": "a dictionary",
}


@dataclass(frozen=True)
class Field:
    """One field: its kind (a key of ``_CALLED``), whether it has to be there, and the words it may be."""

    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()


Fields = Mapping[str, Field]
#: an entry, and where it stands
Placed = tuple[str, dict[str, Any]]


def variable(key: str) -> str:
    """Return what a key of a configuration is called where people write it."""
    return f"pacemaker_{key}"


def shaped(where: str, given: Any, fields: Fields) -> dict[str, Any]:
    """Return the fields that are given, null ones left out, each as its kind wants it. Raises Refused."""
    if not isinstance(given, Mapping):
        raise Refused(f"{where}: has to be a dictionary, and is {given!r}")
    found = {}
    for key, value in given.items():
        if key not in fields:
            raise Refused(f"{where}: nobody knows {str(key)!r}, {nearest(str(key), fields)}")
        if value is not None:
            found[str(key)] = _value(f"{where}.{key}", value, fields[key])
    for name, field in fields.items():
        if field.required and name not in found:
            raise Refused(f"{where}.{name}: is missing")
    return found


def _value(where: str, value: Any, field: Field) -> Any:
    kind = field.kind
    refusal = Refused(f"{where}: has to be {_CALLED[kind]}, and is {value!r}")
    if kind == "map":
        if not isinstance(value, Mapping):
            raise refusal
        return dict(value)
    if kind in ("list", "words"):
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
            raise refusal
        entries = list(value)
        return [spelt(entry) for entry in entries] if kind == "words" else entries
    if isinstance(value, (Mapping, list, tuple)):
        raise refusal
    if kind == "bool":
        text = spelt(value).strip().lower()
        if text not in ("true", "yes", "on", "1", "false", "no", "off", "0"):
            raise refusal
        return text in ("true", "yes", "on", "1")
    text = spelt(value)
    if kind == "id":
        text = xml_id(where, text)
    elif kind == "score":
        text = score(where, text)
    elif (kind == "time" and duration_ms(text) is None) or (
        kind == "number" and not text.strip().lstrip("-").isdigit()
    ):
        raise refusal
    return known(where, text, field.choices) if field.choices else text


def entries(where: str, given: Any, fields: Fields) -> Iterator[Placed]:
    """Yield (path, fields) of each entry of a list; the path has the entry's name where it has one. Raises Refused."""
    if given is None:
        return
    if isinstance(given, (str, Mapping)) or not hasattr(given, "__iter__"):
        raise Refused(f"{where}: has to be a list")
    for number, entry in enumerate(given):
        name = entry.get("name") if isinstance(entry, Mapping) else None
        path = f"{where}[{name if name else number}]"
        yield path, shaped(path, entry, fields)


def values(where: str, given: Any) -> dict[str, str]:
    """Return a dictionary of Pacemaker's own names with their values as text, null ones left out. Raises Refused."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise Refused(f"{where}: has to be a dictionary, and is {given!r}")
    found = {}
    for key, value in given.items():
        if value is None:
            continue
        if isinstance(value, (Mapping, list, tuple)):
            raise Refused(f"{where}.{key}: has to be a single value, and is {value!r}")
        found[str(key)] = spelt(value)
    return found


def without_secrets(where: str, given: Any, owner: str) -> dict[str, str]:
    """Return ``values`` none of which is a secret by its name. Raises Refused.

    owner: name of the resource or alert of which a secret could be one.
    """
    found = values(where, given)
    for key in found:
        if is_secret(key):
            raise Refused(
                f"{where}.{key}: looks like a secret, and would be shown in logs and diffs; "
                f"put it in {variable('secrets')}.{owner}.{key}"
            )
    return found


def named(where: str, given: Any, choices: frozenset[str]) -> dict[str, str]:
    """Return ``values`` whose names are all among the choices. Raises Refused."""
    found = values(where, given)
    for key in found:
        known(where, key, choices)
    return found
