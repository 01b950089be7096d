# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts and dashboard ask only for what the exporter gives: names, labels and label values."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from heartbeat.control.metrics import render

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
#: What Prometheus and the scrape configuration add.
TARGET_LABELS = {"cluster", "instance", "job"}
#: The one family that is node_exporter's.
FOREIGN = {"node_textfile_mtime_seconds": {"file"}}
#: Results and events that a page without them cannot show.
RARE = {"result": {"badauth", "badkey"}}
WORDS = set(
    "sum min max count by on and group_left increase rate changes time histogram_quantile without or unless".split()
)


@pytest.fixture(scope="module")
def labels() -> dict[str, dict[str, set[str]]]:
    """Name of a series -> label -> values, from a real page; families without samples have no labels."""
    path = Path(__file__).resolve().parents[1] / "control" / "conftest.py"
    spec = importlib.util.spec_from_file_location("control_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, dict[str, set[str]]] = {}
    for line in render(module.after_a_takeover()).splitlines():
        if line.startswith("# TYPE"):
            found.setdefault(line.split()[2], {})
        elif not line.startswith("#"):
            name = re.split("[{ ]", line)[0]
            series = found.setdefault(name, {})
            for label, value in re.findall(r'([a-z]+)="([^"]*)"', line):
                series.setdefault(label, set()).add(value)
    return found


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((EXAMPLES / "prometheus" / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / "grafana" / "heartbeat.json").read_text())
    return found


def queries() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for annotation in dashboard()["annotations"]["list"]:
        yield annotation["expr"]


EXPRESSIONS = [rule["expr"] for rule in rules()] + list(queries())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_name_label_and_value_is_one_that_the_exporter_gives(
    expression: str, labels: dict[str, dict[str, set[str]]]
) -> None:
    for left, right in ("()", "[]", "{}"):
        assert expression.count(left) == expression.count(right)
    bare = re.sub(r'"[^"]*"|\[[^]]*\]', "", expression)
    selectors = re.findall(r"([a-z_]+)\{([^}]*)\}", expression)
    grouping = set(re.findall(r"[a-z]+", " ".join(re.findall(r"(?:by|on) \(([^)]*)\)", bare))))
    names = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", re.sub(r"\{[^}]*\}|(?:by|on) \([^)]*\)", "", bare))) - WORDS
    assert names
    known = TARGET_LABELS.copy()
    for name in names:
        assert name in labels or name in FOREIGN, name
        known |= set(labels.get(name, ())) | FOREIGN.get(name, set())
    assert grouping <= known
    for name, inside in selectors:
        for label, operator, value in re.findall(r'([a-z]+)(=~|!=|=)"([^"]*)"', inside):
            assert label in TARGET_LABELS or label in labels.get(name, ()) or label in FOREIGN.get(name, ()), label
            values = labels.get(name, {}).get(label)
            if values and label not in TARGET_LABELS:
                wanted = set(value.split("|")) if operator == "=~" else {value}
                assert wanted <= values | RARE.get(label, set())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_names_only_labels_that_are_left(
    rule: dict[str, Any], labels: dict[str, dict[str, set[str]]]
) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert re.fullmatch("([0-9]+[smh])?", rule.get("for", ""))
    summary, description = rule["annotations"]["summary"], rule["annotations"]["description"]
    used = set(re.findall(r"\$labels\.([a-z]+)", summary + description))
    aggregated = re.match(r"(?:sum|min|max|count) by \(([^)]*)\)", rule["expr"])
    if aggregated:
        left = set(aggregated.group(1).split(", "))
    else:
        names = re.findall(r"\b(?:hb|node)_[a-z_]+", rule["expr"])
        left = TARGET_LABELS | set(labels.get(names[0], {})) | FOREIGN.get(names[0], set())
    assert used <= left


def test_the_alerts_that_operators_expect_are_there() -> None:
    assert {rule["alert"] for rule in rules()} >= {
        "HeartbeatNoHolder",
        "HeartbeatTwoHolders",
        "HeartbeatPeerSilent",
        "HeartbeatNodeNotScheduled",
        "HeartbeatBadAuth",
        "HeartbeatConfigurationDiffers",
        "HeartbeatMaintenanceForgotten",
        "HeartbeatDown",
    }


def test_the_dashboard_can_be_imported_anywhere() -> None:
    found = dashboard()
    panels = found["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {"datasource", "cluster"} == {variable["name"] for variable in found["templating"]["list"]}
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])


def test_panels_do_not_overlap() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


def test_the_scrape_example_gives_every_target_its_cluster() -> None:
    document = yaml.safe_load((EXAMPLES / "prometheus" / "scrape.yml").read_text())
    for job in document["scrape_configs"]:
        assert all(targets["labels"]["cluster"] for targets in job["static_configs"])
