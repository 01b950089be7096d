# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbered keys, written to Redis or Valkey by the client library that applications use (redis-py).

The library follows redirects, keeps its map of slots and repeats what failed, as it does in an application; an
attempt is good when the write was acknowledged before the probe's timeout. Since the library blocks, threads do the
writing.

With ``wait`` each write is followed by WAIT on the same connection, in one package: WAIT counts the writes of its own
connection only. A write is protected when at least so many replicas had it (detail ``protected``).
"""

from __future__ import annotations

import binascii
import importlib
import logging
import os
import random
import selectors
import threading
import time
from collections import deque
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any, NamedTuple, Optional

from ..model import Outcome
from .prober import Answer
from .spec import ProbeSpec
from .writes import ReadError, WriteProber

__all__ = ["RedisProber", "key_of", "others_first", "read_keys"]

SLOTS = 16384
KEPT_SECONDS = 24 * 3600
"""Keys expire by themselves after so long, however the drill ends."""
PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
GROWTH = 1.5
LEARN_SECONDS = 0.1
READ_SECONDS = 60.0
DEFAULT_WORKERS = 64
DEFAULT_WAIT_MS = 200
STACK_BYTES = 512 * 1024
PATIENCE_SECONDS = 0.3
"""What is unanswered for so long is given up by the library and tried elsewhere or again."""


class _Result(NamedTuple):
    seq: int
    outcome: Outcome
    detail: Optional[Mapping[str, Any]]


def key_of(spec: ProbeSpec, run_id: str, number: str) -> str:
    """The key of a number; with ``slot`` it carries a tag that puts all keys of the probe into that slot."""
    slot = spec.options.get("slot")
    tag = "" if slot is None else f"{{{_tag(int(slot))}}}:"
    return f"steadfast:{tag}{run_id}:{spec.name}:{number}"


def _tag(slot: int) -> str:
    # CRC16 of XMODEM, as the Redis Cluster specification has it; every slot turns up within this range.
    return next(tag for tag in map(str, range(100 * SLOTS)) if binascii.crc_hqx(tag.encode(), 0) % SLOTS == slot)


def _library() -> Any:
    """redis-py; raises OSError with what helps."""
    try:
        found = importlib.import_module("redis")
        importlib.import_module("redis.cluster")
    except ImportError as error:
        raise OSError(
            f"a probe of kind redis needs redis-py 4.1 or newer on the client host (python3-redis in Debian): {error}"
        ) from None
    logger = logging.getLogger("redis")
    # What goes wrong is in the samples.
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return found


def _settings(spec: ProbeSpec, library: Any) -> dict[str, Any]:
    options = spec.options
    # WAIT keeps silent for as long as it may.
    patience = PATIENCE_SECONDS + (_wait_ms(spec) / 1000 if options.get("wait") else 0)
    found: dict[str, Any] = {"socket_timeout": patience, "socket_connect_timeout": PATIENCE_SECONDS}
    if options.get("password_file"):
        with open(options["password_file"], encoding="utf-8") as stream:
            found["password"] = stream.readline().rstrip("\n")
    if options.get("username"):
        found["username"] = options["username"]
    if options.get("tls"):
        verifies = options.get("verify_tls", True)
        found.update(ssl=True, ssl_cert_reqs="required" if verifies else "none", ssl_check_hostname=False)
        for key, name in (("ca_file", "ssl_ca_certs"), ("cert_file", "ssl_certfile"), ("key_file", "ssl_keyfile")):
            if options.get(key):
                found[name] = options[key]
    if int(library.__version__.split(".")[0]) >= 6:
        # Its own pauses grow to ten seconds; what is measured here should be the cluster.
        backoff = importlib.import_module("redis.backoff").ConstantBackoff(PAUSE_SECONDS)
        found["retry"] = importlib.import_module("redis.retry").Retry(backoff, 3)
    return found


def _connect(spec: ProbeSpec, library: Any) -> Any:
    """A client of the whole cluster, or of the one instance. Raises redis.RedisError, OSError."""
    settings = _settings(spec, library)
    if spec.options.get("mode") == "standalone":
        return library.Redis(host=spec.target, port=spec.port, **settings)
    node = importlib.import_module("redis.cluster").ClusterNode
    places = [(spec.target, spec.port), *(split(seed) for seed in spec.options.get("seeds", []))]
    return library.RedisCluster(
        startup_nodes=[node(host, port) for host, port in places], require_full_coverage=False, **settings
    )


def split(seed: str) -> tuple[str, int]:
    """Host and port of "host:port"."""
    host, _colon, port = seed.rpartition(":")
    return host.strip("[]"), int(port)


def _wait_ms(spec: ProbeSpec) -> int:
    return round(spec.options.get("wait_ms") or DEFAULT_WAIT_MS)


class RedisProber(WriteProber):
    """Hands each write to a thread and reports what it brings back."""

    def open(self) -> None:
        """Load the library. Raises OSError when it is missing or a file cannot be read."""
        self._library = _library()
        _settings(self.spec, self._library)
        self._client: Any = None
        self._connecting = threading.Lock()
        self._learning = threading.Lock()
        self._learnt = 0.0
        self._jobs: SimpleQueue[Optional[int]] = SimpleQueue()
        self._results: deque[_Result] = deque()
        self._waiting: set[int] = set()
        """Attempts that may still be good; only the runner's own thread changes it."""
        self._why: dict[int, str] = {}
        """What went wrong last with an attempt."""
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._limit = int(self.spec.options.get("workers") or DEFAULT_WORKERS)
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self.hub.watch(self._wake_read, selectors.EVENT_READ, lambda _mask: self._collect())

    def send(self, seq: int) -> None:
        """Hand the write to a thread; to a new one when all are busy."""
        self._waiting.add(seq)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._limit:
            before = threading.stack_size(STACK_BYTES)
            # A daemon: one that hangs in the library must not keep the run from ending.
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            threading.stack_size(before)
            self._threads.append(thread)
        self._jobs.put(seq)

    def abandon(self, seq: int) -> Optional[Answer]:
        """Give the write up; the thread notices before it would try again."""
        self._waiting.discard(seq)
        why = self._why.get(seq, "no writer was free")
        return Answer(Outcome.TIMEOUT, {"why": why}, self.hub.age_us(seq))

    def close(self) -> None:
        """Let the threads go."""
        self._waiting.clear()
        for _thread in self._threads:
            self._jobs.put(None)
        self.hub.unwatch(self._wake_read)
        # The pipe stays open: a thread may be about to write to it, and the process ends soon.

    def _collect(self) -> None:
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass
        while self._results:
            result = self._results.popleft()
            self._waiting.discard(result.seq)
            self._why.pop(result.seq, None)
            self.hub.done(result.seq, result.outcome, result.detail)

    def _work(self) -> None:
        while (seq := self._jobs.get()) is not None:
            if seq in self._waiting:
                self._why[seq] = "unanswered"
                self._results.append(self._write(seq))
                try:
                    os.write(self._wake_write, b".")
                except BlockingIOError:
                    # It is full of wake-ups already.
                    pass
            self._idle.release()

    def _write(self, seq: int) -> _Result:
        """Write until it is acknowledged, given up, or pointless."""
        errors = self._library.exceptions
        key = key_of(self.spec, self.run_id, str(seq))
        why, pause = "", PAUSE_SECONDS
        while seq in self._waiting or not why:
            try:
                return _Result(seq, Outcome.OK, self._attempt(key, seq))
            except (errors.AuthenticationError, errors.NoPermissionError) as error:
                return _Result(seq, Outcome.WRONG, {"why": str(error)[:200]})
            except Exception as error:
                # Again, anything.
                self._why[seq] = why = f"{type(error).__name__}: {error}"[:200]
            # Soon again at first; but many that wait for long must not take the processor from those who measure.
            time.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
        return _Result(seq, Outcome.TIMEOUT, {"why": why})

    def _attempt(self, key: str, seq: int) -> Optional[Mapping[str, Any]]:
        """Write once; raises whatever the library raises."""
        client = self._connected()
        replicas = int(self.spec.options.get("wait") or 0)
        errors = self._library.exceptions
        owner = None
        try:
            if self.spec.options.get("mode") != "standalone":
                owner = client.get_node_from_key(key)
            instance = client if owner is None else client.get_redis_connection(owner)
            had_it = self._write_to(instance, key, seq, replicas)
        except (errors.MovedError, errors.AskError, errors.TryAgainError):
            # The library follows, and learns from it; a write that went elsewhere was not waited for.
            client.set(key, seq, ex=KEPT_SECONDS)
            had_it = 0
        except Exception:
            # Anything: versions of the library differ in what they trip over when a node has just gone.
            self._learn(client, owner)
            raise
        return {"protected": had_it >= replicas} if replicas else None

    def _write_to(self, instance: Any, key: str, seq: int, replicas: int) -> int:
        """How many replicas had the write when it was acknowledged."""
        with instance.pipeline(transaction=False) as package:
            package.set(key, seq, ex=KEPT_SECONDS)
            if replicas:
                package.execute_command("WAIT", replicas, _wait_ms(self.spec))
            written, *waited = package.execute(raise_on_error=False)
        if isinstance(written, Exception):
            raise written
        return waited[0] if waited and isinstance(waited[0], int) else 0

    def _learn(self, client: Any, failed: Any) -> None:
        """Have the library draw its map anew, one thread at a time and not too often.

        By itself it does so only after a second or more of repetitions, differently in each version. And it may ask
        the very instance that failed: one that is cut off from the others but not from us still thinks that all is as
        before, and so does its neighbour on the same machine. So others are asked first.
        """
        if self.spec.options.get("mode") == "standalone" or not self._learning.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._learnt > LEARN_SECONDS:
                client.nodes_manager.startup_nodes = others_first(client.nodes_manager.startup_nodes, failed)
                client.nodes_manager.initialize()
                self._learnt = time.monotonic()
        finally:
            self._learning.release()

    def _connected(self) -> Any:
        with self._connecting:
            if self._client is None:
                self._client = _connect(self.spec, self._library)
            return self._client


