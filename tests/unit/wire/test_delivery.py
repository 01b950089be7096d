# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sequence numbers, gaps, acknowledgements and retransmission, rule by rule."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.wire.delivery import Inbox, Outbox, Taken
from heartbeat.wire.envelope import Envelope
from heartbeat.wire.errors import Reason
from heartbeat.wire.inbox import MAX_REQUESTS
from heartbeat.wire.message import Message

MS = 1_000_000


def envelope(kind: str, generation: int, seq: int | None) -> Envelope:
    return Envelope(kind, "n2", None, None, None, seq, generation, 1)


class Receiver:
    """An inbox with the boring arguments filled in."""

    def __init__(self, residue: int = 0) -> None:
        self.inbox = Inbox(residue)
        self.now = 0

    def take(self, seq: int, kind: str = "resource", generation: int = 7, *, dead: bool = False) -> Taken:
        message = envelope(kind, generation, seq)
        return self.inbox.take(message, seq, dead=dead, now_ns=self.now, delay_ns=lambda: 50 * MS)


@pytest.fixture
def receiver() -> Receiver:
    """Has heard status 1 of generation 7."""
    one = Receiver()
    assert one.take(1, "status").refused is None
    return one


# --- generations ------------------------------------------------------------------------------------------


def test_the_first_message_ever_heard_may_be_any() -> None:
    one = Receiver()
    first = one.take(5, "reqnodes")
    assert (first.refused, first.restarted) == (None, False)
    assert one.take(6, "status").restarted is False


def test_a_new_generation_is_a_restart_and_the_old_one_is_a_replay_from_then_on(receiver: Receiver) -> None:
    receiver.take(300)
    assert receiver.take(2, generation=8).refused is Reason.UNKNOWN_INCARNATION
    restarted = receiver.take(1, "status", generation=8)
    assert (restarted.refused, restarted.restarted) == (None, True)
    for kind in ("status", "resource"):
        assert receiver.take(301, kind).refused is Reason.REPLAY
    assert receiver.take(2, generation=8).refused is None


def test_a_whole_recording_of_an_old_generation_changes_nothing() -> None:
    recording = [("status", 1), ("status", 2), ("starting", 3), ("resource", 4), ("shutdone", 5), ("status", 900)]
    ours = Receiver()  # we have restarted and know nobody
    ours.take(40, "status", generation=9)
    before = dict(vars(ours.inbox))
    for kind, seq in recording * 1000:
        assert ours.take(seq, kind, generation=8).refused is Reason.REPLAY
        assert ours.take(seq, kind, generation=8, dead=True).refused is Reason.REPLAY
    assert dict(vars(ours.inbox)) == before


def test_messages_without_a_number_must_be_of_the_incarnation_we_know(receiver: Receiver) -> None:
    assert receiver.inbox.speaks_for(envelope("NS_ackmsg", 7, None)) is None
    assert receiver.inbox.speaks_for(envelope("NS_ackmsg", 6, None)) is Reason.REPLAY
    assert receiver.inbox.speaks_for(envelope("NS_ackmsg", 8, None)) is Reason.UNKNOWN_INCARNATION
    assert Inbox(0).speaks_for(envelope("NS_ackmsg", 0, None)) is Reason.UNKNOWN_INCARNATION


def test_a_peer_that_we_hold_dead_must_say_something_new(receiver: Receiver) -> None:
    receiver.take(30)
    receiver.take(31, "status")
    assert receiver.take(1, "status", dead=True).refused is Reason.STALE_STATUS
    assert receiver.take(31, "status", dead=True).refused is Reason.STALE_STATUS
    back = receiver.take(40, "status", dead=True)
    assert (back.refused, back.after_partition, back.lost, back.given_up) == (None, True, 0, 28 + 8)
    assert receiver.inbox.missing == []  # what was said meanwhile is not asked for: it would be stale news
    assert receiver.take(39).refused is Reason.DUPLICATE


def test_no_generation_at_all_is_never_a_return_from_a_partition() -> None:
    one = Receiver()
    one.take(1, "status", generation=0)
    assert not one.take(2, "status", generation=0, dead=True).after_partition


