# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""server.xml of an instance, from the role's typed variables.

``request`` has the role's variables without their prefix ``tomcat_``. Attributes are checked against ``words``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from . import words
from .cluster import cluster
from .instances import Instance
from .words import Refused, attributes

__all__ = ["ajp_place", "route", "scratch", "server_xml", "to_text"]

Element = ElementTree.Element
_CORE = "org.apache.catalina.core."
LISTENERS = (
    "org.apache.catalina.startup.VersionLoggerListener",
    f"{_CORE}JreMemoryLeakPreventionListener",
    f"{_CORE}ThreadLocalLeakPreventionListener",
)
POOL = "steadfast"


def add(parent: Element, tag: str, **given: str) -> Element:
    """Append an element. className comes first, as people write it."""
    return ElementTree.SubElement(parent, tag, given)


def valve(parent: Element, where: str, given: Mapping[str, Any]) -> None:
    """Append a valve: ``class``, short or full, and ``options``. Raises Refused."""
    name = str(given.get("class") or "")
    full = name if "." in name else words.VALVES[words.known(where, name, words.VALVES)]
    add(
        parent,
        "Valve",
        className=full,
        **{key: words.spelt(value) for key, value in (given.get("options") or {}).items()},
    )


def _connectors(service: Element, instance: Instance, request: Mapping[str, Any]) -> None:
    shared = {"executor": POOL} if request["executor"] else {}
    if instance.ports["http"] > 0:
        own = attributes("tomcat_http_options", request["http_options"], words.HTTP - {"address", "port", "executor"})
        add(
            service,
            "Connector",
            protocol="HTTP/1.1",
            address=str(request["http_address"]),
            port=str(instance.ports["http"]),
            **{"connectionTimeout": "20000", **shared, **own},
        )
    if not request["secret"]:
        raise Refused("the AJP connector needs a secret")
    own = attributes("tomcat_ajp_options", request["ajp_options"], words.AJP - {"address", "port", "executor"})
    add(
        service,
        "Connector",
        protocol="AJP/1.3",
        address=instance.address,
        port=str(instance.ports["ajp"]),
        secretRequired="true",
        secret=str(request["secret"]),
        # Bound while applications are still being started, it would take connections that nobody answers, and each
        # balancer that tries would wait. So balancers are refused until all is there, and as soon as it stops.
        **{"bindOnInit": "false", **shared, **own},
    )


def server_xml(instance: Instance, everybody: Sequence[Instance], request: Mapping[str, Any]) -> str:
    """Return server.xml of one instance. everybody: all instances of the cluster, this one included. Raises Refused."""
    server = Element("Server", {"port": str(instance.ports["shutdown"]), "shutdown": "SHUTDOWN"})
    for name in LISTENERS:
        add(server, "Listener", className=name)
    service = add(server, "Service", name="Catalina")
    if request["executor"]:
        pool = attributes("tomcat_executor", request["executor"], words.EXECUTOR)
        add(service, "Executor", name=POOL, **{"namePrefix": "tomcat-", **pool})
    _connectors(service, instance, request)
    engine = add(service, "Engine", name="Catalina", defaultHost="localhost", jvmRoute=instance.route)
    for entry in request["engine_valves"]:
        valve(engine, "tomcat_engine_valves", entry)
    host = Element(
        "Host",
        {
            "name": "localhost",
            "appBase": "webapps",
            "unpackWARs": "true",
            "autoDeploy": "false",
            "deployOnStartup": "true",
        },
    )
    if request["is_clustered"]:
        # The farm deployer deploys into a Host and asks its container for one: in the Engine's cluster, where tutorials
        # put it, it logs an error and does nothing.
        (host if request["farm"] else engine).append(cluster(instance, everybody, request))
    engine.append(host)
    for entry in request["valves"]:
        valve(host, "tomcat_valves", entry)
    # neither versions nor stack traces to strangers
    add(host, "Valve", className=words.VALVES["ErrorReportValve"], showReport="false", showServerInfo="false")
    return to_text(server)


def to_text(root: Element) -> str:
    """Return the file, indented."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f"<?xml version='1.0' encoding='utf-8'?>\n<!-- Ansible managed: role steadfast.ha.tomcat -->\n{body}\n"


def ajp_place(text: str) -> dict[str, Any]:
    """Return ``address``, ``port`` and ``secret`` of the AJP connector of a server.xml. Raises Refused without one."""
    try:
        connectors = ElementTree.fromstring(text).iter("Connector")
    except ElementTree.ParseError as error:
        raise Refused(f"server.xml is not well-formed: {error}") from None
    for found in connectors:
        if found.get("protocol") == "AJP/1.3":
            port, secret = int(found.get("port") or 0), found.get("secret") or ""
            return {"address": found.get("address") or "127.0.0.1", "port": port, "secret": secret}
    raise Refused("server.xml has no AJP connector")


def route(text: str) -> str:
    """Return the ``jvmRoute`` of a server.xml, '' where it has none. Raises Refused for what is no XML."""
    try:
        engine = ElementTree.fromstring(text).find(".//Engine")
    except ElementTree.ParseError as error:
        raise Refused(f"server.xml is not well-formed: {error}") from None
    return "" if engine is None else engine.get("jvmRoute") or ""


def scratch(text: str) -> str:
    """Return a server.xml that can be tried beside the running instance: no port is anybody's.

    ``configtest`` of Tomcat binds the connectors' ports, and would find its own live instance in the way. It binds
    those only that are bound early, so all are here: an address that the machine does not have is to be found. Raises
    Refused for what is no XML.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Refused(f"server.xml is not well-formed: {error}") from None
    root.set("port", "-1")
    for connector in root.iter("Connector"):
        connector.set("port", "0")
        connector.attrib.pop("bindOnInit", None)
    return to_text(root)
