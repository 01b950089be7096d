# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACL file of an instance, with hashed passwords only, and what makes a password too weak.

Syntax: the ACL page of the Redis documentation; ``#`` and 64 hexadecimal digits is the SHA-256 of a password.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .config import Unwritable

#: shorter ones can be tried out: the daemon answers a hundred thousand guesses a second
MIN_LENGTH = 16
MIN_DISTINCT = 8

_NAME = re.compile(r"[A-Za-z0-9_.@-]+")
_HASH = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def digest(password: str) -> str:
    """Return the SHA-256 of a password, as the ACL file has it."""
    return hashlib.sha256(password.encode()).hexdigest()


def weakness(where: str, password: str) -> list[str]:
    """Return why a password is not good enough, one sentence at most; it never contains the password.

    The daemon does not slow down guessing, and one password opens every instance.
    """
    if len(password) < MIN_LENGTH:
        return [f"{where} has {len(password)} characters, it needs {MIN_LENGTH}"]
    if len(set(password)) < MIN_DISTINCT:
        return [f"{where} has only {len(set(password))} different characters, it needs {MIN_DISTINCT}"]
    if _CONTROL.search(password):
        return [f"{where} has line breaks or control characters"]
    return []


def _hashes(name: str, user: Mapping[str, Any]) -> list[str]:
    given = [str(text) for text in user.get("password_hashes") or ()]
    for text in given:
        if not _HASH.fullmatch(text):
            raise Unwritable(f"user {name}: a password hash is the SHA-256 as 64 hexadecimal digits")
    return list(dict.fromkeys([digest(str(text)) for text in user.get("passwords") or ()] + given))


def user_line(user: Mapping[str, Any]) -> str:
    """Return the line of one user. Raises Unwritable for a name or rule that can't stand in the file."""
    name = str(user["name"])
    rules = str(user.get("rules") or "")
    if not _NAME.fullmatch(name):
        raise Unwritable(f"the name of a user has letters, digits and _ . @ -: {name!r}")
    if _CONTROL.search(rules):
        raise Unwritable(f"user {name}: rules are one line")
    for word in rules.split():
        if word in ("nopass", "resetpass", "on", "off") or word[:1] in (">", "<", "#", "!"):
            raise Unwritable(
                f"user {name}: passwords and on or off have keys of their own, they can't be among the rules"
            )
    hashes = _hashes(name, user)
    is_on = bool(user.get("is_enabled", True))
    if is_on and not hashes:
        raise Unwritable(f"user {name} has no password")
    words = ["user", name, "on" if is_on else "off", *(f"#{text}" for text in hashes), *rules.split()]
    return " ".join(words)


def rendered(password: str, former: Sequence[str], users: Sequence[Mapping[str, Any]]) -> str:
    """Return the ACL file: the user `default` with the cluster's password and its former ones, and everybody else.

    Raises Unwritable.
    """
    names = [str(user["name"]) for user in users]
    twice = sorted({name for name in names if names.count(name) > 1 or name == "default"})
    if twice:
        raise Unwritable(f"users that are there twice: {', '.join(twice)} (default is the cluster's own)")
    own = {"name": "default", "passwords": [password, *former], "rules": "~* &* +@all"}
    return "".join(user_line(user) + "\n" for user in [own, *users])


def weaknesses(password: str, users: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with the passwords of a request, in sentences that do not tell them."""
    found = weakness("redis_cluster_password", password) if password else []
    for user in users:
        for text in user.get("passwords") or ():
            found += weakness(f"the password of user {user.get('name')}", str(text))
    return found
