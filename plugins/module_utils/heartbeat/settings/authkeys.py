# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""authkeys: the shared keys and which of them signs. No finding ever contains a secret.

Rules of Linux-HA heartbeat 3.0.6, as measured: only lines whose first character is ``#`` are comments (a key may
contain one), words after the key are ignored (a ``//comment`` there does no harm), the ``auth`` line stands before the
key line that it names, the last matching definition wins. ``sha256`` is our own addition.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass

from .diagnostics import Diagnostic, Findings, Place, PlaceKey, listed, nearest, shown
from .model import Key, KeyRing, Method
from .text import BLANKS, PASTED_COMMENT, Word

HIGHEST_ID = 15
METHODS = tuple(method.value for method in Method)
#: the keys of the sample file that the C daemon's package brings
_SAMPLE_KEYS = ("HI!", "Hello!")
_AUTH = re.compile(f"auth[{BLANKS}]*([^{BLANKS}]*)[{BLANKS}]*(.*)", re.DOTALL)
_WORD = re.compile(f"[^{BLANKS}]+")
_SHORT_KEY = 8


@dataclass(frozen=True)
class AuthKeys:
    """What authkeys says; ``keyring`` is None after an error."""

    keyring: KeyRing | None
    diagnostics: tuple[Diagnostic, ...]
    places: dict[PlaceKey, Place]


def parse_authkeys(text: str, *, file: str = "authkeys", mode: int | None = None) -> AuthKeys:
    """Parse authkeys; never raises, whatever the text. ``mode``: the file's permission bits, None to leave them out."""
    findings = Findings(file)
    if mode is not None:
        _check_mode(findings, mode)
    parser = _Parser(findings)
    for number, raw in enumerate(text.split("\n"), start=1):
        words = [Word(m.group(), number, m.start() + 1) for m in _WORD.finditer(raw)]
        if not words or words[0].text.startswith("#"):
            continue
        if words[0].text.startswith("a"):
            parser.auth(raw.strip(BLANKS), words)
        else:
            parser.key(words)
    keyring = parser.finish()
    return AuthKeys(None if findings.failed else keyring, findings.result(), findings.places)


def _check_mode(findings: Findings, mode: int) -> None:
    bits = stat.S_IMODE(mode)
    if bits & 0o044:
        findings.error(None, f"others can read the keys (mode {bits:04o}): chmod 600 {findings.file}")
    elif bits & 0o022:
        findings.warning(None, f"others can write the keys (mode {bits:04o}): chmod 600 {findings.file}")


class _Parser:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.auth_word: Word | None = None
        self.active: int | None = None
        self.keys: list[Key] = []
        self.key_words: dict[int, Word] = {}
        #: ids that an auth line had named before their key line
        self.announced: list[int] = []
        self.usable: list[int] = []

    def auth(self, line: str, words: list[Word]) -> None:
        """``auth NUMBER``; the C daemon takes every line that begins with ``a`` for one."""
        findings, first = self.findings, words[0]
        match = _AUTH.fullmatch(line)
        if match is None:
            hint = "a line that begins with 'a' must be 'auth' and a number"
            findings.error(first, hint, "auth" if nearest(first.text, ["auth"]) else None, quote=False)
            return
        number_word = words[1] if first.text == "auth" and len(words) > 1 else first
        number = match.group(1)
        key_id = _key_id(number)
        if key_id is None:
            message = f"auth needs the number of a key, 0 to {HIGHEST_ID}, as in 'auth 1'"
            findings.error(number_word, message, quote=False)
            return
        if first.text != "auth":
            findings.warning(first, f"read as 'auth {key_id}'; put a blank after 'auth'", quote=False)
        if match.group(2):
            extra = words[2] if first.text == "auth" else words[1]
            findings.warning(extra, "ignored: auth takes one number", quote=False)
        if self.auth_word is not None:
            findings.warning(first, f"a second auth line; this one counts, not line {self.auth_word.line}", quote=False)
        self.auth_word, self.active = number_word, key_id
        self.announced.append(key_id)

    def key(self, words: list[Word]) -> None:
        """``NUMBER METHOD [KEY]``"""
        findings, first = self.findings, words[0]
        key_id = _key_id(first.text)
        if key_id is None:
            if first.text.isascii() and first.text.isdigit():
                findings.error(first, f"key number {shown(first.text)} is out of range: 0 to {HIGHEST_ID}")
            elif first.text in METHODS:
                findings.error(first, f"a key line begins with its number: '1 {first.text} …'")
            else:
                message = (
                    "neither 'auth NUMBER' nor 'NUMBER METHOD KEY' (only a '#' at its beginning comments a line out)"
                )
                findings.error(first, message, quote=False)
            return
        if len(words) < 2:
            findings.error(first, f"key {key_id} has no method: {listed(METHODS)}")
            return
        method = self._method(words[1])
        if method is None:
            return
        secret = self._secret(method, key_id, words)
        if secret is None:
            return
        if key_id in self.key_words:
            message = f"key {key_id} is given again; this line counts, not line {self.key_words[key_id].line}"
            findings.warning(first, message, quote=False)
        self.key_words[key_id] = words[1]
        findings.mark(("key", str(key_id)), words[1])
        self.keys.append(Key(key_id, method, secret))
        if key_id in self.announced:
            self.usable.append(key_id)

    def _method(self, word: Word) -> Method | None:
        if word.text in METHODS:
            return Method(word.text)
        close = nearest(word.text, METHODS)
        # Only a word that resembles a method is quoted: another one may be a key in the wrong column.
        resembles = close is not None and len(word.text) <= _SHORT_KEY
        name = f" '{shown(word.text)}'" if resembles else ""
        message = f"unknown method{name}: the methods are {', '.join(METHODS)}"
        self.findings.error(word, message, close if resembles else None, quote=resembles)
        return None

    def _secret(self, method: Method, key_id: int, words: list[Word]) -> bytes | None:
        findings = self.findings
        if method is Method.CRC:
            if len(words) > 2 and not words[2].text.startswith("//"):
                findings.error(words[2], "crc takes no key", quote=False)
                return None
            if len(words) > 2:
                findings.warning(words[2], PASTED_COMMENT, quote=False)
            return b""
        if len(words) < 3:
            findings.error(words[1], f"key {key_id} is missing after '{method.value}'")
            return None
        secret = words[2]
        if not secret.text.isascii() or not secret.text.isprintable():
            findings.error(secret, f"key {key_id} must be one word of printable ASCII characters", quote=False)
            return None
        if len(words) > 3:
            message = f"ignored: the key is one word, what follows it does not count ({len(words) - 3} words)"
            findings.warning(words[3], message, quote=False)
        if secret.text in _SAMPLE_KEYS:
            findings.warning(
                secret, f"key {key_id} is the one of the public sample file: everybody knows it", quote=False
            )
        elif len(secret.text) < _SHORT_KEY:
            findings.warning(secret, f"key {key_id} is short: use at least 16 characters", quote=False)
        return secret.text.encode("ascii")

    def finish(self) -> KeyRing | None:
        """The keyring, after the checks that need the whole file."""
        findings, active = self.findings, self.active
        if active is None or self.auth_word is None:
            if not findings.failed:
                findings.error(None, "the line 'auth NUMBER' is missing: it says which key signs")
            return None
        if active not in self.key_words:
            if not findings.failed:
                findings.error(
                    self.auth_word, f"auth key [{active}] not found: no line defines key {active}", quote=False
                )
            return None
        if active not in self.usable:
            findings.error(
                self.auth_word,
                f"auth key [{active}] not found: the auth line must stand before the key line that it names "
                f"(line {self.key_words[active].line})",
                quote=False,
            )
            return None
        ring = KeyRing(active, tuple(self.keys))
        self._warn_of_crc(ring)
        return ring

    def _warn_of_crc(self, ring: KeyRing) -> None:
        for key_id, word in self.key_words.items():
            key = ring.key(key_id)
            if key is None or key.method is not Method.CRC:
                continue
            if key_id == ring.active:
                message = "crc is a checksum, not a key: anybody on the network can take part in this cluster"
            else:
                message = "a C daemon accepts forged packets as soon as a crc line is listed; remove it"
            self.findings.warning(word, message)


def _key_id(text: str) -> int | None:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) > HIGHEST_ID:
        return None
    return int(text)
