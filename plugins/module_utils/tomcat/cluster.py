# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The <Cluster> of server.xml: who the members are, how sessions travel, what notices a dead peer.

Classes are those of Tomcat 9 to 11; ``words.FORMER`` has those of older tutorials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union
from xml.etree.ElementTree import Element, SubElement

from . import words
from .instances import Instance, unique_id
from .words import Refused, attributes

__all__ = ["cluster", "send_options"]

_HA = "org.apache.catalina.ha."
_TRIBES = "org.apache.catalina.tribes."
#: Bits of channelSendOptions (Channel.SEND_OPTIONS_*).
FLAGS: Mapping[str, int] = {
    "byte_message": 1,
    "use_ack": 2,
    "synchronized_ack": 4,
    "asynchronous": 8,
    "secure": 16,
    "udp": 32,
    "multicast": 64,
}
MANAGERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "delta": (f"{_HA}session.DeltaManager", words.DELTA),
    "backup": (f"{_HA}session.BackupManager", words.BACKUP),
}
RECEIVER = {"selectorTimeout": "5000", "maxThreads": "6"}
MULTICAST = {"address": "228.0.0.4", "port": "45564", "frequency": "500", "dropTime": "3000"}
STATIC = {
    "useThread": "true",
    "pingInterval": "500",
    "connectTimeout": "500",
    "rpcTimeout": "1000",
    "expirationTime": "3000",
}
# A frozen process still accepts connections and data; only an answer shows that somebody is there.
DETECTOR = {"connectTimeout": "500", "performReadTest": "true", "readTestTimeout": "500"}
# Relative ones are below the instance's own folder. An archive that came is renamed from tempDir to deployDir.
FARM = {"deployDir": "webapps", "tempDir": "temp", "watchDir": "watch"}
DOMAIN = "steadfast"


def send_options(value: Union[int, str, Sequence[str]]) -> int:
    """Return channelSendOptions as a number, from a number or names of flags. Raises Refused."""
    if isinstance(value, (list, tuple)):
        number = sum(FLAGS[words.known("tomcat_send_options", str(name), FLAGS)] for name in set(value))
    else:
        try:
            number = int(str(value))
        except ValueError:
            raise Refused(
                f"tomcat_send_options: {value!r} is neither a number nor a list of {', '.join(FLAGS)}"
            ) from None
    if not 0 <= number < 128:
        raise Refused(f"tomcat_send_options: {number} is outside 0-127")
    if number & FLAGS["synchronized_ack"] and number & FLAGS["asynchronous"]:
        raise Refused(f"tomcat_send_options: {number} is both synchronous (4) and asynchronous (8)")
    return number


def _membership(
    channel: Element, instance: Instance, everybody: Sequence[Instance], request: Mapping[str, Any]
) -> None:
    given = request["membership_options"]
    if request["membership"] == "multicast":
        own = attributes("tomcat_membership_options", given, words.MULTICAST)
        bind = {"bind": instance.cluster_address}
        SubElement(
            channel, "Membership", {"className": f"{_TRIBES}membership.McastService", **MULTICAST, **bind, **own}
        )
        return
    words.known("tomcat_membership", str(request["membership"]), ("static", "multicast"))
    own = attributes("tomcat_membership_options", given, words.STATIC)
    service = SubElement(
        channel, "Membership", {"className": f"{_TRIBES}membership.StaticMembershipService", **STATIC, **own}
    )
    for other in everybody:
        SubElement(
            service,
            "LocalMember" if other.route == instance.route else "Member",
            {
                "className": f"{_TRIBES}membership.StaticMember",
                "host": other.cluster_address,
                "port": str(other.ports["cluster"]),
                "domain": DOMAIN,
                "uniqueId": unique_id(DOMAIN, other.route),
            },
        )


