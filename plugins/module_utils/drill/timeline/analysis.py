# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One probe's samples, analysed: everything a verdict or a report wants to know about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import Outcome, Sample, is_blind, is_lost
from .blind import Span, blind_spans
from .holders import Holding, find_holdings, moves, two_holders_us
from .outages import Outage, find_outages
from .statistics import summary

__all__ = ["ProbeAnalysis", "analyse"]


@dataclass(frozen=True)
class ProbeAnalysis:
    """What the samples of one probe say. Times in microseconds on the run's axis."""

    interval_us: int
    begin_us: int
    end_us: int
    sent: int
    ok: int
    outcomes: Mapping[str, int]
    outages: Sequence[Outage]
    blind: Sequence[Span]
    latency: Mapping[str, int]
    lateness: Mapping[str, int]
    longest_silence_us: int
    """The longest time between two good answers arriving, whatever was asked in between."""
    holdings: Sequence[Holding]
    moves: int
    two_holders_us: int
    breaks: int
    """How often a stream broke."""
    lost_sessions: int
    """How often a server began another session than the one it was asked for."""
    stale_us: int
    """For how long the client's own neighbour table named somebody else than who answered."""

    @property
    def lost(self) -> int:
        """Attempts without the expected answer."""
        return self.sent - self.ok

    @property
    def availability(self) -> float:
        """The share of attempts that were answered as expected; 0 without any attempt."""
        return self.ok / self.sent if self.sent else 0.0

    @property
    def outage_us(self) -> int:
        """All outages together."""
        return sum(outage.us for outage in self.outages)

    @property
    def longest_outage_us(self) -> int:
        """The longest outage."""
        return max((outage.us for outage in self.outages), default=0)

    @property
    def blind_us(self) -> int:
        """How long the probe did not look."""
        return sum(span.us for span in self.blind)

    @property
    def hidden_us(self) -> int:
        """How much outage the blind time could hide.

        Outages are contiguous: what was seen may reach into the blind spans beside it, and one
        more may lie in the longest of the others. Many short blind spans hide no long outage.
        """
        beside = sum(outage.blind_us for outage in self.outages)
        reach = [(outage.end_us - outage.at_most_us, outage.end_us) for outage in self.outages]
        others = (
            span.us
            for span in self.blind
            if not any(span.begin_us < end_us and span.end_us > begin_us for begin_us, end_us in reach)
        )
        return beside + max(others, default=0)

    @property
    def recovered(self) -> bool:
        """Whether the service answered at the end."""
        return self.ok > 0 and all(outage.recovered for outage in self.outages)


def _noted(samples: Sequence[Sample], key: str) -> int:
    return sum(1 for sample in samples if (sample.detail or {}).get(key))


def analyse(samples: Sequence[Sample], interval_us: int, *, fault_us: int | None = None) -> ProbeAnalysis:
    """Analyse the samples of one probe, given in any order.

    Where the instant of the fault is known, a state that may be there before it, such as the two holders of a pair that
    is cut in two, is counted from then on: how long it had lasted is the matter of the drill before.
    """
    ordered = sorted(samples, key=lambda sample: sample.sent_us)
    seen = [sample for sample in ordered if not is_blind(sample)]
    good = [sample for sample in seen if not is_lost(sample)]
    blind = blind_spans(ordered, interval_us)
    holdings = find_holdings(seen)
    since = [sample for sample in seen if fault_us is None or sample.sent_us >= fault_us]
    arrivals = sorted(sample.sent_us + sample.latency_us for sample in good)
    return ProbeAnalysis(
        interval_us=interval_us,
        begin_us=seen[0].sent_us if seen else 0,
        end_us=seen[-1].sent_us + interval_us if seen else 0,
        sent=len(seen),
        ok=len(good),
        outcomes=dict(sorted(Counter(sample.outcome.value for sample in ordered).items())),
        outages=find_outages(ordered, interval_us, blind),
        blind=blind,
        latency=summary([sample.latency_us for sample in good]),
        lateness=summary([sample.late_us for sample in ordered if sample.outcome is not Outcome.LOCAL]),
        longest_silence_us=max((after - before for before, after in zip(arrivals, arrivals[1:])), default=0),
        holdings=holdings,
        moves=moves(holdings),
        two_holders_us=two_holders_us(since, interval_us),
        breaks=_noted(seen, "broke"),
        lost_sessions=_noted(ordered, "lost_session"),
        stale_us=_noted([sample for sample in since if not is_lost(sample)], "entry") * interval_us,
    )
