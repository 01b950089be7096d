#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module failover_report: judge what a drill's probes saw and keep the proof."""

from __future__ import annotations

DOCUMENTATION = r"""
module: failover_report
short_description: Add a drill to a report, judge it against budgets, render it
version_added: 0.1.0
description:
  - Takes the samples that M(steadfast.ha.failover_probe) collected and what the cluster logged meanwhile, works out the
    outages a client saw, and compares them with budgets.
  - Keeps a series of drills in O(report_dir) as C(report.json) and renders it as C(report.html) (self-contained,
    without scripts), C(report.md), C(report.txt) and C(report.xml) (JUnit).
  - Runs where the report is kept, usually on the controller.
  - A verdict over budget is not a failure of this module; look at RV(verdict).
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Works everything out and writes nothing.
    support: full
  diff_mode:
    description: A report is not a configuration.
    support: none
options:
  report_dir:
    description: Directory of the report. Made if missing; a report that is there is added to.
    type: path
    required: true
  title:
    description: Title of a new report.
    type: str
    default: Failover drill
  about:
    description: Facts shown at the end of the report, such as versions and a hash of the configuration.
    type: dict
    default: {}
  run_id:
    description: Id of this drill. A drill of the same id that is in the report already is replaced.
    type: str
    required: true
  run_title:
    description: What was done, in the words that the report shows. Drills of the same title are repetitions.
    type: str
    required: true
  samples:
    description: File of samples, plain or packed.
    type: path
    required: true
  fault:
    description: What was broken.
    type: dict
    required: true
    suboptions:
      kind:
        description: Kind of fault, for example V(power_off).
        type: str
        required: true
      target:
        description: Host that was broken.
        type: str
        required: true
      at_ns:
        description: When it began, nanoseconds since 1970 on the controller's clock.
        type: int
        required: true
      uncertainty_ns:
        description: How much that may be off.
        type: int
        default: 0
      text:
        description: Said about it in the report.
        type: str
        default: ""
  client_clock:
    description: Clock of the client host, as M(steadfast.ha.failover_clock) measured it.
    type: dict
    default: {}
    suboptions:
      offset_ns:
        description: Nanoseconds it is ahead of the controller's.
        type: int
        default: 0
      uncertainty_ns:
        description: How much that may be off.
        type: int
        default: 0
  logs:
    description: What nodes logged during the drill.
    type: list
    elements: dict
    default: []
    suboptions:
      node:
        description: Name of the node.
        type: str
        required: true
      text:
        description: The log lines.
        type: str
        required: true
      format:
        description: V(journal) is C(journalctl -o json); V(plain) are lines that begin with seconds since 1970.
        type: str
        choices: [journal, plain]
        default: journal
      reader:
        description: V(key-value) takes lines with C(event=…) as decisions; V(log4j) takes sentences that stand behind
          C([time][LEVEL][logger]); V(level) those behind C(notice:) and the like, and other lines; V(juli) those
          behind C(LEVEL [logger]); V(any) takes every line.
        type: str
        choices: [key-value, any, log4j, level, juli]
        default: key-value
      offset_ns:
        description: Nanoseconds the node's clock is ahead of the controller's.
        type: int
        default: 0
      uncertainty_ns:
        description: How much that may be off.
        type: int
        default: 0
  deeds:
    description: What the drill itself did besides the fault, for example healing it.
    type: list
    elements: dict
    default: []
    suboptions:
      at_ns:
        description: When, nanoseconds since 1970 on the controller's clock.
        type: int
        required: true
      node:
        description: To which host.
        type: str
        required: true
      kind:
        description: What.
        type: str
        required: true
      text:
        description: Said about it.
        type: str
        default: ""
  budgets:
    description:
      - What the fault may cost. Keys are names of probes, kinds of probes, or V(*) for all others.
      - Values are an outage in milliseconds, or a dictionary of C(outage_ms), C(longest_outage_ms), C(errors),
        C(wrong), C(lost_sessions), C(moves), C(two_holders_ms), C(lost_writes), C(lost_protected_writes),
        C(duplicates), C(broken_streams), C(stale_ms), C(latency_p99_ms), C(silence_ms), and C(blind_ms), the time that
        probes may miss without making the verdict inconclusive.
    type: dict
    default: {}
  measures:
    description: Measures that other tools took during the drill, by name of probe, for example C(lost_writes).
    type: dict
    default: {}
  notes:
    description: Sentences added to this drill in the report.
    type: list
    elements: str
    default: []
  baseline:
    description: An earlier C(report.json) to compare with.
    type: path
  formats:
    description: Renderings to write.
    type: list
    elements: str
    choices: [html, md, txt, xml]
    default: [html, md, txt, xml]
seealso:
  - module: steadfast.ha.failover_probe
"""

EXAMPLES = r"""
- name: Judge the drill
  steadfast.ha.failover_report:
    report_dir: build/drill
    run_id: monday
    run_title: Crash of the holder
    samples: build/drill/monday.jsonl.gz
    fault: {kind: power_off, target: node1, at_ns: "{{ off.t0_ns }}"}
    budgets:
      "*": 650
      vip-page: {outage_ms: 800, wrong: 0}
  register: judged
  delegate_to: localhost

- name: Stop when it cost too much
  ansible.builtin.assert:
    that: judged.verdict == 'pass'
    fail_msg: "{{ judged.text }}"
"""

