# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing and verifying: crc, md5 and sha1 as the C daemon does, and our own sha256.

Which key verifies (documented in docs/heartbeat-differences.md): the id in the packet selects the method;
the digest may be made with that id's key or with our active key. The C daemon knows only the second
half of that rule, and lets any node that merely lists a ``crc`` key accept packets that nobody signed;
here crc counts only where crc is what the operator made active.
Source: Linux-HA heartbeat 3.0.6, as measured (authentication).
"""

from __future__ import annotations

import hmac
import re
import zlib
from typing import NamedTuple

from ..settings.model import Key, KeyRing, Method
from .errors import Reason, WireError
from .limits import MAX_KEY_ID

_BIT_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_STAMP = re.compile(rb"(0|[1-9][0-9]?) ([0-9a-f]{1,64})")


class Stamp(NamedTuple):
    """What stands in an auth part: the key's id and the digest's text."""

    id: int
    digest: bytes


class Verdict(NamedTuple):
    """A digest that was found good: the key's id and the method."""

    id: int
    method: Method


def crc32_msb(data: bytes) -> int:
    """CRC-32 of polynomial 0x04C11DB7, most significant bit first, initial value 0, inverted at the end.

    zlib computes the mirror image of it, which is why bytes and result are mirrored here.
    """
    mirrored = zlib.crc32(data.translate(_BIT_REVERSED), 0xFFFFFFFF)
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_BIT_REVERSED), "big")


def digest(method: Method, secret: bytes, data: bytes) -> bytes:
    """The digest's text: lower-case hex (crc without leading zeros). Raises WireError where the platform forbids it."""
    if method is Method.CRC:
        return b"%x" % crc32_msb(data)
    try:
        return hmac.digest(secret, data, method.value).hex().encode("ascii")
    except ValueError as error:  # e.g. md5 on a system in FIPS mode
        raise WireError(Reason.DIGEST_UNAVAILABLE, f"{method.value} is not available on this system") from error


def sign(keyring: KeyRing, data: bytes) -> str:
    """``ID DIGEST`` with the active key."""
    key = keyring.signing_key()
    return f"{key.id} {digest(key.method, key.secret, data).decode('ascii')}"


def parse_stamp(text: bytes) -> Stamp:
    """``ID DIGEST`` taken apart; raises WireError."""
    match = _STAMP.fullmatch(text)
    if match is None or int(match.group(1)) > MAX_KEY_ID:
        raise WireError(Reason.NO_AUTH, "no valid auth part")
    return Stamp(int(match.group(1)), match.group(2))


def verify(keyring: KeyRing, stamp: Stamp, data: bytes) -> Verdict:
    """Who signed; raises WireError when nobody we know did."""
    key = keyring.key(stamp.id)
    if key is None:
        raise WireError(Reason.UNKNOWN_KEY, f"key id {stamp.id} is not in authkeys")
    active = keyring.signing_key()
    if key.method is Method.CRC and active.method is not Method.CRC:
        raise WireError(Reason.CRC_NOT_ACTIVE, f"key id {stamp.id} is crc, and crc is not active here")
    for secret in _secrets(key, active):
        if hmac.compare_digest(digest(key.method, secret, data), stamp.digest):
            return Verdict(key.id, key.method)
    raise WireError(Reason.BAD_DIGEST, f"the digest does not match key id {stamp.id}")


def _secrets(key: Key, active: Key) -> tuple[bytes, ...]:
    # An empty secret would let everybody sign: only crc, which takes none, has one.
    if key.method is Method.CRC or not active.secret or active.secret == key.secret:
        return (key.secret,)
    return (key.secret, active.secret)
