# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our own nodes have last told us, and how far we may believe it."""

from __future__ import annotations

from collections.abc import Iterable

from ..wire.message import Message
from . import gossip
from .desk import Desk
from .gossip import IDLE_ENTRY, Entry, Gossip
from .membership import Peer


class Views:
    """The latest gossip of each peer, by name. ``ids``: short ids of the configured groups by key."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._views: dict[str, Gossip] = {}
        self._left: dict[str, int] = {}  # peer -> the life of it that said goodbye
        self._seen: dict[str, int] = {}  # key -> the greatest claim ever heard of
        self.ids: dict[str, str] = {}
        self.renumber()

    def __contains__(self, peer: str) -> bool:
        return peer in self._views

    def __getitem__(self, peer: str) -> Gossip:
        return self._views[peer]

    def renumber(self) -> None:
        """The configured groups have changed."""
        self.ids = gossip.group_ids(self._desk.table.configured())
        self._seen = {key: claim for key, claim in self._seen.items() if key in self.ids}

    def take_in(self, peer: str, message: Message) -> Gossip | None:
        """A status came: its gossip, or None when that is older than what we know, belongs to a life that has ended, or
        says nothing new."""
        told = gossip.decode(message)
        if told is None or self._left.get(peer) == told.stamp[0]:
            return None
        known = self._views.get(peer)
        if known is not None and known.stamp[0] == told.stamp[0] and known.stamp[1] > told.stamp[1]:
            return None  # overtaken on the way
        if known == told:
            self._desk.still = True  # the keepalive of a peer to which nothing has happened
            return None
        self._views[peer] = told
        for key in self.ids:
            self.saw_claim(key, self.entry(told, key).claim)
        return told

    def goodbye(self, peer: str) -> Gossip | None:
        """A peer has left: nothing of this life of it counts any more. Returns what it told last."""
        view = self._views.pop(peer, None)
        if view is not None:
            self._left[peer] = view.stamp[0]
        return view

    def forget(self, peer: str) -> Gossip | None:
        """What a peer told is void. Returns what that was."""
        return self._views.pop(peer, None)

    def entry(self, view: Gossip, key: str) -> Entry:
        """What a view says about a group."""
        return view.entries.get(self.ids.get(key, ""), IDLE_ENTRY)

    def held_in(self, view: Gossip) -> Iterable[str]:
        """The groups that the teller of this view held."""
        return [key for key in self.ids if self.entry(view, key).letter in gossip.HOLDERS]

    def company(self) -> tuple[tuple[Peer, Gossip], ...]:
        """Live peers whose gossip we have, in configuration order."""
        return tuple(
            (peer, self._views[peer.name]) for peer in self._desk.membership.alive() if peer.name in self._views
        )

    def saw_claim(self, key: str, claim: int) -> None:
        """Somebody, perhaps we, made this claim."""
        if claim > self._seen.get(key, 0):
            self._seen[key] = claim

    def greatest_claim(self, key: str) -> int:
        """The greatest claim on a group that we have heard of; 0 when there never was one."""
        return self._seen.get(key, 0)