RETURN = r"""
verdict:
  description: Verdict of this drill, V(pass), V(fail), V(inconclusive) or V(measured) without any budget.
  type: str
  returned: always
  sample: pass
verdicts:
  description: Every measure with its budget, in microseconds or as counts.
  type: list
  elements: dict
  returned: always
  sample: [{probe: vip-icmp, measure: outage_us, value: 535000, budget: 650000, result: pass, reason: outage 535 ms}]
series_verdict:
  description: Verdict of the whole report.
  type: str
  returned: always
  sample: pass
text:
  description: The whole report as a table.
  type: str
  returned: always
  sample: FAULT ...
report:
  description: The report's JSON file.
  type: str
  returned: always
  sample: build/drill/report.json
comparison:
  description: The comparison with O(baseline), in one sentence.
  type: str
  returned: when O(baseline) is set
  sample: worse by 180 ms (Crash of the holder, vip-icmp)
"""

import os
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.drill.events.clock import Offset
from ansible_collections.steadfast.ha.plugins.module_utils.drill.events.event import Event
from ansible_collections.steadfast.ha.plugins.module_utils.drill.events.interpret import interpret
from ansible_collections.steadfast.ha.plugins.module_utils.drill.events.journal import FORMATS
from ansible_collections.steadfast.ha.plugins.module_utils.drill.probe.samples import read_recording_file
from ansible_collections.steadfast.ha.plugins.module_utils.drill.report.build import (
    Fault,
    RunInput,
    add_run,
    build_run,
    new_report,
)
from ansible_collections.steadfast.ha.plugins.module_utils.drill.report.compare import with_comparison
from ansible_collections.steadfast.ha.plugins.module_utils.drill.report.files import (
    JSON_NAME,
    load_if_there,
    load_report,
    write_report,
)
from ansible_collections.steadfast.ha.plugins.module_utils.drill.report.text import render_text
from ansible_collections.steadfast.ha.plugins.module_utils.drill.verdict.budget import parse_budgets

CLOCK = {"offset_ns": {"type": "int", "default": 0}, "uncertainty_ns": {"type": "int", "default": 0}}
ARGUMENTS = {
    "report_dir": {"type": "path", "required": True},
    "title": {"type": "str", "default": "Failover drill"},
    "about": {"type": "dict", "default": {}},
    "run_id": {"type": "str", "required": True},
    "run_title": {"type": "str", "required": True},
    "samples": {"type": "path", "required": True},
    "fault": {
        "type": "dict",
        "required": True,
        "options": {
            "kind": {"type": "str", "required": True},
            "target": {"type": "str", "required": True},
            "at_ns": {"type": "int", "required": True},
            "uncertainty_ns": {"type": "int", "default": 0},
            "text": {"type": "str", "default": ""},
        },
    },
    "client_clock": {"type": "dict", "default": {}, "options": CLOCK},
    "logs": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "node": {"type": "str", "required": True},
            "text": {"type": "str", "required": True},
            "format": {"type": "str", "choices": ["journal", "plain"], "default": "journal"},
            "reader": {
                "type": "str",
                "choices": ["key-value", "any", "log4j", "level", "juli"],
                "default": "key-value",
            },
            **CLOCK,
        },
    },
    "deeds": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "at_ns": {"type": "int", "required": True},
            "node": {"type": "str", "required": True},
            "kind": {"type": "str", "required": True},
            "text": {"type": "str", "default": ""},
        },
    },
    "budgets": {"type": "dict", "default": {}},
    "measures": {"type": "dict", "default": {}},
    "notes": {"type": "list", "elements": "str", "default": []},
    "baseline": {"type": "path"},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": ["html", "md", "txt", "xml"],
        "default": ["html", "md", "txt", "xml"],
    },
}


def events_of(params: dict[str, Any]) -> list[Event]:
    fault = params["fault"]
    events = [
        Event(
            fault["at_ns"],
            fault["target"],
            fault["kind"],
            text=fault["text"],
            uncertainty_ns=fault["uncertainty_ns"],
            source="drill",
        )
    ]
    events += [
        Event(deed["at_ns"], deed["node"], deed["kind"], text=deed["text"], source="drill") for deed in params["deeds"]
    ]
    for log in params["logs"]:
        lines = FORMATS[log["format"]](log["text"], log["node"])
        offset = Offset(log["offset_ns"], log["uncertainty_ns"])
        events += interpret(lines, log["reader"], {log["node"]: offset})
    return events


def run_of(params: dict[str, Any]) -> dict[str, Any]:
    fault, clock = params["fault"], params["client_clock"]
    return build_run(
        RunInput(
            run_id=params["run_id"],
            title=params["run_title"],
            fault=Fault(fault["kind"], fault["target"], fault["at_ns"], fault["uncertainty_ns"], fault["text"]),
            recording=read_recording_file(params["samples"]),
            client_offset=Offset(clock.get("offset_ns", 0), clock.get("uncertainty_ns", 0)),
            events=events_of(params),
            budgets=parse_budgets(params["budgets"]),
            extra_measures=params["measures"],
            notes=params["notes"],
        )
    )


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    now_ns = time.time_ns()
    comparison = None
    try:
        run = run_of(params)
        report = load_if_there(params["report_dir"]) or new_report(params["title"], now_ns)
        report = add_run({**report, "about": {**report["about"], **params["about"]}}, run, now_ns)
        if params["baseline"]:
            report = with_comparison(report, load_report(params["baseline"]))
            comparison = report["comparison"]["headline"]
        if not module.check_mode:
            write_report(params["report_dir"], report, params["formats"])
    except (OSError, ValueError) as error:
        module.fail_json(msg=str(error), errors=getattr(error, "errors", []))
    result = {
        "verdict": run["verdict"],
        "verdicts": run["verdicts"],
        "series_verdict": report["verdict"],
        "text": render_text(report),
        "report": os.path.join(params["report_dir"], JSON_NAME),
    }
    if comparison is not None:
        result["comparison"] = comparison
    module.exit_json(changed=True, **result)


if __name__ == "__main__":
    main()
