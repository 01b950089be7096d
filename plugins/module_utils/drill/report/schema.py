# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's schema, version 1, and the check that a document keeps to it.

Compatible additions (new keys) keep the version; whoever reads must ignore keys it does not know.
A key that changes its meaning or goes away raises it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["REPORT", "SCHEMA", "SCHEMA_VERSION", "SchemaError", "check_report"]

SCHEMA = "steadfast.drill.report"
SCHEMA_VERSION = 1

_VERDICT = {"enum": ["pass", "fail", "inconclusive", "measured"]}
_INT = {"type": "integer"}
_TEXT = {"type": "string"}
_COUNTS = {"type": "object", "values": _INT}
_NULLABLE_INT = {"type": ["integer", "null"]}


def _record(**keys: Any) -> dict[str, Any]:
    return {"type": "object", "keys": keys}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_OUTAGE = _record(
    begin_us=_INT,
    end_us=_INT,
    us=_INT,
    at_least_us=_INT,
    at_most_us=_INT,
    blind_us=_INT,
    lost=_INT,
    outcomes=_COUNTS,
    recovered={"type": "boolean"},
    answered_before={"type": "boolean"},
)
_PROBE = _record(
    name=_TEXT,
    kind=_TEXT,
    target=_TEXT,
    port=_NULLABLE_INT,
    interval_us=_INT,
    timeout_us=_INT,
    begin_us=_INT,
    end_us=_INT,
    sent=_INT,
    ok=_INT,
    availability={"type": "number"},
    outcomes=_COUNTS,
    measures=_COUNTS,
    latency_us=_COUNTS,
    lateness_us=_COUNTS,
    outages=_list(_OUTAGE),
    blind=_list(_list(_INT)),
    holdings=_list(_record(who=_TEXT, begin_us=_INT, end_us=_INT, answers=_INT)),
    segments=_list(_list({"type": ["integer", "string"]})),
    latency_bins=_record(begin_us=_INT, end_us=_INT, max_us=_list(_INT)),
)
_RUN = _record(
    id=_TEXT,
    title=_TEXT,
    fault=_record(kind=_TEXT, target=_TEXT, at_ns=_INT, uncertainty_us=_INT, text=_TEXT),
    client=_record(host=_TEXT, kernel=_TEXT, python=_TEXT, version=_TEXT),
    clock=_record(client_ahead_us=_INT, uncertainty_us=_INT, stepped_us=_INT),
    span=_record(begin_us=_INT, end_us=_INT),
    ended=_TEXT,
    probes=_list(_PROBE),
    events=_list(
        _record(at_us=_INT, node=_TEXT, kind=_TEXT, reason=_TEXT, text=_TEXT, uncertainty_us=_INT, source=_TEXT)
    ),
    verdicts=_list(
        _record(probe=_TEXT, measure=_TEXT, value=_NULLABLE_INT, budget=_NULLABLE_INT, result=_VERDICT, reason=_TEXT)
    ),
    verdict=_VERDICT,
    notes=_list(_TEXT),
)
REPORT = _record(
    schema={"enum": [SCHEMA]},
    schema_version={"enum": [SCHEMA_VERSION]},
    title=_TEXT,
    created_ns=_INT,
    updated_ns=_INT,
    about={"type": "object"},
    runs=_list(_RUN),
    verdict=_VERDICT,
    comparison={"type": ["object", "null"]},
)
"""The keys every report has, as data: ``keys`` are required, others are allowed."""

_TYPES: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "object": Mapping,
    "array": list,
}


class SchemaError(ValueError):
    """A document that is not a report of this version; ``errors`` names every place."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("; ".join(errors[:5]) + (f"; and {len(errors) - 5} more" if len(errors) > 5 else ""))
        self.errors = list(errors)


def check_report(document: Any) -> dict[str, Any]:
    """The document itself when it keeps to the schema; raises SchemaError otherwise."""
    errors: list[str] = []
    if isinstance(document, Mapping) and document.get("schema_version") not in (SCHEMA_VERSION, None):
        raise SchemaError(
            [f"schema_version {document['schema_version']!r} is not {SCHEMA_VERSION}: another release wrote it"]
        )
    _check(document, REPORT, "report", errors)
    if errors:
        raise SchemaError(errors)
    return dict(document)


def _check(value: Any, rule: Mapping[str, Any], where: str, errors: list[str]) -> None:
    if "enum" in rule:
        if value not in rule["enum"]:
            errors.append(f"{where} is {value!r}, not one of {rule['enum']}")
        return
    types = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    fits = any(isinstance(value, _TYPES[name]) for name in types)
    if not fits or (isinstance(value, bool) and "boolean" not in types):
        errors.append(f"{where} is {type(value).__name__}, not {' or '.join(types)}")
        return
    for key, inner in rule.get("keys", {}).items():
        if key in value:
            _check(value[key], inner, f"{where}.{key}", errors)
        else:
            errors.append(f"{where}.{key} is missing")
    if "values" in rule:
        for key, item in value.items():
            _check(item, rule["values"], f"{where}.{key}", errors)
    if "items" in rule:
        for index, item in enumerate(value):
            _check(item, rule["items"], f"{where}[{index}]", errors)
