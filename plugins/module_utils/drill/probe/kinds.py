# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which class probes which kind. A new kind is one file, one row here and one in ``spec.KINDS``."""

from __future__ import annotations

from collections.abc import Mapping

from .http import HttpProber
from .icmp import IcmpProber
from .neighbour import NeighbourProber
from .prober import Prober
from .stream import StreamProber
from .tcp import TcpProber
from .udp import UdpProber

__all__ = ["PROBERS"]

PROBERS: Mapping[str, type[Prober]] = {
    "icmp": IcmpProber,
    "udp": UdpProber,
    "tcp": TcpProber,
    "http": HttpProber,
    "stream": StreamProber,
    "neighbour": NeighbourProber,
}
