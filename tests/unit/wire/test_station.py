# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole pipeline: control fields, addressing, delivery between stations, refusals and their counters."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core.events import Heard, LinkAlive, PingAnswered
from heartbeat.settings.model import Configuration, Key, KeyRing, Method, PingNode, Settings
from heartbeat.wire.codec import decode, encode
from heartbeat.wire.envelope import Identity, open_envelope
from heartbeat.wire.message import Message
from heartbeat.wire.station import Reception, Station

MS = 1_000_000
WALL = 0x6B002F0D
RING = KeyRing(1, (Key(1, Method.SHA1, b"SpecSecretOne"),))
SETTINGS = Settings(nodes=("n1", "n2", "n3"), media=(), pings=(PingNode("grp1", ("10.0.0.1",), "ping_group"),))
CONFIGURATION = Configuration(SETTINGS, RING, ())
ALL_ACTIVE = {"n1": "active", "n2": "active", "n3": "active"}
STATUS = Message.of(("t", "status"), ("st", "active"), ("dt", "7d0"), ("protocol", "1"))
CONTROL = ("destuuid", "src", "srcuuid", "seq", "hg", "ts", "ld", "ttl", "auth")


def station(name: str, generation: int = 100, configuration: Configuration = CONFIGURATION) -> Station:
    identity = Identity(name, name.encode().ljust(16, b"-"), generation)
    return Station(identity, configuration, random.Random(name).randint)


def send(one: Station, message: Message = STATUS, now: int = 0) -> bytes:
    (datagram,) = one.send(message, now, WALL, "0.1 0.2 0.3 1/99 5")
    return datagram


def heard(reception: Reception) -> list[Heard]:
    return [event for event in reception.events if isinstance(event, Heard)]


@pytest.fixture
def pair() -> tuple[Station, Station]:
    """n1 and n2, which know each other."""
    one, two = station("n1"), station("n2")
    for sender, receiver in ((one, two), (two, one)):
        assert heard(receiver.receive(send(sender), "eth1", 0, ALL_ACTIVE))
    return one, two


# --- what is sent -----------------------------------------------------------------------------------------


def test_control_fields_are_those_of_the_c_daemon(recorded: Any) -> None:
    """Every recorded message, stripped of its control fields, comes out of a station as it was recorded."""
    compared = 0
    for packet in recorded.packets:
        configuration = recorded.configuration(packet.run)
        message = decode(packet.datagram, configuration.keyring).message
        if packet.kind in ("NS_st", "compressed"):
            continue
        original = open_envelope(message)
        assert original.srcuuid is not None
        sender = Station(Identity(original.src, original.srcuuid, original.generation), configuration, lambda a, b: a)
        if original.destuuid is not None and original.dest != original.src:
            hello = Message.of(
                ("t", "status"), ("src", message.get("dest")), ("srcuuid", original.destuuid), ("seq", "1"), ("ts", "1")
            )
            sender.receive(encode(hello, configuration.keyring), "eth0", 0, {})
        sender._outbox.highest = (original.seq or 1) - 1
        early_src = [item.name for item in message].index("src") < len(message.fields) - len(CONTROL) + 1
        specific = message.without([name for name in CONTROL if name != "src" or not early_src])
        assert sender.send(specific, 0, original.ts, message.get("ld")) == (packet.datagram,), packet.file
        compared += 1
    assert compared == 340


def test_ping_payloads_are_those_of_the_c_daemon(recorded: Any) -> None:
    for packet in recorded.packets:
        if packet.kind == "NS_st":
            configuration = recorded.configuration(packet.run)
            pings = (PingNode("grp1", ("10.99.81.16", "10.99.81.13"), "ping_group"),)
            configuration = replace(configuration, settings=replace(configuration.settings, pings=pings))
            sender = station("n7", configuration=configuration)
            payload = sender.ping_payload("grp1", int(packet.get("ts"), 16))
            assert payload == packet.datagram
            reception = sender.receive_ping(payload, "grp1")
            assert reception.events == (PingAnswered("grp1"), LinkAlive("grp1", "grp1"))


