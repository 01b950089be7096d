# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every directive of ha.cf as one table: the parser, the reference page and the role's variables follow it.

Names, kinds, defaults and ranges are those of Linux-HA heartbeat 3.0.6, as measured; ``dialect`` is our own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from . import values
from .values import Checker


class Kind(enum.Enum):
    """How the rest of the line is read."""

    OPTION = "option"  # words split at blanks, tabs and commas; each is a value of its own
    LINE = "whole line"  # unsplit
    MEDIUM = "medium"  # words split at blanks, understood together


class Effect(enum.Enum):
    """What a directive does in this daemon."""

    FULL = "as Linux-HA"
    ADAPTED = "adapted"
    FIXED = "one value"  # only the value that describes this daemon is accepted
    NONE = "none"  # accepted with a warning that says so
    REFUSED = "refused"  # an error: ignoring it would be dangerous


@dataclass(frozen=True)
class Directive:
    """One directive. ``default`` is the text that ``hbparameter`` shows when it is not given; None: no default."""

    name: str
    kind: Kind
    type: str
    default: str | None
    effect: Effect
    meaning: str
    #: how this daemon differs, or why the directive has no effect; empty when there is nothing to say
    here: str = ""
    check: Checker = values.anything
    #: several values add up (``node a b``) instead of the last one winning
    many: bool = False
    #: a second line is an error
    once: bool = False


def _option(  # noqa: PLR0917 - the columns of the table below
    name: str,
    type_: str,
    default: str | None,
    check: Checker,
    meaning: str,
    here: str = "",
    effect: Effect = Effect.FULL,
    *,
    many: bool = False,
    once: bool = False,
) -> Directive:
    return Directive(name, Kind.OPTION, type_, default, effect, meaning, here, check, many, once)


def _unused(  # noqa: PLR0917 - the columns of the table below
    name: str, type_: str, default: str | None, check: Checker, meaning: str, here: str
) -> Directive:
    return Directive(name, Kind.OPTION, type_, default, Effect.NONE, meaning, here, check)


def _line(name: str, type_: str, meaning: str, here: str = "", effect: Effect = Effect.FULL) -> Directive:
    return Directive(name, Kind.LINE, type_, None, effect, meaning, here, many=True)


def _medium(name: str, type_: str, meaning: str, here: str = "", effect: Effect = Effect.FULL) -> Directive:
    return Directive(name, Kind.MEDIUM, type_, None, effect, meaning, here, many=True)


_BOOL = values.boolean
_PACEMAKER = "belongs to the pacemaker resource manager, which this daemon does not run"
_NO_LOGD = "there is no logging daemon: log lines go to the journal, and to logfile, debugfile or logfacility"
_NO_CORE = "a Python program leaves tracebacks in the journal instead of core files"
_NO_IPV6_LINK = "heartbeats over IPv6 are not implemented; use the directive's IPv4 form (a VIP may be IPv6)"