def _interceptors(channel: Element, request: Mapping[str, Any]) -> None:
    wanted = [dict(entry) for entry in request["interceptors"]]
    shortened = {full: short for short, (full, _choices) in words.INTERCEPTORS.items()}
    for entry in wanted:
        name = str(entry.get("class") or "")
        entry["class"] = words.FORMER.get(name, shortened.get(name, name))
    named = [entry["class"] for entry in wanted]
    # as in Tomcat's own default, behind the wanted ones
    wanted += [{"class": name} for name in ("TcpFailureDetector", "MessageDispatchInterceptor") if name not in named]
    for entry in wanted:
        if not entry["class"]:
            continue
        options = entry.get("options") or {}
        if "." in entry["class"]:
            # somebody's own, whose attributes Tomcat itself looks at
            own = {str(key): words.spelt(value) for key, value in options.items()}
            SubElement(channel, "Interceptor", {"className": entry["class"], **own})
            continue
        full, choices = words.INTERCEPTORS[words.known("tomcat_interceptors", entry["class"], words.INTERCEPTORS)]
        preset = DETECTOR if entry["class"] == "TcpFailureDetector" else {}
        own = attributes(f"tomcat_interceptors: {entry['class']}", options, choices)
        SubElement(channel, "Interceptor", {"className": full, **preset, **own})


def cluster(instance: Instance, everybody: Sequence[Instance], request: Mapping[str, Any]) -> Element:
    """Return the <Cluster> of one instance. Raises Refused."""
    root = Element(
        "Cluster",
        {"className": f"{_HA}tcp.SimpleTcpCluster", "channelSendOptions": str(send_options(request["send_options"]))},
    )
    full, choices = MANAGERS[words.known("tomcat_manager", str(request["manager"]), MANAGERS)]
    # a session must outlive the instance that made it
    kept = {"expireSessionsOnShutdown": "false", "notifyListenersOnReplication": "true"}
    own = attributes("tomcat_manager_options", request["manager_options"], choices)
    if request["manager"] == "backup":
        own.setdefault("mapSendOptions", str(send_options(request["send_options"])))
        kept.pop("expireSessionsOnShutdown")
    else:
        # What peers say while an instance fetches all sessions is heard afterwards. By default some of it is dropped,
        # by the clocks of two machines, and always a peer's own request: of two that start at once, one then waits for
        # its answer in vain, a minute for each application.
        kept["stateTimestampDrop"] = "false"
    SubElement(root, "Manager", {"className": full, **kept, **own})

    channel = SubElement(root, "Channel", {"className": f"{_TRIBES}group.GroupChannel"})
    _membership(channel, instance, everybody, request)
    own = attributes("tomcat_receiver_options", request["receiver_options"], words.RECEIVER)
    # no search for another port: peers and firewalls know this one
    place = {"address": instance.cluster_address, "port": str(instance.ports["cluster"]), "autoBind": "0"}
    SubElement(channel, "Receiver", {"className": f"{_TRIBES}transport.nio.NioReceiver", **place, **RECEIVER, **own})
    sender = SubElement(channel, "Sender", {"className": f"{_TRIBES}transport.ReplicationTransmitter"})
    own = attributes("tomcat_sender_options", request["sender_options"], words.TRANSPORT)
    SubElement(sender, "Transport", {"className": f"{_TRIBES}transport.nio.PooledParallelSender", **own})
    _interceptors(channel, request)

    SubElement(root, "Valve", {"className": f"{_HA}tcp.ReplicationValve", "filter": str(request["replication_filter"])})
    SubElement(root, "Valve", {"className": f"{_HA}session.JvmRouteBinderValve"})
    if request["farm"]:
        farm = attributes("tomcat_farm", request["farm"], words.FARM)
        SubElement(root, "Deployer", {"className": f"{_HA}deploy.FarmWarDeployer", **FARM, **farm})
    SubElement(root, "ClusterListener", {"className": f"{_HA}session.ClusterSessionListener"})
    return root
