# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module arguments as what the rest of this package takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api import Access

__all__ = ["access_of", "connection_arguments"]


def connection_arguments() -> dict[str, Any]:
    """The argument specification that the modules share; documented in the fragment ``elasticsearch``."""
    return {
        "nodes": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "host": {"type": "str", "required": True},
                "port": {"type": "int", "default": 9200},
                "roles": {"type": "list", "elements": "str", "default": ["master", "data"]},
            },
        },
        "is_tls": {"type": "bool", "default": False},
        "ca_file": {"type": "path"},
        "verifies": {"type": "bool", "default": True},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "timeout": {"type": "float", "default": 10},
    }


def access_of(params: Mapping[str, Any]) -> Access:
    """How to get in."""
    return Access(
        is_tls=params["is_tls"],
        ca_file=params["ca_file"] or "",
        verifies=params["verifies"],
        user=params["user"] or "",
        password=params["password"] or "",
        timeout=params["timeout"],
    )
