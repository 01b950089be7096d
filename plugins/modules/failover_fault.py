#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module failover_fault: break one thing on one node, with a dead man's switch that heals it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover_fault
short_description: Break something on purpose, and heal it, whatever happens to the controller
version_added: 0.1.0
description:
  - Starts one fault on the node it runs on, or heals it, or tells which faults there are.
  - Before a fault starts, a dead man's switch is armed on the node. It heals after O(max_seconds) by itself when nobody
    has done so before, be it that the controller was killed or that the fault cut it off. It is a transient systemd
    timer, or a detached process where systemd does not run.
  - A fault of kind V(power_off) or V(power_on) is run where the power hook lives, and the switch lives there too.
  - Returns the instant of the fault on the node's own clocks, read directly before and after it.
  - Refuses without O(target) and O(confirm), when O(health_command) fails, and when more nodes would be broken than the
    quorum can lose.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Refuses as it would without, reports what would be done, and does nothing.
    support: full
  diff_mode:
    description: Shows what is in force before and after, with the packet filter's rules or the files it makes.
    support: full
options:
  state:
    description:
      - V(started) starts the fault O(id). One of this id that is in force already is refused.
      - V(healed) heals the fault O(id), or without O(id) every fault on this node. It can be repeated at will.
      - V(report) tells of the faults on this node and changes nothing.
    type: str
    choices: [started, healed, report]
    default: started
  id:
    description: Name of the fault, unique on the node. Letters, digits, dots, dashes and underscores.
    type: str
  kind:
    description:
      - What to break. Required with O(state=started).
      - V(service_stop) stops O(unit) in order; V(service_start) starts it, which also ends an earlier V(service_stop).
      - V(process_kill) sends SIGKILL to processes of O(unit), or to those that match O(pattern).
      - V(freeze) freezes O(unit), or processes that match O(pattern), until it heals.
      - V(power_off) runs O(off_command) and heals by O(on_command); V(power_on) runs O(on_command), which also ends an
        earlier V(power_off).
      - V(reboot) reboots the node.
      - V(nic_down) takes O(interface) down.
      - V(cut) drops all packets from and to O(peers).
      - V(icmp_drop) drops ICMP, of ICMPv6 only echo.
      - V(loss) drops O(percent) of the packets at random, each way on its own.
      - V(cpu) keeps O(workers) processes busy.
      - V(disk_full) fills the filesystem of O(path) with a file, up to O(reserve_mb).
      - V(clock) steps the machine's clock by O(shift_ms), or with O(unit) that service's clock.
      - V(clock_prepare) restarts O(unit) with a clock that V(clock) can step. Containers need it, since they share
        their host's clock.
    type: str
    choices:
      - service_stop
      - service_start
      - process_kill
      - freeze
      - power_off
      - power_on
      - reboot
      - nic_down
      - cut
      - icmp_drop
      - loss
      - cpu
      - disk_full
      - clock
      - clock_prepare
  target:
    description:
      - Name of the node that is broken, as in O(members). It has no default - nobody breaks what they did not name.
      - The module does not connect to it; run the task there, or for power faults where the hook lives.
    type: str
  confirm:
    description: Must be true. Says that breaking O(target) is meant.
    type: bool
    default: false
  max_seconds:
    description: The dead man's switch heals after so many seconds from the start of the fault.
    type: float
    default: 60
  delay_ms:
    description:
      - Start the fault so much later, by a process of its own, and return before. RV(t0) is the planned instant then;
        the measured one is in a later O(state=report).
      - Unless set, V(1000) for faults that would cut off the answer, such as V(reboot) or a V(cut) from the host that
        Ansible is connected from by SSH; else V(0).
    type: int
  members:
    description: All nodes of the cluster. Without it, nothing but the return of a node is started.
    type: list
    elements: str
    default: []
  quorum:
    description: How many of O(members) must stay untouched. The majority unless set; for two members it is 1.
    type: int
  faulted:
    description: Those of O(members) that are broken already, by other faults.
    type: list
    elements: str
    default: []
  accept_quorum_loss:
    description:
      - Exactly V(yes, I accept losing quorum) lets a fault start that leaves fewer members than O(quorum), or that does
        not know O(members).
    type: str
  health_command:
    description: Shell command on the node that must succeed before the fault starts, and is run in check mode too.
    type: str
  health_seconds:
    description: How long O(health_command) may take.
    type: float
    default: 30
  unit:
    description: A systemd unit; C(.service) is added to a bare name.
    type: str
  broken:
    description:
      - With V(service_stop), the unit cannot be started again before the fault heals, whoever tries. For services, not
        for units of other types.
    type: bool
    default: false
  pattern:
    description:
      - Regular expression, searched in the command lines of all processes but the module's own and its parents.
    type: str
  processes:
    description:
      - V(main) takes only the main process of O(unit), V(all) every process of it.
      - Unless set, V(main) for V(process_kill), and V(all) for V(freeze).
    type: str
    choices: [main, all]
  limit:
    description: How many processes O(pattern) may match; more are refused.
    type: int
    default: 1
  method:
    description:
      - For V(freeze), V(auto) uses the unit's control group where it can be frozen (cgroup v2) and SIGSTOP elsewhere;
        V(cgroup) and V(signal) choose one.
      - For V(reboot), V(auto) reboots in order, V(forced) at once without stopping or unmounting anything.
    type: str
    choices: [auto, cgroup, signal, forced]
    default: auto
  off_command:
    description: The power hook's command and arguments that switch O(target) off, and return when it is off.
    type: list
    elements: str
  on_command:
    description: The power hook's command and arguments that switch O(target) on.
    type: list
    elements: str
  hook_environment:
    description:
      - Variables for the power hook, for its secrets. They are kept, readable for the user alone, until the fault is
        healed.
    type: dict
  interface:
    description: Network interface of V(nic_down).
    type: str
  peers:
    description: IP addresses or networks, for V(cut), V(icmp_drop) and V(loss). A multicast group can be named too.
    type: list
    elements: str
    default: []
  direction:
    description: Which packets are dropped, seen from the node.
    type: str
    choices: [both, in, out]
    default: both
  interfaces:
    description: Only on these network interfaces.
    type: list
    elements: str
    default: []
  protocol:
    description: Only this protocol, V(tcp), V(udp), V(icmp), V(vrrp), V(sctp), V(esp) or its number.
    type: str
  ports:
    description: Only packets with one of these ports at either end. Needs O(protocol).
    type: list
    elements: int
    default: []
  percent:
    description: Percentage of packets that V(loss) drops.
    type: int
  workers:
    description: Number of busy processes of V(cpu). Eight for each processor unless set, at most 64 for each.
    type: int
  path:
    description: Directory on the filesystem that V(disk_full) fills.
    type: str
  size_mb:
    description: Fill at most so many MiB.
    type: int
  reserve_mb:
    description: MiB to leave free. V(64) unless set; V(0) is refused on the root filesystem.
    type: int
  shift_ms:
    description: Milliseconds by which V(clock) steps, negative for back.
    type: int
  state_dir:
    description:
      - Directory of the notes that healing needs.
      - C(/run/steadfast-fault) for root, else C(/var/tmp/steadfast-fault-UID).
    type: path
  switch:
    description:
      - Who keeps the dead man's switch. V(auto) is V(systemd) where that runs and the module is root, else V(process).
    type: str
    choices: [auto, systemd, process]
    default: auto
