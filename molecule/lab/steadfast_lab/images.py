# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node images, built on this machine with mmdebstrap from Debian's archive.

A node is a bare Debian machine that Ansible can reach: init, Python, network tools. Everything under test is installed
by the roles. The tag carries a hash of the recipe, so a changed recipe is a new image and an unchanged one is shared
by all checkouts of the machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .cache import PackageCache, mirror, serve_locally
from .engine import Engine
from .errors import LabError, say
from .identity import user_cache
from .run import run

REPOSITORY = "localhost/steadfast-lab"
PACKAGES = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "iputils-ping",
    "kmod",
    "nftables",
    "procps",
    "python3",
    # Ansible's apt module works in check mode only where this is there already, as on an installed Debian.
    "python3-apt",
    "systemd",
    "systemd-sysv",
)
# Units that belong to hardware or to the kernel: in a container they fail, or would touch the host.
MASKED = (
    "systemd-modules-load.service",
    "systemd-udevd.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udev-trigger.service",
    "systemd-binfmt.service",
    "systemd-hwdb-update.service",
    "systemd-firstboot.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "dev-hugepages.mount",
    "getty.target",
    "console-getty.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "dpkg-db-backup.timer",
)
FILES = {
    # A container's disk is the host's page cache; losing it in a host crash loses nothing.
    "/etc/dpkg/dpkg.cfg.d/steadfast-lab": "force-unsafe-io\npath-exclude=/usr/share/man/*\n"
    "path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\npath-exclude=/usr/share/locale/*\n",
    "/etc/apt/apt.conf.d/00steadfast-lab": 'Acquire::Languages "none";\nAcquire::Retries "3";\n'
    'APT::Periodic::Enable "0";\n',
    "/etc/systemd/journald.conf.d/steadfast-lab.conf": "[Journal]\nStorage=persistent\nSystemMaxUse=64M\n"
    "ReadKMsg=no\nAudit=no\n",
    "/etc/hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n",
}
RECIPE_VERSION = 1


def sources(release: str) -> list[str]:
    """Return the apt source lines of a release, and nothing but Debian's."""
    base = mirror()
    root = base.rsplit("/", 1)[0]
    return [
        f"deb {base} {release} main",
        f"deb {base} {release}-updates main",
        f"deb {root}/debian-security {release}-security main",
    ]


def recipe(release: str) -> dict[str, object]:
    """Return everything that decides what is in the image."""
    return {
        "version": RECIPE_VERSION,
        "release": release,
        "sources": sources(release),
        "packages": PACKAGES,
        "masked": MASKED,
        "files": FILES,
    }


def image_name(release: str) -> str:
    """Return the image's full name, with the hash of its recipe as part of the tag."""
    text = json.dumps(recipe(release), sort_keys=True)
    return f"{REPOSITORY}:{release}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _keyring(release: str) -> Path:
    """Return the keyring that verifies the release; the host's own must know the release's key."""
    directory = Path("/usr/share/keyrings")
    if not (directory / f"debian-archive-{release}-automatic.gpg").exists():
        raise LabError(
            f"the host's debian-archive-keyring does not know Debian {release}; run: "
            "apt-get update && apt-get install debian-archive-keyring (bookworm: 2023.3+deb12u2 or newer)"
        )
    return directory / "debian-archive-keyring.gpg"


def mmdebstrap_command(release: str, target: str, files_root: str, keyring: Path) -> list[str]:
    """Return the command that writes the root file system of a release to the tar file `target`."""
    command = [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        f"--keyring={keyring}",
        '--aptopt=Acquire::Languages "none"',
        # Files go in before the packages, so that dpkg leaves out documentation from the start.
        f"--setup-hook=copy-in {files_root}/etc /",
        f'--customize-hook=chroot "$1" systemctl mask {" ".join(MASKED)}',
        '--customize-hook=: >"$1/etc/machine-id"',
        '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf" "$1/etc/apt/apt.conf.d/99mmdebstrap"',
        f'--customize-hook=cp {files_root}/etc/hosts "$1/etc/hosts"',
        release,
        target,
    ]
    return command + sources(release)


def ensure_image(engine: Engine, release: str) -> str:
    """Return the name of the release's image, building it first where it is missing (a minute at most).

    One build at a time per user: a second caller waits and then finds the image.
    """
    image = image_name(release)
    if engine.image_exists(image):
        return image
    user_cache().mkdir(parents=True, exist_ok=True)
    with open(user_cache() / "images.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if engine.image_exists(image):
            return image
        say(f"building the node image for Debian {release} (once per machine) …")
        with tempfile.TemporaryDirectory(prefix="steadfast-image-", dir="/var/tmp") as work:
            _write_files(Path(work) / "files", FILES)
            # mmdebstrap's apt runs as its own user and must reach the files.
            os.chmod(work, 0o755)
            target = f"{work}/root.tar"
            with serve_locally(PackageCache()) as proxy:
                run(
                    mmdebstrap_command(release, target, f"{work}/files", _keyring(release)),
                    timeout=900,
                    env={"http_proxy": proxy, "TMPDIR": "/var/tmp"},
                )
            say(f"importing {image} …")
            engine.import_image(target, image)
    return image


def _write_files(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def remove_images(engine: Engine) -> tuple[Sequence[str], Sequence[str]]:
    """Remove all lab images; return those removed and those another lab still uses."""
    removed: list[str] = []
    kept: list[str] = []
    for image in engine.images(REPOSITORY):
        (removed if engine.remove_image(image) else kept).append(image)
    return removed, kept
