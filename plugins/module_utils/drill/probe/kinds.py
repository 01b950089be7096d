# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which class probes which kind. A new kind is one file, one row here and one in ``spec.KINDS``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from .command import CommandProber, read_numbers
from .documents import DocumentProber, read_documents
from .health import HealthProber
from .http import HttpProber
from .icmp import IcmpProber
from .masters import MasterProber
from .neighbour import NeighbourProber
from .prober import Prober
from .redis_keys import RedisProber, read_keys
from .session import SessionProber, read_session
from .spec import ProbeSpec
from .stream import StreamProber
from .tcp import TcpProber
from .udp import UdpProber
from .writes import Reader

__all__ = ["PROBERS", "READERS", "reader_of"]

PROBERS: Mapping[str, type[Prober]] = {
    "icmp": IcmpProber,
    "udp": UdpProber,
    "tcp": TcpProber,
    "http": HttpProber,
    "stream": StreamProber,
    "neighbour": NeighbourProber,
    "command": CommandProber,
    "redis": RedisProber,
    "session": SessionProber,
    "elasticsearch": DocumentProber,
    "elasticsearch_master": MasterProber,
    "elasticsearch_health": HealthProber,
}

READERS: Mapping[str, Reader] = {
    "command": read_numbers,
    "redis": read_keys,
    "session": read_session,
    "elasticsearch": read_documents,
}
"""Kinds whose attempts are writes, with the function that reads them back."""


def reader_of(spec: ProbeSpec) -> Optional[Reader]:
    """How to read this probe's writes back, or None for a probe that does not write."""
    if spec.kind == "command" and not spec.options.get("read_command"):
        return None
    if spec.kind == "session" and not spec.options.get("read_path"):
        return None
    return READERS.get(spec.kind)
