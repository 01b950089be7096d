# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Pacemaker cluster makes of each directive of ha.cf.

A directive that the table does not have is one that only heartbeat itself could use.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fate import Verdict


@dataclass(frozen=True)
class Rule:
    """The fate of a directive, where it does not depend on its value."""

    verdict: Verdict
    reason: str
    is_open: bool = False


def _kept(reason: str) -> Rule:
    return Rule(Verdict.KEPT, reason)


def _mapped(reason: str) -> Rule:
    return Rule(Verdict.MAPPED, reason)


def _dropped(reason: str, *, is_open: bool = False) -> Rule:
    return Rule(Verdict.DROPPED, reason, is_open)


_JOURNAL = "corosync and pacemaker log to the journal"
_WIRE = "only about heartbeat's own messages"
_MEDIUM = "its device becomes a link of pacemaker_addresses, and corosync speaks unicast on it"
_FENCE = "becomes a fence device, whose parameters have other names: declare it in pacemaker_fence_devices"
_IPV6 = "links follow from pacemaker_addresses: add the IPv6 addresses there"
_CRM = "was about the resource manager inside heartbeat, which pacemaker is today"

RULES: dict[str, Rule] = {
    "node": _kept("a member: a host of the inventory group, whose name in the cluster is what `uname -n` says"),
    "deadtime": _mapped("becomes pacemaker_totem.token, so that a dead node is noticed within that time"),
    "keepalive": _dropped("corosync passes its token on as fast as the network lets it"),
    "warntime": _dropped("corosync warns when three quarters of the token's time have passed"),
    "initdead": _dropped(
        "a node that starts in a pair waits until it has seen the other one (wait_for_all), however long that takes"
    ),
    "udpport": _dropped("corosync has ports of its own, which the role opens"),
    "ucast": _mapped(_MEDIUM),
    "bcast": _mapped(_MEDIUM),
    "udp": _mapped(_MEDIUM),
    "mcast": _mapped(_MEDIUM),
    "ucast6": _dropped(_IPV6, is_open=True),
    "mcast6": _dropped(_IPV6, is_open=True),
    "serial": _dropped("corosync has no serial links: give the cluster a second network", is_open=True),
    "baud": _dropped("corosync has no serial links"),
    "auto_failback": _mapped("becomes the score with which a group prefers its node, against resource-stickiness"),
    "nice_failback": _mapped("becomes the score with which a group prefers its node, against resource-stickiness"),
    "stonith": _dropped(_FENCE, is_open=True),
    "stonith_host": _dropped(_FENCE, is_open=True),
    "watchdog": _dropped(
        "a watchdog belongs to SBD: declare fence_sbd, or diskless SBD, where you want one", is_open=True
    ),
    "failfast": _dropped("a resource with on_fail: fence does that", is_open=True),
    "quorum_server": _dropped("becomes a quorum device: declare pacemaker_qdevice", is_open=True),
    "deadping": _dropped("the ping resource is asked every 10 seconds, and dampens for 5"),
    "ping6": _dropped("add the host to the ping resource", is_open=True),
    "crm": _dropped(_CRM),
    "pacemaker": _dropped(_CRM),
    "logfile": _dropped(_JOURNAL),
    "debugfile": _dropped(_JOURNAL),
    "logfacility": _dropped(_JOURNAL),
    "debug": _dropped(_JOURNAL),
    "use_logd": _dropped(_JOURNAL),
    "conn_logd_time": _dropped(_JOURNAL),
    "syslogmsgfmt": _dropped(_JOURNAL),
    "log_badpack": _dropped(_JOURNAL),
    "cluster": _dropped("the name is pacemaker_cluster_name, and has to be the same on all nodes"),
    "env": _dropped("agents get their parameters, and systemd units their own environment", is_open=True),
    "realtime": _dropped("corosync runs with real-time priority by itself"),
    "rtprio": _dropped("corosync runs with real-time priority by itself"),
    "apiauth": _dropped("who may use the cluster is said by pacemaker_acl_users"),
    "autojoin": _dropped("members are declared"),
    **dict.fromkeys(
        (
            "compression", "compression_threshold", "traditional_compression", "msgfmt", "hopfudge", "max_rexmit_delay",
            "hbgenmethod", "uuidfrom", "dialect", "memreserve", "coredumps", "coreroot", "use_apphbd",
        ),
        _dropped(_WIRE),
    ),
}  # fmt: skip
#: For a directive that nobody knows any more.
OTHER = _dropped("only heartbeat itself could use it")
#: Directives that this daemon refuses, since it can't do what they ask. Here they are only looked at.
NOT_PARSED = frozenset(
    "stonith stonith_host watchdog failfast serial ucast6 mcast6 ping6 hbaping openais ppp rds tipc crm pacemaker "
    "autojoin baud".split()
)
