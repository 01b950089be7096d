# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Prometheus text format, version 0.0.4: families of samples, each with its HELP and TYPE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
Labels = Mapping[str, Any]


class Exposition:
    """Collects families in order; :meth:`text` is the page."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def family(self, name: str, kind: str, text: str, samples: Iterable[tuple[Labels, float]]) -> None:
        """A family of (labels, value). It is announced even when it has no sample yet."""
        self._head(name, kind, text)
        self._lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]

    def histograms(self, name: str, text: str, samples: Iterable[tuple[Labels, Mapping[str, Any]]]) -> None:
        """Histograms as ``{"le": {bound as text: cumulative count, "inf": all}, "sum": …}``, in base units."""
        self._head(name, HISTOGRAM, text)
        for labels, found in samples:
            for bound, count in found["le"].items():
                le = {**labels, "le": "+Inf" if bound == "inf" else bound}
                self._lines.append(f"{name}_bucket{_labels(le)} {_number(count)}")
            self._lines.append(f"{name}_sum{_labels(labels)} {_number(found['sum'])}")
            self._lines.append(f"{name}_count{_labels(labels)} {_number(found['le']['inf'])}")

    def text(self) -> str:
        """The whole page."""
        return "\n".join(self._lines) + "\n"

    def _head(self, name: str, kind: str, text: str) -> None:
        self._lines += [f"# HELP {name} {_escape(text)}", f"# TYPE {name} {kind}"]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_quote(str(value))}"' for name, value in labels.items()) + "}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quote(text: str) -> str:
    return _escape(text).replace('"', '\\"')


def _number(value: float) -> str:
    """As short as it can be said; integers without a fraction."""
    if float(value).is_integer():
        return str(int(value))
    return repr(float(f"{value:.15g}"))
