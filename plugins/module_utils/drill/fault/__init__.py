# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what is broken on purpose, on the node itself, and how it heals.

One file per kind of fault plans, and does nothing else: arguments and what is true on the machine go in, steps that
start, heal and check come out as plain data. ``look`` finds out what is true, ``carry_out`` performs steps, ``record``
remembers them, ``switch`` is the dead man's switch that heals when nobody else does, and ``engine`` joins them.
"""
