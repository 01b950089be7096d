# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long corosync takes to notice a loss, by its timers. All times are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: corosync.conf(5), for 3.1 and newer
TOKEN = 3000
TOKEN_COEFFICIENT = 650
TOKEN_RETRANSMITS = 4
#: beside the wait for the token: messages go round, daemons write
SETTLING = 100
#: from a decision of the cluster to an address that answers: planning, an agent's start, a client's next attempt
REACTION = 1500


def token(totem: Mapping[str, Any], nodes: int) -> int:
    """Return T, the time after which a silent node counts as lost: token + (nodes - 2) * token_coefficient."""
    base = int(_given(totem, "token", TOKEN))
    return base + max(0, nodes - 2) * int(_given(totem, "token_coefficient", TOKEN_COEFFICIENT))


def consensus(totem: Mapping[str, Any], nodes: int) -> int:
    """Return how long the survivors take at most to agree on who is left, by default 1.2 T."""
    return int(_given(totem, "consensus", token(totem, nodes) * 6 // 5))


def detection(totem: Mapping[str, Any], nodes: int) -> int:
    """Return when the survivors have a new membership at the latest: T + consensus."""
    return token(totem, nodes) + consensus(totem, nodes)


def hold(totem: Mapping[str, Any], nodes: int) -> int:
    """Return how long a ring with nothing to send keeps the token, and with it the first message of a new membership.

    As corosync computes it, see ``runtime.config.totem.hold`` in its map of keys.
    """
    retransmits = int(_given(totem, "token_retransmits_before_loss_const", TOKEN_RETRANSMITS))
    retransmit = int(_given(totem, "token_retransmit", int(token(totem, nodes) / (retransmits + 0.2))))
    return int(_given(totem, "hold", max(0, int(retransmit * 0.8) - 10)))


def settling(totem: Mapping[str, Any], nodes: int) -> int:
    """Return how long the coordinator's updates of a lost node take to come back to it, at the most."""
    return hold(totem, nodes) + SETTLING


def promised(totem: Mapping[str, Any], nodes: int, fencing: int) -> int:
    """Return how long a service may be away after a power loss, given how long fencing takes."""
    return detection(totem, nodes) + fencing + REACTION


def _given(totem: Mapping[str, Any], key: str, default: int) -> Any:
    value = totem.get(key)
    return default if value is None else value
