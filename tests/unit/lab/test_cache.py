# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import http.client
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from steadfast_lab import cache

HOSTS = frozenset({"mirror.example"})
BASE = "http://mirror.example/debian"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/debian/x.deb",
        "https://mirror.example/debian/x.deb",
        "/debian/x.deb",
        f"{BASE}/../../etc/passwd",
        f"{BASE}/./x",
        f"{BASE}//x",
        f"{BASE}/.part-1",
        f"{BASE}/x?y",
        f"{BASE}/x\x00",
        "http://mirror.example:80/debian/x.deb",
        "http://user@mirror.example/debian/x.deb",
        "http://mirror.example/",
    ],
)
def test_everything_but_a_plain_file_of_the_archive_is_refused(url: str) -> None:
    assert cache.cache_key(url, HOSTS) is None


def test_a_file_of_the_archive_has_a_place() -> None:
    url = f"{BASE}/pool/main/n/nginx/nginx_1.22.1-9+deb12u3_amd64.deb"
    assert cache.cache_key(url, HOSTS) == url[len("http://") :]
    assert cache.is_immutable(url)
    assert cache.is_immutable(f"{BASE}/dists/trixie/main/by-hash/SHA256/0123")
    assert not cache.is_immutable(f"{BASE}/dists/trixie/InRelease")


class Archive(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.body = b"package" * 100_000
        self.cut_short = False
        super().__init__(("127.0.0.1", 0), ArchiveHandler)


class ArchiveHandler(BaseHTTPRequestHandler):
    server: Archive

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.endswith("/missing.deb"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(self.server.body[: 1000 if self.server.cut_short else None])


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The proxy's address and the archive's URL."""
    monkeypatch.delenv("http_proxy", raising=False)
    upstream = f"127.0.0.1:{archive.server_address[1]}"
    with cache.serve_locally(cache.PackageCache(tmp_path, frozenset({upstream}))) as url:
        yield urlsplit(url).netloc, f"http://{upstream}"


def get(proxy: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, str | None]:
    with contextlib.closing(http.client.HTTPConnection(proxy, timeout=10)) as connection:
        connection.request("GET", url, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheader("Last-Modified")


def test_a_package_is_fetched_once(archive: Archive, proxy: tuple[str, str]) -> None:
    address, base = proxy
    first, second = (get(address, f"{base}/pool/a.deb") for _ in range(2))
    assert first == second == (200, archive.body, "Wed, 01 Jan 2025 00:00:00 GMT")
    assert archive.asked == ["/pool/a.deb"]
    assert get(address, f"{base}/pool/a.deb", {"If-Modified-Since": "Wed, 01 Jan 2025 00:00:00 GMT"})[:2] == (304, b"")


def test_two_that_ask_at_once_share_one_download(archive: Archive, proxy: tuple[str, str]) -> None:
    address, base = proxy
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(get(address, f"{base}/b.deb")[1])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [archive.body] * 4
    assert archive.asked == ["/b.deb"]


def test_a_broken_download_is_not_kept(archive: Archive, proxy: tuple[str, str], tmp_path: Path) -> None:
    address, base = proxy
    archive.cut_short = True
    with pytest.raises(http.client.IncompleteRead):
        get(address, f"{base}/pool/c.deb")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    archive.cut_short = False
    assert get(address, f"{base}/pool/c.deb")[1] == archive.body


def test_an_index_is_asked_for_again_when_it_is_old_and_served_stale_in_need(
    archive: Archive, proxy: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, base = proxy
    assert get(address, f"{base}/dists/x/InRelease")[0] == 200
    assert get(address, f"{base}/dists/x/InRelease")[0] == 200
    assert len(archive.asked) == 1
    monkeypatch.setattr(cache, "FRESH_SECONDS", -1.0)
    archive.body = b"newer"
    assert get(address, f"{base}/dists/x/InRelease")[1] == b"newer"
    archive.server_close()
    archive.shutdown()
    assert get(address, f"{base}/dists/x/InRelease")[1] == b"newer"
    assert get(address, f"{base}/dists/y/InRelease")[0] == 504


def test_the_archives_no_is_passed_on_and_strangers_are_refused(archive: Archive, proxy: tuple[str, str]) -> None:
    address, base = proxy
    assert get(address, f"{base}/pool/missing.deb")[0] == 404
    assert get(address, "http://example.org/x.deb")[0] == 403
    assert archive.asked == ["/pool/missing.deb"]


def test_trim_removes_what_was_used_longest_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE_LIMIT", 25)
    for age, name in enumerate(["new", "middle", "old"]):
        path = tmp_path / name
        path.write_bytes(b"x" * 10)
        os.utime(path, (2e9 - age, 2e9 - age))
    assert cache.PackageCache(tmp_path, HOSTS).trim() == 1
    assert {path.name for path in tmp_path.iterdir()} == {"new", "middle"}
