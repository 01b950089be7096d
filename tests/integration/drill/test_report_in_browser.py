# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a real browser: nothing is missing, nothing overflows, everything has a name."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from drill.events.event import Event
from drill.model import Outcome, Sample
from drill.probe.samples import Recording
from drill.report.build import Fault, RunInput, add_run, build_run, new_report
from drill.report.compare import with_comparison
from drill.report.html import render_html
from drill.verdict.budget import parse_budgets

T0 = 1_795_180_000_000_000_000
LONG = "a-probe-with-a-name-as-long-as-names-may-be-0123456789-0123456789"


def beside(name: str) -> ModuleType:
    """A module beside this file."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def run_of(run_id: str, title: str, gap_us: int, unseen: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    probes, lanes = [], []
    for name, kind, interval_us in (
        ("vip-icmp", "icmp", 5_000),
        ("vip-page", "http", 20_000),
        (LONG[:64], "tcp", 10_000),
    ):
        probes.append({"name": name, "kind": kind, "target": "2001:db8:0:1:2:3:4:5", "port": 443})
        probes[-1].update(interval_ms=interval_us / 1000, timeout_ms=250)
        rows = []
        for seq in range(12_000_000 // interval_us):
            at = seq * interval_us
            lost = 4_000_000 <= at < 4_000_000 + gap_us
            if not unseen[0] < at < unseen[1]:
                rows.append(Sample(seq, at, 30, Outcome.TIMEOUT if lost else Outcome.OK, 300 + seq * 37 % 500))
        lanes.append(rows)
    header = {
        "format": 1,
        "version": "0.1.0",
        "run_id": run_id,
        "wall_ns": T0,
        "host": "client",
        "kernel": "6.1",
        "python": "3.11",
    }
    at_ns = T0 + 4_000_000_000
    events = [Event(at_ns, "node1", "power_off", text="power hook", source="drill")]
    for number in range(12):
        text = f"event=decision number={number} links=eth0:512,eth1:530 " + "x" * 200
        events.append(
            Event(at_ns + number * 41_000_000, "node2.cluster.example.com", "peer_dead", "peer-silent", text, 2_000_000)
        )
    fault = Fault("power_off", "node1.cluster.example.com", at_ns, text="power hook: links down, then killed")
    recording = Recording({**header, "probes": probes}, lanes)
    budgets = parse_budgets({"*": {"outage_ms": 600, "errors": 500}})
    return build_run(RunInput(run_id, title, fault, recording, events=events, budgets=budgets, notes=["A note."]))


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """Every section there is: passes, a failure, blindness, repetitions, a comparison."""
    built = new_report("Heartbeat pair in the lab", T0, {"configuration": "sha256:" + "4f" * 32})
    rows = [
        ("Clean stop", 0),
        ("Crash of the holder", 530_000),
        ("Crash of the holder", 810_000),
        ("Crash of the holder", 90_000),
    ]
    for number, (title, gap_us) in enumerate(rows):
        built = add_run(
            built, run_of(f"r{number}", title, gap_us, (6_000_000, 6_400_000) if number == 3 else (0, 0)), T0
        )
    before = add_run(new_report("Last month", T0), run_of("old", "Crash of the holder", 350_000), T0)
    return with_comparison(built, before)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    module = beside("browser")
    program = module.find_chromium()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no browser: install the package chromium")
        pytest.skip("needs a browser: apt-get install chromium")
    found = module.Browser(program)
    yield found
    found.close()


@pytest.fixture(scope="module")
def url(report: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_html(report), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_loads_clean_and_fits(browser: Any, url: str, report: dict[str, Any], width: int, dark: bool) -> None:
    browser.open(url, width, dark=dark)
    assert browser.seen("Log.entryAdded") == []
    assert browser.seen("Runtime.exceptionThrown") == []
    # Self-contained: the page itself is all that is asked for (data: is no request to anybody).
    asked = [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")]
    assert [address for address in asked if not address.startswith("data:")] == [url]
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    # Nothing sticks out of its card either, where the window's own width would hide it.
    sticking_out = browser.evaluate(
        """[...document.querySelectorAll('section *')].filter(e => {
            const box = e.getBoundingClientRect();
            return !e.closest('.scroll') && !e.closest('svg') && box.width && box.right > innerWidth + 1;
        }).map(e => e.outerHTML.slice(0, 90))"""
    )
    assert sticking_out == []
    shown = browser.evaluate("[...document.querySelectorAll('main h2')].map(e => e.textContent)")
    assert [run["title"] for run in report["runs"]] == [
        title for title in shown if title in {r["title"] for r in report["runs"]}
    ]
    colours = browser.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    light = [sum(int(part) for part in colour[4:-1].split(",")[:3]) for colour in colours]
    assert (light[0] < light[1]) is dark


def test_strips_have_a_size_and_outages_are_red(browser: Any, url: str) -> None:
    browser.open(url, 1280)
    boxes = browser.evaluate(
        """[...document.querySelectorAll('figure svg.strip')].map(e => {
            const box = e.getBoundingClientRect();
            return [box.width, box.height];
        })"""
    )
    assert len(boxes) >= 12
    assert all(width > 300 and height >= 8 for width, height in boxes)
    assert browser.evaluate("getComputedStyle(document.querySelector('rect.lost')).fill") == "rgb(211, 55, 47)"


@pytest.mark.parametrize("width", [1280, 390])
def test_everything_has_an_accessible_name(browser: Any, url: str, report: dict[str, Any], width: int) -> None:
    browser.open(url, width)
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    seen = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and "role" in node
    ]
    charts = [name for role, name in seen if role in ("image", "img", "graphics-document")]
    assert len(charts) >= sum(len(run["probes"]) for run in report["runs"])
    assert all(charts)
    assert "vip-icmp: 530 ms, 106 of 2400 attempts lost" in charts
    for role in ("heading", "link", "region", "group"):
        names = [name for found, name in seen if found == role]
        assert names, f"no {role} at all"
        assert all(names), f"a {role} without a name"
    assert "table" in {role for role, _ in seen}
    assert len([name for role, name in seen if role == "columnheader" and name]) >= (6 if width == 1280 else 1)
