# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason the daemon can give, once: code -> sentence. Log, ``hbctl explain`` and reports print these.

Placeholders are facts of the log entry, all strings. :func:`sentence` never fails: a missing fact prints as ``?``.
"""

from __future__ import annotations

from collections.abc import Mapping

CATALOGUE: dict[str, str] = {
    # membership
    "status-own": "our status is now {status}",
    "peer-status": "{peer} is {status} (was {before})",
    "peer-dead": "{peer} has been silent for its dead time ({dead_ms} ms)",
    "peer-never-heard": "{peer} was not heard within initdead",
    "peer-left": "{peer} has released everything and leaves",
    "peer-gone": "{peer}, which had left, is silent",
    "peer-restarted": "{peer} has started anew",
    "peer-returned": "{peer} returns after a partition",
    "peer-speaks": "{peer} speaks the {dialect} dialect",
    "late-heartbeat": "late heartbeat: {peer} was silent for {silence_ms} ms",
    "link-up": "{peer} is heard on {link}",
    "link-dead": "nothing from {peer} on {link} any more",
    "ping-up": "ping node {ping} answers",
    "ping-dead": "ping node {ping} does not answer",
    "carrier-up": "{device} has carrier",
    "carrier-down": "{device} has no carrier",
    "nodelist-unanswered": "{peer} does not answer reqnodes; going active without it",
    "dialect": "the {dialect} dialect steers",
    "woke": "this process was not run for {gap_ms} ms: peers get a new dead time",
    "reloaded": "new configuration: {added} groups new, {removed} gone",
    # taking
    "peer-silent": "{group}: taken because {peer}, which held it, fell silent",
    "peer-gave-up": "{group}: taken because {peer}, which held it, let it go",
    "nobody-holds": "{group}: taken because nobody holds it and this node is next",
    "handed": "{group}: taken over from {peer}, which hands it over",
    "adopted": "{group}: its addresses were here already and nobody else holds it: adopted",
    "claimed": "{group}: nobody holds it; claiming it, peers have to see that first",
    "claim-withdrawn": "{group}: claim withdrawn, {peer} goes first",
    "changed": "{group}: its definition changed, starting what is new",
    "retry": "{group}: nobody is able to run it; trying again",
    "peer-asked": "{group}: taken because the operator asked for it here",
    # giving and releasing
    "failback": "{group}: back to {peer}, its preferred node",
    "standby": "{group}: to {peer}, because this node was asked to stand by",
    "takeover-asked": "{group}: to {peer}, which was asked to take it",
    "ping-better": "{group}: to {peer}, which reaches more ping nodes ({theirs} against {ours})",
    "carrier-lost": "{group}: to {peer}, because its device here has no carrier",
    "shutdown": "{group}: to {peer}, because this node shuts down",
    "shutdown-alone": "{group}: released, because this node shuts down and no peer can take it",
    "shutdown-unanswered": "{group}: released, because this node shuts down and {peer} did not take it in time",
    "handed-over": "{group}: {peer} has it; released here",
    "conflict-lost": "{group}: held here and by {peer}, whose claim goes first: released here",
    "conflict-won": "{group}: also held by {peer}; our claim goes first, announcing it again",
    "conflict-over": "{group}: {peer} has released it, announcing it again",
    "peer-back": "{group}: {peer} is back and may have announced it meanwhile, announcing it again",
    "deaf-peer": "{group}: {peer} does not hear us and holds it: released here",
    "swept": "{group}: left here by a crash, but {peer} holds it: removed",
    "vanished": "{group}: no longer configured, released",
    "target-gone": "{group}: {peer} is not able to take it any more, kept here",
    "target-silent": "{group}: {peer} did not begin to take it in time, kept here",
    "woke-holding": "{group}: still held after the pause and nobody else has it, announcing it again",
    "stop-failed-kept": "{group}: would not stop and nobody else has it, so it is brought up here again",
    "stop-again": "{group}: would not stop, trying once more",
    # what the host reported
    "group-found": "{group}: its addresses are on this machine already",
    "group-up": "{group}: addresses are up",
    "group-started": "{group}: everything runs",
    "group-start-failed": "{group}: would not start: {detail}",
    "group-services-stopped": "{group}: services have stopped",
    "group-stopped": "{group}: everything has stopped",
    "group-stop-failed": "{group}: would not stop: {detail}; it will not be given away",
    "group-address-lost": "{group}: an address was removed by somebody else: {detail}",
    "report-ignored": "{group}: the host reported {stage} while {state}; nothing to do",
    # the wire
    "wire-lost": "{count} messages of {peer} are missing before {seq}",
    "wire-complete": "nothing of {peer} is missing any more",
    "wire-given-up": "{count} messages of {peer} before {seq} are too many to be asked for",
    "wire-irretrievable": "{peer} has no copy of its message {seq} any more",
    "wire-rexmit-beyond": "{peer} asks for messages {first} to {last}, which were never sent",
    "wire-history-filling": "{count} messages are not acknowledged: a peer does not hear us, or does not answer",
    "wire-uuid-changed": "{peer} has a new uuid",
    # the classic dialect
    "classic-ignored": "{what} means nothing while {phase}",
    "classic-phase": "resources: {phase}; {why}",
    "classic-standby": "hand-over with {peer}: {side}; {why}",
    "classic-standby-ignored": "{peer} says ask_resources {info}, which is not due: {why}",
    "classic-standby-refused": "no hand-over now: {why}",
    "classic-no-answer": "hand-over with {peer}: no answer while {side}",
    "classic-remote-complete": "{peer} has settled its resources",
    "classic-local-complete": "our resources are settled: {holding}",
    "classic-kept": "{group}: {peer} asks for it, but it would not stop here",
    "classic-manner": "auto_failback {manner} takes effect with the next start",
    # operator
    "command": "the operator asks: {verb} {scope}",
    "leaving": "shutting down",
    "left": "everything is released, goodbye",
}


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def sentence(code: str, facts: Mapping[str, str]) -> str:
    """The sentence of a reason; an unknown code is printed as it is."""
    return CATALOGUE.get(code, code).format_map(_Lenient(facts))
