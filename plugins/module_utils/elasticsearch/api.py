# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elasticsearch's HTTP interface, with the standard library. The only file that opens connections."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import urlencode

__all__ = ["Access", "ApiError", "Client", "Unreachable"]


class Unreachable(OSError):
    """Nobody answered in time."""


class ApiError(RuntimeError):
    """The node answered with an error. status: of HTTP; kind: Elasticsearch's own word for it."""

    def __init__(self, where: str, status: int, answer: Any) -> None:
        error = answer.get("error") if isinstance(answer, dict) else None
        self.status = status
        self.kind = str(error.get("type", "")) if isinstance(error, dict) else ""
        reason = str(error.get("reason", "")) if isinstance(error, dict) else str(error or answer)[:300]
        super().__init__(f"{where}: {status} {self.kind} {reason}".rstrip())


@dataclass(frozen=True)
class Access:
    """How to get in. password is never part of a message."""

    is_tls: bool = False
    ca_file: str = ""
    verifies: bool = True
    user: str = ""
    password: str = ""
    timeout: float = 10.0

    def context(self) -> Optional[ssl.SSLContext]:
        """For TLS. Raises OSError for a file that can't be read."""
        if not self.is_tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if not self.verifies:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class Client:
    """One node. Every call is one connection: nodes go away in the middle of what we do."""

    def __init__(self, host: str, port: int, access: Access) -> None:
        self.host = host
        self.port = port
        self.access = access

    def call(
        self, method: str, path: str, body: Any = None, query: Optional[Mapping[str, Any]] = None, patience: float = 0
    ) -> Any:
        """The answer as data, or as text where it is none. patience: seconds more than usual, for what waits there.

        Raises Unreachable, ApiError.
        """
        where = f"{method} {path} at {self.host}:{self.port}"
        timeout = self.access.timeout + patience
        try:
            context = self.access.context()
        except OSError as error:
            raise Unreachable(f"{where}: {self.access.ca_file}: {error.strerror or error}") from None
        connection = (
            http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context)
            if context
            else http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        )
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.access.user:
            pair = f"{self.access.user}:{self.access.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        try:
            target = path + ("?" + urlencode(query) if query else "")
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{where}: {str(error) or type(error).__name__}") from None
        finally:
            connection.close()
        try:
            data: Any = json.loads(text) if text else None
        except ValueError:
            data = text
        if status >= 400:
            raise ApiError(where, status, data)
        return data