def test_numbers_rise_by_one_whatever_is_sent() -> None:
    one = station("n1")
    messages = [decode(send(one, m), RING).message for m in (STATUS, Message.of(("t", "starting")), STATUS)]
    assert [m.get("seq") for m in messages] == ["1", "2", "3"]
    assert messages[0].get("ttl") == "5"
    assert messages[0].get("hg") == "64"


# --- what is taken ----------------------------------------------------------------------------------------


def test_a_message_for_everybody(pair: tuple[Station, Station]) -> None:
    one, two = pair
    (event,) = heard(two.receive(send(one, Message.of(("t", "starting"))), "eth1", 0, ALL_ACTIVE))
    assert (event.peer, event.link, event.for_us, event.message.kind) == ("n1", "eth1", True, "starting")
    assert not event.message.has("auth")


def test_a_message_for_somebody_else_counts_in_the_order_but_not_for_us(pair: tuple[Station, Station]) -> None:
    one, two = pair
    (event,) = heard(two.receive(send(one, Message.of(("t", "reqnodes"), ("dest", "n3"))), "eth1", 0, ALL_ACTIVE))
    assert not event.for_us
    assert two.receive(send(one), "eth1", 0, ALL_ACTIVE).logs == ()


def test_the_uuid_decides_whom_a_message_is_for(pair: tuple[Station, Station]) -> None:
    one, two = pair
    directed = Message.of(("t", "reqnodes"), ("dest", "n2"))
    assert heard(two.receive(send(one, directed), "eth1", 0, ALL_ACTIVE))[0].for_us
    elsewhere = Message.of(("t", "reqnodes"), ("dest", "n2"), ("destuuid", b"x" * 16))
    assert not heard(two.receive(send(one, elsewhere), "eth1", 0, ALL_ACTIVE))[0].for_us


def test_duplicates_keep_the_other_link_alive(pair: tuple[Station, Station]) -> None:
    one, two = pair
    datagram = send(one)
    two.receive(datagram, "eth1", 0, ALL_ACTIVE)
    second = two.receive(datagram, "eth2", 0, ALL_ACTIVE)
    assert second.events == (LinkAlive("n1", "eth2"),)
    assert two.counters()["duplicate"] == 1


def test_a_restart_is_told(pair: tuple[Station, Station]) -> None:
    _, two = pair
    (event,) = heard(two.receive(send(station("n1", 101)), "eth1", 0, ALL_ACTIVE))
    assert (event.restarted, event.after_partition) == (True, False)


def test_a_return_from_a_partition_is_told(pair: tuple[Station, Station]) -> None:
    one, two = pair
    (event,) = heard(two.receive(send(one), "eth1", 0, {**ALL_ACTIVE, "n1": "dead"}))
    assert (event.restarted, event.after_partition) == (False, True)


# --- what is refused --------------------------------------------------------------------------------------


def refused(one: Station, datagram: bytes) -> str:
    before = one.counters()
    reception = one.receive(datagram, "eth1", 0, ALL_ACTIVE)
    assert reception.events == ()
    assert reception.datagrams == ()
    (name,) = [
        k for k, count in one.counters().items() if count > before.get(k, 0) and k not in ("received", "unacknowledged")
    ]
    assert reception.rejected is None or reception.rejected.reason.value == name
    return name


def test_own_messages_come_back_unnoticed() -> None:
    one = station("n1")
    assert refused(one, send(one)) == "loopback"


def test_a_stranger_with_our_name_is_not_us() -> None:
    one = station("n1")
    impostor = Station(Identity("n1", b"i" * 16, 100), CONFIGURATION, lambda a, b: a)
    assert refused(one, send(impostor)) == "name-in-use"


