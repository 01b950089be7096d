# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole-message compression: the payload travels in ``_compressed_payload``, its method in ``_compression_algorithm``.

zlib is a plain RFC 1950 stream at the default level, bz2 a plain bzip2 stream of block size 1: the C
daemon's defaults. Reading does not depend on our own configuration, and never yields more than 2 MiB.
Source: Linux-HA heartbeat 3.0.6, as measured (compression).
"""

from __future__ import annotations

import bz2
import zlib
from dataclasses import dataclass

from ..settings.model import Settings
from .errors import Reason, WireError
from .limits import MAX_MESSAGE
from .message import Message

PAYLOAD = "_compressed_payload"
ALGORITHM = "_compression_algorithm"

_Failures = tuple[type[Exception], ...]
_FAILURES: dict[str, _Failures] = {"zlib": (zlib.error,), "bz2": (OSError, ValueError)}


@dataclass(frozen=True)
class Compression:
    """What to compress when sending: everything above ``threshold`` bytes, or (None) only what must be."""

    algorithm: str = "zlib"
    threshold: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> Compression:
        """As ha.cf says: ``traditional_compression`` switches the threshold on."""
        threshold = settings.compression_threshold_kib * 1024 if settings.traditional_compression else None
        return cls(settings.compression, threshold)

    def wanted(self, length: int) -> bool:
        """Is a message of this encoded length (bytes) compressed?"""
        return self.threshold is not None and length > self.threshold


def compress(plain: bytes, algorithm: str) -> Message:
    """The outer message that carries ``plain``."""
    payload = bz2.compress(plain, 1) if algorithm == "bz2" else zlib.compress(plain)
    return Message.of((PAYLOAD, payload), (ALGORITHM, algorithm))


def decompress(outer: Message) -> tuple[str, bytes]:
    """(algorithm, plain bytes) of an outer message; raises WireError, also for more than 2 MiB."""
    payload = outer.field(PAYLOAD)
    algorithm = outer.get(ALGORITHM)
    if payload is None or algorithm not in _FAILURES:
        raise WireError(Reason.BAD_COMPRESSION, f"unknown compression {algorithm[:20]!r}")
    machine = zlib.decompressobj() if algorithm == "zlib" else bz2.BZ2Decompressor()
    try:
        plain = machine.decompress(payload.value, MAX_MESSAGE + 1)
    except _FAILURES[algorithm] as error:
        raise WireError(Reason.BAD_COMPRESSION, f"the {algorithm} stream is damaged") from error
    if len(plain) > MAX_MESSAGE:
        raise WireError(Reason.TOO_LARGE, "the decompressed message is larger than 2 MiB")
    if not machine.eof:
        raise WireError(Reason.BAD_COMPRESSION, f"the {algorithm} stream is not complete")
    return algorithm, plain
