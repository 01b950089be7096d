# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has every shard of an Elasticsearch cluster a copy that serves? Asked of every node at the same time.

The first that brings the answer from its master decides: red is a wrong answer, yellow and green are good ones. Without
a master nobody can tell, and the attempt is lost; how long that lasts is what the probe for masters measures.
"""

from __future__ import annotations

from typing import Any

from ..model import Outcome
from .everyone import EveryoneProber

__all__ = ["HealthProber"]


class HealthProber(EveryoneProber):
    """Takes the first colour that it is told."""

    QUESTION = "/_cluster/health?filter_path=status,unassigned_shards&master_timeout=50ms"

    def heard(self, seq: int, answer: Any) -> str:
        """What the master says through this node."""
        colour = str(answer.get("status") or "")
        if not colour:
            return f"no colour in {answer}"[:200]
        unassigned = answer.get("unassigned_shards")
        is_red = colour == "red"
        detail = {"status": colour, "why": f"red, {unassigned} shards have no place"} if is_red else {"status": colour}
        self.end(seq, Outcome.WRONG if is_red else Outcome.OK, detail)
        return ""
