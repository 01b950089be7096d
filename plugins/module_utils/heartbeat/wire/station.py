# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipeline between datagrams and events, pure: the daemon and the simulator run the same one.

``receive`` goes length, digest, fields, sender, generation and order, content; ``send`` goes numbering,
control fields, history, digest. Everything that is refused is counted by its reason.
Time stamps on answers (ACKs, retransmission requests) follow the wall clock of the last ``send`` or
``due``: they inform people and are never decided by.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable

from ..core.effects import Level, Log
from ..core.events import Event, Heard, LinkAlive, PingAnswered
from ..settings.model import Configuration
from .codec import decode, encode
from .compression import Compression
from .delivery import Inbox, Outbox, Taken
from .envelope import Envelope, Identity, Sealing, decimal_number, hex_number, open_envelope, ping_message, seal
from .errors import Reason, WireError
from .message import Message
from .outbox import FILLING
from .roster import Roster
from .traffic import LOST, OK, RESULTS, Traffic

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
#: a repeated request within this of the last answer is not answered (ms less than max_rexmit_delay)
_SPACING_SLACK_MS = 10
#: the shortest wait before a missing message is asked for (ms)
_SHORTEST_WAIT_MS = 50
#: datagrams remembered together with what is in them: each comes once per link, and the copies follow each other
_REMEMBERED = 4
_QUIET = frozenset({Reason.LOOPBACK, Reason.DUPLICATE, Reason.STALE_STATUS})


@dataclass(frozen=True)
class Reject:
    """A datagram that changed nothing. ``peer`` is the name it claims, where that could be read."""

    reason: Reason
    text: str
    link: str
    peer: str | None = None


@dataclass(frozen=True)
class Reception:
    """What came of one datagram: events for the node, answers for all media, and what is worth a log line."""

    events: tuple[Event, ...] = ()
    datagrams: tuple[bytes, ...] = ()
    rejected: Reject | None = None
    logs: tuple[Log, ...] = ()


@dataclass
class _Outcome:
    events: list[Event] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)

    def log(self, level: Level, code: str, **facts: object) -> None:
        self.logs.append(Log(level, code, {name: str(value) for name, value in facts.items()}))


