# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from drill.events.event import Event
from drill.report.build import add_run
from drill.report.compare import with_comparison
from drill.report.distribution import repetitions
from drill.report.files import RENDERINGS, load_if_there, write_report
from drill.report.html import render_html
from drill.report.junit import render_junit
from drill.report.markdown import render_markdown
from drill.report.picture import render_picture
from drill.report.schema import SchemaError, check_report
from drill.report.text import render_text, table

Make = Callable[..., dict[str, Any]]
NASTY = "<script>alert('1')</script> & \"quotes\" | pipe\nline \x07 é"
VOID = {"meta", "link", "br", "rect", "path", "line"}


class Page(HTMLParser):
    """Collects what a test wants to know, and that every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def fault_at(run: dict[str, Any], after_us: int, **more: Any) -> Event:
    return Event(run["fault"]["at_ns"] + after_us * 1000, "node2", **more)


def test_a_run_tells_the_outage_relative_to_its_fault(make_run: Make) -> None:
    run = make_run(gap_us=500_000)
    icmp, page = run["probes"]
    assert (icmp["outages"][0]["begin_us"], icmp["outages"][0]["end_us"], icmp["measures"]["outage_us"]) == (
        0,
        500_000,
        500_000,
    )
    assert page["measures"]["errors"] == 25
    assert run["span"] == {"begin_us": -2_000_000, "end_us": 8_000_000}
    assert run["verdict"] == "pass"
    assert run["clock"]["stepped_us"] == 0


def test_every_report_keeps_to_the_schema_after_json(make_run: Make, make_report: Make) -> None:
    report = make_report(make_run(), make_run(run_id="r2", gap_us=0, budgets={}))
    assert check_report(json.loads(json.dumps(report))) == report


def test_schema_violations_name_their_place(make_report: Make) -> None:
    report = json.loads(json.dumps(make_report()))
    del report["runs"][0]["probes"][1]["kind"]
    report["runs"][0]["verdict"] = "splendid"
    report["title"] = 7
    with pytest.raises(SchemaError) as caught:
        check_report(report)
    text = "\n".join(caught.value.errors)
    assert "report.runs[0].probes[1].kind is missing" in text
    assert "report.runs[0].verdict is 'splendid'" in text
    assert "report.title is int, not string" in text


def test_a_later_schema_is_refused_in_plain_words(make_report: Make) -> None:
    with pytest.raises(SchemaError, match="another release"):
        check_report({**make_report(), "schema_version": 2})


def test_a_repeated_step_replaces_its_run_and_the_worst_verdict_counts(make_run: Make, make_report: Make) -> None:
    report = make_report(make_run(), make_run(run_id="r2", gap_us=900_000))
    assert report["verdict"] == "fail"
    report = add_run(report, make_run(run_id="r2", gap_us=100_000), 1)
    assert [run["id"] for run in report["runs"]] == ["r1", "r2"]
    assert report["verdict"] == "pass"


def test_the_text_table_names_fault_probe_outage_budget_verdict(make_run: Make, make_report: Make) -> None:
    report = make_report(
        make_run(), make_run(run_id="r2", title="Cut", gap_us=900_000, budgets={"*": {"outage_ms": 650, "errors": 0}})
    )
    lines = render_text(report).splitlines()
    assert lines[2].split() == ["FAULT", "PROBE", "OUTAGE", "BUDGET", "VERDICT"]
    assert re.search(r"^Crash of the holder +vip-icmp +500 ms +650 ms +PASS$", lines[4])
    assert re.search(r"^Cut +vip-icmp +900 ms +650 ms +FAIL$", lines[6])
    assert any(re.search(r"^ +vip-icmp errors +180 +0 +FAIL$", line) for line in lines)
    assert "  Cut, vip-page: outage 900 ms, 250 ms over the budget of 650 ms" in lines
    assert lines[-1] == "1 of 2 drills went over budget"


def test_a_table_aligns() -> None:
    assert table(["A", "BB"], [["xyz", "1"]], right=[1]) == "A    BB\n───  ──\nxyz   1"


def test_html_is_well_formed_self_contained_and_without_scripts(make_run: Make, make_report: Make) -> None:
    run = make_run()
    events = [
        fault_at(run, 0, kind="power_off", source="drill"),
        fault_at(run, 503_000, kind="takeover", reason="peer-dead"),
    ]
    page = Page(render_html(make_report(make_run(events=events), make_run(run_id="r2"))))
    assert page.open == []
    names = [tag for tag, _ in page.tags]
    assert "script" not in names
    assert "img" not in names
    for _tag, attrs in page.tags:
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value is not None
                assert value.startswith(("#", "data:"))
    assert "url(" not in render_html(make_report())
    assert "takeover" in page.words
    assert any("peer-dead" in words for words in page.words)


def test_every_chart_has_a_name_that_says_what_it_shows(make_run: Make, make_report: Make) -> None:
    report = make_report(make_run(), make_run(run_id="r2", gap_us=600_000))
    page = Page(render_html(report))
    charts = [attrs for tag, attrs in page.tags if attrs.get("role") == "img"]
    labels = [attrs.get("aria-label") or "" for attrs in charts]
    assert "vip-icmp: 500 ms, 100 of 2000 attempts lost" in labels
    assert any(label.startswith("Crash of the holder, vip-icmp: n=2, median") for label in labels)
    assert all(labels)


def test_all_runs_and_all_reasons_are_shown(make_run: Make, make_report: Make) -> None:
    report = make_report(
        make_run(), make_run(run_id="r2", title="Return", gap_us=0), make_run(run_id="r3", title="Cut", gap_us=700_000)
    )
    text = " ".join(Page(render_html(report)).words)
    for run in report["runs"]:
        assert run["title"] in text
        for row in run["verdicts"]:
            assert row["reason"] in text
    assert "1 of 3 drills went over budget" in text


@pytest.mark.parametrize("extension", RENDERINGS)
def test_names_from_outside_cannot_break_out(extension: str, make_run: Make, make_report: Make) -> None:
    run = make_run(title=NASTY)
    run["fault"].update(target=NASTY, text=NASTY)
    run["notes"] = [NASTY]
    run["events"] = [
        {
            "at_us": 5,
            "node": NASTY,
            "kind": NASTY,
            "reason": NASTY,
            "text": NASTY,
            "uncertainty_us": 0,
            "source": "cluster",
            "facts": {},
        }
    ]
    for probe in run["probes"]:
        probe["name"] = NASTY
    for row in run["verdicts"]:
        row.update(probe=NASTY, reason=NASTY, result="fail")
    report = make_report(run, title=NASTY)
    report["about"] = {NASTY: NASTY}
    text = RENDERINGS[extension](report)
    if extension == "html":
        page = Page(text)
        assert "script" not in [tag for tag, _ in page.tags]
        assert page.open == []
    elif extension == "xml":
        ElementTree.fromstring(text)
    elif extension == "md":
        assert "<script" not in text
        assert all(line.count("|") >= 2 for line in text.splitlines() if line.startswith("|"))


def test_junit_has_a_suite_per_run_and_a_case_per_verdict(make_run: Make, make_report: Make) -> None:
    unsure = make_run(run_id="r3", title="Blind", budgets={"*": {"lost_writes": 0}})
    report = make_report(make_run(), make_run(run_id="r2", title="Cut", gap_us=900_000), unsure)
    root = ElementTree.fromstring(render_junit(report))
    suites = {suite.get("name"): suite for suite in root}
    assert [suites[name].get("failures") for name in suites] == ["0", "2", "0"]
    assert suites["Blind"].get("errors") == "2"
    assert suites["Blind"].get("skipped") == "2"
    failure = suites["Cut"].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "outage 900 ms, 250 ms over the budget of 650 ms"
    assert sum(len(list(suite)) for suite in root) == sum(len(run["verdicts"]) for run in report["runs"])


def test_markdown_tables_have_one_width(make_run: Make, make_report: Make) -> None:
    report = with_comparison(make_report(make_run(gap_us=600_000)), make_report())
    text = render_markdown(report)
    assert "**worse by 100 ms (Crash of the holder, vip-icmp)**" in text
    widths: dict[int, set[int]] = {}
    block = 0
    for line in text.splitlines():
        if line.startswith("|"):
            widths.setdefault(block, set()).add(line.count("|") - line.count("\\|"))
        else:
            block += 1
    assert widths
    assert all(len(found) == 1 for found in widths.values())


def test_the_picture_is_xml_and_says_what_it_shows(make_run: Make) -> None:
    run = make_run()
    root = ElementTree.fromstring(render_picture(run))
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text is not None
    assert "vip-icmp 500 ms" in title.text


def test_repetitions_are_drills_of_one_title(make_run: Make, make_report: Make) -> None:
    report = make_report(make_run(), make_run(run_id="r2", gap_us=700_000), make_run(run_id="r3", title="Other"))
    found = {(series.fault, series.probe): series.outages_us for series in repetitions(report)}
    assert found == {
        ("Crash of the holder", "vip-icmp"): [500_000, 700_000],
        ("Crash of the holder", "vip-page"): [500_000, 700_000],
    }


def test_files_are_written_once_and_only_when_they_change(tmp_path: Any, make_report: Make) -> None:
    directory = str(tmp_path / "a" / "b")
    report = make_report()
    assert load_if_there(directory) is None
    assert write_report(directory, report)
    assert load_if_there(directory) == report
    assert not write_report(directory, report)
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
        "report.txt",
        "report.xml",
    ]
