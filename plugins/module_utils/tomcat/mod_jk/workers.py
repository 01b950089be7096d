# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""workers.properties: a worker per Tomcat of the inventory, a balancer over them, and what people add.

``request`` has the role's variables without their prefix ``mod_jk_``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..instances import all_instances
from ..words import Refused, nearest
from . import words

__all__ = ["Workers", "activations", "plan", "properties", "read_properties"]

Workers = dict[str, dict[str, str]]
"""Worker -> directives, ``type`` among them."""

#: Lines of old files that say nothing today, and one that the request says.
_PASSED_OVER = re.compile(r"(workers\.[a-z_]+|ps|worker\.maintain)")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
#: What mod_jk leaves off: nobody would notice a worker that hangs, or whose machine is gone.
#: Milliseconds, but seconds for connection_ping_interval and connection_pool_timeout.
SAFE_MEMBER: Mapping[str, Any] = {
    "ping_mode": "A",
    "ping_timeout": 1000,
    "socket_connect_timeout": 1000,
    # A request that is under way when its worker hangs waits so long; how long a page may take only its owner knows.
    "reply_timeout": 60000,
    "connection_ping_interval": 10,
    "connection_pool_timeout": 600,
    "socket_keepalive": True,
    # The next try is the balancer's, with another worker.
    "retries": 1,
    # What may have been carried out is not sent again (1, 2), unless it is a GET (16). Not HEAD (8) as well: with both
    # bits mod_jk 1.2.48 to 1.2.50 looks for HEAD only, and a GET that was under way ends with 502.
    "recovery_options": 19,
}
SAFE_BALANCER: Mapping[str, Any] = {
    # Seconds until a lost worker is tried again, by a request of its sessions. A ping goes before that, so whoever's it
    # is waits for ping_timeout or socket_connect_timeout at most.
    "recover_time": 15,
    # A worker that does not answer a ping is lost now, and not after half a minute of further tries.
    "error_escalation_time": 0,
}


