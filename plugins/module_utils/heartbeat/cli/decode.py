# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``decode``: recorded datagrams as JSON, one object per file and line.

Unlike the daemon it shows the fields of a datagram that nobody we know signed, too: ``ok`` and
``auth.valid`` say what to think of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, TextIO

from ..settings.authkeys import parse_authkeys
from ..settings.model import KeyRing
from ..settings.text import decode
from ..wire import codec
from ..wire.compression import PAYLOAD, decompress
from ..wire.digest import verify
from ..wire.errors import WireError
from ..wire.limits import MAX_DATAGRAM
from ..wire.message import STRING, Message

#: exit codes
OK, BAD_DATAGRAM, BAD_KEYS = 0, 1, 6


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "decode",
        help="show recorded datagrams as JSON",
        description="Print one JSON object per datagram and line. Exit code 1 if any is not authentic and well-formed.",
    )
    parser.add_argument("--authkeys", required=True, metavar="FILE", help="the cluster's authkeys file")
    parser.add_argument("datagrams", nargs="+", metavar="DATAGRAM", help="file with the bytes of one datagram")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0: all are good, 1: at least one is not, 6: authkeys can't be used."""
    keyring = _keyring(args.authkeys, sys.stderr)
    if keyring is None:
        return BAD_KEYS
    good = True
    for name in args.datagrams:
        line = _describe_file(name, keyring)
        sys.stdout.write(json.dumps(line) + "\n")
        good = good and bool(line["ok"])
    return OK if good else BAD_DATAGRAM


def describe(datagram: bytes, keyring: KeyRing) -> dict[str, Any]:
    """Everything that can be said of a datagram (without ``file``): ok, error, auth, compressed, fields.

    Binary values are lower-case hex. Of fields with the same name the first one is shown, as receivers see it.
    """
    auth: dict[str, Any] = {"id": None, "method": None, "valid": False}
    line: dict[str, Any] = {"ok": False, "error": None, "auth": auth, "compressed": None, "fields": {}}
    try:
        parts = codec.split(datagram)
        key = keyring.key(parts.stamp.id)
        auth.update(id=parts.stamp.id, method=None if key is None else key.method.value)
        try:
            verify(keyring, parts.stamp, parts.signed)
            auth["valid"] = True
        except WireError as error:
            line["error"] = error.text
        message = codec.parse(datagram, parts)
        if message.has(PAYLOAD):
            line["compressed"], plain = decompress(message)
            message = codec.parse_plain(plain)
        line["fields"] = _fields(message)
    except WireError as error:
        line["error"] = line["error"] or error.text
    line["ok"] = line["error"] is None
    return line


def _fields(message: Message) -> dict[str, str]:
    fields: dict[str, str] = {}
    for item in message:
        text = item.value.decode("utf-8", "backslashreplace") if item.type == STRING else item.value.hex()
        fields.setdefault(item.name, text)
    return fields


def _describe_file(name: str, keyring: KeyRing) -> dict[str, Any]:
    try:
        with Path(name).open("rb") as file:
            datagram = file.read(MAX_DATAGRAM + 1)
    except OSError as error:
        nobody = {"id": None, "method": None, "valid": False}
        why = error.strerror or str(error)
        return {"file": name, "ok": False, "error": why, "auth": nobody, "compressed": None, "fields": {}}
    return {"file": name, **describe(datagram, keyring)}


def _keyring(name: str, stderr: TextIO) -> KeyRing | None:
    try:
        text = decode(Path(name).read_bytes())
    except OSError as error:
        stderr.write(f"{name}:1:1: error: {error.strerror or error}\n")
        return None
    found = parse_authkeys(text, file=name)
    if found.keyring is None:
        for diagnostic in found.diagnostics:
            stderr.write(f"{diagnostic}\n")
    return found.keyring
