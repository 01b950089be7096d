# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.control.protocol import Request, RequestError, parse_request


def test_requests_are_understood() -> None:
    assert parse_request(b'{"command":"status"}') == Request("status")
    assert parse_request(b'{"command":"standby","scope":"local"}') == Request("standby", "local")
    grouped = b'{"command":"takeover","scope":"group","key":"IPaddr::10.0.0.9"}'
    assert parse_request(grouped) == Request("takeover", "group", "IPaddr::10.0.0.9")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"status", "one JSON object"),
        (b"[]", "command"),
        (b'{"command":"explode"}', "known: status"),
        (b'{"command":"standby","scope":"some"}', "known: all"),
        (b'{"command":"standby","scope":"group"}', "needs"),
        (b'{"command":"standby","scope":"all","key":"x"}', "take none"),
    ],
)
def test_what_is_wrong_is_said(line: bytes, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        parse_request(line)


@given(st.one_of(st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_nothing_else_is_ever_raised(line: bytes | str) -> None:
    data = line if isinstance(line, bytes) else line.encode()
    try:
        parse_request(data)
    except RequestError:
        pass
