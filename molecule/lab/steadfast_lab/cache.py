# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small caching HTTP proxy for apt: the only way out of a lab, and it leads to Debian's archive only.

Package files and by-hash index files never change and are kept; everything else is asked for anew when it is older
than `FRESH_SECONDS`, and served stale when the archive cannot be reached. Several processes may share one directory:
files appear by rename only.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import http.client
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import LabError
from .identity import user_cache

FRESH_SECONDS = 300.0
UPSTREAM_TIMEOUT = 30.0
CACHE_LIMIT = 6 * 2**30
_SAFE_PATH = re.compile(r"^/[A-Za-z0-9][A-Za-z0-9._+~:%@/-]*$")


@functools.lru_cache(maxsize=1)
def mirror() -> str:
    """Return the Debian mirror: an http URL that ends in the archive's directory.

    It is `STEADFAST_DEBIAN_MIRROR`, else the first archive called `debian` among this machine's own apt sources.
    Raises `LabError` when neither tells one.
    """
    chosen = os.environ.get("STEADFAST_DEBIAN_MIRROR", "") or _own_mirror()
    if not chosen.startswith("http://"):
        raise LabError(
            f"no Debian mirror that the lab could cache ({chosen or 'none'} in this machine's apt sources); "
            "name one, by http: STEADFAST_DEBIAN_MIRROR=http://HOST/debian"
        )
    return chosen.rstrip("/")


def _own_mirror() -> str:
    try:
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True, check=True, timeout=60
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return ""
    sites = [site.strip().rstrip("/") for site in listed if site.strip().rstrip("/").endswith("/debian")]
    return next((site for site in sites if site.startswith("http://")), sites[0] if sites else "")


def allowed_hosts() -> frozenset[str]:
    """Return the host names that nodes may fetch from."""
    return frozenset({urlsplit(mirror()).netloc})


def is_immutable(path: str) -> bool:
    """Tell whether the file at `path` never changes once published (package pool, by-hash indexes)."""
    return path.endswith((".deb", ".udeb")) or "/by-hash/" in path


def cache_key(url: str, hosts: frozenset[str]) -> str | None:
    """Return the relative file name for a proxied URL, or None when the proxy must refuse it."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.netloc not in hosts or parts.query or parts.fragment:
        return None
    if not _SAFE_PATH.match(parts.path) or any(
        step == "" or step.startswith(".") for step in parts.path[1:].split("/")
    ):
        return None
    return parts.netloc.replace(":", "_") + parts.path


class PackageCache:
    """The files, and the way to fetch a missing one."""

    def __init__(self, directory: Path | None = None, hosts: frozenset[str] | None = None) -> None:
        self.directory = directory or user_cache() / "packages"
        self.hosts = hosts or allowed_hosts()
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def lock(self, key: str) -> threading.Lock:
        """Return the lock under which one file is fetched: whoever comes second finds it in the cache."""
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())

    def lookup(self, key: str, *, stale: bool = False) -> Path | None:
        """Return the cached file if it may be served (with `stale`: if it is there at all)."""
        path = self.directory / key
        try:
            age = time.time() - path.stat().st_ctime
        except OSError:
            return None
        return path if stale or is_immutable(key) or age < FRESH_SECONDS else None

    def open_upstream(self, url: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Ask the archive, or the proxy the user's environment names (`http_proxy`)."""
        parts = urlsplit(url)
        parent = urlsplit(os.environ.get("http_proxy", ""))
        target = url if parent.hostname else parts.path
        host = parent.netloc.rpartition("@")[2] if parent.hostname else parts.netloc
        connection = http.client.HTTPConnection(host, timeout=UPSTREAM_TIMEOUT)
        try:
            connection.request("GET", target, headers={"Host": parts.netloc, "User-Agent": "steadfast-lab"})
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def trim(self) -> int:
        """Remove the files used longest ago until the cache is below its limit; return how many."""
        found = []
        for path in self.directory.rglob("*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                if path.is_file():
                    found.append((max(status.st_atime, status.st_ctime), status.st_size, path))
        total = sum(size for _used, size, _path in found)
        removed = 0
        for _used, size, path in sorted(found):
            if total <= CACHE_LIMIT:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                removed += 1
            total -= size
        return removed

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Give the body piece by piece; it simply ends where the archive's connection breaks."""
    while True:
        try:
            chunk = response.read(262144)
        except (OSError, http.client.HTTPException):
            return
        if not chunk:
            return
        yield chunk


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    server: CacheServer

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: apt says itself what it fetches."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        cache = self.server.cache
        key = cache_key(self.path, cache.hosts)
        if key is None:
            self._refuse(403, "this lab reaches Debian's archive only, over http")
            return
        hit = cache.lookup(key)
        if hit is None:
            with cache.lock(key):
                hit = cache.lookup(key)
                if hit is None and self._fetch(key, body=body):
                    return
        if hit is None:
            hit = cache.lookup(key, stale=True)
        if hit is None:
            self._refuse(504, "the archive cannot be reached and the cache does not have this file")
            return
        self._send_file(hit, body=body)

    def _fetch(self, key: str, *, body: bool) -> bool:
        """Fetch from the archive, passing it on while it arrives; False when the archive gave no answer at all."""
        cache = self.server.cache
        try:
            connection, response = cache.open_upstream(self.path)
        except (OSError, http.client.HTTPException):
            return False
        with contextlib.closing(connection):
            if response.status != 200:
                if response.status >= 500:
                    return False
                location = response.getheader("Location")
                self._refuse(response.status, response.reason, {"Location": location} if location else {})
                return True
            length = response.getheader("Content-Length")
            if length is None:
                return False
            modified = response.getheader("Last-Modified")
            self.send_response(200)
            self.send_header("Content-Length", length)
            if modified:
                self.send_header("Last-Modified", modified)
            self.end_headers()
            self._store(cache.directory / key, response, int(length), modified, body=body)
        return True

    def _store(
        self, path: Path, response: http.client.HTTPResponse, length: int, modified: str | None, *, body: bool
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".part-", dir=path.parent)
        received = 0
        client = body
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in _chunks(response):
                    file.write(chunk)
                    received += len(chunk)
                    if client:
                        try:
                            self.wfile.write(chunk)
                        except OSError:
                            # The client went away; the file is still worth having.
                            client = False
                            self.close_connection = True
            if received != length:
                self.close_connection = True
                return
            if modified:
                stamp = email.utils.parsedate_to_datetime(modified).timestamp()
                os.utime(temporary, (time.time(), stamp))
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)

    def _send_file(self, path: Path, *, body: bool) -> None:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            modified = email.utils.formatdate(status.st_mtime, usegmt=True)
            if self.headers.get("If-Modified-Since") == modified:
                self.send_response(304)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(status.st_size))
            self.send_header("Last-Modified", modified)
            self.end_headers()
            if body:
                try:
                    self.wfile.flush()
                    self.connection.sendfile(file)
                except OSError:
                    self.close_connection = True

    def _refuse(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        message = (text + "\n").encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(message)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(message)


class CacheServer(ThreadingHTTPServer):
    """The proxy on a socket that somebody else opened (it may belong to another network namespace)."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, cache: PackageCache) -> None:
        self.cache = cache
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not an event."""


@contextlib.contextmanager
def serve_locally(cache: PackageCache) -> Iterator[str]:
    """Run the proxy on a free loopback port for the length of a `with` block; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    with CacheServer(listener, cache) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()
