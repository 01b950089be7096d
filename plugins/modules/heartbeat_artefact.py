#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin heartbeat_artefact; all work is done there, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: heartbeat_artefact
short_description: Put the heartbeat daemon onto a node as one file
version_added: 0.1.0
description:
  - Packs the daemon's Python sources, which come with this collection, into one executable zipapp on the controller and
    copies it to the node.
  - The same sources give the same bytes on every controller, so a node that has them already is not changed.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  action:
    description: Has a corresponding action plugin, which does the work.
    support: full
  check_mode:
    description: Reports whether the node's copy would be replaced.
    support: full
  diff_mode:
    description: Shows version and checksum before and after.
    support: full
options:
  dest:
    description: Path of the file on the node. Its folder has to exist.
    type: path
    required: true
  owner:
    description: Owner of the file.
    type: str
    default: root
  group:
    description: Group of the file.
    type: str
    default: root
  mode:
    description: Permissions of the file.
    type: str
    default: '0755'
"""

EXAMPLES = r"""
- name: Install the daemon
  steadfast.ha.heartbeat_artefact:
    dest: /usr/local/lib/steadfast/heartbeat.pyz
"""

RETURN = r"""
version:
  description: Version of the daemon in the artefact.
  type: str
  returned: success
  sample: 0.1.0
sha256:
  description: SHA-256 of the artefact's bytes.
  type: str
  returned: success
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
differs:
  description: Whether the node had no copy or another one. Unlike C(changed), it can't be overridden in a task.
  type: bool
  returned: success
  sample: false
"""
