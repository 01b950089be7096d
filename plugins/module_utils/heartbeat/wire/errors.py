# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a datagram, or a message in it, was not taken: one exception type and one list of reasons.

Every reason is at once the name of a counter (``Station.counters()``), so that nothing is dropped silently.
"""

from __future__ import annotations

import enum


class Reason(enum.Enum):
    """The values are stable: they are counter names and part of the status JSON."""

    # the datagram itself
    EMPTY = "empty"
    TOO_LARGE = "too-large"
    BAD_FRAME = "bad-frame"
    BAD_NETSTRING = "bad-netstring"
    BAD_FIELD = "bad-field"
    TOO_MANY_FIELDS = "too-many-fields"
    BAD_COMPRESSION = "bad-compression"

    # who signed it
    NO_AUTH = "no-auth"
    UNKNOWN_KEY = "unknown-key"
    CRC_NOT_ACTIVE = "crc-not-active"
    BAD_DIGEST = "bad-digest"
    DIGEST_UNAVAILABLE = "digest-unavailable"

    # the control fields
    MISSING_FIELD = "missing-field"
    BAD_NUMBER = "bad-number"
    UNKNOWN_NODE = "unknown-node"
    NAME_IN_USE = "name-in-use"

    # delivery
    LOOPBACK = "loopback"
    DUPLICATE = "duplicate"
    REPLAY = "replay"
    UNKNOWN_INCARNATION = "unknown-incarnation"
    STALE_STATUS = "stale-status"
    ACK_BEYOND = "ack-beyond"
    REXMIT_BEYOND = "rexmit-beyond"
    NOT_FOR_THIS_LINK = "not-for-this-link"


class WireError(Exception):
    """The only exception that the wire package raises for bytes or messages that are not acceptable."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