notes:
  - Faults of kind V(process_kill), V(reboot), V(service_start) and V(power_on) have nothing to heal.
  - Almost every kind needs root on the node.
seealso:
  - module: steadfast.ha.failover_probe
  - module: steadfast.ha.failover_report
"""

EXAMPLES = r"""
- name: Cut node1 off from node2 for at most a minute
  steadfast.ha.failover_fault:
    id: monday
    kind: cut
    target: node1
    confirm: true
    members: [node1, node2]
    peers: [192.0.2.12, 10.9.8.12]
    health_command: hbctl status
  delegate_to: node1
  register: cut

- name: Heal it
  steadfast.ha.failover_fault:
    id: monday
    state: healed
  delegate_to: node1

- name: Take a node's power with a fence agent, run on the controller
  steadfast.ha.failover_fault:
    id: crash
    kind: power_off
    target: node1
    confirm: true
    members: [node1, node2]
    off_command: [fence_ipmilan, --ip, 192.0.2.201, --password-script, /etc/fence/secret, --action, "off"]
    on_command: [fence_ipmilan, --ip, 192.0.2.201, --password-script, /etc/fence/secret, --action, "on"]
    max_seconds: 180
  delegate_to: localhost

- name: Drop the heartbeats that node2 sends
  steadfast.ha.failover_fault:
    id: deaf
    kind: cut
    target: node1
    confirm: true
    members: [node1, node2]
    peers: [192.0.2.12]
    direction: in
    protocol: udp
    ports: [694]

- name: Heal everything on this node
  steadfast.ha.failover_fault:
    state: healed
"""

RETURN = r"""
words:
  description: What the fault does, without subject.
  type: str
  returned: with O(state=started)
  sample: cuts both ways, 192.0.2.12, 10.9.8.12
t0:
  description: The instant of the fault on the node's clocks, V(wall_ns) since 1970 and V(monotonic_ns).
  type: dict
  returned: with O(state=started), not in check mode
  sample: {wall_ns: 1763640000123456789, monotonic_ns: 81123456789}
done:
  description: The same clocks directly after the last step of the fault.
  type: dict
  returned: with O(state=started), not in check mode
  sample: {wall_ns: 1763640000131456789, monotonic_ns: 81131456789}
