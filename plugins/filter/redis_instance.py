# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role redis_cluster: thin wrappers around module_utils/redis_cluster/instance."""

from __future__ import annotations

import secrets
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

config = Late("redis_cluster.instance.config")
labels = Late("redis_cluster.instance.labels")
request = Late("redis_cluster.instance.request")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (config.Unwritable, ValueError, KeyError, TypeError) as error:
            raise AnsibleFilterError(f"{type(error).__name__}: {error}") from None

    return filtered


def redis_new_password(length: int) -> str:
    """A random password of so many bytes, as text."""
    return secrets.token_urlsafe(length)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "redis_bare": _guarded(request.function("bare")),
            "redis_bus_port": _guarded(request.function("bus_port")),
            "redis_down_nodes": _guarded(request.function("down_nodes")),
            "redis_files": _guarded(request.function("files")),
            "redis_folder_labels": labels.function("folder_calls"),
            "redis_new_password": redis_new_password,
            "redis_nodes": _guarded(request.function("nodes")),
            "redis_objections": request.function("objections"),
            "redis_port_labels": labels.function("port_calls"),
            "redis_ports": request.function("ports"),
            "redis_refusals": _guarded(request.function("refusals")),
        }
