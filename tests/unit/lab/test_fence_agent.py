# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's fence agent against the lab's real power service, whose nodes are names here."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from steadfast_lab.errors import LabError
from steadfast_lab.power_service import PowerServer

AGENT = Path(__file__).resolve().parents[3] / "molecule" / "lab" / "agents" / "fence_steadfast_lab"


class Strip:
    """Nodes that are on or off, and one that stays as it is whatever one asks for."""

    def __init__(self) -> None:
        self.power = {"node1": "on", "node2": "off", "stuck": "on"}

    def _set(self, node: str, state: str) -> dict[str, Any]:
        if node not in self.power:
            raise LabError(f"no node {node}")
        if node != "stuck":
            self.power[node] = state
        return {"node": node}

    def power_off(self, node: str) -> dict[str, Any]:
        return self._set(node, "off")

    def power_on(self, node: str, *, wait: bool = True) -> dict[str, Any]:
        assert not wait, "a fence agent does not wait for a node to boot"
        return self._set(node, "on")

    def power_state(self, node: str) -> str:
        if node not in self.power:
            raise LabError(f"no node {node}")
        return self.power[node]


@pytest.fixture
def strip() -> Strip:
    return Strip()


@pytest.fixture
def port(strip: Strip) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = PowerServer(listener, "right", lambda: strip)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield int(listener.getsockname()[1])
    server.shutdown()
    thread.join()
    server.server_close()


def ask(tmp_path: Path, port: int, *lines: str, token: str = "right") -> subprocess.CompletedProcess[str]:
    """Run the agent as pacemaker does: options by standard input, nothing on the command line."""
    (tmp_path / "token").write_text(f"{token}\n")
    options = ["ip=127.0.0.1", f"ipport={port}", f"token_file={tmp_path}/token", *lines]
    return subprocess.run(
        [sys.executable, str(AGENT)], input="\n".join(options) + "\n", capture_output=True, text=True, check=False
    )


def test_off_is_off_and_on_is_on(tmp_path: Path, port: int, strip: Strip) -> None:
    assert ask(tmp_path, port, "action=off", "port=node1").returncode == 0
    assert strip.power["node1"] == "off"
    assert ask(tmp_path, port, "action=status", "plug=node1").returncode == 2
    assert ask(tmp_path, port, "action=on", "port=node1", "nodename=node1", "pcmk_host_list=node1").returncode == 0
    assert strip.power["node1"] == "on"
    assert ask(tmp_path, port, "action=status", "port=node1").returncode == 0


def test_a_reboot_gives_power_back(tmp_path: Path, port: int, strip: Strip) -> None:
    assert ask(tmp_path, port, "action=reboot", "port=node2").returncode == 0
    assert strip.power["node2"] == "on"


def test_a_node_that_does_not_go_off_has_not_been_fenced(tmp_path: Path, port: int) -> None:
    done = ask(tmp_path, port, "action=off", "port=stuck")
    assert done.returncode == 1
    assert "stuck is not off" in done.stderr


def test_the_monitor_finds_a_service_that_lets_nobody_in(tmp_path: Path, port: int) -> None:
    assert ask(tmp_path, port, "action=monitor").returncode == 0
    assert ask(tmp_path, port, "action=monitor", token="wrong").returncode == 1
    assert ask(tmp_path, port + 1, "action=monitor", "power_timeout=2").returncode == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["action=explode", "port=node1"], "no action explode"),
        (["action=off", "prot=node1"], "what is prot"),
        (["action=off"], "needs port"),
        (["action=off", "port=node9"], "no node node9"),
    ],
)
def test_what_it_does_not_understand_does_nothing(
    lines: list[str], words: str, tmp_path: Path, port: int, strip: Strip
) -> None:
    before = dict(strip.power)
    done = ask(tmp_path, port, *lines)
    assert done.returncode == 1
    assert words in done.stderr
    assert strip.power == before


def test_the_description_is_complete() -> None:
    said = subprocess.run([sys.executable, str(AGENT), "-o", "metadata"], capture_output=True, text=True, check=True)
    root = ElementTree.fromstring(said.stdout)
    assert root.get("name") == AGENT.name
    parameters = {str(found.get("name")): found for found in root.iter("parameter")}
    assert {name for name, found in parameters.items() if found.get("required") == "1"} == {"ip", "token_file"}
    assert {"action", "port", "ipport", "delay", "power_timeout"} <= set(parameters)
    assert all(found.find("content") is not None and found.findtext("shortdesc") for found in parameters.values())
    actions = {found.get("name") for found in root.iter("action")}
    assert actions == {"on", "off", "reboot", "status", "monitor", "metadata", "validate-all"}
