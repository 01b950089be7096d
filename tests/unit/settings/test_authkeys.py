# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""authkeys: the rules of the file, and that no finding tells a secret."""

from __future__ import annotations

import pytest

from heartbeat.settings.authkeys import parse_authkeys
from heartbeat.settings.diagnostics import Diagnostic, Severity
from heartbeat.settings.model import KeyRing, Method

LONG = "ee869d3d86e1556f"


def ring(text: str) -> KeyRing:
    found = parse_authkeys(text)
    assert found.keyring is not None, [str(item) for item in found.diagnostics]
    return found.keyring


def findings(text: str, severity: Severity) -> list[Diagnostic]:
    return [item for item in parse_authkeys(text).diagnostics if item.severity is severity]


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256"])
def test_keyed_methods(method: str) -> None:
    keyring = ring(f"auth 1\n1 {method} {LONG}\n")
    assert keyring.signing_key().method is Method(method)
    assert keyring.signing_key().secret == LONG.encode()
    assert parse_authkeys(f"auth 1\n1 {method} {LONG}\n").diagnostics == ()


def test_crc_has_no_key_and_a_warning() -> None:
    assert ring("auth 1\n1 crc\n").signing_key().secret == b""
    assert "not a key" in findings("auth 1\n1 crc\n", Severity.WARNING)[0].message
    assert "forged" in findings(f"auth 1\n1 sha1 {LONG}\n2 crc\n", Severity.WARNING)[0].message


def test_blanks_comments_crlf_and_a_hash_in_the_key() -> None:
    keyring = ring(f"\r\n  # 注释\r\n\tauth\t15\r\n #x\r\n  15  sha1\t#{LONG}#\r\n")
    assert keyring.active == 15
    assert keyring.signing_key().secret == f"#{LONG}#".encode()


def test_last_definition_wins() -> None:
    keyring = ring(f"auth 1\n1 md5 first-{LONG}\n1 sha1 second-{LONG}\n")
    assert keyring.signing_key().secret == f"second-{LONG}".encode()


def test_several_keys() -> None:
    keyring = ring(f"auth 2\n1 sha1 old-{LONG}\n2 sha1 new-{LONG}\n")
    assert [key.id for key in keyring.keys] == [1, 2]
    assert keyring.signing_key().id == 2


def test_words_after_number_and_key_are_ignored_with_a_warning() -> None:
    text = f"auth 2 //选择使用sha1加密\n2 sha1 {LONG} more words\n"
    assert ring(text).active == 2
    assert [(item.line, item.column) for item in findings(text, Severity.WARNING)] == [(1, 8), (2, 25)]


def test_comment_after_crc_is_only_warned_of() -> None:
    text = "auth 1\n1 crc //校验\n"
    assert ring(text).signing_key().secret == b""
    found = [item for item in findings(text, Severity.WARNING) if item.column == 7]
    assert [item.message for item in found] == ["taken as a comment, which the C daemon would not do: write '#'"]


def test_key_may_begin_with_two_slashes() -> None:
    assert ring(f"auth 1\n1 sha1 //{LONG} //说明\n").signing_key().secret == f"//{LONG}".encode()


def test_auth_without_blank() -> None:
    assert ring(f"auth1\n1 sha1 {LONG}\n").active == 1


