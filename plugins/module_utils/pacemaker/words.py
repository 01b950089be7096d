# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that Pacemaker knows, so that a misspelt one is refused: Pacemaker itself ignores most of them silently.

Names are those of "Pacemaker Explained" for 2.1 and 3.0.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, Optional


class Refused(ValueError):
    """A request that can't work; the text names the variable and says why."""


class Unfenced(Refused):
    """A request by which a node would be fenced by nothing, as far as the live configuration is known."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PROPERTIES = _words(
    "batch-limit cluster-delay cluster-infrastructure cluster-ipc-limit cluster-name cluster-recheck-interval "
    "concurrent-fencing dc-deadtime dc-version election-timeout enable-acl enable-startup-probes fence-reaction "
    "fencing-watchdog-timeout have-watchdog join-finalization-timeout join-integration-timeout last-lrm-refresh "
    "load-threshold maintenance-mode migration-limit no-quorum-policy node-action-limit node-health-base "
    "node-health-green node-health-red node-health-strategy node-health-yellow node-pending-timeout "
    "pe-error-series-max pe-input-series-max pe-warn-series-max placement-strategy priority-fencing-delay "
    "remove-after-stop shutdown-escalation shutdown-lock shutdown-lock-limit start-failure-is-fatal "
    "startup-fencing stonith-action stonith-enabled stonith-max-attempts stonith-timeout stonith-watchdog-timeout "
    "stop-all-resources stop-orphan-actions stop-orphan-resources symmetric-cluster transition-delay"
)
#: Properties that the cluster writes itself.
OWN_PROPERTIES = _words("cluster-infrastructure cluster-name dc-version have-watchdog last-lrm-refresh")
#: Properties that an operator switches by hand, for a while.
SWITCHED_PROPERTIES = _words("maintenance-mode stop-all-resources")
META = _words(
    "allow-migrate allow-unhealthy-nodes container-attribute-target critical failure-timeout interleave is-managed "
    "maintenance migration-threshold multiple-active priority provides remote-addr remote-allow-migrate "
    "remote-connect-timeout remote-node remote-port requires resource-stickiness target-role"
)
#: Meta attributes that an operator switches by hand, for a while.
SWITCHED_META = _words("is-managed maintenance target-role")
CLONE_META = META | _words(
    "clone-max clone-min clone-node-max globally-unique notify ordered promotable promoted-max promoted-node-max "
    "master-max master-node-max"
)
OPERATION_DEFAULTS = _words("enabled interval interval-origin on-fail record-pending role start-delay timeout")
ACTIONS = _words("start stop monitor promote demote notify migrate_to migrate_from reload reload-agent validate-all")
ROLES = _words("Started Stopped Promoted Unpromoted Master Slave")
#: Former names of roles; 3.0 knows the new ones only.
FORMER_ROLES = {"Master": "Promoted", "Slave": "Unpromoted"}
ON_FAIL = _words("ignore block stop restart fence standby restart-container demote")
_FENCE_ACTIONS = ("reboot", "off", "on", "list", "monitor", "status")
#: Parameters of fence devices that Pacemaker answers for, whatever the agent.
FENCE_PARAMETERS = _words(
    "pcmk_host_argument pcmk_host_map pcmk_host_list pcmk_host_check pcmk_delay_max pcmk_delay_base "
    "pcmk_action_limit stonith-timeout"
) | {f"pcmk_{action}_{what}" for action in _FENCE_ACTIONS for what in ("action", "timeout", "retries")}
#: Parameters whose value nobody may see. Agents have no flag for them.
_SECRET = re.compile(
    r"(passw(or)?d|passphrase)$|"
    r"(^|[_-])(pass|userpass|pwd|psk|secrets?|tokens?|community|credentials?|hexadecimal_kg|"
    r"(api|access|secret|private|shared|auth|authentication|encryption|account|storage|client|session)[_-]?"
    r"(keys?|token|secret))$",
    re.IGNORECASE,
)

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DURATION = re.compile(r"\s*(\d+)\s*(ms|msec|us|usec|s|sec|m|min|h|hr|)\s*", re.IGNORECASE)
_UNIT_MS = {"ms": 1.0, "msec": 1.0, "us": 0.001, "usec": 0.001, "": 1000.0, "s": 1000.0, "sec": 1000.0,
            "m": 60000.0, "min": 60000.0, "h": 3600000.0, "hr": 3600000.0}  # fmt: skip
_SCORE = re.compile(r"[+-]?(\d+|INFINITY)")


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a word that nobody knows: the nearest one, or all."""
    names = sorted(choices)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known: {', '.join(names)}" if names else "there are none"


def known(where: str, word: str, choices: Iterable[str]) -> str:
    """Return the word if it is one of the choices. Raises Refused with the nearest one."""
    names = list(choices)
    if word not in names:
        raise Refused(f"{where}: nobody knows {word!r}, {nearest(word, names)}")
    return word


def spelt(value: Any) -> str:
    """Return a value as an XML attribute has it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def xml_id(where: str, value: Any) -> str:
    """Return a name that can be an id in the CIB. Raises Refused."""
    text = str(value)
    if not _ID.fullmatch(text):
        raise Refused(f"{where}: {text!r} can't be a name: a letter first, then letters, digits, '-', '_' and '.'")
    return text


def made_id(*parts: Any) -> str:
    """Return an id made of parts, with what an id can't have replaced by '-'."""
    text = re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(spelt(part) for part in parts if part not in (None, "")))
    return text if _ID.fullmatch(text) else f"id-{text}"


def score(where: str, value: Any) -> str:
    """Return a score as Pacemaker reads it. Raises Refused."""
    text = spelt(value).strip()
    text = re.sub(r"inf(inity)?$", "INFINITY", text, flags=re.IGNORECASE)
    if not _SCORE.fullmatch(text):
        raise Refused(f"{where}: {text!r} is no score: a whole number, INFINITY or -INFINITY")
    return text.lstrip("+")


def duration_ms(value: Any) -> Optional[float]:
    """Return milliseconds of an interval such as ``10``, ``10s``, ``500ms`` or ``2min``, None when it is none."""
    match = _DURATION.fullmatch(spelt(value))
    return float(match[1]) * _UNIT_MS[match[2].lower()] if match else None


def is_secret(parameter: str) -> bool:
    """Tell whether a parameter of this name has a value that nobody may see."""
    return _SECRET.search(parameter) is not None
