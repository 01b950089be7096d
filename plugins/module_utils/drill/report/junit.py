# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML: a suite per run, a case per verdict, for the CI systems that read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .words import moment, shown

__all__ = ["render_junit"]


def _clean(text: str) -> str:
    """Without the control characters that XML 1.0 cannot carry, not even escaped."""
    return "".join(char for char in text if char in "\t\n" or char >= " ")


def _attr(text: str) -> str:
    return quoteattr(_clean(text))


def _case(run: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    name = row["measure"].rsplit("_us", 1)[0].replace("_", " ")
    head = f"    <testcase classname={_attr(run['title'])} name={_attr(row['probe'] + ' ' + name)}"
    figures = f"{shown(row['measure'], row['value'])}, budget {shown(row['measure'], row['budget'])}"
    said = escape(_clean(f"{row['reason']}\n{figures}"))
    if row["result"] == "fail":
        return f'{head}>\n      <failure message={_attr(row["reason"])} type="budget">{said}</failure>\n    </testcase>'
    if row["result"] == "inconclusive":
        # Not a failure of the cluster, but no proof either: a CI job must not go green on it.
        return f'{head}>\n      <error message={_attr(row["reason"])} type="blind">{said}</error>\n    </testcase>'
    if row["result"] == "measured":
        return f"{head}>\n      <skipped message={_attr(row['reason'])}/>\n    </testcase>"
    return f"{head}>\n      <system-out>{said}</system-out>\n    </testcase>"


def _suite(run: Mapping[str, Any]) -> str:
    results = [row["result"] for row in run["verdicts"]]
    stamp = moment(run["fault"]["at_ns"])[:19].replace(" ", "T")
    seconds = (run["span"]["end_us"] - run["span"]["begin_us"]) / 1e6
    head = (
        f'  <testsuite name={_attr(run["title"])} id={_attr(run["id"])} tests="{len(results)}" '
        f'failures="{results.count("fail")}" errors="{results.count("inconclusive")}" '
        f'skipped="{results.count("measured")}" time="{seconds:.3f}" timestamp="{stamp}" '
        f"hostname={_attr(run['client']['host'])}>"
    )
    return "\n".join([head, *(_case(run, row) for row in run["verdicts"]), "  </testsuite>"])


def render_junit(report: Mapping[str, Any]) -> str:
    """The whole report; ends with a newline."""
    suites = "\n".join(_suite(run) for run in report["runs"])
    name = _attr(report["title"])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name={name}>\n{suites}\n</testsuites>\n'
