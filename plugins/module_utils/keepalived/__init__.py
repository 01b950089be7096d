# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection knows about keepalived: to write its configuration for one node of a group, to check it, to read
what a running daemon tells, to plan a change of it. Pure functions, standard library only."""
