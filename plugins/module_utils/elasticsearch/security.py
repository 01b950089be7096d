# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and users of a secured cluster: what was declared and what the server keeps, in one form.

The server fills in what was not said, and keeps a password as a hash: whether it is right is found out by using it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .words import nearest

__all__ = ["BUILT_IN", "UserSteps", "role_form", "user_form", "user_mistakes", "user_steps"]

#: users that come with the cluster; all that can be said of them is their password
BUILT_IN = frozenset(
    "elastic kibana kibana_system logstash_system beats_system apm_system remote_monitoring_user".split()
)
#: characters of a password, as the server wants it
SHORTEST = 6
USER_KEYS = frozenset({"password", "roles", "full_name", "email", "metadata", "enabled"})


def _listed(value: Any) -> list[str]:
    return sorted(str(row) for row in ([value] if isinstance(value, str) else value or []))


def _privileges(entry: Mapping[str, Any]) -> dict[str, Any]:
    lists = {key: _listed(entry.get(key)) for key in ("names", "privileges")}
    return {"allow_restricted_indices": False, **entry, **lists}


def role_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """A role without what only the server says, and with what it takes for granted."""
    found = {key: value for key, value in body.items() if key not in ("indices", "transient_metadata")}
    for key in ("cluster", "run_as"):
        found[key] = _listed(body.get(key))
    # "index" is the older word for it
    entries = body.get("indices") or body.get("index") or []
    found.pop("index", None)
    found["indices"] = sorted((_privileges(entry) for entry in entries), key=str)
    found.setdefault("applications", [])
    found.setdefault("metadata", {})
    return found


def user_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """A user in the same way, without a password."""
    return {
        "roles": _listed(body.get("roles")),
        "full_name": body.get("full_name") or "",
        "email": body.get("email") or "",
        "metadata": dict(body.get("metadata") or {}),
        "enabled": bool(body.get("enabled", True)),
    }


@dataclass(frozen=True)
class UserSteps:
    """What to do about one user."""

    remove: bool = False
    write: bool = False
    """Create the user, or say anew what it is."""
    give_password: bool = False

    @property
    def is_change(self) -> bool:
        """Is anything to be done?"""
        return self.remove or self.write or self.give_password


def user_steps(
    name: str,
    is_wanted: bool,
    body: Mapping[str, Any],
    present: Optional[Mapping[str, Any]],
    password_fits: Optional[bool],
) -> UserSteps:
    """What to do. password_fits: None where nobody can tell, which changes nothing."""
    if not is_wanted:
        return UserSteps(remove=present is not None)
    is_new = present is None
    differs = name not in BUILT_IN and (is_new or user_form(body) != user_form(present or {}))
    return UserSteps(write=differs, give_password=is_new or password_fits is False)


def user_mistakes(users: Mapping[str, Any], own: str) -> list[str]:
    """Why users can't be as declared, one sentence each, none with a password. own: whom the role itself asks as."""
    found = []
    for name, entry in users.items():
        where = f"elasticsearch_users: {name}"
        if name == own:
            found.append(f"{where} is whom the role itself asks as, elasticsearch_password says the password")
        elif not isinstance(entry, Mapping):
            found.append(f"{where} has to be a mapping with password and roles, or {{}} to take the user away")
        elif not entry and name in BUILT_IN:
            found.append(f"{where} comes with the cluster and can't be taken away")
        elif entry:
            found += _entry_mistakes(where, str(name), entry)
    return found


def _entry_mistakes(where: str, name: str, entry: Mapping[str, Any]) -> list[str]:
    found = [
        f"{where}: {key!r} is nothing that a user has, {nearest(str(key), USER_KEYS)}"
        for key in entry
        if key not in USER_KEYS
    ]
    if not isinstance(entry.get("password"), str) or len(entry["password"]) < SHORTEST:
        found.append(f"{where} needs a password of {SHORTEST} characters at least")
    if name in BUILT_IN and set(entry) - {"password"}:
        found.append(f"{where} comes with the cluster: only the password can be set")
    elif name not in BUILT_IN and not _is_list(entry.get("roles")):
        found.append(f"{where} needs roles, a list of names")
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