def _name(where: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(f"{where}: a worker's name has letters, digits, - and _ only, not {name!r}")
    return name


def read_properties(text: str) -> tuple[list[str], Workers]:
    """Read a workers.properties of any age: (worker.list, workers). Raises Refused with the line."""
    listed: list[str] = []
    raw: dict[str, dict[str, str]] = {}
    for count, line in enumerate(text.splitlines(), 1):
        stripped = line.split("#", 1)[0].strip()
        if not stripped:
            continue
        key, equals, value = (part.strip() for part in stripped.partition("="))
        if equals and _PASSED_OVER.fullmatch(key):
            continue
        parts = key.split(".")
        where = f"mod_jk_properties, line {count}"
        # what stands behind a word may be a secret, which is not for the output
        if not equals or len(key.split()) > 1:
            raise Refused(f"{where}: expected worker.NAME.DIRECTIVE=VALUE, found no = behind the first word")
        if parts[0] != "worker" or not 2 <= len(parts) <= 3:
            raise Refused(f"{where}: expected worker.NAME.DIRECTIVE=VALUE, found {key!r}")
        if len(parts) == 2:
            if parts[1] != "list":
                raise Refused(f"{where}: nobody knows {key!r}, did you mean worker.list?")
            listed += [name for name in re.split(r"[,\s]+", value) if name]
            continue
        given = raw.setdefault(_name(where, parts[1]), {})
        if parts[2] in words.LISTS and parts[2] in given:
            value = f"{given[parts[2]]},{value}"
        given[parts[2]] = value
    return listed, {name: _one(f"worker {name}", given) for name, given in raw.items()}


def _one(where: str, given: Mapping[str, Any]) -> dict[str, str]:
    """One worker with its type. Raises Refused."""
    kind = str(given.get("type") or "ajp13").strip()
    if kind not in words.TYPES:
        hint = "did you mean lb?" if kind == "1b" else nearest(kind, words.TYPES)
        raise Refused(f"{where}: nobody knows the type {kind!r}, {hint}")
    return {"type": kind, **words.typed(where, {key: value for key, value in given.items() if key != "type"}, kind)}


def plan(request: Mapping[str, Any], tomcats: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> Workers:
    """Return all workers. tomcats: inventory names of the Tomcat hosts. Raises Refused.

    Workers that people add have the safe values too, and a balancer of theirs that is called as the role's has the
    options that are given for that one.
    """
    balancer = _name("mod_jk_balancer", str(request["balancer"]))
    found: Workers = {}
    common = {**SAFE_MEMBER, **request["worker_options"]}
    overrides = dict(request["worker_overrides"])
    for instance in all_instances(tomcats, hosts):
        own = {"host": instance.address, "port": instance.ports["ajp"], **common, **overrides.pop(instance.route, {})}
        own.setdefault("secret", request["secret"])
        found[instance.route] = {"type": "ajp13", **words.typed(f"worker {instance.route}", own, "ajp13")}
    if overrides:
        stranger = next(iter(overrides))
        raise Refused(f"mod_jk_worker_overrides: there is no worker {stranger!r}, {nearest(stranger, found)}")
    more = _added(request)
    for name, given in more.items():
        if name in found:
            raise Refused(f"worker {name}: there is one of this name already, from the inventory")
        found[name] = {**_safe(given["type"]), **given}
        if name == balancer and given["type"] == "lb":
            found[name].update(words.typed(f"worker {name}", request["balancer_options"], "lb"))
    members = [name for name, given in found.items() if given["type"] == "ajp13" and name not in more]
    if members and balancer not in found:
        own = {**SAFE_BALANCER, **request["balancer_options"]}
        # by its old name it is just as well given
        if "balance_workers" not in (words.FORMER.get(key, key) for key in own):
            own["balance_workers"] = members
        found[balancer] = {"type": "lb", **words.typed(f"worker {balancer}", own, "lb")}
    if request["status_worker"] not in found:
        found[_name("mod_jk_status_worker", str(request["status_worker"]))] = {"type": "status"}
    _refuse_loose_ends(found)
    return found


def _added(request: Mapping[str, Any]) -> Workers:
    """The workers that people add. Raises Refused."""
    _listed, more = read_properties(str(request["properties"]))
    for entry in request["workers"]:
        name = _name("mod_jk_workers", str(entry.get("name") or ""))
        more[name] = _one(f"worker {name}", {key: value for key, value in entry.items() if key != "name"})
    return more


def _safe(kind: str) -> dict[str, str]:
    safe = {"ajp13": SAFE_MEMBER, "lb": SAFE_BALANCER}.get(kind, {})
    return words.typed("safe values", safe, kind)


def activations(
    request: Mapping[str, Any], tomcats: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Return what the inventory wants members to be, where that is not ``active``. Needs no secret. Raises Refused."""
    wanted = {
        instance.route: words.typed(
            f"worker {instance.route}",
            {**request["worker_options"], **request["worker_overrides"].get(instance.route, {})},
            "ajp13",
        )
        for instance in all_instances(tomcats, hosts)
    }
    wanted.update(_added(request))
    return {
        name: given["activation"] for name, given in wanted.items() if given.get("activation", "active") != "active"
    }


def _refuse_loose_ends(found: Workers) -> None:
    for name, given in found.items():
        for member in given.get("balance_workers", "").split(","):
            if member and member not in found:
                raise Refused(f"worker {name}: balance_workers names {member!r}, {nearest(member, found)}")
        if given["type"] == "lb" and "balance_workers" not in given:
            raise Refused(f"worker {name}: a balancer needs balance_workers")


def listed(found: Workers, mounted: Sequence[str]) -> list[str]:
    """Return what belongs into worker.list: balancers, status workers, and members that are mounted by themselves."""
    return [name for name, given in found.items() if given["type"] != "ajp13" or name in mounted or "mount" in given]


def properties(found: Workers, mounted: Sequence[str], maintain: int) -> str:
    """Return workers.properties. maintain: seconds between two rounds of recovery and idle checks."""
    lines = [
        "# Ansible managed: role steadfast.ha.mod_jk",
        f"worker.list={','.join(listed(found, mounted))}",
        f"worker.maintain={maintain}",
    ]
    for name, given in found.items():
        lines.append("")
        lines += [f"worker.{name}.{key}={value}" for key, value in given.items()]
    return "\n".join(lines) + "\n"
