# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory there is: the host's, or a container's."""

from __future__ import annotations

from node import memory

MB = 1024**2
HOST = {"/proc/meminfo": "MemTotal:       16384000 kB\nMemFree: 1 kB\n"}


def test_a_host_has_what_it_has() -> None:
    assert memory.available(HOST.get) == memory.Memory(16384000 * 1024, "/proc/meminfo")


def test_the_limit_of_a_version_2_group_counts() -> None:
    files = {"/proc/1/cgroup": "0::/init.scope\n", "/sys/fs/cgroup/memory.max": f"{512 * MB}\n"}
    assert memory.available({**HOST, **files}.get) == memory.Memory(512 * MB, "/sys/fs/cgroup/memory.max")


def test_the_limit_of_a_group_above_counts() -> None:
    files = {
        "/proc/1/cgroup": "0::/pod/container\n",
        "/sys/fs/cgroup/pod/memory.max": f"{256 * MB}\n",
        "/sys/fs/cgroup/pod/container/memory.max": "max\n",
    }
    assert memory.available({**HOST, **files}.get).bytes == 256 * MB


def test_the_limit_of_a_version_1_group_counts_unless_it_is_none() -> None:
    groups = {"/proc/1/cgroup": "3:cpu,cpuacct:/x\n2:memory:/pod\n"}
    path = "/sys/fs/cgroup/memory/pod/memory.limit_in_bytes"
    assert memory.available({**HOST, **groups, path: f"{128 * MB}\n"}.get) == memory.Memory(128 * MB, path)
    assert memory.available({**HOST, **groups, path: "9223372036854771712\n"}.get).source == "/proc/meminfo"