_TABLE: tuple[Directive, ...] = (
    _option(
        "node", "names", None, values.node_name,
        "The cluster's nodes, by what `uname -n` prints on them. At least one, at most 100; the local node among them.",
        "Folded to lower case. A name given twice counts once, with a warning.",
        many=True,
    ),
    _option(
        "keepalive", "time", "1000ms", values.positive_time_ms,
        "Interval between two heartbeats.",
    ),
    _option(
        "deadtime", "time", "30000ms", values.positive_time_ms,
        "Silence after which a peer is declared dead. Must be more than twice `keepalive`.",
    ),
    _option(
        "warntime", "time", "half of deadtime", values.positive_time_ms,
        "Lateness from which a heartbeat is reported as late.",
        "More than `deadtime` is accepted with a warning: a late heartbeat is then never reported.",
    ),
    _option(
        "initdead", "time", "deadtime if that is over 10 s; 12 s if it is under 6 s; else twice deadtime",
        values.positive_time_ms,
        "How long a starting node waits for peers that it has never heard. Must not be less than `deadtime`; "
        "under 10 s gives a warning.",
    ),
    _option(
        "deadping", "time", "deadtime", values.positive_time_ms,
        "Silence after which a ping node is declared dead. Must be more than twice `keepalive`.",
    ),
    _option(
        "hopfudge", "integer", "1", values.integer(0, 255),
        "Added to the number of nodes to form the `ttl` field of messages (0 to 255).",
    ),
    _option(
        "udpport", "port", "service ha-cluster/udp, else 694", values.integer(1, 65535),
        "UDP port of `ucast` and `bcast`. Must stand before the media that are to use it.",
        "A medium that stands before it keeps the earlier port, as in Linux-HA; here a warning says so.",
    ),
    _option(
        "auto_failback", "on, off or legacy", "legacy", values.failback,
        "Whether a group returns to its preferred node when that node is back.",
        "`legacy` (also when the line is missing) behaves like `on` between two of our nodes; towards a C daemon "
        "it is the old protocol.",
        Effect.ADAPTED,
    ),
    _option(
        "dialect", "auto or classic", "auto", values.choice("auto", "classic"),
        "Our own directive, unknown to the C daemon. `auto` recognises each peer and uses our own, faster protocol "
        "with our own nodes; `classic` treats every peer as a C daemon.",
        effect=Effect.ADAPTED,
    ),
    _option(
        "nice_failback", "boolean", None, _BOOL,
        "Obsolete name of `auto_failback`, with the opposite sense.",
        "`on` is taken as `auto_failback off`, `off` as `auto_failback legacy`, with a warning.",
        Effect.ADAPTED,
    ),
    _option("logfile", "path", None, values.absolute_path, "File for log lines, besides the journal."),
    _option("debugfile", "path", None, values.absolute_path, "File for debug lines."),
    _option(
        "logfacility", "syslog facility", None, values.facility,
        "Syslog facility for log lines, besides the journal; `none` for no syslog.",
    ),
    _option(
        "debug", "integer", "0", values.debug_level,
        "Debug level, 0 to 255. Only digits at the beginning count, as in Linux-HA.",
    ),
    _option("log_badpack", "boolean", "true", _BOOL, "Log malformed and unauthentic packets.",
            "They are counted in any case; log lines are rate-limited.", Effect.ADAPTED),
    _option("realtime", "boolean", "true", _BOOL, "Run with real-time priority and locked memory where permitted."),
    _option("rtprio", "integer", "1", values.integer(1, 99), "Real-time priority (SCHED_FIFO), 1 to 99."),
    _option(
        "msgfmt", "classic or netstring", "classic", values.choice("classic", "netstring"),
        "Message format. On the wire it only decides whether datagrams carry the inner `auth` field.",
    ),
    _option(
        "compression", "zlib or bz2", "zlib", values.choice("zlib", "bz2"),
        "Compression of long messages. What arrives is understood in either form.",
    ),
    _option(
        "compression_threshold", "KiB", "2", values.integer(1, 1 << 20),
        "Messages longer than this are compressed, with `traditional_compression`.",
    ),
    _option(
        "traditional_compression", "boolean", "no", _BOOL,
        "Compress every message over the threshold; without it only those of 256 KiB and more.",
    ),
    _option(
        "max_rexmit_delay", "milliseconds", "250", values.integer(1, 2**31 - 1),
        "Longest random delay before a retransmission is asked for.",
    ),
    _option(
        "hbgenmethod", "file or time", "file", values.choice("file", "time"),
        "Where the generation number of a start comes from.",
    ),
    _option(
        "uuidfrom", "file or nodename", "file", values.choice("file", "nodename"),
        "Where the node's UUID comes from.",
    ),
    _option(
        "env", "NAME=value", None, values.variable,
        "Environment variable `HA_NAME` for scripts and `respawn` clients.",
        many=True,
    ),
    _line(
        "respawn", "user command", "A client that is started when the node is active, and started again when it ends.",
        "`ipfail` is not started: its work, arbitration by ping nodes, is built in and switched on by this line.",
        Effect.ADAPTED,
    ),
    _medium(
        "ucast", "device address", "Heartbeats by unicast to one address. The node's own address may be listed too.",
        "Words after the address are ignored with a warning.",
    ),
    _medium("bcast", "devices", "Heartbeats by broadcast on these interfaces."),
    _medium("udp", "devices", "Old name of `bcast`."),
    _medium(
        "mcast", "device group port ttl loop",
        "Heartbeats by multicast: group in 224.0.0.0/4, its own port, ttl 0 to 4, loop 0 or 1; all five are needed.",
    ),
    _medium("ping", "hosts", "Ping nodes: hosts outside the cluster that tell whether the network works."),
    _medium("ping_group", "name hosts", "A ping node that counts as reachable while one of its hosts answers."),
    _option(
        "autojoin", "none", "none", values.autojoin,
        "Nodes that may join without a `node` line.",
        "Anything but `none` is an error, as it is in Linux-HA with haresources.",
        Effect.FIXED,
    ),
    *(
        _option(
            name, "boolean", "false", values.crm,
            "Run the pacemaker resource manager.",
            "Anything but off is an error that points to the role `steadfast.ha.pacemaker`.",
            Effect.FIXED, once=True,
        )
        for name in ("crm", "pacemaker")
    ),
    _line(
        "watchdog", "device", "Reboot by a watchdog device when the daemon hangs.",
        "A node would not be reset although you asked for it", Effect.REFUSED,
    ),
    _line(
        "stonith", "type configuration-file", "Fencing of a dead peer, configured in a file.",
        "A dead peer would not be fenced although you asked for it", Effect.REFUSED,
    ),
    _line(
        "stonith_host", "host type parameters", "Fencing of a dead peer.",
        "A dead peer would not be fenced although you asked for it", Effect.REFUSED,
    ),
    _line(
        "failfast", "user command", "Like `respawn`, but the machine reboots when the client dies.",
        "The machine would not reboot although you asked for it; 'respawn' restarts the client", Effect.REFUSED,
    ),
    _medium(
        "serial", "devices", "Heartbeats over serial lines.",
        "A link that you count on would be missing; use ucast, bcast or mcast on a second network", Effect.REFUSED,
    ),
    _medium("ucast6", "device address", "Heartbeats by IPv6 unicast.", _NO_IPV6_LINK, Effect.REFUSED),
    _medium("mcast6", "device group …", "Heartbeats by IPv6 multicast.", _NO_IPV6_LINK, Effect.REFUSED),
    _medium(
        "ping6", "hosts", "Ping nodes reached over IPv6.",
        "An arbitrator that you count on would be missing; use 'ping' with an IPv4 address", Effect.REFUSED,
    ),
    *(
        _medium(name, "…", "A medium of a Linux-HA plugin.", "Use ucast, bcast or mcast", Effect.REFUSED)
        for name in ("hbaping", "openais", "ppp", "rds", "tipc")
    ),
    Directive(
        "baud", Kind.OPTION, "integer", "19200", Effect.NONE, "Speed of serial lines.",
        "there are no serial links", values.integer(1, 4_000_000), once=True,
    ),
    _unused("use_logd", "boolean", "off", _BOOL, "Use the logging daemon.", _NO_LOGD),
    _unused("conn_logd_time", "time", "60", values.positive_time_ms, "Wait for the logging daemon.", _NO_LOGD),
    _unused(
        "syslogmsgfmt", "boolean", "true", _BOOL, "Syslog-like time stamps in log files.",
        "the format of log files is fixed",
    ),
    _unused(
        "memreserve", "KiB", "6500", values.integer(1, 2**31 - 1), "Memory touched in advance.",
        "the daemon allocates what it needs before it locks its memory",
    ),
    _unused("coredumps", "boolean", "true", _BOOL, "Write core files.", _NO_CORE),
    _unused("coreroot", "path", None, values.anything, "Directory for core files.", _NO_CORE),
    _unused(
        "use_apphbd", "boolean", "off", _BOOL, "Be watched by the application heartbeat daemon.",
        "systemd watches the daemon instead",
    ),
    _unused(
        "cluster", "name", "linux-ha", values.anything, "An informational name of the cluster.", "nothing uses it",
    ),
    _line(
        "apiauth", "client uid=… gid=…", "Who may use the client interface.",
        "the control socket is open to root and to the group haclient", Effect.NONE,
    ),
    _unused("crm_daemon_dir", "path", None, values.anything, "Where pacemaker's programs are.", _PACEMAKER),
    _unused("crmd_spawns_pengine", "boolean", None, _BOOL, "Who starts pacemaker's policy engine.", _PACEMAKER),
    _unused("quorum_server", "host", None, values.anything, "A quorum server.", "only pacemaker clusters ask it"),
    _unused("record_config_changes", "boolean", "on", _BOOL, "Keep pacemaker's configuration history.", _PACEMAKER),
    _unused("record_pengine_inputs", "boolean", "on", _BOOL, "Keep the policy engine's inputs.", _PACEMAKER),
    _unused("enable_config_writes", "boolean", "on", _BOOL, "Write pacemaker's configuration.", _PACEMAKER),
)  # fmt: skip

#: All directives by name, in the order of the reference page.
DIRECTIVES: dict[str, Directive] = {directive.name: directive for directive in _TABLE}
