# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a keystore, and with what a stand-in for the vendor's tool is called."""

from __future__ import annotations

import pytest
from elasticsearch.errors import Refused
from elasticsearch.keystore import names_in, steps

LISTING = """\
warning: ignoring JAVA_HOME=/usr/lib/jvm; using bundled JDK
keystore.seed
s3.client.default.access_key
"""


def test_names_are_read_and_warnings_are_not() -> None:
    assert names_in(LISTING) == ["keystore.seed", "s3.client.default.access_key"]


def test_each_secret_is_added_replaced_or_taken_away_once() -> None:
    have = {"keystore.seed": "x", "same": "1", "other": "2", "old": "3"}
    found = steps({"same": "1", "other": "9", "new": "4", "old": "", "never": ""}, list(have), have.get)
    assert (found.add, found.replace, found.remove, found.unknown) == (["new"], ["other"], ["old"], [])
    assert found.is_change


def test_what_is_declared_already_is_no_change_and_the_nodes_own_stays() -> None:
    assert not steps({"same": "1"}, ["keystore.seed", "same"], {"same": "1"}.get).is_change
    assert not steps({}, ["keystore.seed"], {}.get).is_change


def test_a_secret_that_the_tool_does_not_show_is_taken_for_right() -> None:
    found = steps({"a": "1"}, ["a"], lambda _name: None)
    assert found.unknown == ["a"]
    assert not found.is_change


def test_a_name_that_could_be_an_option_or_two_words_is_refused() -> None:
    with pytest.raises(Refused, match="'two words' is no name"):
        steps({"two words": "1"}, [], {}.get)
