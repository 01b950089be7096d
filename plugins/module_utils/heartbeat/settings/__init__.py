# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wrote: ha.cf, authkeys and haresources as frozen dataclasses."""

from __future__ import annotations
