# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as the role makes it, and three members."""

from __future__ import annotations

from typing import Any

import pytest
from elasticsearch.members import Member


@pytest.fixture
def request_() -> dict[str, Any]:
    """The variables of one node, without their prefix."""
    return {
        "version": "7.17.28",
        "install": "archive",
        "source": {"url": "https://example.org/es.tar.gz", "checksum": "sha256:00ff"},
        "cluster_name": "logs",
        "node_name": "es1",
        "node_roles": ["master", "data", "ingest"],
        "zone": "",
        "wipe_data": "",
        "address": "192.0.2.1",
        "bind": ["192.0.2.1", "_local_"],
        "http_port": 9200,
        "transport_port": 9300,
        "fault_interval_ms": 1000,
        "fault_timeout_ms": 10000,
        "fault_retries": 3,
        "publish_timeout_ms": 30000,
        "config": {},
        "repository_paths": [],
        "is_security_enabled": False,
        "own_authority": "",
        "transport_tls": {},
        "http_tls": {},
        "user": "elastic",
        "has_password": False,
        "security_roles": {},
        "users": {},
        "is_memory_locked": False,
        "config_dir": "/etc/elasticsearch",
        "data_dir": "/var/lib/elasticsearch",
        "log_dir": "/var/log/elasticsearch",
    }


def member(number: int, *roles: str, zone: str = "") -> Member:
    return Member(f"host{number}", f"es{number}", roles or ("master", "data"), f"192.0.2.{number}:9300", zone)


@pytest.fixture
def three() -> list[Member]:
    return [member(1), member(2), member(3)]
