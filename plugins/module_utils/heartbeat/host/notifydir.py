# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which programs of ``notify.d`` are hooks: looked for when the configuration is read, never in the loop."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

DIRECTORY = "notify.d"
#: Backups of editors and package managers; names that begin with a dot are hidden.
_LEFTOVER = re.compile(
    r"^\.|~$|\.(bak|old|orig|rej|swp|sample|example|rpmsave|rpmnew|rpmorig|dpkg-[a-z-]+|ucf-[a-z-]+)$"
)


@dataclass(frozen=True)
class Found:
    """Hooks in the order in which they are called, and why others are left out (sentences)."""

    hooks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def find_hooks(config_directory: str) -> Found:
    """The executable files of ``notify.d``, by name. A file that somebody else could change is left out: hooks run
    with this process's rights. Files that are not executable are left out without a word, as a README is."""
    directory = os.path.join(config_directory, DIRECTORY)
    try:
        names = sorted(os.listdir(directory))
        problem = _insecure(directory, os.stat(directory))
    except FileNotFoundError:
        return Found()
    except OSError as error:
        return Found(problems=(f"{directory} cannot be read: {error.strerror}",))
    if problem:
        return Found(problems=(f"{problem}: no hook in it is called",))
    hooks, problems = [], []
    for name in names:
        path = os.path.join(directory, name)
        try:
            status = os.stat(path)
        except OSError as error:
            problems.append(f"{path} is not called: {error.strerror}")
            continue
        if _LEFTOVER.search(name) or not stat.S_ISREG(status.st_mode) or not status.st_mode & 0o111:
            continue
        problem = _insecure(path, status)
        if problem:
            problems.append(f"{problem}: it is not called")
        else:
            hooks.append(path)
    return Found(tuple(hooks), tuple(problems))


def _insecure(path: str, status: os.stat_result) -> str | None:
    if status.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to user {status.st_uid}, not to root"
    if status.st_mode & 0o022:
        return f"{path} may be changed by others than its owner (mode {stat.S_IMODE(status.st_mode):04o})"
    return None
