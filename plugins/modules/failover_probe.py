#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module failover_probe: probes on a client host that go on while Ansible is away."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover_probe
short_description: Measure from a client host what a service answers, to the millisecond
version_added: 0.1.0
description:
  - Starts probes on a client host that ask a service at a steady pace, and collects what they saw.
  - The probes run detached in a session of their own. They survive the loss of the Ansible connection and of the
    controller, and end by themselves after O(max_seconds) or when O(max_bytes) are written.
  - The client host needs nothing but Python; the probing code is packed by the module and removed with O(state=absent).
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Reports what would be started, stopped or removed, and sends nothing.
    support: full
  diff_mode:
    description: There is no configuration that could differ.
    support: none
options:
  state:
    description:
      - V(started) starts the probes and returns once they probe. A run of this id with the same probes that is
        already on is left alone. One with other probes, or one that has ended, is an error - no samples get lost.
      - V(steady) waits until every probe of a running run has been answered without a gap for O(steady_ms), counted
        from the beginning of the task. It changes nothing.
      - V(stopped) stops the probes in order; answers still on their way get two seconds.
      - V(collected) does the same, reads acknowledged writes back, and packs and sums up the samples. A run that has
        ended is only summed up.
      - V(absent) stops the probes and removes the run with its samples.
    type: str
    choices: [started, steady, stopped, collected, absent]
    default: started
  run_id:
    description: Name of the run, unique on the client host. Letters, digits, dots, dashes and underscores.
    type: str
    required: true
  probes:
    description: What to ask. Required with O(state=started).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the probe in reports and budgets.
        type: str
        required: true
      kind:
        description:
          - V(icmp) sends echo requests, IPv4 or IPv6.
          - V(udp) sends datagrams to an echo service, such as C(python3 -m drill respond) of this collection.
          - V(tcp) opens new connections.
          - V(http) opens a new connection for each GET and checks the answer.
          - V(stream) keeps one connection and asks on it again and again, lines of an echo service or HTTP requests.
          - V(neighbour) asks the network who holds an address (ARP, neighbour discovery), and sees two at a time.
          - V(command) runs a program, whose exit status is the answer. With O(probes[].read_command) its runs are
            numbered writes, which are read back and accounted for when the run is collected.
          - V(redis) writes numbered keys with redis-py, to a cluster or one instance. When the run is collected, every
            one that was acknowledged is accounted for. The client host needs the package C(python3-redis).
          - V(session) asks like one user with a session cookie, who waits for each answer. A session that is not the
            one before is a wrong answer. With O(probes[].read_path) its requests are numbered writes.
          - V(elasticsearch) writes numbered documents by one node after the other, accounted for in the same way.
          - V(elasticsearch_master) asks all nodes; most of them have to follow the same master, who answers.
          - V(elasticsearch_health) asks all nodes; red, a shard without a copy that serves, is a wrong answer.
        type: str
        choices: [
          icmp, udp, tcp, http, stream, neighbour, command, redis, session,
          elasticsearch, elasticsearch_master, elasticsearch_health
        ]
        required: true
      target:
        description:
          - Address or name, as a client would use it. Names are resolved once, at the start.
          - Not needed by V(command).
        type: str
      port:
        description: Port. V(http) takes 80, or 443 with O(probes[].tls).
        type: int
      interval_ms:
        description:
          - Milliseconds between two attempts. Default 1 for V(udp), 5 for V(icmp), 10 for V(tcp), 20 for V(http) and
            V(stream), 100 for the others.
        type: float
      timeout_ms:
        description:
          - An attempt unanswered for so long is lost. Default 250 for V(icmp) and V(udp), 500 for V(tcp), 800 for
            V(http) and V(stream), 50 for V(neighbour), where it is also how long answers are collected, 1000 for
            V(redis), where it is also how long the client library may repeat a write, 5000 for the others.
        type: float
      family:
        description: Address family to resolve names to.
        type: str
        choices: [any, ipv4, ipv6]
        default: any
      source:
        description: Local address to send from.
        type: str
      expect_banner:
        description: V(tcp) only. Regular expression that what the server sends first must match.
        type: str
      path:
        description:
          - V(http), V(stream) and V(session) only. Path and query to get. With V(session), C({number}) stands for the
            number of the attempt.
        type: str
      host:
        description: V(http), V(stream) and V(session) only. Host header and TLS server name, when it is not the target.
        type: str
      tls:
        description: V(http), V(session) and V(redis) only. Use TLS.
        type: bool
      verify_tls:
        description: V(http), V(session) and V(redis) only. Check the server's certificate. True unless set to false.
        type: bool
      ca_file:
        description: V(http), V(session) and V(redis) only. CA certificates on the client host, instead of the system's.
        type: path
      expect_status:
        description: V(http), V(stream) and V(session) only. Status codes that are good answers; 200 to 399 unless set.
        type: list
        elements: int
      expect_body:
        description: V(http), V(stream) and V(session) only. Regular expression the body must match.
        type: str
      cookie:
        description: V(http), V(stream) and V(session) only. Cookies to begin with, as C(name=value; name=value).
        type: str
      session:
        description: V(http) and V(stream) only. Send back the cookies that the server sets.
        type: bool
      protocol:
        description: V(stream) only. What is spoken on the connection.
        type: str
        choices: [echo, http]
      give_up_ms:
        description: V(stream) only. A connection with a question open for so long is given up. 3000 unless set.
        type: float
      interface:
        description: V(neighbour) only. Interface to ask on; found by itself where the target is on a local network.
        type: str
      command:
        description:
          - V(command) only. Program and arguments, run without a shell. C({number}) stands for the number of the
            attempt, C({run}) for the run's id. No secrets here - every user of the client host can see them.
        type: list
        elements: str
      read_command:
        description: V(command) only. Program that prints the numbers it finds written, separated by white space.
        type: list
        elements: str
      read_path:
        description: V(session) only. Page that prints the numbers that the session knows, separated by white space.
        type: str
      session_cookie:
        description: V(session) only. Name of the session cookie, V(JSESSIONID) unless set. A route follows its dot.
        type: str
      mode:
        description: V(redis) only. V(cluster) unless set.
        type: str
        choices: [cluster, standalone]
      seeds:
        description: V(redis) and both kinds for Elasticsearch only. More of them to ask, as C(host:port).
        type: list
        elements: str
      shards:
        description: V(elasticsearch) only. Shards of the index. 1 unless set.
        type: int
      replicas:
        description: V(elasticsearch) only. Copies of each shard besides the first. 1 unless set.
        type: int
      slot:
        description:
          - V(redis) only. Puts all keys of the probe into this slot, to measure the outage of one shard. Without it
            keys go to all shards in turn.
        type: int
      username:
        description: V(redis) only. Name of an ACL user.
        type: str
      password_file:
        description: V(redis) only. File on the client host whose first line is the password.
        type: path
      cert_file:
        description: V(redis) only. Certificate of the client.
        type: path
      key_file:
        description: V(redis) only. Its key.
        type: path
      wait:
        description:
          - V(redis) only. Replicas that C(WAIT) asks for after each write. A write is protected when at least so many
            had it; protected ones are accounted for apart, as C(lost_protected_writes).
        type: int
      wait_ms:
        description: V(redis) only. How long C(WAIT) waits for them. 200 unless set.
        type: float
      workers:
        description: V(redis) only. Threads that write, at most. 64 unless set.
        type: int
      identify:
        description:
          - V(http), V(stream) and V(session) only. Regular expression that finds out who answered, searched in the
            header lines (names in lower case), an empty line and the body. Its first group, or all of it, names the
            holder.
        type: str
  max_seconds:
    description: The probes end by themselves after so long, whatever happens to the controller.
    type: float
    default: 300
  max_bytes:
    description: The probes end when the samples fill so many bytes. A sample takes about 40.
    type: int
    default: 67108864
  steady_ms:
    description: With O(state=steady), how long all probes must be answered without a gap.
    type: float
    default: 2000
  timeout:
    description: With O(state=steady), how many seconds to wait for that.
    type: float
    default: 60
  base:
    description:
      - Directory on the client host that holds the runs. It must belong to the user and be writable by no one else.
      - C(/var/tmp/steadfast-drill-UID) unless set.
    type: path