def test_unknown_nodes_and_unsigned_datagrams(pair: tuple[Station, Station]) -> None:
    _, two = pair
    assert refused(two, send(station("n9"))) == "unknown-node"
    other = KeyRing(1, (Key(1, Method.SHA1, b"other"),))
    assert refused(two, send(station("n1", configuration=replace(CONFIGURATION, keyring=other)))) == "bad-digest"
    assert refused(two, b"") == "empty"
    assert refused(two, b"hello") == "bad-frame"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"src": "n1", "ts": "1", "seq": "9"}, "missing-field"),
        ({"t": "status", "ts": "1", "seq": "9"}, "missing-field"),
        ({"t": "status", "src": "n1", "seq": "9"}, "missing-field"),
        ({"t": "status", "src": "n1", "ts": "0", "seq": "9"}, "bad-number"),
        ({"t": "status", "src": "n1", "ts": "1"}, "missing-field"),
        ({"t": "status", "src": "n1", "ts": "1", "seq": "xyz"}, "bad-number"),
        ({"t": "status", "src": "n1", "ts": "1", "seq": "1" * 17}, "bad-number"),
        ({"t": "status", "src": "n1", "ts": "1", "seq": "9", "hg": "-1"}, "bad-number"),
        ({"t": "status", "src": "n" * 100, "ts": "1", "seq": "9"}, "bad-field"),
        ({"t": "status", "st": "x" * 32, "src": "n1", "ts": "1", "seq": "9"}, "bad-field"),
        ({"t": "NS_st", "st": "ping", "src": "n1", "ts": "1"}, "not-for-this-link"),
        (
            {"t": "NS_rexmit", "dest": "n2", "firstseq": "x", "lastseq": "1", "src": "n1", "ts": "1", "hg": "64"},
            "bad-number",
        ),
        ({"t": "NS_ackmsg", "dest": "n2", "ackseq": "ffff", "src": "n1", "ts": "1", "hg": "64"}, "ack-beyond"),
        ({"t": "NS_ackmsg", "dest": "n2", "ackseq": "1", "src": "n1", "ts": "1", "hg": "63"}, "replay"),
        ({"t": "NS_ackmsg", "dest": "n2", "ackseq": "1", "src": "n1", "ts": "1"}, "replay"),
        ({"t": "resource", "src": "n1", "ts": "1", "seq": "1", "hg": "65"}, "unknown-incarnation"),
    ],
)
def test_bad_control_fields(pair: tuple[Station, Station], fields: dict[str, str], reason: Any) -> None:
    _, two = pair
    assert refused(two, encode(Message.of(*fields.items()), RING)) == reason


def test_a_bad_uuid_is_refused(pair: tuple[Station, Station]) -> None:
    _, two = pair
    message = Message.of(("t", "status"), ("src", "n1"), ("srcuuid", b"short"), ("seq", "9"), ("ts", "1"))
    assert refused(two, encode(message, RING)) == "bad-field"


def test_messages_without_optional_fields_are_accepted() -> None:
    """No srcuuid, no hg, upper-case name: a C daemon takes them."""
    two = station("n2")
    message = Message.of(("t", "status"), ("st", "up"), ("src", "N1"), ("seq", "1"), ("ts", "1"))
    assert heard(two.receive(encode(message, RING), "eth1", 0, {}))[0].peer == "n1"


def test_a_changed_uuid_is_said_and_taken(pair: tuple[Station, Station]) -> None:
    _, two = pair
    reborn = Station(Identity("n1", b"r" * 16, 101), CONFIGURATION, lambda a, b: a)
    reception = two.receive(send(reborn), "eth1", 0, ALL_ACTIVE)
    assert heard(reception)
    assert [log.code for log in reception.logs] == ["wire-uuid-changed"]


def test_a_replayed_recording_changes_nothing_and_is_counted() -> None:
    """Our own restart makes us forget; what we have heard since is enough to refuse an old life of the peer."""
    old = station("n1", 100)
    recording = [send(old) for _ in range(50)]
    two = station("n2")
    current = station("n1", 101)
    two.receive(send(current), "eth1", 0, ALL_ACTIVE)
    for datagram in recording * 20:
        reception = two.receive(datagram, "eth1", 0, {**ALL_ACTIVE, "n1": "dead"})
        assert reception.events == ()
    assert two.counters()["replay"] == 1000
    assert heard(two.receive(send(current), "eth1", 0, ALL_ACTIVE))


def test_noise_never_raises() -> None:
    two = station("n2")
    generator = random.Random(1)
    good = send(station("n1"))
    for _ in range(2000):
        broken = bytearray(good)
        for _ in range(generator.randint(1, 4)):
            broken[generator.randrange(len(broken))] = generator.randrange(256)
        assert two.receive(bytes(broken[: generator.randint(0, len(broken))]), "eth1", 0, {}).events == ()


