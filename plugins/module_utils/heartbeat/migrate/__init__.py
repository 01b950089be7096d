# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from heartbeat to something bigger: files in, variables and the fate of every line out."""