notes:
  - V(icmp) needs a user in C(net.ipv4.ping_group_range), CAP_NET_RAW, or root. V(neighbour) needs CAP_NET_RAW or root.
seealso:
  - module: steadfast.ha.failover_report
  - module: steadfast.ha.failover_clock
"""

EXAMPLES = r"""
- name: Start probing the VIP
  steadfast.ha.failover_probe:
    run_id: monday
    max_seconds: 120
    probes:
      - {name: vip-icmp, kind: icmp, target: 192.0.2.100}
      - {name: vip-page, kind: http, target: 192.0.2.100, expect_body: Welcome, interval_ms: 10}
  delegate_to: client

- name: Wait until the service is there, as the client sees it
  steadfast.ha.failover_probe:
    run_id: monday
    state: steady
  delegate_to: client

- name: Stop probing and sum up
  steadfast.ha.failover_probe:
    run_id: monday
    state: collected
  register: seen
  delegate_to: client
- name: Take the samples home
  ansible.builtin.fetch:
    src: "{{ seen.samples }}"
    dest: build/drill/monday.jsonl.gz
    flat: true
  delegate_to: client
"""

RETURN = r"""
state:
  description: State of the run after the task.
  type: str
  returned: always
  sample: running
reason:
  description: Why the run ended, V(stopped), V(deadline) or V(file full).
  type: str
  returned: when ended
  sample: stopped
