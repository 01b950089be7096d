# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which dialect steers: the one place in the core that tells them apart."""

from __future__ import annotations

from ..settings.model import DialectChoice
from ..wire.message import Message
from .desk import Desk
from .dialect import MARK, Dialect, Speech
from .dialect_classic import ClassicDialect
from .dialect_native import NativeDialect
from .effects import Level
from .events import Command, Verb


def steering(desk: Desk) -> str:
    """Classic as soon as one peer is known to be, or when the configuration asks for it; else native."""
    speeches = [peer.speech for peer in desk.membership.peers.values()]
    classic = desk.configuration.settings.dialect is DialectChoice.CLASSIC or Speech.CLASSIC in speeches
    return Speech.CLASSIC.value if classic else Speech.NATIVE.value


def choose_dialect(name: str, desk: Desk) -> Dialect:
    """Build a dialect by name."""
    return NativeDialect(desk) if name == Speech.NATIVE.value else ClassicDialect(desk)


def learn_speech(desk: Desk, name: str, message: Message) -> bool:
    """By its status we know our kind. True: this is news about the peer."""
    peer = desk.membership.peers[name]
    classic = desk.configuration.settings.dialect is DialectChoice.CLASSIC or not message.has(MARK)
    speech = Speech.CLASSIC if classic else Speech.NATIVE
    if speech is peer.speech:
        return False
    peer.speech = speech
    desk.log(Level.INFO, "peer-speaks", peer=name, dialect=speech.value)
    return True


def steer(desk: Desk, dialect: Dialect) -> Dialect:
    """The dialect that steers from now on: the present one, or a new one that starts from what is held. A shutdown
    that is under way goes on under the new rules."""
    name = steering(desk)
    if name == dialect.name:
        return dialect
    leaving = dialect.leaving()
    dialect.retire()
    successor = choose_dialect(name, desk)
    desk.log(Level.NOTICE, "dialect", dialect=name)
    if leaving:
        successor.commanded(Command(Verb.SHUTDOWN))
    return successor
