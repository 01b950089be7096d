# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would move: reads what ``crm_simulate --output-as=xml`` says that the cluster would do with a CIB."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import ParseError, fromstring

from .words import Refused


@dataclass(frozen=True)
class Move:
    """One thing that would happen to a resource, or a node that would be fenced (action ``fence``)."""

    resource: str
    action: str
    source: str = ""
    target: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, str]:
        """The same as a dictionary, with ``from``, ``to`` and the sentence (``says``)."""
        return {
            "resource": self.resource,
            "action": self.action,
            "from": self.source,
            "to": self.target,
            "reason": self.reason,
            "says": self.sentence(),
        }

    def sentence(self) -> str:
        """The same for people."""
        if self.action == "fence":
            return f"node {self.source} would be fenced{f' ({self.reason})' if self.reason else ''}"
        way = {
            (True, True): f" from {self.source} to {self.target}",
            (True, False): f" on {self.source}",
            (False, True): f" on {self.target}",
            (False, False): "",
        }[bool(self.source) and self.source != self.target, bool(self.target)]
        return f"{self.resource} would {self.action}{way}"


def moves(text: str) -> list[Move]:
    """Return what would happen, in the simulation's order; starts of monitors and the like are left out.

    Raises Refused when the text is no such answer.
    """
    try:
        root = fromstring(text[text.index("<") :])
    except (ParseError, ValueError) as error:
        raise Refused(f"crm_simulate answered something else than XML: {error}") from None
    found = []
    for entry in root.findall("actions/*"):
        if entry.tag == "node_action":
            if entry.get("task", "").startswith(("Fence", "fence")):
                node = entry.get("node", "")
                found.append(Move(node, "fence", node, "", entry.get("reason", "")))
        elif entry.tag == "rsc_action":
            action = entry.get("action", "").lower()
            if action == "leave":
                continue
            node = entry.get("node", "")
            source, target = entry.get("source") or "", entry.get("dest") or ""
            if not (source or target):
                source, target = ("", node) if action in ("start", "promote") else (node, "")
            found.append(Move(entry.get("resource", ""), action, source, target, entry.get("reason", "")))
    return found
