#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module keepalived_heard: who else speaks VRRP on a segment, overheard before a group joins it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_heard
short_description: Listen for virtual routers that would clash with a keepalived group
version_added: 0.1.0
description:
  - Listens on the interfaces of O(watch) for VRRP adverts and says which virtual router ids are used by somebody who is
    not in the group.
  - Hears multicast adverts, and unicast ones that are sent to this node; nobody hears those between others.
  - Listens only for virtual routers that are not in O(config_file) yet, and does not wait when there are none.
  - Changes nothing.
author: the steadfast.ha authors (@steadfast-ha)
extends_documentation_fragment: steadfast.ha.reading
options:
  watch:
    description: Virtual routers that the node is to take part in.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the instance.
        type: str
        required: true
      interface:
        description: Its interface.
        type: str
        required: true
      family:
        description: Family of its addresses.
        type: int
        choices: [4, 6]
        default: 4
      virtual_router_id:
        description: Its number.
        type: int
        required: true
  group:
    description: Addresses of the group's members, whose adverts are no clash.
    type: list
    elements: str
    default: []
  seconds:
    description: How long to listen; V(0) for not at all. Routers speak once a second unless told otherwise.
    type: float
    default: 3.0
  config_file:
    description: The configuration that the node has.
    type: path
    default: /etc/keepalived/keepalived.conf
notes:
  - Needs root, for a packet socket.
"""

EXAMPLES = r"""
- name: See whether virtual router 51 is taken on eth0
  steadfast.ha.keepalived_heard:
    watch:
      - {name: web, interface: eth0, virtual_router_id: 51}
    group: [192.0.2.11, 192.0.2.12]
  register: heard
"""

RETURN = r"""
clashes:
  description: A sentence per virtual router id that somebody else uses.
  type: list
  elements: str
  returned: always
  sample:
    - >-
      192.0.2.7, which is not in this group, advertises virtual_router_id 51 on eth0 with priority 100: web needs
      another
listened:
  description: Interfaces on which it listened.
  type: list
  elements: str
  returned: always
  sample: [eth0]
"""

import ctypes
import select
import socket
import struct
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.keepalived.listen import (
    PROTOCOL,
    Advert,
    advert_of,
    strangers,
    unknown,
)

ETHERTYPES = {4: 0x0800, 6: 0x86DD}
#: where the protocol's number is in the IP header
OFFSETS = {4: 9, 6: 6}
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_MR_ALLMULTI = 2
SO_ATTACH_FILTER = 26


def filtered(listener: socket.socket, offset: int) -> None:
    """Let the kernel drop all but VRRP: a busy node must not copy its whole traffic."""
    program = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (0x30, 0, 0, offset),  # load the byte there
            (0x15, 0, 1, PROTOCOL),  # is it VRRP?
            (0x06, 0, 0, 0xFFFF),  # take it
            (0x06, 0, 0, 0),  # leave it
        )
    )
    kept = ctypes.create_string_buffer(program)
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 4, ctypes.addressof(kept)))


def listening(interface: str, family: int) -> socket.socket:
    """Return a socket that hears the VRRP of one family on an interface. Raises OSError."""
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        filtered(listener, OFFSETS[family])
        listener.bind((interface, ETHERTYPES[family]))
        wanted = struct.pack("IHH8s", socket.if_nametoindex(interface), PACKET_MR_ALLMULTI, 0, b"")
        listener.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, wanted)
    except OSError:
        listener.close()
        raise
    return listener


def overheard(listeners: dict[socket.socket, str], seconds: float) -> dict[str, list[Advert]]:
    """Listen so long and return interface -> adverts, each sender and router once."""
    heard: dict[str, dict[Advert, None]] = {interface: {} for interface in listeners.values()}
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return {interface: list(adverts) for interface, adverts in heard.items()}
        for listener in select.select(list(listeners), [], [], left)[0]:
            packet, where = listener.recvfrom(512)
            advert = advert_of(packet)
            # what this very node sends is seen as well
            if advert and where[2] != socket.PACKET_OUTGOING:
                heard[listeners[listener]][advert] = None


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "watch": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "interface": {"type": "str", "required": True},
                    "family": {"type": "int", "choices": [4, 6], "default": 4},
                    "virtual_router_id": {"type": "int", "required": True},
                },
            },
            "group": {"type": "list", "elements": "str", "default": []},
            "seconds": {"type": "float", "default": 3.0},
            "config_file": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        with open(given["config_file"], encoding="utf-8", errors="replace") as file:
            present = file.read()
    except OSError:
        present = ""
    watch = unknown(given["watch"], present)
    places = {(entry["interface"], entry["family"]) for entry in watch}
    if given["seconds"] <= 0 or not places:
        module.exit_json(changed=False, clashes=[], listened=[])
    listeners: dict[socket.socket, str] = {}
    try:
        for interface, family in sorted(places):
            listeners[listening(interface, family)] = interface
        heard = overheard(listeners, given["seconds"])
    except OSError as error:
        module.fail_json(msg=f"can't listen on {', '.join(sorted({place[0] for place in places}))}: {error}")
    finally:
        for listener in listeners:
            listener.close()
    module.exit_json(
        changed=False, clashes=strangers(watch, heard, given["group"]), listened=sorted(set(listeners.values()))
    )


if __name__ == "__main__":
    main()
