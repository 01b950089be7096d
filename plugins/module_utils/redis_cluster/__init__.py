# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection knows about Redis Cluster and Valkey: to read what every instance says of the cluster, to tell
what is wrong with it, to plan the way to the declared state, and to go it. Reading, judging and planning are pure
functions; ``resp``, ``gather``, ``execute`` and ``migrate`` touch the network. Standard library only."""
