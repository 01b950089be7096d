# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elasticsearch: what is declared, what nodes say, and what follows from both. Pure, but for ``api`` and ``local``."""
