# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the lab driver. Results go to standard output as JSON, progress to standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import agent, elasticsearch, host, lifecycle, tomcat
from .errors import LabError, say
from .identity import Identity, checkout_root
from .lab import Lab
from .topology import RELEASES

#: System -> what makes its archive.
ARCHIVES = {"elasticsearch": elasticsearch.archive, "tomcat": tomcat.archive}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab", description="Systemd containers that stand in for machines, and their faults."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--lab", "-l", help="which lab (default: $STEADFAST_LAB, or the only one there is)")
    dead_man = argparse.ArgumentParser(add_help=False)
    dead_man.add_argument("--heal-after", type=float, metavar="SECONDS", help="end the fault by itself after this time")

    def add(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=list(parents))

    command = add("up", "bring a lab up, reusing what is there; heals all faults")
    command.add_argument("topology", type=Path)
    command.add_argument("--name", help="name of the lab (default: from the file)")
    command.add_argument("--release", choices=RELEASES, help="default: $STEADFAST_RELEASE, then the file's")
    command.add_argument("--json", action="store_true", help="print the status when it is up")
    add("down", "remove a lab", chosen).add_argument(
        "--if-exists", action="store_true", help="no error when it is not up"
    )
    add("status", "tell what is true now", chosen).add_argument("--json", action="store_true")
    add("inventory", "write the Ansible inventory and print its path", chosen)
    command = add("gc", "remove what earlier runs of this checkout left")
    command.add_argument("--all", action="store_true", help="all labs of this checkout")
    add("clean", "remove labs, images and caches; restore host settings")
    command = add("archive", "build what no package brings, unless the cache has it; prints path and checksum")
    command.add_argument("system", choices=sorted(ARCHIVES))
    command.add_argument("--version", help="another version of it")
    add("requirements", "tell which Debian packages the host lacks")
    command = add("exec", "run a command on a node", chosen)
    command.add_argument("node")
    command.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    add("shell", "open a shell on a node", chosen).add_argument("node")

    command = add("power", "give or take power", chosen, dead_man)
    command.add_argument("action", choices=("on", "off", "cycle"))
    command.add_argument("node")
    command.add_argument("--no-wait", action="store_true", help="on: do not wait until systemd is ready")
    for name, text in (("unplug", "pull a cable"), ("replug", "put a cable back")):
        command = add(name, text, chosen, *([dead_man] if name == "unplug" else []))
        command.add_argument("node")
        command.add_argument("network")
    command = add("partition", "cut two sides from each other; a side is NODE[,NODE…] or router", chosen, dead_man)
    command.add_argument("first")
    command.add_argument("second")
    command.add_argument("--one-way", action="store_true", help="only what the first sends to the second")
    command.add_argument("--network", action="append", default=[], help="only there (may be repeated)")
    command = add("loss", "drop frames at random; 0 ends it", chosen, dead_man)
    command.add_argument("node")
    command.add_argument("network")
    command.add_argument("percent", type=int)
    command = add("pause", "freeze a machine", chosen, dead_man)
    command.add_argument("node")
    command.add_argument("--kernel-alive", action="store_true", help="processes only: the kernel answers on")
    add("resume", "let a frozen machine go on", chosen).add_argument("node")
    add("heal", "end all cuts and losses, put all cables back", chosen)
    add("agent", "the lab's background process (started by up)", chosen)
    return parser


def _which(arguments: argparse.Namespace, root: Path) -> str:
    name = arguments.lab or os.environ.get("STEADFAST_LAB")
    if name:
        return str(name)
    names = sorted(path.parent.name for path in (root / "build" / "lab").glob("*/lab.json"))
    if len(names) == 1:
        return names[0]
    raise LabError(
        f"say which lab with --lab; up: {', '.join(names)}" if names else "no lab is up; run: lab up TOPOLOGY.yml"
    )


def _print(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False))


