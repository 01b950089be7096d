# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences for what the host observes; the core's catalogue has those for its decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.reasons import CATALOGUE as DECISIONS
from ..core.reasons import sentence as decision

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUE: dict[str, str] = {
    "started": "heartbeat {version} runs as {node}",
    "stopping": "asked to stop by {by}: groups are handed over first",
    "stopped": "stopped",
    "config": "{detail}",
    "reload-refused": "the new configuration has errors; the old one stays in force and nothing moves",
    "reload-done": "the new configuration is in force",
    "reload-same": "the files say what is in force already",
    "address-static": "{detail}",
    "hook-failed": "{hook}: {detail}",
    "hook-skipped": "{detail}",
    "notify-test": "a test of the notification hooks, asked by user {uid}",
    "place-warning": "{detail}",
    "link-error": "{medium}: {detail}",
    "ping-error": "{target}: {detail}",
    "announce-error": "announcements on {device} fail: {detail}",
    "state-file": "{detail}",
    "realtime": "{detail}",
    "bad-packet": "a datagram on {link} was refused: {detail}",
    "wire-uuid-changed": "{peer} has another uuid than before",
    "wire-lost": "{count} messages of {peer} before {seq} are missing; they are asked for",
    "wire-given-up": "{count} messages of {peer} before {seq} are lost for good",
    "wire-complete": "no message of {peer} is missing any more",
    "wire-irretrievable": "message {seq} of {peer} cannot be had any more",
    "wire-rexmit-beyond": "{peer} asks for messages {first} to {last}, which were never sent",
    "wire-history-filling": "{count} messages are not acknowledged by somebody",
    "addresses-up": "{group}: addresses are configured and announced",
    "service-runs": "{group}: {service} runs already",
    "service-started": "{group}: {service} was started",
    "service-stopped": "{group}: {service} was stopped",
    "service-missing": "{group}: nothing to stop: {detail}",
    "service-not-lsb": "{group}: {service} does not run, though its stop failed ({detail}): not LSB-compliant",
    "service-stop-retry": "{group}: {service} does not stop ({detail}); trying again in 1 s",
    "agent-missing": "{detail}",
    "client-started": "client {command} was started",
    "client-stopped": "client {command} was stopped",
    "client-ended": "client {command} ended ({detail}) and is started again",
    "client-done": "client {command} wants no restart",
    "client-too-fast": "client {command} ends too fast too often; it is not started again",
    "command-by": "{verb} {scope} asked by user {uid} (process {pid})",
    "worker-died": "the worker process died and was replaced; what it was doing counts as failed",
}


def sentence(code: str, facts: Mapping[str, str]) -> str:
    """The sentence of a decision or observation; unknown codes are printed as they are."""
    if code in DECISIONS:
        return decision(code, facts)
    template = CATALOGUE.get(code)
    return code if template is None else template.format_map(_Lenient(facts))


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
