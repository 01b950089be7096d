# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules for Elasticsearch know: who a node is, what a cluster says, what is wrong with it.

Pure, but for ``api``, which opens connections, and ``gather``, which uses it. Standard library only.
"""