def _status(lab: Lab) -> None:
    data = lab.status()
    print(f"lab {data['lab']}  Debian {data['release']}  agent {'runs' if data['agent'] else 'is gone: run lab up'}")
    for name, node in data["nodes"].items():
        cables = "  ".join(
            f"{network} {address}{'' if node['cables'][network] == 'up' else ' (down)'}"
            for network, address in node["addresses"].items()
        )
        print(f"  {name:12} {node['power']:7} {cables}")
    for cut in data["faults"]["cuts"]:
        print(f"  cut: {cut['source']} -> {cut['target']} on {cut['network']}")
    for node, network, percent in data["faults"]["loss"]:
        print(f"  loss: {percent} % at {node} on {network}")


def _run_fault(lab: Lab, arguments: argparse.Namespace) -> dict[str, Any]:
    command = arguments.command
    heal_after = getattr(arguments, "heal_after", None)
    if command == "power":
        report: dict[str, Any] = {}
        if arguments.action in ("off", "cycle"):
            report = lab.power_off(arguments.node, heal_after=heal_after)
        if arguments.action in ("on", "cycle"):
            report = lab.power_on(arguments.node, wait=not arguments.no_wait)
        return report
    if command == "unplug":
        return lab.unplug(arguments.node, arguments.network, heal_after=heal_after)
    if command == "replug":
        return lab.replug(arguments.node, arguments.network)
    if command == "partition":
        first, second = arguments.first.split(","), arguments.second.split(",")
        return lab.partition(
            first, second, networks=arguments.network, one_way=arguments.one_way, heal_after=heal_after
        )
    if command == "loss":
        return lab.loss(arguments.node, arguments.network, arguments.percent, heal_after=heal_after)
    if command == "pause":
        return lab.pause(arguments.node, kernel_alive=arguments.kernel_alive, heal_after=heal_after)
    if command == "resume":
        return lab.resume(arguments.node)
    return lab.heal()


def _requirements() -> None:
    missing = host.missing_packages()
    _print({"missing": missing})
    if missing:
        raise LabError(f"missing on this host: {', '.join(missing)}; run: make prerequisites")


def _exec(lab: Lab, arguments: argparse.Namespace) -> None:
    if arguments.command == "shell":
        argv = ["/bin/bash", "--login"]
    else:
        argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    if not argv:
        raise LabError("give a command: lab exec NODE -- COMMAND")
    tty = arguments.command == "shell" or (sys.stdin.isatty() and sys.stdout.isatty())
    command = lab.engine.exec_command(lab.container(arguments.node), argv, tty=tty)
    os.execvp(command[0], command)


def _dispatch(arguments: argparse.Namespace, root: Path) -> None:
    command = arguments.command
    if command == "up":
        release = arguments.release or os.environ.get("STEADFAST_RELEASE") or None
        lab = lifecycle.up(root, arguments.topology, name=arguments.name, release=release)
        if arguments.json:
            _print(lab.status())
    elif command == "requirements":
        _requirements()
    elif command == "archive":
        make = ARCHIVES[arguments.system]
        _print(make(arguments.version) if arguments.version else make())
    elif command == "gc":
        _print({"removed": lifecycle.gc(root, everything=arguments.all)})
    elif command == "clean":
        for sentence in lifecycle.clean(root):
            say(sentence)
    elif command == "down":
        identity = Identity(root, _which(arguments, root))
        if lifecycle.down(identity):
            say(f"lab {identity.lab} is gone")
        elif not arguments.if_exists:
            raise LabError(f"lab {identity.lab} is not up")
    else:
        host.require_root()
        lab = Lab.open(_which(arguments, root), root)
        if command == "status":
            if arguments.json:
                _print(lab.status())
            else:
                _status(lab)
        elif command == "inventory":
            print(lifecycle.write_inventory(lab))
        elif command in ("exec", "shell"):
            _exec(lab, arguments)
        elif command == "agent":
            agent.serve(lab)
        else:
            _print(_run_fault(lab, arguments))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the driver; returns 0, or 1 after an error that was told in one sentence."""
    arguments = _parser().parse_args(argv)
    try:
        _dispatch(arguments, checkout_root())
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; run `lab up` to continue or `lab down` to remove", file=sys.stderr)
        return 130
    return 0
