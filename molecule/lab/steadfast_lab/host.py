# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host must have, what the driver changes on it, and how that is undone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from .errors import LabError, say
from .identity import user_cache
from .state import write_private

# Command -> Debian package.
REQUIRED = {
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "sysctl": "procps",
}
# Every systemd takes some ten inotify instances, and all of root's share one limit (kernel default: 128).
# Elasticsearch refuses to start below the third, which a container cannot set for itself.
SYSCTLS = {
    "fs.inotify.max_user_instances": 1024,
    "fs.inotify.max_user_watches": 262144,
    "vm.max_map_count": 262144,
}


def require_root() -> None:
    """LabError unless the driver may make containers and namespaces."""
    if os.geteuid() != 0:
        raise LabError("the lab makes network namespaces and system containers, which needs root; run it with sudo")


def missing_packages() -> list[str]:
    """Return the Debian packages that are needed and not there."""
    missing = {package for command, package in REQUIRED.items() if not shutil.which(command)}
    if not shutil.which("podman") and not shutil.which("docker"):
        missing.add("podman")
    return sorted(missing)


def _sysctl_path(name: str) -> Path:
    return Path("/proc/sys") / name.replace(".", "/")


def _record() -> Path:
    return user_cache() / "host-changes.json"


def raise_limits() -> None:
    """Raise the host's limits where they are too low, and remember what they were."""
    try:
        changes: dict[str, dict[str, int]] = json.loads(_record().read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        changes = {}
    for name, wanted in SYSCTLS.items():
        path = _sysctl_path(name)
        present = int(path.read_text(encoding="ascii"))
        if present >= wanted:
            continue
        before = changes.get(name, {}).get("before", present)
        changes[name] = {"before": before, "set": wanted}
        # Recorded first: a change that is not on record could not be undone.
        write_private(_record(), json.dumps(changes, indent=2) + "\n")
        try:
            path.write_text(str(wanted), encoding="ascii")
        except OSError as error:
            say(f"cannot raise {name} from {present} ({error.strerror}); labs of more than a few nodes may not boot")


def restore() -> list[str]:
    """Put back what `raise_limits` changed, unless somebody else has changed it since; return sentences about it."""
    try:
        changes = json.loads(_record().read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    told = []
    for name, change in changes.items():
        path = _sysctl_path(name)
        if int(path.read_text(encoding="ascii")) == change["set"]:
            path.write_text(str(change["before"]), encoding="ascii")
            told.append(f"{name} is {change['before']} again")
        else:
            told.append(f"{name} was changed by somebody else since and stays as it is")
    _record().unlink()
    return told
