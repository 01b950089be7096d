# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The samples file: compact JSON lines, bounded, readable while it is being written.

Line 1 is the header ``{"t": "header", …}``: format version, run, probes, host and the pair of
clocks that pins the run's epoch. Then one array per attempt, in the order they *ended*::

    [probe index, seq, sent_us, late_us, outcome, latency_us, detail?]

``{"t": "clock", …}`` lines repeat the pair of clocks; ``{"t": "footer", …}`` says why the run ended.
A file without a footer belongs to a run that was killed. Where a probe wrote, ``{"t": "readback", …}``
lines follow with the numbers that were found afterwards.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Optional

from ..model import Outcome, Sample

__all__ = [
    "FORMAT",
    "Recording",
    "SampleWriter",
    "from_ranges",
    "read_recording",
    "read_recording_file",
    "to_ranges",
]

FORMAT = 1
FLUSH_BYTES = 32 * 1024
RESERVE_BYTES = 1024
"""Kept free for the footer, so that a full file still says that it is full."""


class SampleWriter:
    """Appends lines through a small buffer; refuses samples beyond ``max_bytes``."""

    def __init__(self, stream: BinaryIO, max_bytes: int) -> None:
        self._stream = stream
        self._left = max_bytes - RESERVE_BYTES
        self._buffer: list[bytes] = []
        self._buffered = 0

    def sample(self, lane: int, sample: Sample) -> bool:
        """Write one sample; False when the file is full."""
        row: list[Any] = [
            lane,
            sample.seq,
            sample.sent_us,
            sample.late_us,
            sample.outcome.value,
            sample.latency_us,
        ]
        if sample.detail:
            row.append(sample.detail)
        return self._line(row)

    def note(self, kind: str, **values: Any) -> bool:
        """Write a header or clock line; False when the file is full."""
        return self._line({"t": kind, **values})

    def footer(self, **values: Any) -> None:
        """Write the last line, for which room has been kept."""
        self._left += RESERVE_BYTES
        self._line({"t": "footer", **values})
        self.flush()

    def flush(self) -> None:
        """Hand everything to the kernel."""
        if self._buffer:
            self._stream.write(b"".join(self._buffer))
            self._stream.flush()
            self._buffer.clear()
            self._buffered = 0

    def _line(self, value: Any) -> bool:
        line = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8") + b"\n"
        if len(line) > self._left:
            return False
        self._left -= len(line)
        self._buffer.append(line)
        self._buffered += len(line)
        if self._buffered >= FLUSH_BYTES:
            self.flush()
        return True


@dataclass
class Recording:
    """A samples file in memory: ``samples[i]`` belongs to ``probes[i]``, in order of ``seq``."""

    header: Mapping[str, Any]
    samples: list[list[Sample]]
    clocks: list[Mapping[str, Any]] = field(default_factory=list)
    footer: Optional[Mapping[str, Any]] = None
    readbacks: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """By index of the probe: what was read back of its writes, ``numbers`` with repetitions, or an ``error``."""

    @property
    def probes(self) -> list[Mapping[str, Any]]:
        """The probes' specifications as written in the header."""
        return list(self.header["probes"])

    def wall_ns(self, at_us: int) -> int:
        """Wall-clock time on the client host at ``at_us`` after the run's epoch."""
        return int(self.header["wall_ns"]) + at_us * 1000


def read_recording(lines: Iterable[str]) -> Recording:
    """Parse a samples file. A torn last line, as a killed run leaves it, is dropped.

    Raises ValueError when the first line is not a header of a known format.
    """
    recording: Optional[Recording] = None
    for number, line in enumerate(lines):
        try:
            value = json.loads(line)
        except ValueError:
            if number == 0 or line.endswith("\n"):
                raise ValueError(f"line {number + 1} of the samples is not JSON: {line[:60]!r}") from None
            break
        if recording is None:
            if not isinstance(value, dict) or value.get("t") != "header" or value.get("format") != FORMAT:
                raise ValueError(f"the samples do not begin with a header of format {FORMAT}")
            recording = Recording(value, [[] for _probe in value["probes"]])
        elif isinstance(value, list):
            lane, seq, sent_us, late_us, outcome, latency_us = value[:6]
            detail = value[6] if len(value) > 6 else None
            recording.samples[lane].append(Sample(seq, sent_us, late_us, Outcome(outcome), latency_us, detail))
        elif value.get("t") == "clock":
            recording.clocks.append(value)
        elif value.get("t") == "footer":
            recording.footer = value
        elif value.get("t") == "readback":
            if "numbers" in value:
                value = {**value, "numbers": from_ranges(value["numbers"])}
            recording.readbacks[int(value["probe"])] = value
    if recording is None:
        raise ValueError("the samples file is empty")
    for samples in recording.samples:
        samples.sort(key=lambda sample: sample.seq)
    return recording


def read_recording_file(path: str) -> Recording:
    """Read a samples file, plain or gzip-compressed. Raises OSError, ValueError."""
    with open(path, "rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    if packed:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            return read_recording(stream)
    with open(path, encoding="utf-8") as stream:
        return read_recording(stream)


def to_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as [first, last] pairs, which is how they travel; repetitions begin a new pair."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def from_ranges(ranges: Iterable[Sequence[int]]) -> list[int]:
    """The numbers again."""
    return [number for first, last in ranges for number in range(first, last + 1)]