path:
  description: Directory of the run on the client host.
  type: str
  returned: always
  sample: /var/tmp/steadfast-drill-0/monday
steady:
  description: Whether all probes were answered without a gap for long enough.
  type: bool
  returned: when O(state=steady)
  sample: true
unsteady:
  description: Names of the probes that were not.
  type: list
  elements: str
  returned: when O(state=steady)
  sample: []
samples:
  description: The packed samples on the client host.
  type: str
  returned: when O(state=collected)
  sample: /var/tmp/steadfast-drill-0/monday/samples.jsonl.gz
summary:
  description: What each probe saw, by name. Durations in microseconds.
  type: dict
  returned: when O(state=collected)
  sample:
    vip-icmp: {sent: 2400, ok: 2293, lost: 107, outage_us: 535000, availability: 0.955, latency_us: {p50: 110}}
text:
  description: The summary as a table.
  type: str
  returned: when O(state=collected)
  sample: PROBE ...
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.drill.probe.follow import Follower
from ansible_collections.steadfast.ha.plugins.module_utils.drill.probe.rundir import (
    RunDirectory,
    RunError,
    default_base,
)
from ansible_collections.steadfast.ha.plugins.module_utils.drill.probe.spec import KINDS, SpecError, parse_run
from ansible_collections.steadfast.ha.plugins.module_utils.drill.summary import summary_of, summary_table

