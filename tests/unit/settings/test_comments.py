# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comments of ha.cf: real ones, those pasted from web pages, and characters that only look like one."""

from __future__ import annotations

import pytest

from heartbeat.settings.diagnostics import Diagnostic, Severity
from heartbeat.settings.ha_cf import parse_ha_cf as parse
from heartbeat.settings.model import Settings

BASE = "node a b\nbcast eth0\nauto_failback on\n"


def good(line: str) -> Settings:
    result = parse(BASE + line + "\n")
    assert result.settings is not None, [str(item) for item in result.diagnostics]
    return result.settings


def errors(line: str) -> list[Diagnostic]:
    return [item for item in parse(BASE + line).diagnostics if item.severity is Severity.ERROR]


def warnings(line: str) -> list[Diagnostic]:
    return [item for item in parse(BASE + line).diagnostics if item.severity is Severity.WARNING]


def only_error(line: str) -> Diagnostic:
    (found,) = errors(line)
    assert found.line == 4
    return found


def test_comments_and_line_ends() -> None:
    text = "\ufeff# 注释\r\n\tnode\ta b#尾\r\n  bcast eth0\t#\r\n\r\nauto_failback on  # ünïcödé\r\n"
    result = parse(text.lstrip("\ufeff"))
    assert result.diagnostics == ()
    assert result.settings is not None
    assert result.settings.nodes == ("a", "b")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("keepalive 1000ms //每隔多长时间发送一次", 18),
        ("logfile /var/log/ha-log //日志文件", 25),
        ("node c //两个节点 //, d", 8),
        ("mcast eth0 225.16.1.1 694 1 0 //定义组播地址", 31),
        ("ping 10.0.0.1\t//ping节点", 15),
        ("compression_threshold 2 // KB 2K", 25),
    ],
)
def test_pasted_comment(line: str, column: int) -> None:
    assert errors(line) == []
    (found,) = [item for item in warnings(line) if "taken as a comment" in item.message]
    assert (found.column, found.nearest) == (column, "#")
    assert "which the C daemon would not do" in found.message
    assert good(line) == good(line[: column - 1])


def test_pasted_comment_instead_of_a_value() -> None:
    assert [("has no value" in item.message, item.column) for item in warnings("keepalive //2")] == [
        (True, 1),
        (False, 11),
    ]
    assert good("keepalive //2").keepalive_ms == good("").keepalive_ms


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("respawn root /bin/true //说明", 24, "'//' does not start a comment"),
        ("// keepalive 1", 1, "'//' does not start a comment"),
        ("node c,//两个节点", 8, "a comment starts with '#'"),
        ("crm on //启用crm功能", 5, "steadfast.ha.pacemaker"),
    ],
)
def test_two_slashes_that_start_no_comment(line: str, column: int, says: str) -> None:
    found = only_error(line)
    assert found.column == column
    assert says in found.message


def test_path_may_begin_with_two_slashes() -> None:
    assert good("logfile //var/log/ha").logging.logfile == "//var/log/ha"


@pytest.mark.parametrize(
    ("line", "column", "name"),
    [
        ("node\u00a0c", 5, "no-break"),
        ("keepalive\u30002", 10, "ideographic"),
        ("keepalive 2 \uff03 text", 13, "full-width"),
    ],
)
def test_lookalikes(line: str, column: int, name: str) -> None:
    found = only_error(line)
    assert (found.column, name in found.message) == (column, True)
