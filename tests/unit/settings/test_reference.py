# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference page is what the tables say, and the tables know every directive of the C daemon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from heartbeat.settings.directives import DIRECTIVES, Effect, Kind
from heartbeat.settings.ha_cf import parse_ha_cf
from heartbeat.settings.reference import COMMAND, render

DOCS = Path(__file__).parents[3] / "docs"

#: every directive of Linux-HA heartbeat 3.0.6
KNOWN = """
node keepalive deadtime warntime initdead deadping hopfudge udpport baud auto_failback nice_failback
logfacility logfile debugfile debug use_logd conn_logd_time syslogmsgfmt log_badpack rtprio realtime
memreserve msgfmt hbgenmethod uuidfrom autojoin compression compression_threshold traditional_compression
max_rexmit_delay watchdog crm pacemaker crm_daemon_dir crmd_spawns_pengine coredumps coreroot use_apphbd
cluster quorum_server record_config_changes record_pengine_inputs enable_config_writes env stonith
stonith_host respawn failfast apiauth bcast udp ucast mcast mcast6 ucast6 serial rds tipc ppp ping ping6
ping_group
""".split()


def test_page_is_current() -> None:
    current = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert current == render(), f"from plugins/module_utils: {COMMAND} > ../../docs/configuration.md"


@pytest.mark.parametrize("name", KNOWN)
def test_every_directive_is_known(name: str) -> None:
    assert name in DIRECTIVES


@pytest.mark.parametrize("name", DIRECTIVES)
def test_every_directive_is_on_the_page(name: str) -> None:
    assert len(re.findall(rf"^\| `{name}` \|", render(), re.MULTILINE)) == 1


@pytest.mark.parametrize("name", [name for name, item in DIRECTIVES.items() if item.effect is not Effect.FULL])
def test_what_is_different_is_said(name: str) -> None:
    assert DIRECTIVES[name].here or name == "dialect"


@pytest.mark.parametrize(
    "name", [n for n, d in DIRECTIVES.items() if d.kind is Kind.OPTION and d.default and d.type not in ("time", "port")]
)
def test_defaults_pass_their_own_checker(name: str) -> None:
    directive = DIRECTIVES[name]
    assert directive.default is not None
    directive.check(directive.default)


def test_defaults_of_the_table_are_those_of_the_settings() -> None:
    base = "node a b\nbcast eth0\n"
    given = [
        f"{name} {item.default}\n"
        for name, item in DIRECTIVES.items()
        if item.kind is Kind.OPTION and item.default and " " not in item.default and item.default != "deadtime"
    ]
    assert len(given) > 20
    implied, spelled = parse_ha_cf(base).draft, parse_ha_cf(base + "".join(given)).draft
    implied.parameters.clear()
    spelled.parameters.clear()
    assert implied == spelled


def test_differences_are_complete_rows() -> None:
    text = (DOCS / "heartbeat-differences.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 20
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5, row
        assert all(cells), row
