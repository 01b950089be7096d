# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that nobody wants any more, as systemd tells of them."""

from __future__ import annotations

from tomcat.strays import complaint, strays

RUNNING = """steadfast-tomcat@main.service loaded active     running      Tomcat instance main
steadfast-tomcat@old.service  loaded activating auto-restart Tomcat instance old
"""
ENABLED = [f"/etc/systemd/system/multi-user.target.wants/steadfast-tomcat@{name}.service" for name in ("main", "web-2")]


def test_who_runs_or_comes_back_with_the_machine_is_found() -> None:
    assert strays(RUNNING, ENABLED, ["main"]) == ["old", "web-2"]
    assert strays(RUNNING, ENABLED, ["main", "old", "web-2"]) == []
    assert strays("", [], ["main"]) == []


def test_one_that_is_renamed_is_a_stranger_by_its_old_name() -> None:
    assert strays(RUNNING, [], ["web", "old"]) == ["main"]
    # neither the template nor somebody else's unit is an instance of ours
    assert strays("steadfast-tomcat@.service a b\ntomcat10.service a b\n", ["/x/tomcat10.service"], []) == []


def test_it_is_told_by_its_name_and_with_what_to_do() -> None:
    told = complaint("app1", ["old"])
    assert told.startswith("app1 has steadfast-tomcat@old, which the inventory does not")
    assert told.endswith("systemctl disable --now steadfast-tomcat@old")