# --- order ------------------------------------------------------------------------------------------------


def test_the_second_medium_brings_duplicates(receiver: Receiver) -> None:
    assert receiver.take(2).refused is None
    assert receiver.take(2).refused is Reason.DUPLICATE
    assert receiver.take(1).refused is Reason.DUPLICATE


def test_the_next_number_may_overtake_without_being_asked_for(receiver: Receiver) -> None:
    overtaking = receiver.take(3)
    assert (overtaking.refused, overtaking.lost, receiver.inbox.missing) == (None, 1, [2])
    assert receiver.inbox.due(receiver.now, 250 * MS) == []
    late = receiver.take(2)
    assert (late.refused, late.complete, receiver.inbox.missing) == (None, True, [])
    assert receiver.inbox.next_deadline() is None
    assert receiver.take(2).refused is Reason.DUPLICATE


def test_a_gap_of_more_than_250_is_given_up(receiver: Receiver) -> None:
    assert receiver.take(252).lost == 250
    assert receiver.take(254).given_up == 251
    assert receiver.inbox.missing == []
    assert receiver.take(100).refused is Reason.DUPLICATE


def test_numbers_far_behind_were_recorded_and_not_resent(receiver: Receiver) -> None:
    for seq in range(2, 400):
        receiver.take(seq)
    assert receiver.take(149).refused is Reason.DUPLICATE
    assert receiver.take(148).refused is Reason.REPLAY


def test_an_overtaken_status_says_nothing(receiver: Receiver) -> None:
    receiver.take(5, "status")
    late = receiver.take(3, "status")
    assert late.refused is Reason.STALE_STATUS
    assert receiver.take(4).refused is None
    assert receiver.inbox.missing == [2]


def test_a_restart_forgets_what_was_missing(receiver: Receiver) -> None:
    receiver.take(9)
    receiver.take(1, "status", generation=8)
    assert receiver.inbox.missing == []


@given(st.permutations(list(range(2, 60))))
def test_in_whatever_order_they_come_each_message_counts_once(order: list[int]) -> None:
    one = Receiver()
    one.take(1, "status")
    taken = [seq for seq in order + order if one.take(seq).refused is None]
    assert sorted(taken) == list(range(2, 60))
    assert one.inbox.missing == []


# --- acknowledgements -------------------------------------------------------------------------------------


def test_every_tenth_message_is_acknowledged() -> None:
    one = Receiver(residue=4)
    acks = [one.take(seq, "status").ack for seq in range(1, 40)]
    assert [ack for ack in acks if ack is not None] == [4, 14, 24, 34]
    assert acks[13] == 14


def test_nothing_above_a_gap_is_acknowledged_until_it_closes() -> None:
    one = Receiver(residue=0)
    one.take(8, "status")
    assert one.take(10).ack is None
    assert one.take(11).ack is None
    assert one.take(9).ack == 10
    assert one.take(9).ack is None


def test_the_first_message_heard_does_not_acknowledge_what_was_not() -> None:
    one = Receiver(residue=0)
    assert one.take(159, "status").ack is None
    assert one.take(160).ack == 160


@given(st.permutations(list(range(2, 80))), st.integers(0, 9))
def test_an_acknowledgement_is_never_premature(order: list[int], residue: int) -> None:
    one = Receiver(residue)
    one.take(1, "status")
    seen = {1}
    for seq in order:
        seen.add(seq)
        ack = one.take(seq).ack
        assert ack is None or seen >= set(range(1, ack + 1))
    assert 79 - one.inbox._acked <= 10


# --- requests ---------------------------------------------------------------------------------------------


def test_missing_messages_are_asked_for_and_asked_for_again(receiver: Receiver) -> None:
    receiver.take(4)
    assert receiver.inbox.next_deadline() == 50 * MS
    assert receiver.inbox.due(49 * MS, 250 * MS) == []
    assert receiver.inbox.due(50 * MS, 250 * MS) == [2, 3]
    assert receiver.inbox.due(299 * MS, 250 * MS) == []
    assert receiver.take(2).refused is None
    assert receiver.inbox.due(300 * MS, 250 * MS) == [3]