at:
  description: RV(t0) in words, UTC, with milliseconds.
  type: str
  returned: with O(state=started), not in check mode
  sample: "2025-11-20T12:00:00.123Z"
uncertainty_ns:
  description:
    - How much later than RV(t0) the fault may have come into force; either way for a power hook that does not tell.
    - 0 for what takes its time, such as the stop of a service, where RV(t0) is the beginning.
  type: int
  returned: with O(state=started), not in check mode
  sample: 8000000
delayed:
  description: Whether the fault starts only after the answer, at RV(t0).
  type: bool
  returned: with O(state=started), not in check mode
  sample: false
heals:
  description: Whether there is anything to heal.
  type: bool
  returned: with O(state=started)
  sample: true
switch:
  description: Who keeps the dead man's switch, V(systemd) or V(process); empty when there is nothing to heal.
  type: str
  returned: with O(state=started), not in check mode
  sample: systemd
notes:
  description: What to know about this fault on this node.
  type: list
  elements: str
  returned: with O(state=started)
  sample: []
healed:
  description: Ids of the faults that were healed now.
  type: list
  elements: str
  returned: with O(state=healed)
  sample: [monday]
faults:
  description:
    - Faults that the node knows of, the oldest first, each with C(id), C(kind), C(target), C(words), C(state)
      (V(armed), V(started), V(healed) or V(over)), C(in_force), C(armed), C(seconds_left), C(t0) and C(done).
    - Once healed, C(healing) tells when (C(from), C(to)) and C(by) whom, V(switch) or V(operator).
  type: list
  elements: dict
  returned: with O(state=healed) and O(state=report)
  sample: [{id: monday, kind: cut, target: node1, state: started, in_force: true, armed: true, seconds_left: 41.2}]
reasons:
  description: Why the fault was refused, a sentence each.
  type: list
  elements: str
  returned: when refused
  sample: ["With node1 and node2 broken, 1 of 3 members would be left, and 2 are needed."]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.drill.fault.answer import STATES, NotHealed
from ansible_collections.steadfast.ha.plugins.module_utils.drill.fault.kinds import KINDS
from ansible_collections.steadfast.ha.plugins.module_utils.drill.fault.model import FaultError, Refusal
from ansible_collections.steadfast.ha.plugins.module_utils.drill.fault.place import (
    Place,
    default_directory,
    manager_here,
)

ARGUMENTS = {
    "state": {"type": "str", "choices": list(STATES), "default": "started"},
    "id": {"type": "str"},
    "kind": {"type": "str", "choices": list(KINDS)},
    "target": {"type": "str"},
    "confirm": {"type": "bool", "default": False},
    "max_seconds": {"type": "float", "default": 60},
    "delay_ms": {"type": "int"},
    "members": {"type": "list", "elements": "str", "default": []},
    "quorum": {"type": "int"},
    "faulted": {"type": "list", "elements": "str", "default": []},
    "accept_quorum_loss": {"type": "str"},
    "health_command": {"type": "str"},
    "health_seconds": {"type": "float", "default": 30},
    "unit": {"type": "str"},
    "broken": {"type": "bool", "default": False},
    "pattern": {"type": "str"},
    "processes": {"type": "str", "choices": ["main", "all"]},
    "limit": {"type": "int", "default": 1},
    "method": {"type": "str", "choices": ["auto", "cgroup", "signal", "forced"], "default": "auto"},
    "off_command": {"type": "list", "elements": "str"},
    "on_command": {"type": "list", "elements": "str"},
    "hook_environment": {"type": "dict", "no_log": True},
    "interface": {"type": "str"},
    "peers": {"type": "list", "elements": "str", "default": []},
    "direction": {"type": "str", "choices": ["both", "in", "out"], "default": "both"},
    "interfaces": {"type": "list", "elements": "str", "default": []},
    "protocol": {"type": "str"},
    "ports": {"type": "list", "elements": "int", "default": []},
    "percent": {"type": "int"},
    "workers": {"type": "int"},
    "path": {"type": "str"},
    "size_mb": {"type": "int"},
    "reserve_mb": {"type": "int"},
    "shift_ms": {"type": "int"},
    "state_dir": {"type": "path"},
    "switch": {"type": "str", "choices": ["auto", "systemd", "process"], "default": "auto"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "started", ["id", "kind"])],
        supports_check_mode=True,
    )
    chosen = module.params["switch"]
    manager = manager_here() if chosen == "auto" else chosen
    place = Place(module.params["state_dir"] or default_directory(), manager)
    try:
        result = STATES[module.params["state"]](module.params, place, module.check_mode)
    except Refusal as refusal:
        module.fail_json(msg=str(refusal), reasons=refusal.reasons)
    except NotHealed as error:
        module.fail_json(msg=str(error), healed=error.healed, faults=error.faults)
    except (FaultError, OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
