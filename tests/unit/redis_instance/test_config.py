# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""redis.conf and the ACL file: what is written, and what is refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from redis_cluster.instance import acl, config

LONG = "correct horse battery"


def test_values_are_written_as_the_daemon_reads_them() -> None:
    text = config.rendered({"appendonly": True, "save": ["", "900 1"], "hz": 10, "logfile": "", "unused": None})
    assert text == 'appendonly yes\nsave ""\nsave 900 1\nhz 10\nlogfile ""\n'


@pytest.mark.parametrize("key", ["Port", "two words", "", "-x", "port\nappendonly no"])
def test_what_is_no_directive_is_refused(key: str) -> None:
    with pytest.raises(config.Unwritable):
        config.rendered({key: "1"})


def test_a_value_cannot_smuggle_in_a_second_line() -> None:
    with pytest.raises(config.Unwritable):
        config.rendered({"hz": "10\nrequirepass x"})
    with pytest.raises(config.Unwritable):
        config.quoted("a\nb")


@pytest.mark.parametrize(
    ("value", "written"), [("plain-1.0", "plain-1.0"), ('a "b" \\c', '"a \\"b\\" \\\\c"'), ("two words", '"two words"')]
)
def test_secrets_are_one_word(value: str, written: str) -> None:
    assert config.quoted(value) == written


def test_directives_are_read_back() -> None:
    text = config.rendered({"save": ["", "900 1"], "bind": "192.0.2.1 127.0.0.1"})
    assert config.directives("# a comment\n" + text) == {"save": ['""', "900 1"], "bind": ["192.0.2.1 127.0.0.1"]}


def test_the_free_dictionary_cannot_say_what_a_variable_says() -> None:
    assert config.strangers({"hz": 10}) == []
    (found,) = config.strangers({"Port": 1})
    assert "redis_cluster_instances" in found


def test_passwords_are_hashed() -> None:
    text = acl.rendered(LONG, ["former"], [{"name": "app", "passwords": ["one", "two"], "rules": "~app:* +@read"}])
    default, app = text.splitlines()
    for password in (LONG, "former"):
        assert f"#{hashlib.sha256(password.encode()).hexdigest()}" in default
    assert default.startswith("user default on ")
    assert app.startswith("user app on #")
    assert app.endswith("~app:* +@read")
    assert not {LONG, "former", "two"} & set(text.split())


@pytest.mark.parametrize(
    "user",
    [
        {"name": "app"},
        {"name": "default", "passwords": ["x"]},
        {"name": "a b", "passwords": ["x"]},
        {"name": "app", "passwords": ["x"], "rules": "+@all nopass"},
        {"name": "app", "passwords": ["x"], "rules": "+@all >plain"},
        {"name": "app", "passwords": ["x"], "rules": "+@all\nuser evil on nopass"},
        {"name": "app", "password_hashes": ["abc"]},
    ],
)
def test_users_that_would_open_a_door_are_refused(user: dict[str, Any]) -> None:
    with pytest.raises(config.Unwritable):
        acl.rendered(LONG, [], [user])


def test_a_user_that_is_off_needs_no_password() -> None:
    assert "user app off" in acl.rendered(LONG, [], [{"name": "app", "is_enabled": False}])


@pytest.mark.parametrize("password", ["jijiji", "short", "aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabcabc", "x" * 15])
def test_weak_passwords_are_refused_without_being_told(password: str) -> None:
    (found,) = acl.weaknesses(password, [])
    assert "redis_cluster_password" in found
    assert password not in found


def test_a_good_password_is_not_weak_and_none_is_the_roles_own_affair() -> None:
    assert acl.weaknesses(LONG, [{"name": "app", "passwords": [LONG]}]) == []
    assert acl.weaknesses("", []) == []
    assert len(acl.weaknesses("", [{"name": "app", "passwords": ["jijiji"]}])) == 1


def test_addresses_that_are_listened_on() -> None:
    assert config.listening("port 7000\nbind 192.0.2.1 127.0.0.1 -::1\n") == ["192.0.2.1", "127.0.0.1", "::1"]
    assert config.listening('bind "* -::*"\n') == ["0.0.0.0", "::"]
    assert config.listening("port 7000\n") == []
