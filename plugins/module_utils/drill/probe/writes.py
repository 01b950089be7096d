# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Acknowledged writes: the interface a system implements to have its promises checked.

A system adds one file with two things, and a row each in ``kinds``:

* a ``WriteProber`` whose ``send(seq)`` writes the number ``seq`` and reports OK only when the system
  has acknowledged it, as far as a client can ask it to (waited for replicas, synced, …);
* a reader: a function of the probe's specification and the run's id that returns every number it
  finds, repetitions included, once the system has settled after the drill.

What is compared, and how, is the same for all (``timeline.accounting``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any, Optional

from .prober import Prober
from .spec import ProbeSpec

__all__ = ["READBACK", "ReadError", "Reader", "WriteProber", "read_back"]

READBACK = "readback.json"

Reader = Callable[[ProbeSpec, str], Iterable[int]]


class ReadError(RuntimeError):
    """The writes could not be read back; the message says why."""


class WriteProber(Prober):
    """A prober whose attempts are writes of their own slot number."""

    run_id: str = ""
    """Set by the lane before ``open``: keeps the writes of different runs apart."""


def read_back(
    directory: str, run_id: str, probes: Iterable[tuple[ProbeSpec, Optional[Reader]]]
) -> list[dict[str, Any]]:
    """Read the writes of every writing probe back, once per run; one record per writing probe.

    ``{"probe": index, "numbers": […]}``, or ``{"probe": index, "error": "why"}``.
    """
    path = os.path.join(directory, READBACK)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as stream:
            kept: list[dict[str, Any]] = json.load(stream)
            return kept
    found: list[dict[str, Any]] = []
    for index, (spec, reader) in enumerate(probes):
        if reader is None:
            continue
        try:
            found.append({"probe": index, "numbers": sorted(reader(spec, run_id))})
        except (ReadError, OSError, ValueError) as error:
            found.append({"probe": index, "error": str(error)})
    with open(f"{path}.new", "w", encoding="utf-8") as stream:
        json.dump(found, stream)
    os.replace(f"{path}.new", path)
    return found
