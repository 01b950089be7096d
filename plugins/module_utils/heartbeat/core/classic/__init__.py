# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource logic of Linux-HA heartbeat 3.0.6, so that a C daemon finds its twin in us.

``holdings`` (who holds what, as the protocol sees it), ``messages`` (fields in wire order), ``phases`` and
``handover`` (the two state machines, as tables), ``ledger`` (what both share), ``nice`` (auto_failback on and
off), ``legacy``, ``standby``, ``departure`` (clean shutdown), ``ipfail``.
"""

from __future__ import annotations
