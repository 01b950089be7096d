# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module arguments as what the rest of this package takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .declare import Declaration, declare
from .resp import Access

__all__ = ["access_of", "connection_arguments", "declaration_of"]


def connection_arguments() -> dict[str, Any]:
    """The argument specification that the modules share; documented in the fragment ``redis_cluster``."""
    return {
        "nodes": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "host": {"type": "str", "required": True},
                "port": {"type": "int", "default": 6379},
                "name": {"type": "str"},
                "machine": {"type": "str"},
                "weight": {"type": "float", "default": 1},
                "role": {"type": "str", "choices": ["any", "replica"], "default": "any"},
                "is_down": {"type": "bool", "default": False},
            },
        },
        "masters": {"type": "int"},
        "replicas": {"type": "int", "default": 1},
        "anti_affinity": {"type": "str", "choices": ["required", "preferred"], "default": "required"},
        "username": {"type": "str", "default": "default"},
        "password": {"type": "str", "no_log": True},
        "password_file": {"type": "path", "no_log": False},
        "tls": {
            "type": "dict",
            "options": {
                "ca_file": {"type": "path"},
                "cert_file": {"type": "path"},
                "key_file": {"type": "path", "no_log": False},
                "verify": {"type": "bool", "default": True},
            },
        },
        "connect_timeout": {"type": "float", "default": 5},
        "timeout": {"type": "float", "default": 60},
    }


def access_of(params: Mapping[str, Any]) -> Access:
    """How to get in. Raises OSError for a password file that cannot be read."""
    password = params["password"] or os.environ.get("REDISCLI_AUTH", "")
    if params["password_file"]:
        with open(params["password_file"], encoding="utf-8") as stream:
            password = stream.readline().rstrip("\n")
    tls = params["tls"] or {}
    return Access(
        username=params["username"],
        password=password,
        uses_tls=params["tls"] is not None,
        ca_file=tls.get("ca_file") or "",
        cert_file=tls.get("cert_file") or "",
        key_file=tls.get("key_file") or "",
        verifies=tls.get("verify", True),
        timeout=params["connect_timeout"],
    )


def declaration_of(params: Mapping[str, Any]) -> Declaration:
    """What is declared. Raises DeclarationError."""
    return declare(
        params["nodes"],
        masters=params["masters"],
        replicas=params["replicas"],
        needs_anti_affinity=params["anti_affinity"] == "required",
        threshold=params.get("threshold") or 0.0,
        allow=params.get("allow") or (),
        leaving=params.get("leaving") or (),
    )
