# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections of the CIB that are lists (constraints, levels of fencing, alerts, ACLs, tags), live and wanted joined.

Of what nobody declares, that goes which is named in ``absent``, and that which needs something that goes. Whatever else
an entry refers to (a resource, a tag, a template, a node), it stays.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Optional
from xml.etree.ElementTree import Element

from . import describe
from .compose import Wanted
from .fit import RESOURCE_TAGS, fit
from .tree import has_section, section

#: begins the id of the constraint by which we move a resource; ``cli-`` begins those of crm_resource
MOVE_OF_OURS = "steadfast-move-"
#: tag of an entry -> tag of its parts that each refer to something, and without which it says nothing
_PARTS = {"tag": "obj_ref", "acl_target": "role", "acl_group": "role"}


def listed(live: Element, root: Element, wanted: Wanted, *, keeps_strangers: bool) -> None:
    """Join these sections of ``root``, a copy of the live CIB whose resources are those that are wanted."""
    rest = _Rest(keeps_strangers, wanted.absent, _resources(live) - _resources(root))
    # tags and roles first, by name: others refer to them
    tags = _join(root, "tags", wanted.tags, rest)
    rest = rest.without(tags)
    acls = rest.without(_join(root, "acls", [one for one in wanted.acls if one.tag == "acl_role"], rest, ("acl_role",)))
    _join(root, "acls", [one for one in wanted.acls if one.tag != "acl_role"], acls, ("acl_target", "acl_group"))
    rest = rest.without(_join(root, "constraints", wanted.constraints, rest))
    # again, as tags may also name constraints
    _join(root, "tags", wanted.tags, rest)
    _join(root, "fencing-topology", wanted.levels, rest)
    _join(root, "alerts", wanted.alerts, rest)


def _resources(root: Element) -> frozenset[str]:
    found = root.findall("configuration/resources//*")
    return frozenset(str(entry.get("id")) for entry in found if entry.tag in RESOURCE_TAGS)


@dataclass(frozen=True)
class _Rest:
    """What happens to entries of a section that nobody declares."""

    stays: bool
    absent: Collection[str]
    #: what there was and will not be
    gone: frozenset[str]

    def without(self, names: Iterable[str]) -> _Rest:
        """Return the same where more things are gone."""
        return _Rest(self.stays, self.absent, self.gone | frozenset(names))

    def of(self, found: Element) -> Optional[Element]:
        """Return what stays of an entry, None when it goes."""
        if found.get("id") in self.absent or not (self.stays or is_of_a_move(found)):
            return None
        parts = _PARTS.get(found.tag)
        if parts is None:
            return None if self.gone & needs(found) else found
        left = copy.deepcopy(found)
        for part in left.findall(parts):
            if part.get("id") in self.gone:
                left.remove(part)
        return left if len(left) or not len(found) else None


def _join(
    root: Element, name: str, wanted: Iterable[Element], rest: _Rest, only: Collection[str] = ()
) -> frozenset[str]:
    """Put declared entries in the places of the live ones that are about the same; decide about the others.

    only: tags of the entries that it is about, all by default. Returns the ids that are gone then.
    """
    free = list(wanted)
    if not has_section(root, name) and not free:
        return frozenset()
    there = section(root, name)
    before = {str(found.get("id")) for found in there}
    result = []
    for found in list(there):
        partner = next((one for one in free if _about_the_same(found, one)), None)
        if only and found.tag not in only:
            result.append(found)
        elif partner is not None:
            free.remove(partner)
            result.append(fit(found, partner))
        else:
            left = rest.of(found)
            result += [] if left is None else [left]
        there.remove(found)
    there.extend(result + free)
    return frozenset(before - {str(found.get("id")) for found in there})


def is_of_a_move(found: Element) -> bool:
    """Tell whether an element is what moves leave: by ``crm_resource --move`` and ``--ban``, or by ours."""
    return found.tag == "rsc_location" and str(found.get("id")).startswith(("cli-", MOVE_OF_OURS))


def _about_the_same(live: Element, wanted: Element) -> bool:
    """Tell whether two entries of a section are about the same thing, whatever their ids."""
    if live.tag != wanted.tag or is_of_a_move(live):
        return False
    if live.get("id") == wanted.get("id"):
        return True
    ends = {
        "rsc_location": ("rsc", "rsc-pattern", "node", "role"),
        "rsc_colocation": ("rsc", "with-rsc", "rsc-role", "with-rsc-role", "node-attribute"),
        "rsc_order": ("first", "then", "first-action", "then-action"),
        "fencing-level": ("target", "target-pattern", "target-attribute", "target-value", "index"),
    }.get(live.tag)
    if ends is None:
        return False
    if len(live) or len(wanted):
        return describe.content(live) == describe.content(wanted)
    return all((live.get(end) or "") == (wanted.get(end) or "") for end in ends)


def needs(found: Element) -> set[str]:
    """Return the names of what an entry can't be without."""
    names = [found.get(end) for end in ("rsc", "with-rsc", "first", "then")]
    names += [part.get("id") for part in found.iter("resource_ref")]
    if found.tag == "fencing-level":
        names += str(found.get("devices", "")).split(",")
    return {name for name in names if name}
