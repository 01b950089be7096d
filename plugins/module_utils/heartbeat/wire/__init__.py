# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What travels: messages, framing, signing, compression and delivery. Pure: no socket, clock, file or thread."""

from __future__ import annotations