def others_first(nodes: Mapping[str, Any], failed: Any) -> dict[str, Any]:
    """Nodes by name in an order of chance, but those on the machine of the failed one last."""
    listed = list(nodes.items())
    random.shuffle(listed)
    return dict(sorted(listed, key=lambda item: failed is not None and item[1].host == failed.host))


def read_keys(spec: ProbeSpec, run_id: str) -> list[int]:
    """Every number found on any master, a number on two masters twice. Raises ReadError."""
    try:
        library = _library()
    except OSError as error:
        raise ReadError(str(error)) from None
    deadline = time.monotonic() + READ_SECONDS
    while True:
        try:
            return _scan(spec, run_id, library)
        except (library.exceptions.RedisError, library.exceptions.RedisClusterException, OSError) as error:
            if time.monotonic() > deadline:
                raise ReadError(f"{type(error).__name__}: {error}") from None
        time.sleep(0.5)


def _scan(spec: ProbeSpec, run_id: str, library: Any) -> list[int]:
    client = _connect(spec, library)
    try:
        if spec.options.get("mode") == "standalone":
            instances = [client]
        else:
            instances = [client.get_redis_connection(node) for node in client.get_primaries()]
        found: list[int] = []
        for instance in instances:
            # SCAN may name a key twice while the table is being resized: only once for each instance counts.
            keys = set(instance.scan_iter(match=key_of(spec, run_id, "*"), count=1000))
            found += [int(key.rpartition(b":")[2]) for key in keys]
        return found
    finally:
        client.close()
