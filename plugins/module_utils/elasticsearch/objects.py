# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster keeps under a name – templates, snapshot repositories and policies –, compared with what is wanted.

The server answers in another form than it was asked in: settings become strings and get the prefix ``index.``, nested
ones and dotted ones are the same, lists that were left out are empty. So both sides are brought into one form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .security import role_form

__all__ = ["KINDS", "Kind", "declared", "differing", "found_in", "normal", "path_of"]


@dataclass(frozen=True)
class Kind:
    """path: where such things are; listed: key of the list in an answer, empty for a mapping by name; inner: in it.

    form: what makes two bodies that mean the same alike, beyond what all kinds have in common.
    """

    path: str
    listed: str
    inner: str
    form: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict


KINDS: Mapping[str, Kind] = {
    "component_template": Kind("/_component_template", "component_templates", "component_template"),
    "index_template": Kind("/_index_template", "index_templates", "index_template"),
    "snapshot_repository": Kind("/_snapshot", "", ""),
    "snapshot_policy": Kind("/_slm/policy", "", "policy"),
    "security_role": Kind("/_security/role", "", "", role_form),
}
#: what the server says of a data stream that says nothing of itself
STREAM = {"data_stream.hidden": ["false"], "data_stream.allow_custom_routing": ["false"]}
#: what only the server says
IGNORED = frozenset({"uuid", "created_date", "created_date_millis", "modified_date", "modified_date_millis"})


def path_of(kind: str, name: str) -> str:
    """Where it is."""
    return f"{KINDS[kind].path}/{name}"


def normal(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is wanted, as it is compared with what is found."""
    return KINDS[kind].form(body)


def found_in(kind: str, name: str, answer: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    """The thing in the answer to a GET; None when it is not there."""
    rules = KINDS[kind]
    if rules.listed:
        entry = next((row for row in answer.get(rules.listed) or [] if row.get("name") == name), None)
    else:
        entry = answer.get(name)
    if entry is None:
        return None
    inner: Mapping[str, Any] = (entry.get(rules.inner) or {}) if rules.inner else entry
    return rules.form(inner)


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(sorted(_form(value).items()))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flat(value: Any, prefix: str, found: dict[str, list[str]]) -> None:
    if isinstance(value, Mapping):
        if not value and prefix:
            # Present and without more to say, such as a data stream.
            found[prefix] = []
        for key, below in value.items():
            _flat(below, f"{prefix}.{key}" if prefix else str(key), found)
    elif isinstance(value, (list, tuple)):
        if value:
            found[prefix] = [_word(row) for row in value]
    elif value is not None:
        found[prefix] = [_word(value)]


def _prefixed(key: str) -> str:
    place = "template.settings."
    if key.startswith(place) and not key.startswith(f"{place}index."):
        return f"{place}index.{key[len(place) :]}"
    return key


def _form(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """Dotted key -> words, in which two bodies that mean the same are equal."""
    flat: dict[str, list[str]] = {}
    _flat(body, "", flat)
    found = {_prefixed(key): words for key, words in flat.items() if key not in IGNORED}
    if any(key.split(".", maxsplit=1)[0] == "data_stream" for key in found):
        found.pop("data_stream", None)
        found = {**STREAM, **found}
    return found


def differing(wanted: Mapping[str, Any], present: Optional[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Dotted key -> what is there and what is wanted, of everything that differs; empty text for nothing."""
    before, after = _form(present or {}), _form(wanted)
    keys = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    return {key: (", ".join(before.get(key, [])), ", ".join(after.get(key, []))) for key in keys}


def declared(by_kind: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Everything that is wanted, each thing after those that it may name. An empty body is to be taken away.

    Those are taken away last, and in the opposite order.
    """
    rows = [
        {"kind": kind, "name": str(name), "body": dict(body or {})}
        for kind in KINDS
        for name, body in sorted((by_kind.get(kind) or {}).items())
    ]
    return [row for row in rows if row["body"]] + [row for row in reversed(rows) if not row["body"]]
