# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Apache side: jk.conf, virtual hosts with their mounts, uriworkermap.properties."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Union

from ..words import Refused, nearest
from .workers import Workers

__all__ = ["jk_conf", "load_conf", "mount", "mounts_of", "place", "revision", "site_conf", "uri_map", "written"]

LEVELS = ("trace", "debug", "info", "warn", "error")
_PATH = re.compile(r"!?/[^\s\"']*")
_SECRET = re.compile(r"(?m)^worker\.[^.=]+\.secret=.*$")
_ROUNDS = 100_000
_SAFE = re.compile(r"[^\x00-\x1f\x7f\"]*")


def written(where: str, given: Union[str, Mapping[str, Any]], default: str) -> tuple[str, str]:
    """Return (path, worker) of a mount: a dictionary, or text as in httpd.conf, e.g. "JkMount /*.jsp loadbalancer".

    Raises Refused for paths that Apache would not match.
    """
    if isinstance(given, Mapping):
        path, worker = str(given.get("path") or ""), str(given.get("worker") or default)
    else:
        parts = str(given).split()
        if parts and parts[0].lower() in ("jkmount", "jkunmount"):
            parts = parts[1:]
        if not 1 <= len(parts) <= 2:
            raise Refused(f"{where}: expected a path and a worker, found {given!r}")
        path, worker = parts[0], (parts[1] if len(parts) == 2 else default)
    if not _PATH.fullmatch(path):
        raise Refused(f"{where}: a path begins with / and has no white space, not {path!r}")
    return path, worker


def mount(where: str, given: Union[str, Mapping[str, Any]], default: str, workers: Workers) -> tuple[str, str]:
    """Return (path, worker) of a mount. Raises Refused, also for a worker that does not exist."""
    path, worker = written(where, given, default)
    if worker not in workers:
        raise Refused(f"{where}: there is no worker {worker!r}, {nearest(worker, workers)}")
    return path, worker


def mounts_of(request: Mapping[str, Any], workers: Workers) -> list[str]:
    """Return the workers that are mounted anywhere. Raises Refused."""
    found = []
    for site in request["sites"]:
        where = f"site {site.get('name')}"
        found += [mount(where, entry, request["balancer"], workers)[1] for entry in site.get("mounts") or []]
    found += [mount("mod_jk_uri_map", entry, request["balancer"], workers)[1] for entry in request["uri_map"]]
    return found


def _quoted(where: str, value: Any) -> str:
    text = str(value)
    if not _SAFE.fullmatch(text):
        raise Refused(f"{where}: a value can't have quotation marks or control characters: {text!r}")
    return f'"{text}"'


def place(address: Any, port: Any) -> str:
    """Return address and port as URLs and Apache want them, an IPv6 address in brackets."""
    text = str(address)
    return f"[{text}]:{int(port)}" if ":" in text and not text.startswith("[") else f"{text}:{int(port)}"


def revision(texts: Sequence[str]) -> str:
    """Return a word for the content of files.

    It stands where everybody may read it. Secrets count, or else nobody could tell when a new one is read, with two
    bytes that are slow to work out: too little to find one by.
    """
    told = "\0".join(_SECRET.sub("", text) for text in texts)
    secrets = "\0".join(match for text in texts for match in _SECRET.findall(text))
    slow = hashlib.pbkdf2_hmac("sha256", secrets.encode(), told.encode(), _ROUNDS)
    return hashlib.sha256(told.encode()).hexdigest()[:12] + slow.hex()[:4]


def jk_conf(request: Mapping[str, Any], directory: str, mark: str = "") -> str:
    """Return jk.conf, what holds for the whole server.

    directory: where the role's files are; mark: revision of the other files. The status worker answers below its path
    under the mark too, so that whoever waits for a reload asks there, and is not answered by what was loaded before.
    """
    level = str(request["log_level"]).lower()
    if level not in LEVELS:
        raise Refused(f"mod_jk_log_level: nobody knows {level!r}, {nearest(level, LEVELS)}")
    status = request["status"]
    lines = [
        "# Ansible managed: role steadfast.ha.mod_jk",
        f"JkWorkersFile {directory}/workers.properties",
        f"JkLogFile {_quoted('mod_jk_log_file', request['log_file'])}",
        f"JkLogLevel {level}",
        f"JkShmFile {request['shm_file']}",
        # idle connections are checked and lost workers tried again by a thread, not at a visitor's expense
        f"JkWatchdogInterval {int(request['maintain_seconds'])}",
    ]
    if request["request_log_format"]:
        lines.append(f"JkRequestLogFormat {_quoted('mod_jk_request_log_format', request['request_log_format'])}")
    if request["options"]:
        lines.append("JkOptions " + " ".join(str(word) for word in request["options"]))
    if str(status["address"]) == "*":
        raise Refused("mod_jk_status: address '*' is none that can be asked, write 0.0.0.0 for all of a balancer's own")
    shown = place(status["address"], status["port"])
    paths = [status["path"], *([f"{str(status['path']).rstrip('/')}/{mark}"] if mark else [])]
    # the balancer itself always: waiting for a reload and draining ask from there
    access = ["local", *([" ".join(["ip", *status["allow"]])] if status["allow"] else [])]
    lines += [
        "",
        f"Listen {shown}",
        f"<VirtualHost {shown}>",
        "    ServerName mod-jk-status",
        *[f"    JkMount {path} {request['status_worker']}" for path in paths],
        f"    <Location {status['path']}>",
        *[f"        Require {who}" for who in access],
        "    </Location>",
        "</VirtualHost>",
    ]
    return "\n".join(lines) + "\n"


def load_conf(module: str) -> str:
    """Return the file that loads mod_jk. module: its path."""
    return f"# Ansible managed: role steadfast.ha.mod_jk\nLoadModule jk_module {module}\n"


def site_conf(site: Mapping[str, Any], request: Mapping[str, Any], workers: Workers, directory: str) -> str:
    """Return a virtual host. Raises Refused."""
    name = str(site.get("name") or "")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise Refused(f"mod_jk_sites: a name has letters, digits, dots, - and _, not {name!r}")
    where = f"site {name}"
    lines = [
        "# Ansible managed: role steadfast.ha.mod_jk",
        f"<VirtualHost {place(site.get('address') or '*', site.get('port') or 80)}>",
    ]
    if site.get("server_name"):
        lines.append(f"    ServerName {_quoted(where, site['server_name'])}")
    lines += [f"    ServerAlias {_quoted(where, alias)}" for alias in site.get("server_aliases") or []]
    if site.get("document_root"):
        lines.append(f"    DocumentRoot {_quoted(where, site['document_root'])}")
    for keyword, key in (("JkMount", "mounts"), ("JkUnMount", "unmounts")):
        for entry in site.get(key) or []:
            path, worker = mount(f"{where}: {key}", entry, request["balancer"], workers)
            lines.append(f"    {keyword} {path} {worker}")
    if request["uri_map"]:
        lines += [f"    JkMountFile {directory}/uriworkermap.properties", "    JkMountFileReload 0"]
    lines += [f"    {line}" if line else "" for line in str(site.get("extra") or "").splitlines()]
    return "\n".join([*lines, "</VirtualHost>"]) + "\n"


def uri_map(entries: Sequence[Union[str, Mapping[str, Any]]], default: str, workers: Workers) -> str:
    """Return uriworkermap.properties. Raises Refused."""
    lines = ["# Ansible managed: role steadfast.ha.mod_jk"]
    for entry in entries:
        path, worker = mount("mod_jk_uri_map", entry, default, workers)
        lines.append(f"{path}={worker}")
    return "\n".join(lines) + "\n"
