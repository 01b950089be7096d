# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics in Prometheus text format, from the daemon's reply to ``metrics``: a pure function.

It runs in ``hbctl``, never in the daemon. Every family is written in every page, with samples or without, so that a
rule or dashboard can be checked against one page. Seconds are seconds, states are one-hot. What the families mean is
said by their HELP lines and in docs/observation.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .exposition import COUNTER, GAUGE, Exposition

NODE_STATES = ("init", "up", "active", "leaving", "dead")
GROUP_STATES = ("idle", "wanting", "taking", "held", "giving", "releasing", "failed")
HOOK_RESULTS = ("ok", "failed", "timeout")
_HASH_DIGITS = 12

Json = Mapping[str, Any]
Samples = Iterator[tuple[dict[str, Any], float]]


def down() -> str:
    """The page of a node whose daemon does not answer: ``hb_up 0``, and nothing that might be taken for the present."""
    page = Exposition()
    _up(page, 0)
    return page.text()


def render(numbers: Json) -> str:
    """The page of a running daemon."""
    page = Exposition()
    status, tally, hooks = numbers["status"], numbers["tally"], numbers["hooks"]
    counters = status["counters"]
    _up(page, 1)
    about = {"version": status["version"], "node": status["node"], "dialect": status["dialect"]}
    page.family("hb_info", GAUGE, "The daemon: its version, its node, and the dialect that steers.", [(about, 1)])
    page.family(
        "hb_start_time_seconds", GAUGE, "Unix time of the daemon's start.", [({}, numbers["started_unix_ms"] / 1000)]
    )
    for name in ("keepalive", "warntime", "deadtime"):
        text = f"{name} as configured in ha.cf."
        page.family(f"hb_{name}_seconds", GAUGE, text, [({}, numbers["times_ms"][name] / 1000)])
    _configuration(page, status)
    _membership(page, status, tally)
    _groups(page, status)
    _moves(page, status, tally)
    _wire(page, numbers, counters)
    _loop(page, status["loop"], tally)
    events = (({"event": code}, count) for code, count in tally["events"].items())
    page.family("hb_events_total", COUNTER, "Events, as hbctl events and the hooks see them.", events)
    page.family(
        "hb_hooks_total",
        COUNTER,
        "Calls of notification hooks, by how they ended.",
        (({"result": result}, hooks[result]) for result in HOOK_RESULTS),
    )
    text = "Events that no hook was told of because the queue was full."
    page.family("hb_hook_events_dropped_total", COUNTER, text, [({}, hooks["dropped"])])
    page.family("hb_hook_events_waiting", GAUGE, "Events that wait for a hook to end.", [({}, hooks["waiting"])])
    text = "Log lines that were dropped because the log could not keep up."
    page.family("hb_log_lines_dropped_total", COUNTER, text, [({}, counters["log_dropped"])])
    text = "How often the worker process had to be replaced."
    page.family("hb_worker_restarts_total", COUNTER, text, [({}, counters["worker_restarts"])])
    return page.text()


def _up(page: Exposition, value: int) -> None:
    page.family("hb_up", GAUGE, "1 if the daemon answered when this page was made, else 0.", [({}, value)])


def _configuration(page: Exposition, status: Json) -> None:
    page.family(
        "hb_config_hash",
        GAUGE,
        "Digest of what must be configured equally on all nodes of a cluster; the value is always 1.",
        [({"hash": status["cluster_hash"][:_HASH_DIGITS]}, 1)],
    )
    text = "Standing warnings about the configuration."
    page.family("hb_config_warnings", GAUGE, text, [({}, len(status["warnings"]))])


def _membership(page: Exposition, status: Json, tally: Json) -> None:
    def states() -> Samples:
        for node in ({"name": status["node"], "state": status["state"]}, *status["peers"]):
            for state in NODE_STATES:
                yield {"node": node["name"], "state": state}, float(node["state"] == state)

    def links() -> Iterator[tuple[dict[str, Any], Json]]:
        for peer in status["peers"]:
            for link in peer["links"]:
                yield {"peer": peer["name"], "link": link["name"]}, link

    page.family("hb_node_state", GAUGE, "1 for the state that this node sees a node in.", states())
    page.family(
        "hb_peer_silence_seconds",
        GAUGE,
        "Time since something authentic of a peer came through a link.",
        ((labels, link["last_heard_ms"] / 1000) for labels, link in links()),
    )
    page.family(
        "hb_link_up",
        GAUGE,
        "1 if a peer is heard on a link.",
        ((labels, float(link["state"] == "up")) for labels, link in links()),
    )
    page.family(
        "hb_ping_up",
        GAUGE,
        "1 if a ping node answers.",
        (({"ping": ping["name"]}, float(ping["state"] == "ping")) for ping in status["pings"]),
    )
    page.family(
        "hb_late_heartbeats_total",
        COUNTER,
        "Heartbeats of a peer that came later than warntime.",
        (({"peer": peer}, count) for peer, count in tally["late_heartbeats"].items()),
    )


