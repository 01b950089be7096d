# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection knows about corosync and Pacemaker: typed data in, files, XML and sentences out. Pure functions,
except for tools.py, which runs Pacemaker's own programs."""
