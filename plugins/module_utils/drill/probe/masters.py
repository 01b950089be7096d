# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there an elected master? Asked of every Elasticsearch node at the same time.

An attempt is good when more than half of the nodes pass on the answer of one and the same master before the probe's
timeout. A node that is cut off with the old master's office, or follows one that is dead and does not know yet, is no
majority.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Optional

from ..model import Outcome
from .everyone import EveryoneProber
from .prober import Answer

__all__ = ["MasterProber"]


class MasterProber(EveryoneProber):
    """Counts who says the same."""

    QUESTION = "/_cluster/state/master_node,nodes?filter_path=master_node,nodes.*.name&master_timeout=50ms"

    def open(self) -> None:
        """Nobody has said anything yet."""
        self._said: dict[int, Counter[str]] = {}
        super().open()

    def abandon(self, seq: int) -> Optional[Answer]:
        """Forget who said what."""
        self._said.pop(seq, None)
        return super().abandon(seq)

    def heard(self, seq: int, answer: Any) -> str:
        """One node more that follows somebody."""
        node = str(answer.get("master_node") or "")
        master = str(((answer.get("nodes") or {}).get(node) or {}).get("name") or node)
        said = self._said.setdefault(seq, Counter())
        if master:
            said[master] += 1
            if said[master] * 2 > len(self._places):
                del self._said[seq]
                self.end(seq, Outcome.OK, {"who": master})
        return ", ".join(f"{count} of {len(self._places)} follow {name}" for name, count in sorted(said.items()))
