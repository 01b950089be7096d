# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as the role makes them of its defaults, and an inventory of three Tomcat hosts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
SECRET = "a" * 48


def defaults(role: str) -> dict[str, Any]:
    """The defaults of a role, without those that Ansible has to work out."""
    text = (PROJECT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.fixture
def jk_request_of() -> Callable[..., dict[str, Any]]:
    """Make a request of the role mod_jk; keyword arguments replace its defaults."""

    def make(**given: Any) -> dict[str, Any]:
        found = {name[len("mod_jk_") :]: value for name, value in defaults("mod_jk").items()}
        found.update(log_file="/var/log/apache2/mod_jk.log", shm_file="${APACHE_RUN_DIR}/jk-runtime-status")
        found.update(secret=SECRET, status={"address": "127.0.0.1", "port": 8019, "path": "/jk-status", "allow": []})
        unknown = set(given) - set(found)
        assert not unknown, unknown
        return {**found, **given}

    return make


@pytest.fixture
def hosts() -> dict[str, dict[str, Any]]:
    """Three hosts, and the variables that the inventory has of each."""
    return {
        f"app{number}": {"tomcat_address": f"192.0.2.{number}", "tomcat_cluster_address": f"198.51.100.{number}"}
        for number in (1, 2, 3)
    }
