#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module failover_clock: how far a host's clock is ahead. The work is done by the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover_clock
short_description: Measure how far a host's clock is ahead of the controller's
version_added: 0.1.0
description:
  - Reads the wall clock of a host several times, each time between two readings of the controller's own, and keeps the
    exchange with the shortest round trip. Half of that is the uncertainty, which is returned with the offset.
  - Hosts that share a kernel with the controller, such as containers on it, have the same clock; that is recognised by
    their boot id or by the counters of the kernel, and nothing is left uncertain.
  - Sets no clock. Used by drills to put what several hosts logged on one time axis.
author: the steadfast.ha authors (@steadfast-ha)
extends_documentation_fragment: steadfast.ha.reading
attributes:
  action:
    description: Runs on the controller, which needs to take the time around each reading.
    support: full
options:
  exchanges:
    description: How often to exchange clocks.
    type: int
    default: 5
notes:
  - The host needs a POSIX shell and C(date) with nanoseconds (GNU coreutils, busybox 1.36).
seealso:
  - module: steadfast.ha.failover_probe
"""

EXAMPLES = r"""
- name: Compare clocks
  steadfast.ha.failover_clock:
  register: clock

- name: Refuse to compare logs when clocks cannot be told apart
  ansible.builtin.assert:
    that: clock.uncertainty_ns < 100000000
"""

RETURN = r"""
offset_ns:
  description: Nanoseconds that the host's clock is ahead of the controller's.
  type: int
  returned: always
  sample: -1200345
uncertainty_ns:
  description: How much the offset may be off, either way.
  type: int
  returned: always
  sample: 812000
same_kernel:
  description: Whether the host shares the controller's kernel, and thus its clock.
  type: bool
  returned: always
  sample: false
"""
