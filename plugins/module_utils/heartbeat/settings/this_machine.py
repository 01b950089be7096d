# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that this program runs on, asked without executing anything."""

from __future__ import annotations

import array
import fcntl
import glob
import ipaddress
import os
import pwd
import socket
import stat
import struct

from . import staticnet
from .machine import LocalAddress, LocalNetwork, Machine, NetworkFile
from .resolve import INIT_D, RESOURCE_D
from .text import decode

_UNIT_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/run/systemd/generator.late",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
_CONTROL_SOCKET = "/run/heartbeat/control.sock"
_SIOCGIFCONF = 0x8912  # linux/sockios.h
_IFREQ = struct.Struct("16s16s8x") if struct.calcsize("P") == 8 else struct.Struct("16s16s")  # struct ifreq, net/if.h
_MOST_ADDRESSES = 4096
_LARGEST_FILE = 1 << 20


class ThisMachine(Machine):
    """Answers from /proc, /etc and ioctls of the network namespace that the process is in."""

    def __init__(self, config_directory: str = "/etc/ha.d") -> None:
        self._config_directory = config_directory

    def interfaces(self) -> tuple[str, ...]:
        """Interfaces in the order of their index."""
        try:
            return tuple(name for _index, name in sorted(socket.if_nameindex()))
        except OSError:
            return ()

    def addresses(self) -> tuple[LocalAddress, ...]:
        """IPv4 with alias labels (SIOCGIFCONF), then IPv6 (/proc/net/if_inet6)."""
        found = [LocalAddress(ip, label) for label, ip in _ipv4_addresses()]
        for fields in _rows("/proc/net/if_inet6"):
            found.append(LocalAddress(str(ipaddress.IPv6Address(int(fields[0], 16))), fields[5]))
        return tuple(found)

    def networks(self) -> tuple[LocalNetwork, ...]:
        """Routes without a gateway, except default routes."""
        found = []
        for fields in _rows("/proc/net/route")[1:]:
            target, gateway, mask = (int(fields[index], 16) for index in (1, 2, 7))
            if gateway == 0 and mask != 0:
                bits = bin(mask).count("1")
                # the kernel prints the network byte order as a native integer
                address = ipaddress.IPv4Address(struct.pack("=I", target))
                found.append(LocalNetwork(f"{address}/{bits}", fields[0]))
        for fields in _rows("/proc/net/ipv6_route"):
            bits, flags = int(fields[1], 16), int(fields[8], 16)
            if int(fields[4], 16) == 0 and 0 < bits < 128 and not flags & 0x80000000:  # RTF_LOCAL
                address6 = ipaddress.IPv6Address(int(fields[0], 16))
                found.append(LocalNetwork(f"{address6}/{bits}", fields[9]))
        return tuple(found)

    def network_files(self) -> tuple[NetworkFile, ...]:
        """Readable files among ``staticnet.PATTERNS``, without backups of editors."""
        found = []
        for path in (path for pattern in staticnet.PATTERNS for path in sorted(glob.glob(pattern))):
            if path.endswith(("~", ".bak", ".orig", ".rpmsave", ".rpmnew", ".dpkg-old", ".dpkg-dist")):
                continue
            try:
                with open(path, "rb") as file:
                    found.append(NetworkFile(path, decode(file.read(_LARGEST_FILE))))
            except OSError:
                continue
        return tuple(found)

    def user_exists(self, name: str) -> bool:
        """By the name service, without which the daemon could not start a client either."""
        try:
            pwd.getpwnam(name)
        except KeyError:
            return False
        return True

    def is_executable(self, path: str) -> bool:
        """Any execute bit counts, as for the C daemon: scripts run as root."""
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError):
            return False
        return stat.S_ISREG(mode) and bool(mode & 0o111)

    def has_unit(self, unit: str) -> bool:
        """By systemd's directories; an instance (``a@b.service``) needs its template."""
        names = {unit}
        if "@" in unit:
            names.add(unit.partition("@")[0] + "@.service")
        return any(
            os.path.exists(os.path.join(directory, name)) and not _masked(os.path.join(directory, name))
            for directory in _UNIT_DIRECTORIES
            for name in names
        )

    def service_names(self) -> tuple[str, ...]:
        """Everything that a word of haresources could name here."""
        names = dict.fromkeys(_listed(os.path.join(self._config_directory, RESOURCE_D)))
        names.update(dict.fromkeys(_listed(INIT_D)))
        for directory in _UNIT_DIRECTORIES:
            units = (name for name in _listed(directory) if name.endswith(".service"))
            names.update(dict.fromkeys(name[: -len(".service")] for name in units))
        return tuple(names)

    def runs_daemon(self) -> bool:
        """Whether somebody answers at the control socket, or the C daemon's process is there."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(1)
            try:
                control.connect(_CONTROL_SOCKET)
            except OSError:
                pass
            else:
                return True
        try:
            with open("/run/heartbeat.pid", encoding="ascii") as file:
                return os.path.exists(f"/proc/{int(file.read(20))}")
        except (OSError, ValueError):
            return False


def _masked(path: str) -> bool:
    return os.path.realpath(path) == "/dev/null"


def _listed(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _rows(path: str) -> list[list[str]]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return [line.split() for line in file]
    except OSError:
        return []


def _ipv4_addresses() -> list[tuple[str, str]]:
    """``(label, address)`` of every IPv4 address; the label is the alias where there is one."""
    buffer = array.array("B", bytes(_IFREQ.size * _MOST_ADDRESSES))
    request = struct.pack("iL", len(buffer), buffer.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFCONF, request)
        except OSError:
            return []
    used = struct.unpack("iL", answer)[0]
    found = []
    for offset in range(0, used, _IFREQ.size):
        label, address = _IFREQ.unpack_from(buffer, offset)
        found.append((label.split(b"\0", 1)[0].decode("ascii", "replace"), socket.inet_ntoa(address[4:8])))
    return found