def test_last_auth_line_counts() -> None:
    assert ring(f"auth 1\n1 sha1 {LONG}a\nauth 2\n2 sha1 {LONG}b\n").active == 2


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", (1, 1), "'auth NUMBER' is missing"),
        (f"1 sha1 {LONG}\n", (1, 1), "'auth NUMBER' is missing"),
        ("auth 1\n", (1, 6), "auth key [1] not found"),
        (f"auth 2\n1 sha1 {LONG}\n", (1, 6), "auth key [2] not found"),
        (f"1 sha1 {LONG}\n auth 1\n", (2, 7), "must stand before the key line"),
        (f"auth 16\n1 sha1 {LONG}\n", (1, 6), "0 to 15"),
        (f"auth\n1 sha1 {LONG}\n", (1, 1), "number of a key"),
        (f"auth one\n1 sha1 {LONG}\n", (1, 6), "number of a key"),
        (f"auht 1\nauth 1\n1 sha1 {LONG}\n", (1, 1), "must be 'auth'"),
        ("auth 1\n1 sha1\n", (2, 3), "key 1 is missing"),
        ("auth 1\n1\n", (2, 1), "no method"),
        ("auth 1\n1 crc word\n", (2, 7), "crc takes no key"),
        (f"auth 1\n1 shal {LONG}\n", (2, 3), "unknown method 'shal'"),
        (f"auth 1\n1 sha1 {LONG}\n16 sha1 {LONG}\n", (3, 1), "out of range"),
        (f"auth 1\n1 sha1 {LONG}\nsha1 {LONG}\n", (3, 1), "begins with its number"),
        (f"auth 1\n1 sha1 {LONG}\nxyz\n", (3, 1), "neither 'auth NUMBER'"),
        (f"auth 1\n1 sha1 schlüssel{LONG}\n", (2, 8), "ASCII"),
    ],
)
def test_error(text: str, place: tuple[int, int], says: str) -> None:
    result = parse_authkeys(text)
    assert result.keyring is None
    found = [item for item in result.diagnostics if item.severity is Severity.ERROR]
    assert len(found) == 1, [str(item) for item in found]
    assert (found[0].line, found[0].column) == place
    assert says in found[0].message


def test_nearest_method() -> None:
    (found,) = findings(f"auth 1\n1 shal {LONG}\n", Severity.ERROR)
    assert (found.word, found.nearest) == ("shal", "sha1")


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o400, False), (0o620, False), (0o602, False),
                                               (0o640, True), (0o644, True), (0o660, True), (0o604, True)])  # fmt: skip
def test_mode(mode: int, refused: bool) -> None:
    result = parse_authkeys(f"auth 1\n1 sha1 {LONG}\n", mode=0o100000 | mode)
    assert (result.keyring is None) is refused
    if refused:
        assert f"mode {mode:04o}" in result.diagnostics[0].message
        assert "chmod 600" in result.diagnostics[0].message


@pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o400, 0), (0o620, 1), (0o602, 1)])
def test_writable_by_others_warns(mode: int, count: int) -> None:
    assert len(parse_authkeys(f"auth 1\n1 sha1 {LONG}\n", mode=mode).diagnostics) == count


@pytest.mark.parametrize(
    "text",
    [
        "auth 1\n1 {secret} sha1\n",
        "auth 1\n1 sha1 x {secret}\n",
        "auth 1\n{secret}\n",
        "auth {secret}\n1 sha1 {secret}\n",
        "auth 1 {secret}\n1 sha1 {secret}\n1 sha1 {secret}\n",
        "a{secret}\n",
        "auth{secret}\n",
        "auth 1\n1 crc {secret}\n",
        "auth 1\n99 sha1 {secret}\n",
        "{secret} 1 sha1\n",
        "auth 1\n1 sha1{secret}\n",
        "auth 1\n1 sha1 é{secret}\n",
    ],
)
def test_no_finding_tells_a_secret(text: str) -> None:
    secret = "Tr0ub4dor"
    result = parse_authkeys(text.format(secret=secret))
    assert result.diagnostics
    for item in result.diagnostics:
        assert secret not in repr(item)
        assert secret not in str(item)
    assert secret not in repr(result)


@pytest.mark.parametrize("word", ["HI!", "Hello!", "short"])
def test_weak_keys_warn_without_telling_them(word: str) -> None:
    (found,) = findings(f"auth 1\n1 sha1 {word}\n", Severity.WARNING)
    assert word not in repr(found).replace("is short", "")
