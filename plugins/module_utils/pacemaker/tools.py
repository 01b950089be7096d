# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pacemaker's own programs, asked by a module on a node. The one place here that runs something.

What they get goes in by files that only root can read or by standard input, never by arguments: a CIB has secrets.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Optional
from xml.etree.ElementTree import Element, ParseError

from .agents import Agent, metadata
from .tree import read, written
from .words import Refused, nearest

#: Runs a command: (arguments, standard input) -> (exit code, standard output, standard error)
Run = Callable[[Sequence[str], Optional[str]], "tuple[int, str, str]"]
#: Exit codes of ``cibadmin --patch`` that say "the CIB is another by now" (CRM_EX_OLD).
RACED = (103,)


#: Where Pacemaker keeps the CIB while it does not run.
LAST_KNOWN = "/var/lib/pacemaker/cib/cib.xml"


#: What has to be there.
PROGRAMS = ("cibadmin", "crm_diff", "crm_verify", "crm_simulate", "crm_resource", "crm_mon")


class Failed(Exception):
    """A program of Pacemaker's did not do what it should; the text says which, and what it said."""


class Tools:
    """The programs of the node that we are on."""

    def __init__(self, run: Run, directory: str) -> None:
        """``directory``: where files may be written, readable by root only."""
        self._run = run
        self._directory = directory

    def ask(self, *arguments: str) -> str:
        """Run a program and return what it prints. Raises Failed."""
        code, out, err = self._run(arguments, None)
        if code != 0:
            raise Failed(f"{arguments[0]} ended with {code}: {(err or out).strip()[-600:]}")
        return out

    def query(self) -> Element:
        """Return the CIB of the running cluster. Raises Failed when there is none."""
        return read(self.ask("cibadmin", "--query"))

    def status(self) -> str:
        """Return what crm_mon says of the running cluster, as XML. Raises Failed when there is none."""
        return self.ask("crm_mon", "--one-shot", "--output-as=xml")

    def last_known(self) -> Optional[Element]:
        """Return the CIB that this node had when it last ran, None when it never did."""
        try:
            with open(LAST_KNOWN, encoding="utf-8") as file:
                return read(file.read())
        except (OSError, ParseError):
            return None

    def agent(self, name: str) -> Optional[Agent]:
        """Return an agent of this node by its metadata, None when it is not there. Raises Refused."""
        if name.startswith("systemd:") and not self._has_unit(name.partition(":")[2]):
            return None
        code, out, _err = self._run(["crm_resource", f"--show-metadata={name}"], None)
        return metadata(name, out) if code == 0 and "<resource-agent" in out else None

    def _has_unit(self, name: str) -> bool:
        """Tell whether systemd has a unit. Pacemaker makes metadata up for any name."""
        unit = name if name.rpartition(".")[2] in ("service", "socket", "mount", "timer", "path") else f"{name}.service"
        _code, out, _err = self._run(["systemctl", "show", "--property=LoadState", "--value", unit], None)
        return out.strip() != "not-found"

    def known_agent(self, name: str) -> Agent:
        """Return an agent of this node by its metadata. Raises Refused, with the nearest name, when it is not there."""
        found = self.agent(name)
        if found is not None:
            return found
        family, _colon, kind = name.rpartition(":")
        code, out, _err = self._run(["crm_resource", f"--list-agents={family}"], None)
        choices = [line.strip() for line in out.splitlines() if line.strip()] if code == 0 else []
        raise Refused(f"this node does not have the agent {name}, {nearest_of(kind, choices)}")

    def _file(self, root: Element) -> str:
        handle, path = tempfile.mkstemp(dir=self._directory, prefix="cib-", suffix=".xml")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(written(root))
        return path

    def verify(self, root: Element) -> list[str]:
        """Return what crm_verify objects to, nothing when the CIB is fine. What it only warns of is no objection.

        It is asked about the configuration alone: what runs now is another's business, and where a clone goes, it would
        object to instances that are left on several nodes until the cluster has stopped them.
        """
        path = self._file(_without_status(root))
        try:
            code, out, err = self._run(["crm_verify", "--xml-file", path, "--verbose"], None)
            lines = _objections(err + out, "error:")
            if code != 0 and any("schema" in line for line in lines):
                # where it does not fit the schema is said to those only who ask for more
                _code, more, details = self._run(["crm_verify", "--xml-file", path, "-VVVVV"], None)
                lines += _objections(details + more, "validity error")
        finally:
            os.unlink(path)
        if code == 0 or (not lines and "warning" in (err + out).lower()):
            return []
        return lines or [(err or out).strip() or f"crm_verify ended with {code}"]

    def simulate(self, root: Element) -> str:
        """Return what crm_simulate says that the cluster would do with a CIB, as XML. Raises Failed."""
        path = self._file(root)
        try:
            return self.ask("crm_simulate", "--simulate", "--output-as=xml", "--xml-file", path)
        finally:
            os.unlink(path)

    def difference(self, before: Element, after: Element) -> str:
        """Return the patch from one CIB to another, with the versions that it fits; '' when there is none."""
        paths = [self._file(before), self._file(_next_version(after))]
        try:
            code, out, err = self._run(["crm_diff", "--original", paths[0], "--new", paths[1]], None)
        finally:
            for path in paths:
                os.unlink(path)
        if code not in (0, 1):
            raise Failed(f"crm_diff ended with {code}: {err.strip()[-600:]}")
        return out if "<diff" in out else ""

    def patch(self, text: str) -> bool:
        """Push a patch; False when the CIB is another by now. Raises Failed for everything else."""
        code, out, err = self._run(["cibadmin", "--patch", "--xml-pipe"], text)
        if code == 0:
            return True
        if code in RACED:
            return False
        raise Failed(f"cibadmin --patch ended with {code}: {(err or out).strip()[-600:]}")

    def settle(self, timeout: float, unless: str = "") -> None:
        """Wait until the cluster has nothing left to do.

        Raises Failed after ``timeout`` seconds, which begins with what to know then (``unless``).
        """
        try:
            self.ask("crm_resource", "--wait", f"--timeout={timeout:g}s")
        except Failed as error:
            raise Failed(f"{unless}{error}") from None


def _objections(text: str, word: str) -> list[str]:
    """Return the lines that have a word, without the program's own prefixes."""
    found = (line.partition("error: ")[2] or line for line in text.splitlines() if word in line.lower())
    return [line.partition(":1: ")[2] or line.strip() for line in found]


def _without_status(root: Element) -> Element:
    configuration = Element(root.tag, root.attrib)
    configuration.extend(child for child in root if child.tag != "status")
    return configuration


def _next_version(root: Element) -> Element:
    """Return the CIB with the version that it has after a change: a patch between equal versions fits nothing."""
    later = copy.copy(root)
    later.set("epoch", str(int(root.get("epoch", "0")) + 1))
    later.set("num_updates", "0")
    return later


def nearest_of(kind: str, choices: Sequence[str]) -> str:
    """Return a hint at the nearest name; there are too many agents to list them all."""
    told = nearest(kind, choices)
    return told if told.startswith("did you mean") else "and none of a similar name"
