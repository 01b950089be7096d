# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over protocol as a table. A gives classes up, B gets them.

A: ``ask me`` → B: ``ask other`` → A stops services, ``ask done`` → B takes, ``ask done``.
Source: Linux-HA heartbeat 3.0.6, standby protocol, as measured. The states that the C daemon calls ME, OTHER
and DONE are split here where they mean two things.
"""

from __future__ import annotations

import enum


class Side(enum.Enum):
    """Where this node is in a hand-over."""

    NOT = "not"
    OFFERED = "offered"  # A: asked, no answer yet
    GIVING = "giving"  # A: services are stopping
    GIVEN = "given"  # A: the other node is taking
    ACCEPTED = "accepted"  # B: waits for the other node to let go
    TAKING = "taking"  # B: groups are coming up


class Word(enum.Enum):
    """What was said or what happened."""

    WE_OFFER = "we-offer"
    PEER_OFFERS = "peer-offers"
    PEER_ACCEPTS = "peer-accepts"
    WE_ARE_DONE = "we-are-done"
    PEER_IS_DONE = "peer-is-done"
    CANCEL = "cancel"


_S, _W = Side, Word

TABLE: dict[tuple[Side, Word], tuple[Side, str]] = {
    (_S.NOT, _W.WE_OFFER): (_S.OFFERED, "operator, failback or a lost ping node"),
    (_S.NOT, _W.PEER_OFFERS): (_S.ACCEPTED, "we can take it"),
    (_S.OFFERED, _W.PEER_ACCEPTS): (_S.GIVING, "stop services, keep addresses"),
    (_S.OFFERED, _W.CANCEL): (_S.NOT, "no answer, or the other node died"),
    (_S.GIVING, _W.WE_ARE_DONE): (_S.GIVEN, "nothing of it runs here any more"),
    (_S.GIVING, _W.CANCEL): (_S.NOT, "would not stop, or the other node died"),
    (_S.GIVEN, _W.PEER_IS_DONE): (_S.NOT, "the other node has it"),
    (_S.GIVEN, _W.CANCEL): (_S.NOT, "the other node died or is silent"),
    (_S.ACCEPTED, _W.PEER_IS_DONE): (_S.TAKING, "it is free"),
    (_S.ACCEPTED, _W.CANCEL): (_S.NOT, "the other node died or changed its mind"),
    (_S.TAKING, _W.WE_ARE_DONE): (_S.NOT, "we have it"),
    (_S.TAKING, _W.CANCEL): (_S.NOT, "the other node died: what is coming up stays"),
}
