# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of every datagram, by peer and link: the rough view that metrics and alerts need.

``Station.counters()`` has every reason of its own; here they are gathered into a few words, so that the number of
series stays small: names that are not configured count as no name.
"""

from __future__ import annotations

from .errors import Reason

OK, LOST = "ok", "lost"

#: reason of refusal -> result. ``own``: our own multicast or broadcast coming back; ``foreign``: authentic, but from a
#: node that is not configured, or not meant for this link.
RESULTS: dict[Reason, str] = {
    Reason.EMPTY: "malformed",
    Reason.TOO_LARGE: "malformed",
    Reason.BAD_FRAME: "malformed",
    Reason.BAD_NETSTRING: "malformed",
    Reason.BAD_FIELD: "malformed",
    Reason.TOO_MANY_FIELDS: "malformed",
    Reason.BAD_COMPRESSION: "malformed",
    Reason.MISSING_FIELD: "malformed",
    Reason.BAD_NUMBER: "malformed",
    Reason.ACK_BEYOND: "malformed",
    Reason.REXMIT_BEYOND: "malformed",
    Reason.NO_AUTH: "badauth",
    Reason.BAD_DIGEST: "badauth",
    Reason.CRC_NOT_ACTIVE: "badauth",
    Reason.DIGEST_UNAVAILABLE: "badauth",
    Reason.UNKNOWN_KEY: "badkey",
    Reason.UNKNOWN_NODE: "foreign",
    Reason.NAME_IN_USE: "foreign",
    Reason.NOT_FOR_THIS_LINK: "foreign",
    Reason.LOOPBACK: "own",
    Reason.DUPLICATE: "dup",
    Reason.STALE_STATUS: "old",
    Reason.REPLAY: "replay",
    Reason.UNKNOWN_INCARNATION: "replay",
}


class Traffic:
    """Counts datagrams by (peer, link, result)."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def count(self, peer: str, link: str, result: str, number: int = 1) -> None:
        """``peer`` and ``link``: empty where there is none to name."""
        key = (peer, link, result)
        self._counts[key] = self._counts.get(key, 0) + number

    def as_list(self) -> list[dict[str, str | int]]:
        """For the metrics reply, sorted."""
        return [
            {"peer": peer, "link": link, "result": result, "count": count}
            for (peer, link, result), count in sorted(self._counts.items())
        ]