# --- acknowledgement and retransmission between two stations ----------------------------------------------


def test_acknowledgements_free_the_history(pair: tuple[Station, Station]) -> None:
    one, two = pair
    acks = 0
    for _ in range(40):
        for answer in two.receive(send(one), "eth1", 0, ALL_ACTIVE).datagrams:
            message = decode(answer, RING).message
            assert (message.kind, message.get("dest"), message.get("destuuid")) == (
                "NS_ackmsg",
                "n1",
                "n1--------------",
            )
            assert not message.has("seq")
            assert one.receive(answer, "eth1", 0, ALL_ACTIVE).rejected is None
            acks += 1
    assert acks == 4
    live = {"n2": "active", "n3": "dead"}
    one.receive(send(two), "eth1", 0, live)
    assert one.counters()["unacknowledged"] < 10


def test_a_lost_message_is_asked_for_and_resent(pair: tuple[Station, Station]) -> None:
    one, two = pair
    lost = send(one, Message.of(("t", "starting")))
    gap = two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    assert [log.code for log in gap.logs] == ["wire-lost"]
    deadline = two.next_deadline()
    assert deadline is not None
    assert 50 * MS <= deadline <= 250 * MS
    assert two.due(deadline - 1, WALL) == ()
    (request,) = two.due(deadline, WALL)
    fields = decode(request, RING).message
    assert [fields.get(n) for n in ("t", "dest", "firstseq", "lastseq")] == ["NS_rexmit", "n1", "2", "2"]
    answer = one.receive(request, "eth1", 300 * MS, ALL_ACTIVE)
    assert answer.datagrams == (lost,)
    assert one.receive(request, "eth1", 300 * MS, ALL_ACTIVE).datagrams == ()
    late = two.receive(lost, "eth1", 301 * MS, ALL_ACTIVE)
    assert heard(late)[0].message.kind == "starting"
    assert [log.code for log in late.logs] == ["wire-complete"]
    assert two.next_deadline() is None


def test_sequence_numbers_in_requests_are_decimal(pair: tuple[Station, Station]) -> None:
    one, two = pair
    for _ in range(44):
        two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    send(one)  # 46 = 0x2e
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    (request,) = two.due(250 * MS, WALL)
    assert decode(request, RING).message.get("firstseq") == "46"


def test_a_resend_is_signed_with_the_key_in_force(pair: tuple[Station, Station]) -> None:
    one, two = pair
    send(one)
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    (request,) = two.due(250 * MS, WALL)
    ring = KeyRing(2, (*RING.keys, Key(2, Method.SHA256, b"the new one")))
    one.reconfigure(replace(CONFIGURATION, keyring=ring))
    (resent,) = one.receive(request, "eth1", 0, ALL_ACTIVE).datagrams
    assert decode(resent, ring).verdict.id == 2


def test_what_is_gone_is_said_to_be_gone(pair: tuple[Station, Station]) -> None:
    one, two = pair
    for _ in range(502):
        send(one)
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    request = Message.of(("t", "NS_rexmit"), ("dest", "n1"), ("firstseq", "2"), ("lastseq", "2"))
    (nak,) = one.receive(two.send(request, 0, WALL, "")[0], "eth1", 0, ALL_ACTIVE).datagrams
    fields = decode(nak, RING).message
    assert [item.name for item in fields][:4] == ["t", "firstseq", "dest", "info"]
    assert (fields.get("firstseq"), fields.get("info")) == ("2", "seqno too low")


def test_a_negative_answer_ends_the_asking(pair: tuple[Station, Station]) -> None:
    one, two = pair
    send(one)
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    nak = Message.of(("t", "NS_nak_rexmit"), ("firstseq", "2"), ("dest", "n2"), ("info", "seqno not found"))
    told = two.receive(one.send(nak, 0, WALL, "")[0], "eth1", 0, ALL_ACTIVE)
    assert [log.code for log in told.logs] == ["wire-irretrievable"]
    assert two.counters()["irretrievable"] == 1
    assert two.next_deadline() is None


