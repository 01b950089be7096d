# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that the modules about Redis clusters share."""

from __future__ import annotations


class ModuleDocFragment:
    """What is declared, and how to get in."""

    DOCUMENTATION = r"""
options:
  nodes:
    description: All instances that belong to the cluster.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: IP address by which clients and the other instances reach it.
        type: str
        required: true
      port:
        description: Port for clients. The bus port must be 10000 higher.
        type: int
        default: 6379
      name:
        description: Name in plans and reports. C(host:port) unless set.
        type: str
      machine:
        description: Failure domain - what dies with it dies together. The host unless set.
        type: str
      weight:
        description: Share of slots. The heaviest instance of a shard counts, whoever leads it.
        type: float
        default: 1
      role:
        description: V(replica) is never made a master by the module.
        type: str
        choices: [any, replica]
        default: any
      is_down:
        description: It is known to be away. It stays declared, but nobody waits for it and nothing is planned on it.
        type: bool
        default: false
  masters:
    description: Number of shards. Instances divided by O(replicas) and one, unless set.
    type: int
  replicas:
    description: Replicas that each master has at least.
    type: int
    default: 1
  anti_affinity:
    description:
      - V(required) refuses a declaration that cannot keep master and replicas on different machines.
      - V(preferred) does what can be done, and warns.
    type: str
    choices: [required, preferred]
    default: required
  username:
    description: Name of an ACL user.
    type: str
    default: default
  password:
    description: Its password. Without it and O(password_file) the environment variable C(REDISCLI_AUTH) is used.
    type: str
  password_file:
    description: File on the host of the module whose first line is the password.
    type: path
  tls:
    description: Connect by TLS. O(nodes[].port) is then the TLS port.
    type: dict
    suboptions:
      ca_file:
        description: CA certificates, instead of the system's.
        type: path
      cert_file:
        description: Certificate of this client.
        type: path
      key_file:
        description: Its key.
        type: path
      verify:
        description: Check the chain of trust of instances. Names are not checked, they are addressed by IP.
        type: bool
        default: true
  connect_timeout:
    description: Seconds to wait for a connection or an answer.
    type: float
    default: 5
  timeout:
    description: Seconds to wait for each thing that takes a while, such as gossip, synchronization, a failover.
    type: float
    default: 60
"""
