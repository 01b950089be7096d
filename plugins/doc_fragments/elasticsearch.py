# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the Elasticsearch modules reach a cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules share."""

    DOCUMENTATION = r"""
options:
  nodes:
    description:
      - The nodes of the cluster. Each is asked for itself, since two sides of a split cluster say different things.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its C(node.name).
        type: str
        required: true
      host:
        description: Its address.
        type: str
        required: true
      port:
        description: Its port for HTTP.
        type: int
        default: 9200
      roles:
        description: Its C(node.roles).
        type: list
        elements: str
        default: [master, data]
  is_tls:
    description: Speak TLS?
    type: bool
    default: false
  ca_file:
    description: Certificates of authorities that the nodes are checked against. By default those of the system.
    type: path
  verifies:
    description: Check certificates and names?
    type: bool
    default: true
  user:
    description: User name, where the cluster has users.
    type: str
  password:
    description: Its password.
    type: str
  timeout:
    description: Seconds to wait for each answer.
    type: float
    default: 10
"""
