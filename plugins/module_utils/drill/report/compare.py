# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report with its comparison to an earlier one in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..verdict.compare import compare, worst
from .words import moment

__all__ = ["with_comparison"]


def with_comparison(report: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The newer report, with what changed since the earlier one."""
    changes = compare(before, report)
    return {
        **report,
        "comparison": {
            "with": f"{before['title']}, {moment(before['updated_ns'])}",
            "headline": worst(changes) if changes else "nothing in common to compare",
            "changes": [change.as_dict() for change in changes],
        },
    }
