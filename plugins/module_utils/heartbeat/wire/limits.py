# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes beyond which nothing is looked at. Checked before any digest is computed or any field parsed.

Source: Linux-HA heartbeat 3.0.6, as measured (maximum sizes); the limits marked "own" are ours.
"""

from __future__ import annotations

#: largest payload of an IPv4 UDP datagram, bytes
MAX_DATAGRAM = 65507
#: encoded messages of this size and more are compressed whatever the configuration says, bytes
MAX_PLAIN = 256 * 1024
#: largest message after decompression, bytes
MAX_MESSAGE = 2 * 1024 * 1024
#: own: fields of one message; the C daemon's longest message has 14
MAX_FIELDS = 4096
#: own: length of a field's name, bytes
MAX_NAME = 255
#: a node's name is shorter than this, bytes
MAX_NODE_NAME = 100
#: a status text is shorter than this, bytes
MAX_STATUS = 32
#: ids of authkeys are 0..15
MAX_KEY_ID = 15
#: own: digits of a hexadecimal number on the wire (64 bit)
MAX_HEX_DIGITS = 16
