# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directives of workers.properties with their types, for mod_jk 1.2.48 and newer.

mod_jk stops Apache for directives that it does not know, and takes wrong values for zero; both are told here, before
anything is changed. Source: Apache Tomcat Connectors, reference of workers.properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ..words import Refused, nearest

__all__ = ["DIRECTIVES", "FORMER", "LISTS", "TYPES", "Refused", "checked", "known_for", "typed"]

TYPES = ("ajp13", "lb", "status")


@dataclass(frozen=True)
class Choice:
    """One of several words, or its first letter, which is all that mod_jk looks at; of longer ones people mean more."""

    words: tuple[str, ...]

    def __call__(self, value: Any) -> str:
        """Return the word. Raises ValueError."""
        folded = {short: word for word in self.words for short in (word.lower(), word[0].lower())}
        if str(value).lower() not in folded:
            raise ValueError(f"is one of {', '.join(self.words)}; {nearest(str(value), self.words)}")
        return folded[str(value).lower()]


def number(low: int, high: int = 2**31 - 1) -> Callable[[Any], str]:
    """A whole number within limits."""

    def check(value: Any) -> str:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value).strip()):
            raise ValueError("is a whole number")
        if not low <= int(value) <= high:
            raise ValueError(f"is from {low} to {high}")
        return str(int(value))

    return check


def boolean(value: Any) -> str:
    """True or false, as YAML or as mod_jk writes them."""
    text = str(value).strip().lower()
    if text in ("true", "t", "yes", "y", "on", "1"):
        return "true"
    if text in ("false", "f", "no", "n", "off", "0"):
        return "false"
    raise ValueError("is true or false")


def text_value(value: Any) -> str:
    """One line that mod_jk takes as it is: a comment begins at # wherever it stands, and $( is a variable's."""
    found = str(value)
    if not found.strip() or re.search(r"[\x00-\x1f\x7f]", found):
        raise ValueError("is one line of text")
    if found != found.strip() or "#" in found or "$(" in found:
        raise ValueError("has no #, no $( and no white space at its ends (mod_jk would cut or expand it)")
    return found


def host_name(value: Any) -> str:
    """A host name or an address."""
    found = text_value(value)
    if not re.fullmatch(r"[A-Za-z0-9_.:%-]+", found):
        raise ValueError("is a host name or an address")
    return found


def words_list(value: Any) -> str:
    """A list, or a text with commas or white space between its words."""
    parts = value if isinstance(value, (list, tuple)) else re.split(r"[,\s]+", str(value))
    found = [text_value(str(part).strip()) for part in parts if str(part).strip()]
    if not found:
        raise ValueError("is a list of words")
    return ",".join(found)


def mounts(value: Any) -> str:
    """Paths as in uriworkermap.properties."""
    found = words_list(value)
    if any(not re.fullmatch(r"!?/\S*", path) for path in found.split(",")):
        raise ValueError("is a list of paths, which begin with /")
    return found


def ping_mode(value: Any) -> str:
    """Letters C, P, I, or A for all of them."""
    found = str(value).strip().upper()
    if not found or set(found) - set("ACPI"):
        raise ValueError("has letters of A (all), C (after connect), P (before each request), I (when idle)")
    return found


