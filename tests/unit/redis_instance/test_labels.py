# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SELinux is told, from what semanage lists."""

from __future__ import annotations

from redis_cluster.instance import labels

PORTS = """\
afs_bos_port_t                 udp      7007
gatekeeper_port_t              tcp      1721, 7000
redis_port_t                   tcp      6379, 16379, 26379
unreserved_port_t              tcp      61001-65535, 1024-32767
unreserved_port_t              udp      7001, 61001-65535
"""
FOLDERS = """\
/etc/redis-sentinel.*                              all files          system_u:object_r:redis_conf_t:s0
/var/lib/steadfast-redis(/.*)?                     all files          system_u:object_r:var_lib_t:s0
/var/lib/x\\.y(/.*)?                                all files          system_u:object_r:redis_var_lib_t
/nowhere(/.*)?                                     all files          <<None>>
"""


def test_only_a_port_with_an_entry_of_its_own_is_modified() -> None:
    assert labels.port_calls(PORTS, [6379, 7000, 7001]) == [
        ["port", "--modify", "--type", "redis_port_t", "--proto", "tcp", "7000"],
        ["port", "--add", "--type", "redis_port_t", "--proto", "tcp", "7001"],
    ]


def test_a_port_that_was_labelled_before_is_left_alone() -> None:
    assert labels.port_calls(PORTS + "redis_port_t tcp 7000, 7001\n", [7000, 7001]) == []


def test_folders_get_an_entry_for_all_below() -> None:
    wanted = [("/var/lib/steadfast-redis/", "redis_var_lib_t"), ("/var/lib/x.y", "redis_var_lib_t"), ("/run/r", "t")]
    assert labels.folder_calls(FOLDERS, wanted) == [
        ["fcontext", "--modify", "--type", "redis_var_lib_t", "/var/lib/steadfast-redis(/.*)?"],
        ["fcontext", "--add", "--type", "t", "/run/r(/.*)?"],
    ]
