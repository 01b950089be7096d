# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a CATALINA_BASE, and what changes when they do.

``request`` has the role's variables without their prefix ``tomcat_``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from .instances import Instance
from .server import server_xml, to_text
from .war import well_named
from .words import Refused, nearest

__all__ = ["archive_name", "deployed", "files", "pages", "pages_of"]

LINKS = ("web.xml", "catalina.properties")
LOGGING = """# Ansible managed: role steadfast.ha.tomcat
handlers = java.util.logging.ConsoleHandler
.handlers = java.util.logging.ConsoleHandler
.level = INFO
java.util.logging.ConsoleHandler.level = INFO
# one line each; the journal has the time
java.util.logging.ConsoleHandler.formatter = java.util.logging.SimpleFormatter
java.util.logging.SimpleFormatter.format = %4$s [%3$s] %5$s%6$s%n
"""
#: What the role says itself, and what people say instead.
_RESERVED: Mapping[str, str] = {
    "CATALINA_HOME": "which follows from tomcat_archive or tomcat_version",
    "CATALINA_BASE": "which follows from tomcat_base_dir",
    "CATALINA_OPTS": "tomcat_java_options takes what goes there",
    "STEADFAST_REVISION": "leave it out",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def archive_name(application: Mapping[str, Any]) -> str:
    """Return the file name of an application on a node: new content, new name. Raises Refused without a checksum."""
    name = str(application.get("name") or "")
    if not well_named(name):
        raise Refused(
            f"tomcat_applications: {name!r} is no name of an application (ROOT, shop, or shop#admin for /shop/admin)"
        )
    match = _DIGEST.fullmatch(str(application.get("checksum") or ""))
    if match is None:
        raise Refused(f"tomcat_applications: {name} needs a checksum, sha256: and 64 hexadecimal digits")
    return f"{name}-{match.group(1)[:16]}.war"


def deployed(instance: Instance, request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the applications of an instance: all, or those that it names. Raises Refused for names that nobody has."""
    wanted = instance.options.get("applications")
    if wanted is None:
        return list(request["applications"])
    found = {str(application.get("name")): application for application in request["applications"]}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise Refused(
            f"instance {instance.name}: there is no application {missing[0]!r} in tomcat_applications, "
            + nearest(missing[0], found)
        )
    return [found[name] for name in wanted]


def context_path(name: str) -> str:
    """Return where an application answers, without a trailing slash: '' for ROOT."""
    return "" if name == "ROOT" else "/" + name.replace("#", "/")


def pages_of(application: Mapping[str, Any]) -> list[str]:
    """Return the pages of an application that have to answer."""
    return [context_path(str(application["name"])) + str(page) for page in application.get("pages") or ["/"]]


def pages(instance: Instance, request: Mapping[str, Any]) -> list[str]:
    """Return the pages that have to answer before an instance counts as well."""
    return [page for application in deployed(instance, request) for page in pages_of(application)]


def _context(archive: str, application: Mapping[str, Any]) -> str:
    root = Element("Context", {"docBase": archive})
    for name, value in sorted((application.get("parameters") or {}).items()):
        SubElement(root, "Parameter", {"name": str(name), "value": str(value), "override": "false"})
    return to_text(root)


def _environment(values: Mapping[str, Any]) -> str:
    lines = ["# Ansible managed: role steadfast.ha.tomcat"]
    for name, value in values.items():
        text = str(value)
        if _CONTROL.search(text) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            raise Refused(f"tomcat_environment: {name} is no name, or its value has control characters")
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{name}="{escaped}"')
    return "\n".join(lines) + "\n"


def _speaks_multicast(instance: Instance, request: Mapping[str, Any]) -> str:
    """Return what Java has to be told to send IPv4 multicast, with a space behind it, or nothing.

    A socket for both protocols, which it takes otherwise, fails with "Invalid argument" when the interface is
    loopback, as in the tutorial. Where an address is IPv6, Java needs that protocol, and Tomcat an IPv6 group.
    """
    addresses = (instance.address, instance.cluster_address, str(request["http_address"]))
    if not request["is_clustered"] or request["membership"] != "multicast" or any(":" in found for found in addresses):
        return ""
    return "-Djava.net.preferIPv4Stack=true "


def files(
    instance: Instance, everybody: Sequence[Instance], request: Mapping[str, Any], more: str = ""
) -> tuple[dict[str, str], dict[str, str], str]:
    """Return (path -> content, path -> link target, revision) of one instance. more: what else asks for a restart.

    Raises Refused.
    """
    home, base = str(request["home"]), f"{request['base_dir']}/{instance.name}"
    for name in _RESERVED.keys() & set(request["environment"]):
        raise Refused(f"tomcat_environment: {name} is the role's own, {_RESERVED[name]}")
    found = {"conf/server.xml": server_xml(instance, everybody, request), "conf/logging.properties": LOGGING}
    for application in deployed(instance, request):
        archive = f"{request['application_dir']}/{archive_name(application)}"
        found[f"conf/Catalina/localhost/{application['name']}.xml"] = _context(archive, application)
    values: dict[str, Any] = {
        "CATALINA_HOME": home,
        "CATALINA_BASE": base,
        "CATALINA_TMPDIR": f"{base}/temp",
        # an instance that can't have its ports must not run on without them
        "CATALINA_OPTS": "-Dorg.apache.catalina.startup.EXIT_ON_INIT_FAILURE=true -Djava.awt.headless=true "
        + _speaks_multicast(instance, request)
        + str(instance.options.get("java_options") or request["java_options"]),
        **request["environment"],
    }
    digest = hashlib.sha256(repr((sorted(found.items()), sorted(values.items()), more)).encode()).hexdigest()[:16]
    found["conf/environment"] = _environment({**values, "STEADFAST_REVISION": digest})
    links = {f"conf/{name}": f"{request['skeleton']}/{name}" for name in LINKS}
    return found, links, digest