class Station:
    """One node's end of the wire. ``choose(a, b)`` returns a random integer of [a, b], both included."""

    def __init__(self, identity: Identity, configuration: Configuration, choose: Callable[[int, int], int]) -> None:
        self.identity = identity
        self._choose = choose
        self._outbox = Outbox()
        self._roster = Roster(identity, configuration.settings.nodes, lambda: choose(0, 9))
        self._counters: Counter[str] = Counter()
        self.traffic = Traffic()
        self._statuses: Mapping[str, str] = {}
        self._wall_s = 0
        self._warned_at = 0
        self._opened: deque[tuple[bytes, Message, Envelope]] = deque(maxlen=_REMEMBERED)
        self.reconfigure(configuration)

    def reconfigure(self, configuration: Configuration) -> None:
        """New keys, nodes, formats take effect at once; delivery state of peers that stay is kept."""
        for name in set(self._roster.inboxes) - set(configuration.settings.nodes):
            self._outbox.forget(name)
        self._roster.configure(configuration.settings.nodes)
        self._settings = configuration.settings
        self._keyring = configuration.keyring
        self._opened.clear()  # what a former key signed is to be verified anew
        self._compression = Compression.of(configuration.settings)
        self._interval_ns = configuration.settings.max_rexmit_delay_ms * _NS_PER_MS

    def counters(self) -> dict[str, int]:
        """How often what happened: reasons of refusal, sent, received, resent, asked-for, acknowledged …"""
        return {**self._counters, "unacknowledged": self._outbox.unacknowledged(self._live())}

    # --- outwards -----------------------------------------------------------------------------------------

    def send(self, message: Message, now_ns: int, wall_s: int, load: str) -> tuple[bytes, ...]:
        """The datagrams (one) that carry ``message`` to all media. Raises WireError when it can't travel at all."""
        self._wall_s = wall_s
        if message.kind.startswith("NS_"):
            return (self._control(message),)
        seq = self._outbox.number()
        sealed = self._seal(message, seq, wall_s, load)
        datagram = self._encode(sealed)
        self._outbox.keep(seq, sealed)
        self._counters["sent"] += 1
        return (datagram,)

    def ping_payload(self, name: str, wall_s: int) -> bytes:
        """The signed content of an ICMP echo request to ping node or group ``name``; sent with every own status."""
        kind = next((ping.kind for ping in self._settings.pings if ping.name == name), "ping")
        return self._encode(ping_message(name, kind, wall_s))

    def due(self, now_ns: int, wall_s: int, statuses: Mapping[str, str] | None = None) -> tuple[bytes, ...]:
        """Retransmission requests whose time has come. ``statuses`` defaults to what ``receive`` was last told."""
        self._wall_s = wall_s
        if statuses is not None:
            self._statuses = statuses
        datagrams: list[bytes] = []
        for name, inbox in self._roster.inboxes.items():
            if self._statuses.get(name) not in ("up", "active"):
                deadline = inbox.next_deadline()
                if deadline is not None and deadline <= now_ns:
                    self._counters["abandoned"] += inbox.abandon()
                continue
            for seq in inbox.due(now_ns, self._interval_ns):
                datagrams.append(self._control(_rexmit(name, seq)))
                self._counters["asked-for"] += 1
        return tuple(datagrams)

    def next_deadline(self) -> int | None:
        """When ``due`` has something to do (ns), or None."""
        deadlines = [inbox.next_deadline() for inbox in self._roster.inboxes.values()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    # --- inwards ------------------------------------------------------------------------------------------

    def receive(self, datagram: bytes, link: str, now_ns: int, statuses: Mapping[str, str]) -> Reception:
        """One datagram that arrived through ``link``. Never raises.

        ``statuses``: each peer's status as membership sees it."""
        self._counters["received"] += 1
        self._statuses = statuses
        peer: str | None = None
        outcome = _Outcome()
        try:
            message, envelope = self._open(datagram)
            peer = envelope.src
            if envelope.kind == "NS_st":
                raise WireError(Reason.NOT_FOR_THIS_LINK, "a ping reply on an ordinary link")
            self._admit(message, envelope, link, now_ns, outcome)
        except WireError as error:
            self._counters[error.reason.value] += 1
            known = peer if peer is not None and peer in self._roster.inboxes else ""
            self.traffic.count(known, link, RESULTS[error.reason])
            if error.reason in _QUIET:
                return Reception()
            return Reception(rejected=Reject(error.reason, error.text, link, peer))
        return Reception(tuple(outcome.events), tuple(outcome.datagrams), None, tuple(outcome.logs))

    def _open(self, datagram: bytes) -> tuple[Message, Envelope]:
        """What is in a datagram, verified; raises WireError. Its copy from the next link costs a comparison."""
        for seen, message, envelope in self._opened:
            if seen == datagram:
                return message, envelope
        message = decode(datagram, self._keyring).message.without(("auth",))
        envelope = open_envelope(message)
        self._opened.append((datagram, message, envelope))
        return message, envelope

    def receive_ping(self, payload: bytes, link: str) -> Reception:
        """The content of an ICMP echo reply; the host has already checked that the echo is ours. Never raises."""
        try:
            message = decode(payload, self._keyring).message
            name = message.get("src")
            if message.kind != "NS_st" or all(ping.name != name for ping in self._settings.pings):
                raise WireError(Reason.NOT_FOR_THIS_LINK, "an echo reply that is no configured ping node's")
        except WireError as error:
            self._counters[error.reason.value] += 1
            return Reception(rejected=Reject(error.reason, error.text, link))
        return Reception((PingAnswered(name), LinkAlive(name, link)))

    def _admit(self, message: Message, envelope: Envelope, link: str, now_ns: int, outcome: _Outcome) -> None:
        inbox = self._roster.sender(envelope)
        peer = envelope.src
        if envelope.seq is None:
            refused = inbox.speaks_for(envelope)
            if refused is not None:
                raise WireError(refused, f"{envelope.kind} of another incarnation of {peer}")
            outcome.events.append(LinkAlive(peer, link))
            if envelope.dest in (None, self.identity.name):
                self._manage(message, envelope, inbox, now_ns, outcome)
            self.traffic.count(peer, link, OK)
            return
        dead = self._statuses.get(peer) == "dead"
        taken = inbox.take(envelope, envelope.seq, dead=dead, now_ns=now_ns, delay_ns=self._patience)
        if taken.refused in (Reason.REPLAY, Reason.UNKNOWN_INCARNATION):
            raise WireError(taken.refused, f"{envelope.kind} {envelope.seq:x} of generation {envelope.generation:x}")
        outcome.events.append(LinkAlive(peer, link))
        self._account(peer, taken, envelope.seq, outcome)
        if taken.refused is not None:
            self._counters[taken.refused.value] += 1
            self.traffic.count(peer, link, RESULTS[taken.refused])
            return
        self.traffic.count(peer, link, OK)
        if self._roster.bind(envelope):
            outcome.log(Level.WARNING, "wire-uuid-changed", peer=peer)
        outcome.events.append(
            Heard(peer, message, link, taken.restarted, taken.after_partition, envelope.for_node(self.identity))
        )

    def _account(self, peer: str, taken: Taken, seq: int, outcome: _Outcome) -> None:
        if taken.restarted:
            self._outbox.restarted(peer)
        if taken.lost:
            self._counters["lost"] += taken.lost
            self.traffic.count(peer, "", LOST, taken.lost)
            outcome.log(Level.NOTICE, "wire-lost", peer=peer, count=taken.lost, seq=seq)
        if taken.given_up:
            self._counters["given-up"] += taken.given_up
            outcome.log(Level.WARNING, "wire-given-up", peer=peer, count=taken.given_up, seq=seq)
        if taken.complete:
            outcome.log(Level.INFO, "wire-complete", peer=peer)
        if taken.ack is not None:
            self._answer(Message.of(("t", "NS_ackmsg"), ("dest", peer), ("ackseq", f"{taken.ack:x}")), outcome)

    # --- messages about messages --------------------------------------------------------------------------

    def _manage(self, message: Message, envelope: Envelope, inbox: Inbox, now_ns: int, outcome: _Outcome) -> None:
        peer = envelope.src
        if envelope.kind == "NS_ackmsg":
            if not self._outbox.acknowledge(peer, hex_number(message, "ackseq"), self._live()):
                raise WireError(Reason.ACK_BEYOND, f"{peer} acknowledges what was never sent")
            self._watch_history(outcome)
        elif envelope.kind == "NS_rexmit":
            self._resend(peer, decimal_number(message, "firstseq"), decimal_number(message, "lastseq"), now_ns, outcome)
        elif envelope.kind == "NS_nak_rexmit" and inbox.lost_for_good(hex_number(message, "firstseq")):
            self._counters["irretrievable"] += 1
            outcome.log(Level.ERROR, "wire-irretrievable", peer=peer, seq=hex_number(message, "firstseq"))

    def _resend(self, peer: str, first: int, last: int, now_ns: int, outcome: _Outcome) -> None:
        spacing_ns = max(0, self._interval_ns - _SPACING_SLACK_MS * _NS_PER_MS)
        resend = self._outbox.resend(peer, first, last, now_ns, spacing_ns)
        self._counters["resent"] += len(resend.messages)
        outcome.datagrams += [self._encode(sealed) for sealed in resend.messages]
        for seq, why in resend.nak:
            nak = Message.of(("t", "NS_nak_rexmit"), ("firstseq", f"{seq:x}"), ("dest", peer), ("info", why))
            self._answer(nak, outcome)
        if resend.beyond:
            self._counters[Reason.REXMIT_BEYOND.value] += 1
            outcome.log(Level.WARNING, "wire-rexmit-beyond", peer=peer, first=first, last=last)

    def _watch_history(self, outcome: _Outcome) -> None:
        """Say once per hundred messages that somebody does not acknowledge."""
        waiting = self._outbox.unacknowledged(self._live())
        if waiting < FILLING:
            self._warned_at = 0
        elif waiting >= self._warned_at + 100:
            self._warned_at = waiting
            outcome.log(Level.WARNING, "wire-history-filling", count=waiting)

    def _patience(self) -> int:
        longest = self._settings.max_rexmit_delay_ms
        return self._choose(_SHORTEST_WAIT_MS if longest >= 2 * _SHORTEST_WAIT_MS else 0, longest) * _NS_PER_MS

    # --- sealing ------------------------------------------------------------------------------------------

    def _live(self) -> list[str]:
        return [name for name in self._roster.inboxes if self._statuses.get(name, "dead") != "dead"]

    def _answer(self, message: Message, outcome: _Outcome) -> None:
        if self._wall_s:  # before our own first status there is nobody to answer to
            outcome.datagrams.append(self._control(message))

    def _control(self, message: Message) -> bytes:
        return self._encode(self._seal(message, None, self._wall_s, ""))

    def _seal(self, message: Message, seq: int | None, wall_s: int, load: str) -> Message:
        destuuid = self._roster.uuid(message.get("dest")) if message.has("dest") else None
        return seal(message, self.identity, Sealing(destuuid, seq, wall_s, load, self._settings.ttl()))

    def _encode(self, message: Message) -> bytes:
        return encode(message, self._keyring, msgfmt=self._settings.msgfmt, compression=self._compression)


def _rexmit(peer: str, seq: int) -> Message:
    number = str(seq)  # decimal, unlike every other sequence number on the wire
    return Message.of(("t", "NS_rexmit"), ("dest", peer), ("firstseq", number), ("lastseq", number))
