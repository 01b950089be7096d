# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instance needs to become what is wanted. Pure: everything that was seen arrives as data.

Wanted values are read back from a trial run of the daemon, so that both sides are written the way the daemon writes
them ("64mb" and "67108864" are the same). Only directives that the role sets are compared: what an operator changed by
hand elsewhere is his.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .config import directives

#: set otherwise in a trial run, so that it disturbs nobody; these are compared as they are written
OVERRIDDEN = (
    "port",
    "tls-port",
    "cluster-port",
    "bind",
    "dir",
    "aclfile",
    "unixsocket",
    "unixsocketperm",
    "cluster-config-file",
)
#: CONFIG SET would take them, but peers and clients have to be told by a new start
RESTARTS = ("port", "tls-port", "cluster-port", "tls-cluster", "unixsocket", "cluster-config-file", "dir", "aclfile")


class Action(enum.Enum):
    """What an instance needs, the least first."""

    NONE = "none"
    LIVE = "live"
    RESTART = "restart"
    START = "start"


@dataclass(frozen=True)
class Trial:
    """What a trial run with the wanted files has shown."""

    values: Mapping[str, str]
    immutable: Sequence[str]
    acl: Sequence[str]
    build: str


@dataclass(frozen=True)
class Running:
    """What the running instance says of itself; build and revision are what it was started from."""

    values: Mapping[str, str]
    acl: Sequence[str]
    build: str
    revision: str
    #: directives that it was started with or that were set since, by this collection
    known: Sequence[str] = ()


@dataclass
class Verdict:
    """What is to be done, and why. settings: directives for CONFIG SET; is_acl_loaded: ACL LOAD brings the rest."""

    action: Action = Action.NONE
    reasons: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    is_acl_stale: bool = False


def wanted_value(key: str, written: Sequence[str], trial: Trial) -> str | None:
    """Return the value that CONFIG GET should tell, None where the daemon does not tell one (e.g. loadmodule)."""
    if key in OVERRIDDEN:
        return " ".join(text.strip('"') for text in written)
    return trial.values.get(key)


def verdict(config: str, files_differ: Sequence[str], trial: Trial, running: Running | None, revision: str) -> Verdict:
    """Compare. config: the wanted file; files_differ: names of files that are not yet what they should be."""
    if running is None:
        return Verdict(Action.START, ["it does not run"])
    found = Verdict()
    written_here = directives(config)
    # what was set once and is not any more goes back to what a new start would make of it
    for key in [*written_here, *dropped(written_here, running.known)]:
        written = written_here.get(key, ())
        wanted = wanted_value(key, written, trial)
        present = running.values.get(key)
        if wanted is None or present is None or _same(key, present, wanted):
            continue
        if key in RESTARTS or key in trial.immutable:
            found.action = Action.RESTART
            found.reasons.append(f"{key} takes effect at a start only")
        else:
            found.settings[key] = wanted
            # not the values: one may be a password
            found.reasons.append(f"{key} differs")
    if running.build != trial.build:
        found.action = Action.RESTART
        found.reasons.append("it runs another build of the server than the installed one")
    if running.revision != revision:
        found.action = Action.RESTART
        found.reasons.append("its unit has changed since it was started")
    found.is_acl_stale = sorted(running.acl) != sorted(trial.acl)
    if found.is_acl_stale:
        found.reasons.append("users differ")
    found.reasons += [f"{name} is not what it should be" for name in files_differ]
    if found.action is Action.NONE and found.reasons:
        found.action = Action.LIVE
    return found


def dropped(written: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the directives that were set before and are not any more."""
    return sorted(set(known) - set(written) - set(OVERRIDDEN))


def _same(key: str, present: str, wanted: str) -> bool:
    if key == "dir":
        return present.rstrip("/") == wanted.rstrip("/")
    if key == "unixsocketperm":
        return present.lstrip("0") == wanted.lstrip("0")
    return present == wanted
