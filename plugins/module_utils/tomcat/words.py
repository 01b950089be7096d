# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that Tomcat knows, so that a misspelt one is refused: Tomcat itself only logs a warning and goes on without it.

Names are those of the configuration reference of Tomcat 9 to 11.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Refused", "attributes", "known", "nearest", "spelt"]


class Refused(ValueError):
    """A request that can't work; the text names the variable and says why."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONNECTOR = _words(
    "address port redirectPort scheme secure URIEncoding useBodyEncodingForURI maxParameterCount "
    "maxPostSize proxyName proxyPort allowTrace asyncTimeout enableLookups encodedSolidusHandling "
    "parseBodyMethods maxSavePostSize xpoweredBy useIPVHosts acceptCount acceptorThreadPriority "
    "bindOnInit connectionLinger connectionTimeout executor keepAliveTimeout maxConnections maxThreads "
    "minSpareThreads processorCache tcpNoDelay threadPriority threadsMaxIdleTime useVirtualThreads "
    "rejectSuspiciousURIs maxPartCount maxPartHeaderSize maxCookieCount allowBackslash"
)
HTTP = CONNECTOR | _words(
    "compression compressionMinSize compressibleMimeType noCompressionUserAgents connectionUploadTimeout "
    "disableUploadTimeout maxHttpHeaderSize maxHttpRequestHeaderSize maxHttpResponseHeaderSize "
    "maxKeepAliveRequests maxSwallowSize relaxedPathChars relaxedQueryChars rejectIllegalHeader "
    "restrictedUserAgents server serverRemoveAppProvidedValues maxExtensionSize maxTrailerSize "
    "maxHeaderCount allowedTrailerHeaders SSLEnabled useKeepAliveResponseHeader continueResponseTiming "
    "noCompressionEncodings compressionLevel"
)
AJP = CONNECTOR | _words(
    "allowedRequestAttributesPattern packetSize tomcatAuthentication tomcatAuthorization ajpFlush "
    "clientCertProvider maxHeaderCount"
)
EXECUTOR = _words(
    "maxThreads minSpareThreads maxIdleTime maxQueueSize prestartminSpareThreads daemon threadPriority "
    "namePrefix threadRenewalDelay"
)
MANAGER = _words(
    "expireSessionsOnShutdown notifyListenersOnReplication maxInactiveInterval sessionIdLength "
    "maxActiveSessions processExpiresFrequency secureRandomClass secureRandomAlgorithm "
    "secureRandomProvider recordAllActions sessionAttributeNameFilter "
    "sessionAttributeValueClassNameFilter warnOnSessionAttributeFilterFailure persistAuthentication "
    "notifySessionAttributeListenersOnReplication notifyContainerListenersOnReplication"
)
DELTA = MANAGER | _words(
    "stateTransferTimeout sendAllSessions sendAllSessionsSize sendAllSessionsWaitTime stateTimestampDrop "
    "enableStatistics"
)
BACKUP = MANAGER | _words("mapSendOptions rpcTimeout terminateOnStartFailure accessTimeout")
MULTICAST = _words(
    "address port frequency dropTime bind ttl domain soTimeout recoveryEnabled recoveryCounter "
    "recoverySleepTime localLoopbackDisabled"
)
STATIC = _words("expirationTime connectTimeout rpcTimeout useThread pingInterval")
RECEIVER = _words(
    "autoBind selectorTimeout maxThreads minThreads maxIdleTime ooBInline rxBufSize txBufSize soKeepAlive "
    "soLingerOn soLingerTime soReuseAddress soTrafficClass tcpNoDelay timeout useBufferPool udpPort "
    "udpRxBufSize udpTxBufSize"
)
TRANSPORT = _words(
    "timeout poolSize maxWait maxRetryAttempts rxBufSize txBufSize directBuffer keepAliveCount "
    "keepAliveTime ooBInline soKeepAlive soLingerOn soLingerTime soReuseAddress soTrafficClass tcpNoDelay "
    "throwOnFailedAck removeSuspectsTimeout"
)
FARM = _words("deployDir tempDir watchDir watchEnabled processDeployFrequency maxValidTime")

_GROUP = "org.apache.catalina.tribes.group.interceptors."
#: Short name -> class and its attributes.
INTERCEPTORS: Mapping[str, tuple[str, frozenset[str]]] = {
    "TcpFailureDetector": (
        f"{_GROUP}TcpFailureDetector",
        _words(
            "connectTimeout performConnectTest performSendTest performReadTest readTestTimeout "
            "removeSuspectsTimeout optionFlag"
        ),
    ),
    "MessageDispatchInterceptor": (
        f"{_GROUP}MessageDispatchInterceptor",
        _words("optionFlag maxThreads maxSpareThreads keepAliveTime alwaysSend maxQueueSize useDeepClone"),
    ),
    "TcpPingInterceptor": (f"{_GROUP}TcpPingInterceptor", _words("interval useThread staticOnly")),
    "ThroughputInterceptor": (f"{_GROUP}ThroughputInterceptor", _words("interval")),
    "EncryptInterceptor": (f"{_GROUP}EncryptInterceptor", _words("encryptionAlgorithm encryptionKey providerName")),
    "OrderInterceptor": (f"{_GROUP}OrderInterceptor", _words("expire maxQueue forwardExpired")),
    "FragmentationInterceptor": (f"{_GROUP}FragmentationInterceptor", _words("expire maxSize")),
    "GzipInterceptor": (f"{_GROUP}GzipInterceptor", _words("compressionMinSize")),
    "DomainFilterInterceptor": (f"{_GROUP}DomainFilterInterceptor", _words("domain logInterval")),
}
#: What tutorials for Tomcat 5 and 6 name, and what it is today; '' for what is gone because its work is done elsewhere.
FORMER: Mapping[str, str] = {
    "MessageDispatch15Interceptor": "MessageDispatchInterceptor",
    "AsyncSocketSender": "",
    "JvmRouteSessionIDBinderListener": "",
}
#: Short name -> class of valves that are often wanted; others are given by their full class name.
VALVES: Mapping[str, str] = {
    "AccessLogValve": "org.apache.catalina.valves.AccessLogValve",
    "ExtendedAccessLogValve": "org.apache.catalina.valves.ExtendedAccessLogValve",
    "RemoteIpValve": "org.apache.catalina.valves.RemoteIpValve",
    "RemoteAddrValve": "org.apache.catalina.valves.RemoteAddrValve",
    "RemoteHostValve": "org.apache.catalina.valves.RemoteHostValve",
    "RemoteCIDRValve": "org.apache.catalina.valves.RemoteCIDRValve",
    "ErrorReportValve": "org.apache.catalina.valves.ErrorReportValve",
    "StuckThreadDetectionValve": "org.apache.catalina.valves.StuckThreadDetectionValve",
    "HealthCheckValve": "org.apache.catalina.valves.HealthCheckValve",
    "CrawlerSessionManagerValve": "org.apache.catalina.valves.CrawlerSessionManagerValve",
    "SemaphoreValve": "org.apache.catalina.valves.SemaphoreValve",
    "RewriteValve": "org.apache.catalina.valves.rewrite.RewriteValve",
    "SSLValve": "org.apache.catalina.valves.SSLValve",
    "LoadBalancerDrainingValve": "org.apache.catalina.valves.LoadBalancerDrainingValve",
    "PersistentValve": "org.apache.catalina.valves.PersistentValve",
    "SingleSignOn": "org.apache.catalina.authenticator.SingleSignOn",
    "ClusterSingleSignOn": "org.apache.catalina.ha.authenticator.ClusterSingleSignOn",
}


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a word that nobody knows: the nearest one, or all."""
    names = sorted(choices)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), folded, n=1)
    return f"did you mean {folded[close[0]]}?" if close else f"known: {', '.join(names)}"


def known(where: str, word: str, choices: Iterable[str]) -> str:
    """Return the word if it is one of the choices. Raises Refused with the nearest one."""
    names = list(choices)
    if word not in names:
        raise Refused(f"{where}: nobody knows {word!r}, {nearest(word, names)}")
    return word


def spelt(value: Any) -> str:
    """Return a value as an XML attribute has it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def attributes(where: str, given: Mapping[str, Any], choices: Iterable[str]) -> dict[str, str]:
    """Return attributes as text, null ones left out. Raises Refused for names that are not among the choices."""
    names = list(choices)
    return {known(where, str(key), names): spelt(value) for key, value in given.items() if value is not None}
