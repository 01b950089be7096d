# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations of the classic two-node tutorials, as people type them."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from heartbeat.settings.diagnostics import Severity
from heartbeat.settings.load import LoadResult, load_directory
from heartbeat.settings.model import Configuration, Failback, Mcast, Ucast

FIXTURES = Path(__file__).parent / "fixtures"


def load(directory: Path, node_name: str) -> LoadResult:
    return load_directory(str(directory), node_name, lambda name: None)


@pytest.fixture
def tutorial(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    copy = tmp_path / "ha.d"
    shutil.copytree(FIXTURES / request.param, copy)
    (copy / "authkeys").chmod(0o600)
    return copy


def configuration(result: LoadResult) -> Configuration:
    assert result.configuration is not None, [str(item) for item in result.diagnostics]
    return result.configuration


@pytest.mark.parametrize("tutorial", ["master"], indirect=True)
def test_two_nodes_with_ucast_and_ipfail(tutorial: Path) -> None:
    settings = configuration(load(tutorial, "master")).settings
    assert settings.nodes == ("master", "slave")
    assert settings.media == (Ucast("eth0", "192.168.0.22", 694),)
    times = (settings.keepalive_ms, settings.deadtime_ms, settings.warntime_ms, settings.initdead_ms)
    assert times == (2000, 30000, 10000, 60000)
    assert settings.auto_failback is Failback.ON
    assert settings.ipfail
    assert [ping.name for ping in settings.pings] == ["192.168.0.250"]
    assert settings.logging.logfile == "/var/log/ha-log"


@pytest.mark.parametrize("tutorial", ["slave"], indirect=True)
def test_slave_whose_node_names_differ(tutorial: Path) -> None:
    result = load(tutorial, "slave")
    errors = [item for item in result.diagnostics if item.severity is Severity.ERROR]
    assert len(errors) == 1
    assert errors[0].file == str(tutorial / "ha.cf")
    assert (errors[0].line, errors[0].column) == (21, 6)
    assert "this machine is 'slave' (uname -n), but ha.cf names only 'lizheng' and 'mysql1'" in errors[0].message


@pytest.mark.parametrize("tutorial", ["slave"], indirect=True)
def test_slave_note_after_the_address_is_no_error(tutorial: Path) -> None:
    assert configuration(load(tutorial, "lizheng")).settings.media == (Ucast("eth0", "192.168.0.21", 694),)


@pytest.mark.parametrize("tutorial", ["fqdn"], indirect=True)
def test_full_names_multicast_and_a_warntime_above_deadtime(tutorial: Path) -> None:
    loaded = configuration(load(tutorial, "node2.hoo.com"))
    assert loaded.settings.media == (Mcast("eth0", "225.16.1.1", 694, 1, False),)
    assert (loaded.settings.deadtime_ms, loaded.settings.warntime_ms) == (8000, 10000)
    assert loaded.settings.initdead_ms == 16000
    assert loaded.settings.compression == "bz2"
    assert loaded.groups[0].preferred == "node1.hoo.com"


@pytest.mark.parametrize("tutorial", ["annotated"], indirect=True)
def test_comments_with_two_slashes_work_as_typed_except_crm(tutorial: Path) -> None:
    ha_cf = tutorial / "ha.cf"
    (error,) = load(tutorial, "node1.hoo.com").errors()
    assert (error.file, error.line, error.column) == (str(ha_cf), 10, 5)
    assert "steadfast.ha.pacemaker" in error.message
    ha_cf.write_text(ha_cf.read_text().replace("crm on", "crm off"))
    result = load(tutorial, "node1.hoo.com")
    loaded = configuration(result)
    plain = tutorial.parent / "plain"
    shutil.copytree(FIXTURES / "fqdn", plain)
    (plain / "authkeys").chmod(0o600)
    expected = configuration(load(plain, "node1.hoo.com"))
    without = {"parameters": {}}
    assert dataclasses.replace(loaded.settings, **without) == dataclasses.replace(expected.settings, **without)
    assert (loaded.keyring, loaded.groups) == (expected.keyring, expected.groups)
    comments = [item for item in result.diagnostics if "taken as a comment" in item.message]
    assert len(comments) == 12


@pytest.mark.parametrize("tutorial", ["fqdn"], indirect=True)
def test_crm_on_points_to_the_other_role(tutorial: Path) -> None:
    with (tutorial / "ha.cf").open("a") as file:
        file.write("crm on\n")
    errors = load(tutorial, "node1.hoo.com").errors()
    assert [item.line for item in errors] == [13]
    assert "steadfast.ha.pacemaker" in errors[0].message
