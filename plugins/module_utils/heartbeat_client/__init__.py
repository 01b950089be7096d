# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection's modules, filters and roles know about a heartbeat daemon: to ask it, to read its answers,
to plan a change of it. Pure functions, apart from ``socket`` and ``artefact``; standard library only."""