def _groups(page: Exposition, status: Json) -> None:
    groups, node = status["groups"], status["node"]

    def states() -> Samples:
        for group in groups:
            for state in GROUP_STATES:
                yield {"resource": group["key"], "state": state}, float(group["state"] == state)

    def per_group(text: str, name: str, value: Any) -> None:
        samples = (({"resource": group["key"]}, float(value(group))) for group in groups)
        page.family(name, GAUGE, text, samples)

    per_group(
        "1 if the addresses of a group are on this node.", "hb_resource_held", lambda group: group["addresses_here"]
    )
    per_group("1 if this node prefers the group.", "hb_resource_preferred", lambda group: group["preferred"] == node)
    page.family("hb_resource_state", GAUGE, "1 for what this node is doing with a group.", states())
    standby = status.get("standby", ())
    per_group(
        "1 if an operator moved the group away from this node, so that it does not come back by itself.",
        "hb_maintenance",
        lambda group: group["key"] in standby,
    )


def _moves(page: Exposition, status: Json, tally: Json) -> None:
    page.family(
        "hb_transitions_total",
        COUNTER,
        "Groups that came to this node or left it, and why; nobody and unknown nodes are empty.",
        (({"from": move["from"], "to": move["to"], "reason": move["code"]}, move["count"]) for move in status["moves"]),
    )
    page.histograms(
        "hb_takeover_seconds",
        "Takeovers by this node: add the addresses and announce them (garp); after a peer fell silent also how long it"
        " had been silent (detect), and the total.",
        (({"phase": phase}, found) for phase, found in tally["takeover_s"].items()),
    )
    text = "How long this node and another one held one group, as this node knows."
    page.family("hb_conflict_seconds_total", COUNTER, text, [({}, tally["conflict_s"])])


def _wire(page: Exposition, numbers: Json, counters: Json) -> None:
    page.family(
        "hb_messages_total",
        COUNTER,
        "What became of datagrams and messages from others; no peer where none can be trusted to be named.",
        (
            ({"peer": row["peer"], "link": row["link"], "result": row["result"]}, row["count"])
            for row in numbers["traffic"]
        ),
    )
    wire = counters["wire"]
    page.family("hb_messages_sent_total", COUNTER, "Messages sent to the cluster.", [({}, wire.get("sent", 0))])
    text = "Messages sent again because a peer asked for them."
    page.family("hb_messages_resent_total", COUNTER, text, [({}, wire.get("resent", 0))])
    text = "Messages that a live peer has not acknowledged."
    page.family("hb_messages_unacknowledged", GAUGE, text, [({}, wire.get("unacknowledged", 0))])
    announced = counters["announcements"]
    text = "Announcements of addresses: gratuitous ARP and unsolicited neighbour advertisements."
    page.family("hb_garp_sent_total", COUNTER, text, [({}, announced["sent"])])
    page.family("hb_garp_failed_total", COUNTER, "Announcements that failed.", [({}, announced["failed"])])


def _loop(page: Exposition, loop: Json, tally: Json) -> None:
    bounds = {
        bound if bound == "inf" else f"{int(bound) / 1e6:g}": count for bound, count in loop["late_us_le"].items()
    }
    late = {"le": bounds, "sum": loop["late_us_sum"] / 1e6}
    page.histograms("hb_loop_late_seconds", "How late the daemon met its own deadlines.", [({}, late)])
    page.family(
        "hb_loop_late_max_seconds", GAUGE, "The latest since the daemon's start.", [({}, loop["late_ms_max"] / 1000)]
    )
    text = "How often the daemon was not run for more than half its dead time."
    page.family("hb_loop_stalls_total", COUNTER, text, [({}, tally["stalls"])])
