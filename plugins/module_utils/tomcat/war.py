# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks into a web application before it is deployed: is it whole, and will its sessions travel?"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

__all__ = ["Application", "inspect", "well_named"]

DESCRIPTOR = "WEB-INF/web.xml"
MAX_DESCRIPTOR = 4 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(#[A-Za-z0-9_.-]+)*")


@dataclass(frozen=True)
class Application:
    """What was found: errors keep it from being deployed."""

    is_distributable: bool = False
    errors: list[str] = field(default_factory=list)


def well_named(name: str) -> bool:
    """Tell whether a name is one that Tomcat makes a context path of: ROOT, shop, shop#admin for /shop/admin."""
    return bool(_NAME.fullmatch(name)) and "##" not in name


def _descriptor(archive: zipfile.ZipFile) -> bytes:
    try:
        entry = archive.getinfo(DESCRIPTOR)
    except KeyError:
        return b""
    if entry.file_size > MAX_DESCRIPTOR:
        raise ValueError(f"{DESCRIPTOR} has {entry.file_size} bytes")
    return archive.read(entry)


def inspect(path: str) -> Application:
    """Read a WAR. It never raises for what is wrong with the file: ``errors`` tells."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken is not None:
                return Application(errors=[f"{broken} in it is damaged"])
            text = _descriptor(archive)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        return Application(errors=[f"it is no web application archive: {error}"])
    if not text:
        return Application()
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return Application(errors=[f"{DESCRIPTOR} is not well-formed: {error}"])
    # with any of the namespaces that Java EE and Jakarta EE have used, or none
    tags = {str(child.tag).rsplit("}", 1)[-1] for child in root}
    if str(root.tag).rsplit("}", 1)[-1] != "web-app":
        return Application(errors=[f"{DESCRIPTOR} is a <{root.tag}>, no <web-app>"])
    return Application(is_distributable="distributable" in tags)