Check = Callable[[Any], str]
_ACTIVATION = Choice(("active", "disabled", "stopped"))
MEMBER: Mapping[str, Check] = {
    "host": host_name,
    "port": number(1, 65535),
    "source": host_name,
    "secret": text_value,
    "reference": text_value,
    "socket_timeout": number(0),
    "socket_connect_timeout": number(0),
    "socket_keepalive": boolean,
    "socket_buffer": number(0),
    "ping_mode": ping_mode,
    "ping_timeout": number(1),
    "connection_ping_interval": number(0),
    "connection_pool_size": number(1),
    "connection_pool_minsize": number(0),
    "connection_pool_timeout": number(0),
    "connection_acquire_timeout": number(0),
    "connect_timeout": number(0),
    "prepost_timeout": number(0),
    "reply_timeout": number(0),
    "retries": number(1),
    "retry_interval": number(1),
    "recovery_options": number(0, 31),
    "fail_on_status": words_list,
    "max_packet_size": number(8192, 65536),
    "busy_limit": number(0),
    "prefer_ipv6": boolean,
    "lbfactor": number(1),
    "activation": _ACTIVATION,
    "route": text_value,
    "distance": number(0),
    "domain": text_value,
    "redirect": text_value,
    "mount": mounts,
}
BALANCER: Mapping[str, Check] = {
    "balance_workers": words_list,
    "mount": mounts,
    "sticky_session": boolean,
    "sticky_session_force": boolean,
    "method": Choice(("Request", "Session", "Next", "Traffic", "Busyness")),
    "lock": Choice(("Optimistic", "Pessimistic")),
    "retries": number(1),
    "retry_interval": number(1),
    "lb_retries": number(1),
    "recover_time": number(1),
    "error_escalation_time": number(0),
    "max_reply_timeouts": number(0),
    "session_cookie": text_value,
    "session_path": text_value,
    "set_session_cookie": boolean,
    "session_cookie_path": text_value,
    "secret": text_value,
    "reference": text_value,
}
STATUS: Mapping[str, Check] = {
    "read_only": boolean,
    "user": words_list,
    "user_case_insensitive": boolean,
    "css": text_value,
    "good": words_list,
    "bad": words_list,
    "prefix": text_value,
    "ns": text_value,
    "xmlns": text_value,
    "doctype": text_value,
}
DIRECTIVES: Mapping[str, Mapping[str, Check]] = {"ajp13": MEMBER, "lb": BALANCER, "status": STATUS}
#: Given several times, mod_jk joins these; of others the last one holds.
LISTS = frozenset({"balance_workers", "balanced_workers", "fail_on_status", "mount", "user", "good", "bad"})
#: What older documents call it, and what it is called today.
FORMER: Mapping[str, str] = {
    "balanced_workers": "balance_workers",
    "cachesize": "connection_pool_size",
    "cache_timeout": "connection_pool_timeout",
    "recycle_timeout": "connection_pool_timeout",
    "jvm_route": "route",
}
#: Was set to true or 1; says today as activation what it means.
FORMER_SWITCHES: Mapping[str, str] = {"disabled": "disabled", "stopped": "stopped"}
#: Does nothing any more.
GONE = frozenset(
    {"local_worker", "local_worker_only", "sysprops", "cmd_line", "stdout", "stderr", "class_path", "bridge"}
)


def known_for(kind: str) -> list[str]:
    """Return the directives of a type of worker, sorted."""
    return sorted(DIRECTIVES[kind])


def checked(where: str, key: str, value: Any, kind: str) -> tuple[str, str]:
    """Return a directive and its value as mod_jk wants them today. Raises Refused with the nearest word."""
    table = DIRECTIVES[kind]
    if key in FORMER_SWITCHES and kind == "ajp13":
        try:
            return "activation", FORMER_SWITCHES[key] if boolean(value) == "true" else "active"
        except ValueError as error:
            raise Refused(f"{where}: {key} {error}, not {value!r}") from None
    name = FORMER.get(key, key)
    if name in GONE:
        raise Refused(f"{where}: {key} does nothing any more, leave it out")
    if name not in table:
        others = [other for other in TYPES if other != kind and name in DIRECTIVES[other]]
        hint = f"it belongs to workers of type {' or '.join(others)}" if others else nearest(name, table)
        raise Refused(f"{where}: a worker of type {kind} has no {key!r}, {hint}")
    try:
        return name, table[name](value)
    except ValueError as error:
        shown = "that" if name == "secret" else repr(value)
        raise Refused(f"{where}: {key} {error}, not {shown}") from None


def typed(where: str, given: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Return the directives of one worker by their names of today. Raises Refused, also for one that is given twice."""
    found: dict[str, str] = {}
    for key, value in given.items():
        if value is None:
            continue
        name, text = checked(where, str(key), value, kind)
        if name in found:
            raise Refused(f"{where}: {name} is given twice, once under its old name")
        found[name] = text
    return found
