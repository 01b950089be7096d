# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the text: no parser raises, and every finding points at the word it names."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from heartbeat.settings.authkeys import parse_authkeys
from heartbeat.settings.diagnostics import Diagnostic
from heartbeat.settings.directives import DIRECTIVES
from heartbeat.settings.ha_cf import parse_ha_cf
from heartbeat.settings.haresources import parse_haresources
from heartbeat.settings.staticnet import scan
from heartbeat.settings.text import decode
from heartbeat.settings.values import Invalid, time_ms

WORDS = st.sampled_from([
    *DIRECTIVES, "eth0", "10.0.0.1", "10.0.0.9/24/eth0", "1s", "200ms", "2", "0", "on", "legacy", "node1", "#", "//x",
    "\\", ",", "IPaddr::", "::", "IPaddr::1/2/3/4/5", "fe80::1/", "auth", "sha1", "crc", "\u00a0", "\uff03", "节点",
    "\x00", "\x1b[1m", "=", "ocf:", "systemd:", "/ipfail", "ipfail", "user", "/bin/true",
])  # fmt: skip
LINES = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=8).map(" ".join)
TEXTS = st.lists(LINES, max_size=10).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\\\n"]).map(lambda end: end.join(lines))
)


def check(diagnostics: Sequence[Diagnostic], text: str) -> None:
    lines = text.split("\n")
    places = [(item.line, item.column) for item in diagnostics]
    assert places == sorted(places)
    for item in diagnostics:
        assert str(item).isprintable()
        line = lines[item.line - 1]
        assert 1 <= item.column <= len(line) + 1
        if item.word is not None:
            assert line[item.column - 1 :].startswith(item.word)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_ha_cf(text: str) -> None:
    result = parse_ha_cf(text, node_name="node1")
    check(result.diagnostics, text)
    assert (result.settings is None) == any(item.severity.value == "error" for item in result.diagnostics)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_authkeys(text: str) -> None:
    result = parse_authkeys(text)
    check(result.diagnostics, text)
    if result.keyring is not None:
        assert result.keyring.signing_key().id == result.keyring.active


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([(), ("node1",), ("node1", "node2.hoo.com")]))
def test_haresources(text: str, nodes: tuple[str, ...]) -> None:
    result = parse_haresources(text, nodes)
    check(result.diagnostics, text)
    for group in result.groups:
        assert group.resources
        for resource in group.resources:
            assert ("resource", group.key, resource.text) in result.places


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    text = decode(data)
    parse_ha_cf(text)
    parse_authkeys(text)
    parse_haresources(text, ())
    scan("/etc/netplan/x.yaml", text)


@given(st.integers(0, 10**6), st.integers(0, 999))
def test_times_are_exact(seconds: int, thousandths: int) -> None:
    assert time_ms(f"{seconds}.{thousandths:03d}") == seconds * 1000 + thousandths
    assert time_ms(f"{seconds * 1000 + thousandths}ms") == seconds * 1000 + thousandths


@given(st.text(max_size=12))
def test_a_time_is_a_time_or_invalid(text: str) -> None:
    try:
        assert time_ms(text) >= 0
    except Invalid as problem:
        assert problem.message  # noqa: PT017 - both outcomes are right, a third is not
