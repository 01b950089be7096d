# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user in one web session: does it survive, with everything that was put into it?

Every attempt asks for ``path``, in which ``{number}`` stands for the number of the attempt, and sends the session
cookie back. A server that starts another session has lost the first: the attempt counts as wrong. ``read_path``
prints the numbers that the session knows in the end, separated by white space.

A user waits for an answer before the next click. So no two attempts are under way at once: one that is due while
another waits counts as unanswered, too.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from typing import Any

from ..model import Outcome
from .http import HttpCheck, HttpProber, tls_context
from .http_wire import Response
from .spec import ProbeSpec
from .writes import ReadError, WriteProber

__all__ = ["SessionProber", "cookie_file", "read_session"]

READ_SECONDS = 30


def cookie_file(run_id: str, name: str) -> str:
    """Where a probe keeps its cookies, for reading back: in the folder of its run."""
    return f"/var/tmp/steadfast-drill-{os.geteuid()}/{run_id}/session-{name}.json"


class SessionCheck(HttpCheck):
    """An HttpCheck that knows its session again. A route behind a dot may change, the session may not."""

    def __init__(self, spec: ProbeSpec, path: str) -> None:
        super().__init__({**spec.options, "session": True}, spec.target, spec.port)
        self.name = str(spec.options.get("session_cookie") or "JSESSIONID")
        self.kept = path
        self.known = ""

    def judge(self, response: Response) -> tuple[Outcome, dict[str, Any]]:
        """As HttpCheck does, and whether it is still the same session."""
        before = dict(self.cookies)
        outcome, detail = super().judge(response)
        session = self.cookies.get(self.name, "").split(".", 1)[0]
        if self.cookies != before:
            self._keep()
        if not session:
            return (
                (Outcome.WRONG, {**detail, "why": f"no cookie {self.name}"})
                if outcome is Outcome.OK
                else (outcome, detail)
            )
        known, self.known = self.known, session
        if known and known != session:
            return Outcome.WRONG, {**detail, "lost_session": True, "why": "the session is lost, another one began"}
        return outcome, detail

    def _keep(self) -> None:
        os.makedirs(os.path.dirname(self.kept), mode=0o700, exist_ok=True)
        with open(os.open(self.kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.cookies, file)


class SessionProber(HttpProber, WriteProber):
    """One user. Options are those of ``http``, and ``read_path`` and ``session_cookie``."""

    def open(self) -> None:
        """Begin without a session."""
        super().open()
        self.template = str(self.spec.options["path"])
        self.check = SessionCheck(self.spec, cookie_file(self.run_id, self.spec.name))

    def send(self, seq: int) -> None:
        """Ask, unless the answer before is still due."""
        if self.connections:
            (before,) = self.connections
            self.hub.done(seq, Outcome.TIMEOUT, {"why": "still waiting for the answer before", "waits_for": before})
            return
        self.check.path = self.template.replace("{number}", str(seq))
        super().send(seq)


def read_session(spec: ProbeSpec, run_id: str) -> list[int]:
    """Ask for ``read_path`` in the session of the probe and return its numbers. Raises ReadError."""
    try:
        with open(cookie_file(run_id, spec.name), encoding="utf-8") as file:
            cookies: Mapping[str, str] = json.load(file)
    except (OSError, ValueError) as error:
        raise ReadError(f"the session is not known: {error}") from None
    check = HttpCheck(spec.options, spec.target, spec.port)
    context = tls_context(spec.options)
    connection = (
        http.client.HTTPSConnection(spec.target, check.port, timeout=READ_SECONDS, context=context)
        if context
        else http.client.HTTPConnection(spec.target, check.port, timeout=READ_SECONDS)
    )
    path = spec.options["read_path"]
    sent = {"Host": check.host, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    try:
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        words = answer.read().decode("utf-8", "replace").split()
    except (http.client.HTTPException, OSError) as error:
        raise ReadError(f"{path}: {error}") from None
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ReadError(f"{path}: {answer.status} {answer.reason}")
    if not all(word.isdigit() for word in words):
        raise ReadError(f"{path} says something else than numbers: {' '.join(words)[:60]!r}")
    return [int(word) for word in words]
