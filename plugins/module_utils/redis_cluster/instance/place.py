# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts files and folders where they belong, with their owners, and tells what had to be changed for that."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from typing import Optional

__all__ = ["Owner", "folder", "placed"]


@dataclass(frozen=True)
class Owner:
    """Numbers of a user and a group, and the permissions that they have."""

    user: int
    group: int
    mode: int


def _is_owned(path: str, owner: Owner) -> bool:
    found = os.stat(path)
    return (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (owner.user, owner.group, owner.mode)


def _give(path: str, owner: Owner) -> None:
    os.chown(path, owner.user, owner.group)
    os.chmod(path, owner.mode)


def _read(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def placed(path: str, text: str, owner: Owner, *, is_check: bool, replaces: bool = True) -> bool:
    """Write a file unless it is there already, and tell whether that was, or is, to be done.

    It appears whole and with its owner: nobody reads half of it, and nobody else a secret in it. Without ``replaces``
    one that is there keeps its contents. Raises OSError.
    """
    present = _read(path)
    data = text.encode() if replaces or present is None else present
    if present == data and _is_owned(path, owner):
        return False
    if is_check:
        return True
    number, draft = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}.")
    try:
        with open(number, "wb") as file:
            file.write(data)
        _give(draft, owner)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise
    return True


def folder(path: str, owner: Owner, *, is_check: bool) -> bool:
    """Create a folder unless it is there, and tell whether that was, or is, to be done. Raises OSError."""
    if os.path.isdir(path) and _is_owned(path, owner):
        return False
    if not is_check:
        os.makedirs(path, mode=0o700, exist_ok=True)
        _give(path, owner)
    return True
