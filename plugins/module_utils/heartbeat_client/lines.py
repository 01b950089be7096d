# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the role's typed variables into lines of ha.cf, authkeys and haresources.

None of the three formats can quote anything: a line ends a directive and ``#`` starts a comment wherever it stands. A
value that can't be written is refused here, where its variable can still be named, instead of being cut short silently.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WORD = re.compile(r"[!-\"$-~]+")  # printable ASCII without blank and '#'


class Unwritable(Exception):
    """A value that the file format has no way to express; the text names the variable."""


def line(name: str, value: Any) -> str:
    """Return one line of ha.cf. Booleans become on and off. Raises Unwritable."""
    text = ("on" if value else "off") if isinstance(value, bool) else str(value)
    if _CONTROL.search(text) or "\n" in text:
        raise Unwritable(f"{name}: a value can't contain line breaks or control characters: {text!r}")
    if "#" in text:
        raise Unwritable(f"{name}: '#' starts a comment anywhere in ha.cf, so a value can't contain it: {text!r}")
    if name != "env" and text != text.strip():
        raise Unwritable(f"{name}: blanks around a value are lost: {text!r}")
    return f"{name} {text}"


def directives(pairs: Sequence[Sequence[Any]], override: Optional[Mapping[str, Any]] = None) -> str:
    """Return the lines of ha.cf for (directive, value) pairs.

    None, '' and [] leave a directive out; a list gives one line per element. A directive in ``override`` replaces the
    pairs of that name where the first of them stands; the rest of the overrides follow at the end.
    """
    overriding = dict(override or {})
    written: list[str] = []
    seen = set()
    for name, value in pairs:
        chosen = overriding.get(name, value)
        if name in overriding and name in seen:
            chosen = None
        seen.add(name)
        written += _lines(name, chosen)
    for name, value in overriding.items():
        if name not in seen:
            written += _lines(name, value)
    return "\n".join(written)


def _lines(name: str, value: Any) -> list[str]:
    if not _WORD.fullmatch(name):
        raise Unwritable(f"{name!r} is not the name of a directive")
    if value is None or value in ("", []):
        return []
    return [line(name, element) for element in (value if isinstance(value, (list, tuple)) else [value])]


def _word(where: str, value: Any, forbidden: str = "") -> str:
    text = str(value)
    if not _WORD.fullmatch(text) or any(character in text for character in forbidden):
        extra = f" and {' '.join(forbidden)}" if forbidden else ""
        raise Unwritable(f"{where}: must be one word without blanks, '#'{extra}: {text!r}")
    return text


def address(where: str, wanted: Mapping[str, Any]) -> str:
    """Return the haresources word of one VIP: ``IPaddr::10.0.0.9/24/eth0``, ``IPv6addr::2001:db8::9/64/eth0``."""
    try:
        ip = ipaddress.ip_address(str(wanted["ip"]))
    except ValueError as error:
        raise Unwritable(f"{where}: {error}") from None
    parts = [str(ip)]
    prefix, device = wanted.get("prefix"), wanted.get("device")
    if prefix not in (None, ""):
        if not 0 <= int(str(prefix)) <= ip.max_prefixlen:
            raise Unwritable(f"{where}: prefix {prefix} is not between 0 and {ip.max_prefixlen}")
        parts.append(str(prefix))
    if device not in (None, ""):
        if len(parts) == 1:
            raise Unwritable(f"{where}: with a device, the prefix of {ip} must be given too")
        parts.append(_word(f"{where}, device", device, "/\\"))
    agent = "IPaddr" if ip.version == 4 else "IPv6addr"
    if wanted.get("broadcast"):
        if len(parts) < 3:
            raise Unwritable(f"{where}: with a broadcast address, the device of {ip} must be given too")
        parts.append(_word(f"{where}, broadcast", wanted["broadcast"], "/\\"))
    return f"{agent}::{'/'.join(parts)}"


def service(where: str, wanted: Any) -> str:
    """Return the haresources word of one service: ``nginx`` or, with arguments, ``script::one::two``."""
    if not isinstance(wanted, Mapping):
        return _word(where, wanted, "\\")
    parts = [wanted["name"], *wanted.get("arguments", ())]
    for part in parts:
        if "::" in str(part):
            raise Unwritable(f"{where}: '::' separates arguments in haresources, so none can contain it: {part!r}")
    return "::".join(_word(where, part, "\\") for part in parts)


def haresources(groups: Sequence[Mapping[str, Any]]) -> str:
    """Return haresources for the role's ``heartbeat_vip_groups``: one line per group, addresses before services."""
    written = []
    for number, group in enumerate(groups, 1):
        where = f"heartbeat_vip_groups entry {number}"
        words = [address(f"{where}, address", entry) for entry in group.get("addresses") or ()]
        words += [service(f"{where}, service", entry) for entry in group.get("services") or ()]
        if not words:
            raise Unwritable(f"{where}: a group needs at least one address or service")
        written.append(" ".join([_word(f"{where}, node", group["node"]), *words]))
    return "\n".join(written)


def authkeys(keys: Sequence[Mapping[str, Any]], active: int) -> str:
    """Return authkeys for keys with id, method and secret. The secrets never appear in an error text."""
    written = [f"auth {int(active)}"]
    for key in keys:
        method, secret = str(key["method"]), str(key.get("secret", ""))
        if method == "crc":
            written.append(f"{int(key['id'])} crc")
            continue
        if not _WORD.fullmatch(secret.replace("#", "_")) or secret.startswith("#"):
            raise Unwritable(
                f"the secret of cluster key {key['id']} must be one word of printable ASCII without blanks"
            )
        written.append(f"{int(key['id'])} {method} {secret}")
    return "\n".join(written)


def signing_key(text: str) -> Optional[tuple[int, str, str]]:
    """Return (id, method, secret) of the key that an authkeys file signs with; None when it has none with a secret."""
    active, found = None, {}
    for words in (row.split() for row in text.splitlines()):
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith("a") and len(words) > 1:
            active = words[1]
        elif len(words) > 2:
            found[words[0]] = (words[1], words[2])
    if active is None or active not in found or not active.isdigit():
        return None
    method, secret = found[active]
    return int(active), method, secret
