# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of balancers, for whoever takes workers away from them and brings them back.

``host`` has the variables of a balancer. What it does not say has the defaults of the role mod_jk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from .mod_jk.site import place
from .mod_jk.words import typed
from .server import ajp_place, route

__all__ = ["STATUS", "activation", "shares", "speaks_from", "status_url", "unheard"]

STATUS: Mapping[str, Any] = {"address": "127.0.0.1", "port": 8019, "path": "/jk-status"}
#: By what directives a worker's activation is given, today and formerly.
WORDS = ("activation", "disabled", "stopped")


def status_url(host: Mapping[str, Any]) -> str:
    """Return where the status worker of a balancer answers to the balancer itself."""
    status = {**STATUS, **(host.get("mod_jk_status") or {})}
    return f"http://{place(status['address'], status['port'])}{status['path']}"


def speaks_from(host: Mapping[str, Any], facts: Sequence[str]) -> list[str]:
    """Return the addresses from which a balancer speaks to Tomcat, an empty list when nobody knows any.

    What ``mod_jk_addresses`` says, or else what the role node goes by: the primary address of each interface, since one
    that moves between balancers would be elsewhere tomorrow. A balancer that is down has no facts, and is
    then where the inventory has it.

    facts: those primary addresses, as far as there are facts.
    """
    said = host.get("mod_jk_addresses") or host.get("node_firewall_addresses")
    if said:
        return [str(address) for address in said]
    reached = str(host.get("ansible_host") or "")
    named = [str(address) for address in host.get("node_addresses") or []]
    known = [*named, *facts] or ([reached] if _is_address(reached) else [])
    return list(dict.fromkeys(known))


def _is_address(text: str) -> bool:
    try:
        return not ip_address(text).is_loopback
    except ValueError:
        return False


def activation(host: Mapping[str, Any], route: str) -> str:
    """Return what a balancer's workers.properties has of a worker: active, disabled or stopped. Raises Refused."""
    common = host.get("mod_jk_worker_options") or {}
    own = (host.get("mod_jk_worker_overrides") or {}).get(route) or {}
    given = {**common, **own}
    found = typed(f"worker {route}", {key: given[key] for key in WORDS if key in given}, "ajp13")
    return found.get("activation", "active")


def shares(
    balancers: Sequence[str], hosts: Mapping[str, Mapping[str, Any]], routes: Sequence[str], url: str = ""
) -> list[dict[str, Any]]:
    """Return what each balancer is to be told when its workers are to be as in the inventory.

    One entry for each balancer and activation: ``balancer``, ``url``, ``activation``, ``names``. url: of all status
    workers, where they are not those of the role mod_jk. One that is down on purpose, by its own
    ``mod_jk_absent_members``, is told nothing. Raises Refused.
    """
    found = []
    for balancer in balancers:
        host = hosts.get(balancer) or {}
        if balancer in (host.get("mod_jk_absent_members") or []):
            continue
        wanted = {route: activation(host, route) for route in routes}
        for word in sorted(set(wanted.values())):
            names = [route for route in routes if wanted[route] == word]
            found.append({"balancer": balancer, "url": url or status_url(host), "activation": word, "names": names})
    return found


def unheard(instance: Mapping[str, Any], secret: str, text: str) -> list[str]:
    """Return what balancers would have to be told when an instance becomes what is planned. Tells no secret.

    instance: ``route``, ``address`` and ``ports`` as planned; secret: that of the plan; text: its server.xml of today.
    Raises Refused where that has no AJP connector.
    """
    today = {**ajp_place(text), "route": route(text)}
    planned = {"route": instance["route"], "address": instance["address"], "port": instance["ports"]["ajp"]}
    words = {"route": "its route", "address": "its address", "port": "its AJP port"}
    found = [
        f"{words[key]}, {today[key]}, becomes {value}"
        for key, value in planned.items()
        if str(today[key]) != str(value)
    ]
    return found if today["secret"] == secret else [*found, "it gets another secret"]
