# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of fault by its name."""

from __future__ import annotations

from collections.abc import Mapping

from .clock import CLOCK, CLOCK_PREPARE
from .cpu import CPU
from .cut import CUT
from .disk import DISK_FULL
from .freeze import FREEZE
from .icmp import ICMP_DROP
from .kill import PROCESS_KILL
from .loss import LOSS
from .model import Kind
from .nic import NIC_DOWN
from .power import POWER_OFF, POWER_ON
from .reboot import REBOOT
from .service import SERVICE_START, SERVICE_STOP

__all__ = ["KINDS"]

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        SERVICE_STOP,
        SERVICE_START,
        PROCESS_KILL,
        FREEZE,
        POWER_OFF,
        POWER_ON,
        REBOOT,
        NIC_DOWN,
        CUT,
        ICMP_DROP,
        LOSS,
        CPU,
        DISK_FULL,
        CLOCK,
        CLOCK_PREPARE,
    )
}