def test_asking_ends(receiver: Receiver) -> None:
    receiver.take(3)
    rounds = sum(bool(receiver.inbox.due(at * 1000 * MS, 250 * MS)) for at in range(1, 1000))
    assert rounds == MAX_REQUESTS
    assert receiver.inbox.missing == []


def test_a_negative_answer_and_a_dead_peer_end_it_too(receiver: Receiver) -> None:
    receiver.take(4)
    assert receiver.inbox.lost_for_good(2)
    assert not receiver.inbox.lost_for_good(2)
    assert receiver.inbox.abandon() == 1
    assert receiver.inbox.next_deadline() is None


# --- the sender's side ------------------------------------------------------------------------------------


def sent(count: int) -> Outbox:
    outbox = Outbox()
    for _ in range(count):
        seq = outbox.number()
        outbox.keep(seq, Message.of(("seq", f"{seq:x}")))
    return outbox


def numbers(messages: Iterable[Message]) -> list[int]:
    return [int(message.get("seq"), 16) for message in messages]


def test_a_request_brings_back_what_was_sent() -> None:
    answer = sent(60).resend("n2", 46, 46, 0, 240 * MS)
    assert (numbers(answer.messages), answer.nak, answer.beyond) == ([46], (), False)


def test_a_message_is_resent_at_most_once_per_interval() -> None:
    outbox = sent(3)
    assert numbers(outbox.resend("n2", 1, 3, 0, 240 * MS).messages) == [1, 2, 3]
    assert outbox.resend("n2", 1, 3, 239 * MS, 240 * MS).messages == ()
    assert numbers(outbox.resend("n2", 2, 2, 240 * MS, 240 * MS).messages) == [2]


def test_at_most_fifty_come_back_at_once() -> None:
    assert numbers(sent(200).resend("n2", 10, 10**15, 0, 0).messages) == list(range(10, 60))


def test_too_old_and_never_sent() -> None:
    outbox = sent(600)
    answer = outbox.resend("n2", 99, 101, 0, 0)
    assert (answer.nak, numbers(answer.messages)) == (((99, "seqno too low"), (100, "seqno too low")), [101])
    answer = outbox.resend("n2", 600, 601, 0, 0)
    assert (numbers(answer.messages), answer.beyond) == ([600], True)
    assert outbox.resend("n2", 5, 4, 0, 0) == ((), (), False)


def test_what_was_acknowledged_is_not_sent_again() -> None:
    outbox = sent(30)
    assert outbox.acknowledge("n2", 20, ["n2", "n3"])
    assert numbers(outbox.resend("n2", 18, 22, 0, 0).messages) == [21, 22]
    assert numbers(outbox.resend("n3", 18, 18, 0, 0).messages) == [18]


def test_the_slowest_live_peer_decides_what_is_kept() -> None:
    outbox = sent(30)
    outbox.acknowledge("n2", 20, ["n2", "n3"])
    outbox.acknowledge("n3", 10, ["n2", "n3"])
    assert outbox.resend("n3", 10, 11, 0, 0).nak == ()
    assert outbox.unacknowledged(["n2", "n3"]) == 20
    assert outbox.unacknowledged(["n2"]) == 10
    assert outbox.unacknowledged([]) == 0
    outbox.restarted("n3")  # comes back, and asks for what its first life had
    assert outbox.resend("n3", 10, 11, 0, 0).nak == ((10, "seqno too low"),)


def test_an_acknowledgement_of_the_future_is_refused() -> None:
    outbox = sent(3)
    assert not outbox.acknowledge("n2", 4, ["n2"])
    assert outbox.unacknowledged(["n2"]) == 3
    assert outbox.acknowledge("n2", 3, ["n2"])
    assert outbox.acknowledge("n2", 1, ["n2"])
    assert outbox.unacknowledged(["n2"]) == 0


def test_a_restarted_peer_starts_even() -> None:
    outbox = sent(400)
    outbox.restarted("n2")
    assert outbox.unacknowledged(["n2"]) == 0
    outbox.forget("n2")
    assert outbox.unacknowledged(["n2"]) == 400
