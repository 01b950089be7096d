# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files that change together: compared, put in place, and taken back.

The only place of this package that touches files. Everything works on absolute paths.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

__all__ = ["File", "FileSet", "read"]

Text = Optional[str]


@dataclass(frozen=True)
class File:
    """A wanted file. content None: it must not be there; target: it is a link to that path."""

    content: Text = None
    mode: int = 0o644
    group: str = ""
    target: str = ""


def read(path: str) -> Text:
    """Return a file's text, None when there is none. A link is told as its target."""
    if os.path.islink(path):
        return f"-> {os.readlink(path)}"
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _wanted(file: File) -> Text:
    return f"-> {file.target}" if file.target else file.content


def write(path: str, text: Text, mode: int = 0o644, group: str = "") -> None:
    """Bring one path to a state as ``read`` tells it, by renaming, so that nobody sees half of it."""
    if text is None:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".steadfast-")
    os.close(handle)
    if text.startswith("-> "):
        os.unlink(new)
        os.symlink(text[3:], new)
    else:
        with open(new, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.chown(new, 0, grp.getgrnam(group).gr_gid if group else 0)
        os.chmod(new, mode)
    os.replace(new, path)


class FileSet:
    """Wanted files by path, and one place where what they replaced is kept."""

    def __init__(self, files: Mapping[str, File], kept: str) -> None:
        self.files = dict(files)
        self.kept = kept

    def differing(self) -> list[str]:
        """Return the paths whose content is not the wanted one, or whose mode or group is not."""
        return [path for path, file in self.files.items() if self._differs(path, file)]

    def _differs(self, path: str, file: File) -> bool:
        present = read(path)
        if present != _wanted(file):
            return True
        if present is None or file.target:
            return False
        status = os.stat(path)
        group = grp.getgrnam(file.group).gr_gid if file.group and _has_group(file.group) else 0
        return status.st_mode & 0o7777 != file.mode or (status.st_uid, status.st_gid) != (0, group)

    def put(self) -> list[str]:
        """Keep what is there, put the wanted files in place and return the paths that changed.

        What an earlier ``put`` has kept stays kept until ``settle``: what it put in place has not been seen to work.
        """
        changed = self.differing()
        if changed:
            before = {path: (read(path), *_access(path)) for path in self.files}
            before.update(json.loads(read(self.kept) or "{}"))
            write(self.kept, json.dumps(before), mode=0o600)
            for path in changed:
                file = self.files[path]
                write(path, _wanted(file), file.mode, file.group)
        return changed

    def take_back(self) -> list[str]:
        """Put back what was there at the last ``settle`` and return the paths. Nothing kept: nothing done."""
        text = read(self.kept)
        if text is None:
            return []
        before: dict[str, tuple[Text, int, str]] = json.loads(text)
        changed = []
        for path, (content, mode, group) in before.items():
            if (read(path), *_access(path)) != (content, mode, group):
                write(path, content, mode, group)
                changed.append(path)
        os.unlink(self.kept)
        return changed

    def settle(self) -> list[str]:
        """Keep no longer what the last ``put`` replaced: the way back leads here now. Changes none of the files."""
        write(self.kept, None)
        return []


def _access(path: str) -> tuple[int, str]:
    """Return mode and group of a file, those of a new one when there is none. A link has none of its own."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return 0o644, ""
    if stat.S_ISLNK(status.st_mode):
        return 0o644, ""
    try:
        return stat.S_IMODE(status.st_mode), grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return stat.S_IMODE(status.st_mode), ""


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def user_ids(name: str) -> tuple[int, int]:
    """Return the numbers of a user and its group. Raises KeyError."""
    found = pwd.getpwnam(name)
    return found.pw_uid, found.pw_gid
