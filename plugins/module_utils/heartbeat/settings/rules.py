# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules between directives of ha.cf, and the settings that result.

Rules and defaults of Linux-HA heartbeat 3.0.6, as measured: deadtime more than twice keepalive (equal is fatal),
initdead not less than deadtime, at least one node and one medium, the local node among the nodes.
"""

from __future__ import annotations

from .diagnostics import Findings, Severity, nearest_node, together
from .directives import DIRECTIVES
from .draft import Draft
from .model import DialectChoice, Failback, Logging, MessageFormat, Settings
from .text import Word

MOST_NODES = 100
_MANY_MS = 10_000
_FEW_MS = 6_000


def default_initdead_ms(deadtime_ms: int) -> int:
    """The ``initdead`` that holds when none is given, in milliseconds."""
    if deadtime_ms > _MANY_MS:
        return deadtime_ms
    if deadtime_ms < _FEW_MS:
        return 12_000
    return 2 * deadtime_ms


def settle(draft: Draft, findings: Findings) -> Settings:
    """The settings of a draft. Broken rules are reported; what is broken has its default then."""
    values = _Values(draft)
    keepalive = values.integer("keepalive", 1000)
    deadtime = values.integer("deadtime", 30_000)
    settings = Settings(
        nodes=tuple(draft.nodes),
        media=tuple(draft.media),
        keepalive_ms=keepalive,
        deadtime_ms=deadtime,
        warntime_ms=values.integer("warntime", deadtime // 2),
        initdead_ms=values.integer("initdead", default_initdead_ms(deadtime)),
        deadping_ms=values.integer("deadping", deadtime),
        udpport=draft.udpport,
        auto_failback=Failback(values.enum("auto_failback", Failback.LEGACY)),
        hopfudge=values.integer("hopfudge", 1),
        pings=tuple(draft.pings),
        ipfail=draft.ipfail is not None,
        respawns=tuple(draft.respawns),
        msgfmt=MessageFormat(values.text("msgfmt", "classic")),
        compression=values.text("compression", "zlib"),
        compression_threshold_kib=values.integer("compression_threshold", 2),
        traditional_compression=values.flag("traditional_compression", False),
        max_rexmit_delay_ms=values.integer("max_rexmit_delay", 250),
        hbgenmethod=values.text("hbgenmethod", "file"),
        uuidfrom=values.text("uuidfrom", "file"),
        dialect=DialectChoice(values.text("dialect", "auto")),
        log_badpack=values.flag("log_badpack", True),
        realtime=values.flag("realtime", True),
        rtprio=values.integer("rtprio", 1),
        logging=Logging(
            logfile=values.optional("logfile"),
            debugfile=values.optional("debugfile"),
            facility=values.optional("logfacility"),
            debug=values.integer("debug", 0),
        ),
        env=tuple(draft.env),
    )
    settings.parameters.update(_parameters(draft, settings))
    _check_times(draft, findings, settings)
    _check_members(draft, findings, settings)
    return settings


def check_local_node(draft: Draft, findings: Findings, local: str, severity: Severity) -> None:
    """The local node must be one of the nodes. ``local`` in lower case."""
    if local in draft.nodes or not draft.nodes:
        return
    names = list(draft.nodes)
    message = (
        f"this machine is '{local}' (uname -n), but ha.cf names only {together(names)}: the node lines must hold "
        "exactly what 'uname -n' prints on each node, and be the same on all of them"
    )
    findings.add(severity, draft.nodes[names[0]], message, nearest_node(local, names))


def _check_times(draft: Draft, findings: Findings, settings: Settings) -> None:
    keepalive, deadtime = settings.keepalive_ms, settings.deadtime_ms
    if not draft.broken & {"keepalive", "deadtime"} and deadtime <= 2 * keepalive:
        findings.error(
            _where(draft, "deadtime", "keepalive"),
            f"deadtime ({deadtime} ms) must be more than twice keepalive ({keepalive} ms)",
        )
    if "deadtime" not in draft.broken:
        if "initdead" in draft.values and settings.initdead_ms < deadtime:
            findings.error(
                _where(draft, "initdead"),
                f"initdead ({settings.initdead_ms} ms) must not be less than deadtime ({deadtime} ms)",
            )
        if "warntime" in draft.values and settings.warntime_ms > deadtime:
            findings.warning(
                _where(draft, "warntime"),
                f"warntime ({settings.warntime_ms} ms) is more than deadtime ({deadtime} ms): a peer is declared dead "
                "before its heartbeat is reported as late",
            )
    if "initdead" in draft.values and settings.initdead_ms < _MANY_MS and settings.initdead_ms >= deadtime:
        findings.warning(
            _where(draft, "initdead"),
            f"initdead ({settings.initdead_ms} ms) is under 10 s: a network that is slow to come up after boot looks "
            "like a dead peer",
        )
    if "deadping" in draft.values and "keepalive" not in draft.broken and settings.deadping_ms <= 2 * keepalive:
        findings.error(
            _where(draft, "deadping"),
            f"deadping ({settings.deadping_ms} ms) must be more than twice keepalive ({keepalive} ms)",
        )


def _check_members(draft: Draft, findings: Findings, settings: Settings) -> None:
    if not draft.nodes and "node" not in draft.broken:
        findings.error(None, "no node is configured: write 'node' and what 'uname -n' prints on each node")
    for word in list(draft.nodes.values())[MOST_NODES:][:1]:
        findings.error(word, f"more than {MOST_NODES} nodes")
    if not draft.media and not draft.media_lines:
        findings.error(None, "no medium is configured: write at least one ucast, bcast or mcast line")
    for ping in settings.pings:
        if ping.name.lower() in draft.nodes:
            findings.error(draft.ping_words[ping.name], f"'{ping.name}' is already the name of a node")
    if draft.ipfail is not None and not settings.pings:
        findings.warning(draft.ipfail, "ipfail has nothing to ask: there is no 'ping' or 'ping_group' line")
    if "auto_failback" not in draft.values and "auto_failback" not in draft.broken:
        findings.warning(
            None,
            "auto_failback is not set: the default is 'legacy', which behaves like 'on' between our own nodes; "
            "say 'auto_failback on' or 'off'",
        )


def _where(draft: Draft, *names: str) -> Word | None:
    for name in names:
        if name in draft.values:
            return draft.values[name].word
    return None


def _parameters(draft: Draft, settings: Settings) -> dict[str, str]:
    """Directive -> text as written, else the default; derived times as ``<n>ms``, as the C daemon shows them."""
    texts = {name: item.default for name, item in DIRECTIVES.items() if item.default is not None}
    texts["warntime"] = f"{settings.warntime_ms}ms"
    texts["initdead"] = f"{settings.initdead_ms}ms"
    texts["deadping"] = f"{settings.deadping_ms}ms"
    texts["udpport"] = str(settings.udpport)
    texts.update({name: given.word.text for name, given in draft.values.items()})
    texts["auto_failback"] = settings.auto_failback.value if "nice_failback" in draft.lines else texts["auto_failback"]
    texts.update({name: " ".join(words) for name, words in draft.texts.items()})
    return texts


class _Values:
    """Typed access to a draft's values, with defaults for what is missing."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def integer(self, name: str, default: int) -> int:
        value = self._raw(name)
        return value if isinstance(value, int) else default

    def flag(self, name: str, default: bool) -> bool:
        value = self._raw(name)
        return value if isinstance(value, bool) else default

    def text(self, name: str, default: str) -> str:
        return self.optional(name) or default

    def optional(self, name: str) -> str | None:
        value = self._raw(name)
        return value if isinstance(value, str) else None

    def enum(self, name: str, default: Failback) -> Failback:
        value = self._raw(name)
        return value if isinstance(value, Failback) else default

    def _raw(self, name: str) -> object:
        given = self._draft.values.get(name)
        return given.value if given is not None else None
