# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must survive a restart: the node's uuid and its generation; and the lock that keeps a second daemon out.

Formats as Linux-HA heartbeat 3.0.6 has them, so that either program can take over the other's files:
``hb_uuid`` is 16 raw bytes; ``hb_generation`` is a decimal number right-aligned in 15 columns, and a newline.
A node must never come back with a smaller generation than its peers remember: they would drop all it says.
"""

from __future__ import annotations

import fcntl
import hashlib
import os


class AlreadyRunning(RuntimeError):
    """Another daemon holds the lock; the text says which."""


def node_uuid(directory: str, source: str, node_name: str, fresh: bytes) -> tuple[bytes, str | None]:
    """The node's 16 bytes and, if they cannot be kept, a sentence.

    ``source`` is ``uuidfrom``: with ``nodename`` they follow from the name. ``fresh``: random bytes for a first start.
    """
    from_name = hashlib.md5(node_name.encode(), usedforsecurity=False).digest()
    if source == "nodename":
        return from_name, None
    path = os.path.join(directory, "hb_uuid")
    try:
        with open(path, "rb") as stream:
            found = stream.read()
        if len(found) == 16 and any(found):
            return found, None
    except FileNotFoundError:
        pass
    except OSError as error:
        return from_name, f"cannot read {path} ({error.strerror}): a uuid made from the node name is used"
    try:
        _replace(path, fresh)
    except OSError as error:
        return from_name, f"cannot write {path} ({error.strerror}): a uuid made from the node name is used"
    return fresh, None


def next_generation(directory: str, method: str, wall_s: int) -> tuple[int, str | None]:
    """The generation of this start, already saved, and, if it could not be saved, a sentence.

    ``max(saved + 1, now)``: counts on where a file is, and still rises where it was lost.
    """
    if method == "time":
        return wall_s, None
    path = os.path.join(directory, "hb_generation")
    saved = 0
    try:
        with open(path, "rb") as stream:
            saved = int(stream.read(64).split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        pass  # first start, or a damaged file: the clock is used
    except OSError as error:
        return wall_s, f"cannot read {path} ({error.strerror}): the generation is taken from the clock"
    generation = max(saved + 1, wall_s)
    try:
        _replace(path, b"%15d\n" % generation)
    except OSError as error:
        return generation, f"cannot write {path} ({error.strerror}): the next start relies on the clock"
    return generation, None


def _replace(path: str, data: bytes) -> None:
    """Write a file so that after a crash it has either the old or the new content."""
    temporary = f"{path}.new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Lock:
    """An advisory lock on a file that holds our pid; the kernel frees it however we end."""

    def __init__(self, path: str) -> None:
        """Raises AlreadyRunning, or OSError when the file cannot be had at all."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise AlreadyRunning(f"heartbeat is already running here, as process {holder or 'unknown'}") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another daemon in."""
        os.close(self._descriptor)


def make_directories(paths: list[str]) -> None:
    """Create what is missing, readable for all (the control socket in it has its own permissions)."""
    for path in paths:
        os.makedirs(path, mode=0o755, exist_ok=True)