PROBE_OPTIONS = {
    "name": {"type": "str", "required": True},
    "kind": {"type": "str", "required": True, "choices": list(KINDS)},
    "target": {"type": "str"},
    "port": {"type": "int"},
    "interval_ms": {"type": "float"},
    "timeout_ms": {"type": "float"},
    "family": {"type": "str", "choices": ["any", "ipv4", "ipv6"], "default": "any"},
    "source": {"type": "str"},
    "expect_banner": {"type": "str"},
    "path": {"type": "str"},
    "host": {"type": "str"},
    "tls": {"type": "bool"},
    "verify_tls": {"type": "bool"},
    "ca_file": {"type": "path"},
    "expect_status": {"type": "list", "elements": "int"},
    "expect_body": {"type": "str"},
    # A session cookie opens doors.
    "cookie": {"type": "str", "no_log": True},
    "session": {"type": "bool"},
    "protocol": {"type": "str", "choices": ["echo", "http"]},
    "give_up_ms": {"type": "float"},
    "interface": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "read_command": {"type": "list", "elements": "str"},
    "read_path": {"type": "str"},
    "session_cookie": {"type": "str", "no_log": False},
    "mode": {"type": "str", "choices": ["cluster", "standalone"]},
    "seeds": {"type": "list", "elements": "str"},
    "shards": {"type": "int"},
    "replicas": {"type": "int"},
    "slot": {"type": "int"},
    "username": {"type": "str"},
    "password_file": {"type": "path", "no_log": False},
    "cert_file": {"type": "path"},
    "key_file": {"type": "path", "no_log": False},
    "wait": {"type": "int"},
    "wait_ms": {"type": "float"},
    "workers": {"type": "int"},
    "identify": {"type": "str"},
}


def started(module: AnsibleModule, run: RunDirectory) -> dict[str, Any]:
    spec = parse_run(module.params)
    changed = run.would_start(spec) if module.check_mode else run.start(spec)
    return {"changed": changed, **run.state()}


def steady(module: AnsibleModule, run: RunDirectory) -> dict[str, Any]:
    if module.check_mode and run.state()["state"] == "absent":
        # Check mode started nothing that could be waited for.
        return {"changed": False, "steady": True, "unsteady": [], **run.state()}

    def alive() -> bool:
        return run.state()["state"] in ("starting", "running")

    if not alive():
        raise RunError(f"run {run.run_id} is not running: {run.state()}")
    follower = Follower(run.samples_path())
    left = follower.wait(round(module.params["steady_ms"] * 1000), module.params["timeout"], alive)
    found = {"changed": False, "steady": not left, "unsteady": left, **run.state()}
    if left:
        module.fail_json(
            msg=f"not answered without a gap for {module.params['steady_ms']:g} ms within "
            f"{module.params['timeout']:g} s: {', '.join(left)}",
            **found,
        )
    return found


def stopped(module: AnsibleModule, run: RunDirectory) -> dict[str, Any]:
    alive = run.state()["state"] in ("starting", "running")
    if alive and not module.check_mode:
        run.stop()
    return {"changed": alive, **run.state()}


def collected(module: AnsibleModule, run: RunDirectory) -> dict[str, Any]:
    found = stopped(module, run)
    if module.check_mode:
        return found
    run.read_back()
    path = run.pack()
    summary = summary_of(path)
    return {**found, "samples": path, "summary": summary, "text": summary_table(summary)}


def absent(module: AnsibleModule, run: RunDirectory) -> dict[str, Any]:
    there = run.state()["state"] != "absent"
    if there and not module.check_mode:
        run.remove()
    return {"changed": there, **run.state()}


STATES = {"started": started, "steady": steady, "stopped": stopped, "collected": collected, "absent": absent}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": list(STATES), "default": "started"},
            "run_id": {"type": "str", "required": True},
            "probes": {"type": "list", "elements": "dict", "options": PROBE_OPTIONS},
            "max_seconds": {"type": "float", "default": 300},
            "max_bytes": {"type": "int", "default": 64 * 1024 * 1024},
            "steady_ms": {"type": "float", "default": 2000},
            "timeout": {"type": "float", "default": 60},
            "base": {"type": "path"},
        },
        required_if=[("state", "started", ["probes"])],
        supports_check_mode=True,
    )
    run = RunDirectory(module.params["base"] or default_base(), module.params["run_id"])
    try:
        result = STATES[module.params["state"]](module, run)
    except SpecError as error:
        module.fail_json(msg=f"{len(error.errors)} mistake(s) in the probes: {error}", errors=error.errors)
    except (RunError, OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(run_id=run.run_id, path=run.path, **result)


if __name__ == "__main__":
    main()
