# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks every instance what it knows of the cluster, all at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Optional

from .declare import Instance
from .model import Member, Picture, View
from .observe import observe
from .parse import NodeLine, parse_fields, parse_nodes
from .resp import Access, Client, CommandError, Unreachable
from .slots import SLOTS

__all__ = ["gather", "picture_of", "read"]

AT_ONCE = 16
BRIEF_SECONDS = 1.0

SAYINGS = (
    ("WRONGPASS", "the password is not accepted"),
    ("NOAUTH", "a password is asked for, and none was given"),
    ("NOPERM", "the user is not permitted to do this"),
    ("LOADING", "it is still loading its data"),
    ("without any password", "it has no password set, though one was given"),
    ("cluster support disabled", "it does not run in cluster mode"),
)


def said(error: CommandError) -> str:
    """What an error answer means."""
    meant = [meaning for mark, meaning in SAYINGS if mark in error.text]
    # A secret never is in an answer, but a user name may be: only known errors are put into own words.
    return meant[0] if meant else error.text


def read(address: str, name: str, access: Access, declared: Optional[Instance] = None) -> View:
    """Ask one instance. What goes wrong is in the view, nothing is raised."""
    host, _colon, port = address.rpartition(":")
    try:
        with Client(host, int(port), access) as client:
            answers = client.pipeline([["INFO"], ["CLUSTER", "INFO"], ["CLUSTER", "NODES"], ["DBSIZE"]])
        for answer in answers:
            if isinstance(answer, CommandError):
                raise answer
        info, cluster, nodes, keys = answers
        return View(
            address, name, declared, "", False, parse_fields(info), parse_fields(cluster), parse_nodes(nodes), keys
        )
    except CommandError as error:
        return View(address, name, declared, f"{name} ({address}): {said(error)}")
    except Unreachable as error:
        reason = str(error).split(": ", 1)[-1]
        return View(address, name, declared, f"{name} ({address}): {reason}", error.is_refused)
    except ValueError as error:
        return View(address, name, declared, f"{name} ({address}): {error}")


def gather(instances: Sequence[Instance], access: Access) -> list[View]:
    """Ask all declared instances, and then every other member that they know of and that answers."""
    # Who is known to be away is asked, too, but not waited for: this is done again and again.
    briefly = replace(access, timeout=min(access.timeout, BRIEF_SECONDS))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        views = list(
            pool.map(
                lambda instance: read(
                    instance.address, instance.name, briefly if instance.is_down else access, instance
                ),
                instances,
            )
        )
        asked = {view.address for view in views}
        known = {view.myself.id for view in views if not view.error}
        others: dict[str, NodeLine] = {}
        for view in views:
            for line in view.nodes:
                if line.id not in known and line.host and not line.flags & {"noaddr", "handshake"}:
                    others[line.address] = line
        found = pool.map(
            lambda address: read(address, address, briefly if others[address].is_failing else access),
            [address for address in sorted(others) if address not in asked],
        )
        # Who does not answer is described by the others.
        return views + [view for view in found if not view.error]


def picture_of(views: Sequence[View], access: Access) -> Picture:
    """The picture that views make, with the keys of slots that nobody serves. Raises Unreachable, CommandError."""
    picture = observe(views)
    uncovered = sorted(picture.uncovered(range(SLOTS)))
    holders = [member for member in picture.met() if member.is_alive and not member.master and member.keys]
    if not uncovered or not holders:
        return picture
    keyed: dict[int, tuple[str, ...]] = {}
    for member in holders:
        for slot, count in zip(uncovered, _count(member, uncovered, access)):
            if count:
                keyed[slot] = (*keyed.get(slot, ()), member.id)
    return observe(views, keyed)


def _count(member: Member, slots: Sequence[int], access: Access) -> list[int]:
    host, _colon, port = member.address.rpartition(":")
    with Client(host, int(port), access) as client:
        answers = client.pipeline([["CLUSTER", "COUNTKEYSINSLOT", slot] for slot in slots])
    for answer in answers:
        if isinstance(answer, CommandError):
            raise answer
    return answers