def test_requests_for_others_and_beyond_are_ignored(pair: tuple[Station, Station]) -> None:
    one, two = pair
    elsewhere = Message.of(("t", "NS_rexmit"), ("dest", "n3"), ("firstseq", "1"), ("lastseq", "1"))
    assert one.receive(two.send(elsewhere, 0, WALL, "")[0], "eth1", 0, ALL_ACTIVE).datagrams == ()
    beyond = Message.of(("t", "NS_rexmit"), ("dest", "n1"), ("firstseq", "99"), ("lastseq", "99"))
    reception = one.receive(two.send(beyond, 0, WALL, "")[0], "eth1", 0, ALL_ACTIVE)
    assert (reception.datagrams, [log.code for log in reception.logs]) == ((), ["wire-rexmit-beyond"])


def test_a_peer_that_is_not_up_is_not_asked(pair: tuple[Station, Station]) -> None:
    one, two = pair
    send(one)
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    assert two.due(300 * MS, WALL, {"n1": "dead"}) == ()
    assert two.next_deadline() is None
    assert two.counters()["abandoned"] == 1


def test_a_filling_history_is_said_a_few_times(pair: tuple[Station, Station]) -> None:
    one, two = pair
    said = []
    for _ in range(600):
        send(one)
        reply = two.send(Message.of(("t", "NS_ackmsg"), ("dest", "n1"), ("ackseq", "1")), 0, WALL, "")
        said += [log.code for log in one.receive(reply[0], "eth1", 0, {"n2": "active"}).logs]
    assert said == ["wire-history-filling"] * 3


def test_reconfiguration_keeps_who_stays_and_forgets_who_goes(pair: tuple[Station, Station]) -> None:
    one, two = pair
    settings = replace(SETTINGS, nodes=("n1", "n2", "n4"))
    one.reconfigure(replace(CONFIGURATION, settings=settings))
    assert heard(one.receive(send(two), "eth1", 0, ALL_ACTIVE))[0].restarted is False
    assert refused(one, send(station("n3"))) == "unknown-node"


def test_short_rexmit_delays_wait_from_zero() -> None:
    settings = replace(SETTINGS, max_rexmit_delay_ms=80)
    asked = []

    def choose(low: int, high: int) -> int:
        asked.append((low, high))
        return high

    two = Station(Identity("n2", b"2" * 16, 1), replace(CONFIGURATION, settings=settings), choose)
    one = station("n1")
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    send(one)
    two.receive(send(one), "eth1", 0, ALL_ACTIVE)
    assert asked[-1] == (0, 80)
    assert two.next_deadline() == 80 * MS


def test_ping_replies_of_strangers(pair: tuple[Station, Station]) -> None:
    one, two = pair
    assert one.receive_ping(b"", "grp1").rejected is not None
    assert one.receive_ping(send(two), "grp1").rejected is not None
    assert one.counters()["not-for-this-link"] == 1


def test_three_stations_lose_a_third_of_everything_and_still_get_all_of_it() -> None:
    generator = random.Random(7)
    stations = {name: station(name) for name in ("n1", "n2", "n3")}
    got: dict[tuple[str, str], set[str]] = {}
    now = 0

    def deliver(sender: str, datagram: bytes) -> None:
        for name, receiver in stations.items():
            if name == sender or generator.random() < 0.33:
                continue
            reception = receiver.receive(datagram, "eth1", now, ALL_ACTIVE)
            for event in heard(reception):
                got.setdefault((event.peer, name), set()).add(event.message.get("seq"))
            for answer in reception.datagrams:
                pending.append((name, answer))

    pending: list[tuple[str, bytes]] = []
    for step in range(400):
        now = step * 20 * MS
        for name, one in stations.items():
            if step % 5 == 0 and step < 300:
                pending.append((name, send(one, Message.of(("t", "resource")) if step else STATUS, now)))
            pending += [(name, request) for request in one.due(now, WALL)]
        generator.shuffle(pending)
        batch, pending = pending, []
        for sender, datagram in batch:
            deliver(sender, datagram)
        if step == 4:  # everybody has heard a status of everybody from here on
            for sender, one in stations.items():
                for name, receiver in stations.items():
                    if name != sender:
                        receiver.receive(send(one), "eth1", now, ALL_ACTIVE)
    complete = {f"{n:x}" for n in range(10, 61)}
    assert all(got[sender, name] >= complete for sender in stations for name in stations if name != sender)
