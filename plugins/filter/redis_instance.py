# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role redis_cluster: thin wrappers around module_utils/redis_cluster/instance."""

from __future__ import annotations

import secrets
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance import config, labels, request


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
            "redis_bare": _guarded(request.bare),
            "redis_bus_port": _guarded(request.bus_port),
            "redis_down_nodes": _guarded(request.down_nodes),
            "redis_files": _guarded(request.files),
            "redis_folder_labels": labels.folder_calls,
            "redis_new_password": redis_new_password,
            "redis_nodes": _guarded(request.nodes),
            "redis_objections": request.objections,
            "redis_port_labels": labels.port_calls,
            "redis_ports": request.ports,
            "redis_refusals": _guarded(request.refusals),
        }
