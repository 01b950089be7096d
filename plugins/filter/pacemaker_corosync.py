# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role pacemaker about corosync: thin wrappers around module_utils/pacemaker."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

corosync_change = Late("pacemaker.corosync_change")
corosync_conf = Late("pacemaker.corosync_conf")
corosync_state = Late("pacemaker.corosync_state")
corosync_syntax = Late("pacemaker.corosync_syntax")
corosync_times = Late("pacemaker.corosync_times")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except corosync_syntax.Unusable as error:
            raise AnsibleFilterError(str(error)) from None

    return filtered


def pacemaker_new_authkey(length: int) -> str:
    """A random key of so many bytes, in base64."""
    return base64.b64encode(secrets.token_bytes(length)).decode()


def pacemaker_new_password(length: int) -> str:
    """A random password of so many bytes, as text."""
    return secrets.token_urlsafe(length)


def pacemaker_corosync_refusals(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why the files can't be put in place, one sentence per member that objects or did not answer."""
    found = []
    for member in members:
        planned = (hosts.get(member) or {}).get("__pacemaker_plan") or {}
        if "errors" not in planned:
            found.append(f"{member} could not be asked: {planned.get('msg', 'it did not answer')}")
        elif planned["errors"]:
            found.append(f"{member} refuses: " + "; ".join(planned["errors"]))
    return found


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "pacemaker_corosync_conf": _guarded(corosync_conf.function("for_members")),
            "pacemaker_corosync_refusals": pacemaker_corosync_refusals,
            "pacemaker_change": corosync_change.function("for_all"),
            "pacemaker_complaints": _guarded(corosync_state.function("complaints")),
            "pacemaker_speaker": corosync_state.function("speaker"),
            "pacemaker_idle": corosync_state.function("idle"),
            "pacemaker_trouble": corosync_state.function("trouble"),
            "pacemaker_lost": corosync_state.function("lost"),
            "pacemaker_pcs_host": corosync_state.function("pcs_host"),
            "pacemaker_new_authkey": pacemaker_new_authkey,
            "pacemaker_new_password": pacemaker_new_password,
            "pacemaker_detection_ms": corosync_times.function("detection"),
            "pacemaker_settling_ms": corosync_times.function("settling"),
        }
