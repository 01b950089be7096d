# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a port is, from texts as the kernel writes them."""

from __future__ import annotations

from elasticsearch.ports import listeners, unit_of

NOBODY = "00000000000000000000000000000000:0000"
TABLE = f"""\
  sl  local_address  remote_address  st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:23F0 {NOBODY} 0A 00000000:00000000 00:00000000 00000000   998        0 31337 1
   1: 0100007F:23F0 0100007F:C350 01 00000000:00000000 00:00000000 00000000   998        0 4711 1 0 100
   2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1 0 100
"""


def test_only_sockets_that_listen_on_that_port_count() -> None:
    assert listeners(TABLE, 9200) == {"31337"}
    assert listeners(TABLE, 22) == {"22"}
    assert listeners(TABLE, 9300) == set()
    assert listeners("", 9200) == set()


def test_a_process_is_of_its_innermost_unit_in_either_layout_of_control_groups() -> None:
    assert unit_of("0::/system.slice/elasticsearch.service\n") == "elasticsearch.service"
    assert unit_of("1:name=systemd:/machine.slice/libpod-1.scope/system.slice/elasticsearch.service\n0::/\n") == (
        "elasticsearch.service"
    )
    assert unit_of("0::/system.slice/elasticsearch.service/server\n") == "elasticsearch.service"
    assert unit_of("0::/\n") == ""
