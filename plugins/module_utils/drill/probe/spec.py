# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants probed: parsed and checked, with every mistake named at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

__all__ = ["DEFAULTS", "KINDS", "ProbeSpec", "RunSpec", "SpecError", "parse_probe", "parse_run"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")

SEED = re.compile(r"\S+:[0-9]{1,5}\Z")

MIN_INTERVAL_MS = 1
MAX_INTERVAL_MS = 60_000
MAX_TIMEOUT_MS = 60_000
MAX_PROBES = 32
MAX_SECONDS = 24 * 3600


@dataclass(frozen=True)
class KindRules:
    """What one kind of probe accepts: defaults in ms, whether it needs a port, its own options."""

    interval_ms: int
    timeout_ms: int
    needs_port: bool
    options: Mapping[str, type]


HTTP_OPTIONS: Mapping[str, type] = {
    "path": str,
    "host": str,
    "tls": bool,
    "verify_tls": bool,
    "ca_file": str,
    "expect_status": list,
    "expect_body": str,
    "cookie": str,
    "session": bool,
    "identify": str,
}

SESSION_OPTIONS: Mapping[str, type] = {
    **{name: kind for name, kind in HTTP_OPTIONS.items() if name != "session"},
    "read_path": str,
    "session_cookie": str,
}

# A TLS stream would need a handshake of its own in the middle of the pace; new connections cover TLS.
STREAM_OPTIONS: Mapping[str, type] = {
    **{name: kind for name, kind in HTTP_OPTIONS.items() if name not in ("tls", "verify_tls", "ca_file")},
    "protocol": str,
    "give_up_ms": float,
}

REDIS_OPTIONS: Mapping[str, type] = {
    "mode": str,
    "seeds": list,
    "slot": int,
    "username": str,
    "password_file": str,
    "tls": bool,
    "verify_tls": bool,
    "ca_file": str,
    "cert_file": str,
    "key_file": str,
    "wait": int,
    "wait_ms": float,
    "workers": int,
}

KINDS: Mapping[str, KindRules] = {
    # Timeouts of what opens connections stay below the one second after which Linux repeats a SYN: an attempt
    # that is answered only because it was repeated is a second too late for a client, too.
    "icmp": KindRules(5, 250, False, {}),
    "udp": KindRules(1, 250, True, {}),
    "tcp": KindRules(10, 500, True, {"expect_banner": str}),
    "http": KindRules(20, 800, False, HTTP_OPTIONS),
    "stream": KindRules(20, 800, True, STREAM_OPTIONS),
    # The timeout is how long all who answer are listened to.
    "neighbour": KindRules(100, 50, False, {"interface": str}),
    # A user waits longer than a probe.
    "session": KindRules(100, 5000, False, SESSION_OPTIONS),
    "command": KindRules(100, 5000, False, {"command": list, "read_command": list}),
    # The client library repeats what failed: the timeout is how long an application would let it.
    "redis": KindRules(100, 1000, True, REDIS_OPTIONS),
    # An application tries again, too.
    "elasticsearch": KindRules(100, 5000, True, {"seeds": list, "shards": int, "replicas": int}),
    "elasticsearch_master": KindRules(100, 800, True, {"seeds": list}),
    "elasticsearch_health": KindRules(500, 2000, True, {"seeds": list}),
}

DEFAULTS: Mapping[str, Any] = {"family": "any", "source": None}
SECRETS = frozenset({"cookie"})
COMMON = frozenset({"name", "kind", "target", "port", "interval_ms", "timeout_ms", "family", "source"})


class SpecError(ValueError):
    """One or more mistakes in a probe specification; ``errors`` lists them all."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = list(errors)


@dataclass(frozen=True)
class ProbeSpec:
    """One probe: what to ask, how often, how long to wait for the answer."""

    name: str
    kind: str
    target: str
    port: Optional[int]
    interval_us: int
    timeout_us: int
    family: str = "any"
    source: Optional[str] = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """The specification without what must not travel: a cookie may open a session."""
        return {key: value for key, value in self.as_dict().items() if key not in SECRETS}

    def as_dict(self) -> dict[str, Any]:
        """The specification as data; ``parse_probe`` reads it back."""
        found: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "target": self.target,
            "interval_ms": _plain_ms(self.interval_us),
            "timeout_ms": _plain_ms(self.timeout_us),
            "family": self.family,
        }
        if self.port is not None:
            found["port"] = self.port
        if self.source is not None:
            found["source"] = self.source
        found.update(self.options)
        return found


@dataclass(frozen=True)
class RunSpec:
    """A whole run: several probes paced side by side, with hard limits on time and bytes."""

    run_id: str
    probes: Sequence[ProbeSpec]
    max_seconds: float
    max_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The specification as JSON-ready data; ``parse_run`` reads it back."""
        return {
            "run_id": self.run_id,
            "probes": [probe.as_dict() for probe in self.probes],
            "max_seconds": self.max_seconds,
            "max_bytes": self.max_bytes,
        }


def _plain_ms(value_us: int) -> float:
    return value_us // 1000 if value_us % 1000 == 0 else value_us / 1000


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" - did you mean {close[0]!r}?" if close else f" - known: {', '.join(sorted(known))}"


def _milliseconds(raw: Any, label: str, low: float, high: float, errors: list[str]) -> int:
    try:
        value = float(raw)
    except (TypeError, ValueError):
        errors.append(f"{label} must be a number of milliseconds, not {raw!r}")
        return int(low * 1000)
    if not low <= value <= high:
        errors.append(f"{label} is {value:g}, must be between {low:g} and {high:g}")
        return int(low * 1000)
    return round(value * 1000)


def _port(raw: Any, where: str, errors: list[str]) -> Optional[int]:
    if raw is None:
        return None
    try:
        port = int(raw)
    except (TypeError, ValueError):
        errors.append(f"{where}: port must be a number, not {raw!r}")
        return None
    if not 0 < port < 65536:
        errors.append(f"{where}: port {port} is outside 1-65535")
        return None
    return port


def _options(raw: Mapping[str, Any], kind: str, where: str, errors: list[str]) -> dict[str, Any]:
    rules = KINDS[kind].options
    found: dict[str, Any] = {}
    for key, value in raw.items():
        if key in COMMON or value is None:
            continue
        if key not in rules:
            errors.append(f"{where}: unknown option {key!r} for {kind}{_nearest(key, [*rules, *COMMON])}")
        elif not isinstance(value, (int, float) if rules[key] is float else rules[key]):
            errors.append(f"{where}: {key} must be a {rules[key].__name__}, not {value!r}")
        else:
            found[key] = value
    if found.get("protocol", "echo") not in ("echo", "http"):
        errors.append(f"{where}: protocol must be echo or http, not {found['protocol']!r}")
    for key in ("identify", "expect_banner", "expect_body"):
        try:
            re.compile(str(found.get(key, "")))
        except re.error as error:
            errors.append(f"{where}: {key} is not a regular expression: {error}")
    return found


def _redis_mistakes(options: Mapping[str, Any], where: str) -> list[str]:
    found = []
    if options.get("mode", "cluster") not in ("cluster", "standalone"):
        found.append(f"{where}: mode must be cluster or standalone, not {options['mode']!r}")
    for key, low, high in (("slot", 0, 16383), ("wait", 0, 100), ("workers", 1, 256)):
        if not low <= options.get(key, low) <= high:
            found.append(f"{where}: {key} is {options[key]}, must be between {low} and {high}")
    return found + _seed_mistakes(options, where)


def _seed_mistakes(options: Mapping[str, Any], where: str) -> list[str]:
    return [
        f"{where}: seeds must be a list of host:port, not {seed!r}"
        for seed in options.get("seeds", [])
        if not isinstance(seed, str) or not SEED.match(seed)
    ]


def _elasticsearch_mistakes(options: Mapping[str, Any], where: str) -> list[str]:
    found = [
        f"{where}: {key} is {options[key]}, must be between {low} and {high}"
        for key, low, high in (("shards", 1, 100), ("replicas", 0, 10))
        if not low <= options.get(key, low) <= high
    ]
    return found + _seed_mistakes(options, where)


def parse_probe(raw: Mapping[str, Any], index: int = 0) -> ProbeSpec:
    """Check one probe as the operator wrote it; raises SpecError naming every mistake."""
    errors: list[str] = []
    name = str(raw.get("name") or "")
    where = f"probes[{index}]" + (f" ({name})" if name else "")
    if not NAME.match(name):
        errors.append(f"{where}: name must be 1-64 letters, digits, '.', '_' or '-', not {name!r}")
    kind = str(raw.get("kind") or "")
    if kind not in KINDS:
        raise SpecError([*errors, f"{where}: unknown kind {kind!r}{_nearest(kind, list(KINDS))}"])
    rules = KINDS[kind]
    target = str(raw.get("target") or ("" if kind != "command" else name))
    if not target:
        errors.append(f"{where}: target is missing: the address or name a client would use")
    port = _port(raw.get("port"), where, errors)
    if rules.needs_port and port is None:
        errors.append(f"{where}: {kind} needs a port")
    family = str(raw.get("family") or DEFAULTS["family"])
    if family not in ("any", "ipv4", "ipv6"):
        errors.append(f"{where}: family must be any, ipv4 or ipv6, not {family!r}")
    interval_raw = raw.get("interval_ms")
    timeout_raw = raw.get("timeout_ms")
    interval_us = _milliseconds(
        rules.interval_ms if interval_raw is None else interval_raw,
        f"{where}: interval_ms",
        MIN_INTERVAL_MS,
        MAX_INTERVAL_MS,
        errors,
    )
    timeout_us = _milliseconds(
        rules.timeout_ms if timeout_raw is None else timeout_raw, f"{where}: timeout_ms", 1, MAX_TIMEOUT_MS, errors
    )
    options = _options(raw, kind, where, errors)
    for key in ("command", "read_command"):
        words = options.get(key)
        if words is not None and (not words or not all(isinstance(word, str) for word in words)):
            errors.append(f"{where}: {key} must be a list of words, the program first")
    if kind == "redis":
        errors += _redis_mistakes(options, where)
    if kind.startswith("elasticsearch"):
        errors += _elasticsearch_mistakes(options, where)
    if kind == "session" and options.get("read_path") and "{number}" not in str(options.get("path")):
        errors.append(f"{where}: with read_path, path needs {{number}} where the number goes that is to be kept")
    if kind == "session" and not options.get("path"):
        errors.append(f"{where}: path is missing: a page that begins a session and counts in it")
    if kind == "command" and "command" not in options:
        errors.append(f"{where}: command is missing: the program to run, with its arguments")
    if kind == "neighbour" and timeout_us > interval_us:
        # Answers name no question: with two questions open, nobody could tell them apart.
        errors.append(f"{where}: a neighbour probe's timeout_ms must not exceed its interval_ms")
    if errors:
        raise SpecError(errors)
    source = raw.get("source")
    return ProbeSpec(name, kind, target, port, interval_us, timeout_us, family, source, options)


def parse_run(raw: Mapping[str, Any]) -> RunSpec:
    """Check a whole run; raises SpecError naming every mistake in every probe."""
    errors: list[str] = []
    run_id = str(raw.get("run_id") or "")
    if not RUN_ID.match(run_id):
        errors.append(f"run_id must be 1-100 letters, digits, '.', '_' or '-', not {run_id!r}")
    probes: list[ProbeSpec] = []
    listed = raw.get("probes") or []
    if not listed:
        errors.append("probes is empty: nothing would be measured")
    if len(listed) > MAX_PROBES:
        errors.append(f"{len(listed)} probes; at most {MAX_PROBES} run side by side")
    for index, item in enumerate(listed):
        try:
            probes.append(parse_probe(item, index))
        except SpecError as error:
            errors.extend(error.errors)
    names = [probe.name for probe in probes]
    for name in sorted({name for name in names if names.count(name) > 1}):
        errors.append(f"two probes are named {name!r}")
    max_seconds = float(raw.get("max_seconds") or 300)
    if not 0 < max_seconds <= MAX_SECONDS:
        errors.append(f"max_seconds is {max_seconds:g}, must be above 0 and at most {MAX_SECONDS}")
    max_bytes = int(raw.get("max_bytes") or 64 * 1024 * 1024)
    if max_bytes < 4096:
        errors.append(f"max_bytes is {max_bytes}, must be at least 4096")
    if errors:
        raise SpecError(errors)
    return RunSpec(run_id, probes, max_seconds, max_bytes)
