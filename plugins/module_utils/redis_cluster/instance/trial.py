# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial run: starts the real server with the wanted files in a folder of its own, where it disturbs nobody.

Redis has no test of a configuration that goes further than its first unknown word; a start finds everything else:
values out of range, certificates that can't be read, modules that do not load, an ACL rule that does not exist.
"""

from __future__ import annotations

import difflib
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

from .compare import OVERRIDDEN, Trial
from .config import directives
from .local import CommandError, Local, Unreachable, pairs

#: a start without data takes a fraction of one
SECONDS = 15.0
ATTEMPTS = 4

#: the line that the server stumbled over, as it quotes it
_QUOTED = re.compile(r">>> '([^ ']+)")


@dataclass(frozen=True)
class Files:
    """The contents of configuration and ACL file, and directives that were set before and are not any more."""

    config: str
    acl: str
    dropped: tuple[str, ...] = ()


class Failed(Exception):
    """The server refused the files; the text is what it said."""


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody uses right now, from the range for such; both held at once, so that they differ."""
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])


def _harmless(config: str) -> str:
    """The configuration without what belongs to the real instance, such as a folder that is not there yet."""
    rows = config.splitlines(keepends=True)
    return "".join(row for row in rows if row.partition(" ")[0].lower() not in OVERRIDDEN)


def _arguments(folder: str, config: str) -> list[str]:
    """What makes the instance harmless: own folder, own ports on loopback."""
    number, bus = _free_ports()
    given = directives(config)
    found = ["--include", f"{folder}/wanted.conf", "--dir", folder, "--bind", "127.0.0.1", "--daemonize", "no"]
    found += ["--unixsocket", f"{folder}/socket", "--unixsocketperm", "700", "--logfile", "", "--supervised", "no"]
    if given.get("port", ["6379"])[-1] != "0":
        found += ["--port", str(number)]
    if given.get("tls-port", ["0"])[-1] != "0":
        found += ["--tls-port", str(number)]
    if given.get("cluster-enabled", ["no"])[-1] == "yes":
        found += ["--cluster-port", str(bus), "--cluster-config-file", "nodes.conf"]
    return [*found, "--aclfile", f"{folder}/users.acl"]


def run(binary: str, user: str, files: Files, password: str) -> Trial:
    """Start the server with these files as this user, ask what it made of them, stop it.

    Raises Failed with the server's own words, and with the directive that was probably meant.
    """
    try:
        return _patiently(binary, user, files, password)
    except Failed as error:
        raise Failed(f"{error}{_meant(binary, user, str(error))}") from None


def _patiently(binary: str, user: str, files: Files, password: str) -> Trial:
    for _attempt in range(ATTEMPTS - 1):
        try:
            return _once(binary, user, files, password)
        except Failed as error:
            # somebody was quicker to take a port that was free a moment ago
            if "already in use" not in str(error):
                raise
    return _once(binary, user, files, password)


def _meant(binary: str, user: str, words: str) -> str:
    """For a directive that the server does not know: the nearest of those that it has."""
    quoted = _QUOTED.search(words)
    if not quoted or "Bad directive" not in words:
        return ""
    try:
        known = list(_once(binary, user, Files("", ""), "").values)
    except Failed:
        return ""
    near = [] if quoted.group(1) in known else difflib.get_close_matches(quoted.group(1), known, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _once(binary: str, user: str, files: Files, password: str) -> Trial:
    """One start."""
    account = pwd.getpwnam(user)
    folder = tempfile.mkdtemp(prefix="steadfast-redis-")
    try:
        for name, text in (("trial.conf", ""), ("wanted.conf", _harmless(files.config)), ("users.acl", files.acl)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(folder, name), 0o600)
            shutil.chown(os.path.join(folder, name), user)
        shutil.chown(folder, user)
        with open(os.path.join(folder, "log"), "wb") as log:
            process = subprocess.Popen(
                [binary, f"{folder}/trial.conf", *_arguments(folder, files.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder,
                user=account.pw_uid, group=account.pw_gid, extra_groups=os.getgrouplist(user, account.pw_gid),
            )  # fmt: skip
        try:
            return _asked(process, folder, files, password)
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _asked(process: subprocess.Popen[bytes], folder: str, files: Files, password: str) -> Trial:
    """Wait until it answers, and read back what it made of the files."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with Local(f"{folder}/socket") as redis:
                if password:
                    redis.call("AUTH", password)
                return _read(redis, files)
        except Unreachable:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(_words(folder)) from None
        except CommandError as error:
            # LOADING for a moment
            if time.monotonic() > deadline:
                raise Failed(str(error)) from None
        time.sleep(0.05)


def _read(redis: Local, files: Files) -> Trial:
    values = pairs(redis.call("CONFIG", "GET", "*"))
    immutable = []
    for key in (*directives(files.config), *files.dropped):
        if key not in values:
            continue
        try:
            redis.call("CONFIG", "SET", key, values[key])
        except CommandError as error:
            if "immutable" in str(error).lower():
                immutable.append(key)
    acl = redis.call("ACL", "LIST")
    return Trial(
        values=values,
        immutable=immutable,
        acl=[str(row) for row in acl] if isinstance(acl, list) else [],
        build=build_of(redis),
    )


def build_of(redis: Local) -> str:
    """Return what names the program that an instance runs: version and build id."""
    text = str(redis.call("INFO", "server"))
    told = dict(row.split(":", 1) for row in text.splitlines() if ":" in row)
    return f"{told.get('valkey_version') or told.get('redis_version', '')} {told.get('redis_build_id', '')}"


def _words(folder: str) -> str:
    """The last words of the server, without times and process numbers."""
    with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as file:
        rows = [row.strip() for row in file if row.strip()]
    plain = [row for row in rows if not row.startswith("***")]
    return " / ".join(row.replace(folder, "…") for row in plain[-4:]) or "it does not answer"
