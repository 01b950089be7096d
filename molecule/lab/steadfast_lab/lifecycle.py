# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs come and go: up, down, and the removal of what earlier runs left."""

from __future__ import annotations

import secrets
import shutil
import signal
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from . import agent_process, cache, faults, freezer, host, images, process, state
from .engine import Engine, find_engine
from .errors import LabError, say
from .fabric import Fabric, host_networks, namespaces
from .faults import Faults
from .identity import CHECKOUT_LABEL, LAB_LABEL, PREFIX, Identity, checkout_hash
from .inventory import make_inventory
from .lab import Lab
from .nodes import Machines
from .state import LabState, NodeState
from .topology import NodePlan, Plan, make_plan

PARALLEL_BOOTS = 4


def read_topology(path: Path) -> Any:
    """Return the parsed topology file; LabError when it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"there is no topology file {path}") from None
    except yaml.YAMLError as error:
        raise LabError(f"{path} is not valid YAML: {error}") from None


def up(root: Path, topology: Path, *, name: str | None = None, release: str | None = None) -> Lab:
    """Bring a lab up: every node on and ready, every cable plugged, no fault in force. Reuses what is there."""
    host.require_root()
    missing = host.missing_packages()
    if missing:
        raise LabError(f"missing on this host: {', '.join(missing)}; run: make prerequisites")
    data = read_topology(topology)
    plan = make_plan(data, seed=checkout_hash(root), taken=host_networks(), name=name, release=release)
    identity = Identity(root, plan.lab)
    engine = find_engine()
    host.raise_limits()
    image = images.ensure_image(engine, plan.release)
    with state.locked(identity):
        old = _state_or_none(identity)
        if old is None and identity.directory.exists():
            _remove(identity, engine)
        if old is not None and (old.plan != plan or old.image != image or old.engine != engine.name):
            say(f"lab {plan.lab} is to look different: making it anew")
            _remove(identity, Engine(old.engine))
            old = None
        current = old or LabState(
            plan=plan,
            image=image,
            engine=engine.name,
            power_token=secrets.token_hex(16),
            nodes={node.name: NodeState() for node in plan.nodes},
        )
        state.save(identity, current)
        _raise_lab(identity, engine, current)
    lab = Lab(identity, current)
    write_inventory(lab)
    agent_process.ensure(identity)
    boot_wait(lab, plan.nodes)
    say(f"lab {plan.lab} (Debian {plan.release}) is up: {_overview(plan)}")
    return lab


def _overview(plan: Plan) -> str:
    return ", ".join(f"{node.name} {node.cables[0].ipv4}" for node in plan.nodes)


def _raise_lab(identity: Identity, engine: Engine, current: LabState) -> None:
    """Make what is missing, power on what is off, heal what is broken; the caller holds the lock."""
    fabric = Fabric(identity.netns)
    machines = Machines(identity, engine, fabric, current)
    fabric.ensure(current.plan)
    current.faults = Faults()
    current.deadlines = {}
    faults.apply(identity.netns, current.plan, current.faults)
    there = engine.containers(f"{LAB_LABEL}={identity.lab}")
    there = {name: labels for name, labels in there.items() if labels.get(CHECKOUT_LABEL) == identity.checkout}
    wanted = {identity.container(node.name) for node in current.plan.nodes}
    stray = [name for name in there if name not in wanted or engine.image_of(name) != current.image]
    if stray:
        say(f"removing {', '.join(stray)} of an earlier run")
        engine.remove(stray)

    links = fabric.links()
    todo: list[NodePlan] = []
    for node in current.plan.nodes:
        whole = current.nodes[node.name].power == "on" and all(links.get(cable.port) for cable in node.cables)
        if machines.is_running(node) and whole and identity.container(node.name) not in stray:
            continue
        todo.append(node)
    if todo:
        say(f"powering on {', '.join(node.name for node in todo)} …")

    def bring(node: NodePlan) -> None:
        container = identity.container(node.name)
        found = engine.state(container)
        if found["status"] == "absent":
            machines.create(node)
        elif found["pid"]:
            # Running, but not as the state says: a paused or unplugged machine, or cables lost with the fabric.
            _kill_container(engine, container, int(found["pid"]), current.nodes[node.name])
        machines.boot(node)

    try:
        with ThreadPoolExecutor(PARALLEL_BOOTS) as pool:
            list(pool.map(bring, todo))
    finally:
        state.save(identity, current)


def _kill_container(engine: Engine, container: str, pid: int, known: NodeState) -> None:
    if known.power == "paused":
        freezer.set_frozen(pid, False)
    process.kill(pid, process.start_time(pid), signal.SIGKILL, wait=10)


def boot_wait(lab: Lab, nodes: Iterable[NodePlan]) -> None:
    """Wait until all nodes are ready."""
    with ThreadPoolExecutor(PARALLEL_BOOTS) as pool:
        list(pool.map(lab.machines.wait_ready, nodes))


def write_inventory(lab: Lab) -> Path:
    """Write `build/lab/<lab>/inventory.yml` (it holds the power token: mode 0600) and return its path."""
    path = lab.identity.directory / "inventory.yml"
    data = make_inventory(lab.identity, lab.state.plan, lab.state.engine, lab.state.power_token)
    text = "# Written by the lab driver; changes are lost.\n" + yaml.safe_dump(data, sort_keys=False)
    state.write_private(path, text)
    return path


def down(identity: Identity) -> bool:
    """Take a lab down and forget it; tells whether there was anything. Works on half-made labs too."""
    host.require_root()
    with state.locked(identity):
        return _remove(identity, find_engine())


def _remove(identity: Identity, engine: Engine) -> bool:
    agent_process.stop(identity)
    labelled = engine.containers(f"{LAB_LABEL}={identity.lab}")
    mine = [name for name, labels in labelled.items() if labels.get(CHECKOUT_LABEL) == identity.checkout]
    current = _state_or_none(identity)
    for name in mine:
        # Killed directly: an orderly stop of systemd takes seconds, and nobody needs it any more.
        pid = int(engine.state(name)["pid"])
        node = name[len(identity.stem) + 1 :]
        known = current.nodes.get(node, NodeState()) if current else NodeState()
        if pid:
            _kill_container(engine, name, pid, known)
    engine.remove(mine)
    fabric = Fabric(identity.netns)
    there = fabric.exists() or identity.directory.exists() or bool(mine)
    fabric.remove()
    shutil.rmtree(identity.directory, ignore_errors=True)
    return there


def _state_or_none(identity: Identity) -> LabState | None:
    try:
        return state.load(identity)
    except LabError:
        return None


def labs(root: Path) -> list[Identity]:
    """Return every lab of this checkout of which anything is left: state, containers or network namespace."""
    names = {path.parent.name for path in (root / "build" / "lab").glob("*/lab.json")}
    listed = find_engine().containers(f"{CHECKOUT_LABEL}={checkout_hash(root)}")
    names |= {labels[LAB_LABEL] for labels in listed.values() if LAB_LABEL in labels}
    prefix = f"{PREFIX}-{checkout_hash(root)}-"
    names |= {namespace[len(prefix) :] for namespace in namespaces(prefix)}
    return [Identity(root, name) for name in sorted(names)]


def gc(root: Path, *, everything: bool = False) -> list[str]:
    """Remove what earlier runs of this checkout left: labs without a state, or whose wiring or agent is gone.

    `everything`: all labs of this checkout. Returns the names of the labs removed.
    """
    host.require_root()
    removed = []
    for identity in labs(root):
        whole = (
            _state_or_none(identity) is not None
            and Fabric(identity.netns).exists()
            and agent_process.is_running(identity)
        )
        if everything or not whole:
            say(f"removing lab {identity.lab}")
            down(identity)
            removed.append(identity.lab)
    return removed


def clean(root: Path) -> list[str]:
    """Remove all labs of this checkout, images, package cache; restore host settings. Returns sentences about it."""
    told = [f"lab {name} is gone" for name in gc(root, everything=True)]
    shutil.rmtree(root / "build" / "lab", ignore_errors=True)
    engine = find_engine()
    removed, kept = images.remove_images(engine)
    told += [f"image {image} is gone" for image in removed]
    told += [f"image {image} stays: a lab of another checkout uses it" for image in kept]
    cache.PackageCache().clear()
    told.append("the package cache is empty")
    if namespaces(f"{PREFIX}-"):
        told.append("host settings stay: labs of another checkout are up")
    else:
        told += host.restore()
    return told
