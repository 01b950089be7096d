# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The delivery layer in one place: what we sent (:class:`Outbox`) and what each peer sent (:class:`Inbox`)."""

from __future__ import annotations

from .inbox import Inbox, Taken
from .outbox import Outbox, Resend

__all__ = ["Inbox", "Outbox", "Resend", "Taken"]
