# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module elasticsearch_instance on this machine, with a systemctl that says that the node runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from module_run import answer_of
from stand_in import Asked, serving

SYSTEMCTL = """#!/bin/sh
printf 'ActiveState=active\\nSubState=running\\nExecMainStartTimestamp=@1795180037\\n'
"""


def answers(_asked: Asked) -> tuple[int, Any]:
    return 200, {"cluster_uuid": "u1", "cluster_name": "logs"}


def run(place: Path, port: int, **more: Any) -> dict[str, Any]:
    """What the module answers for a running node, started from revision "one"."""
    (place / "bin").mkdir(exist_ok=True)
    (place / "bin" / "systemctl").write_text(SYSTEMCTL)
    (place / "bin" / "systemctl").chmod(0o755)
    (place / "revision").write_text("one\n")
    given = {
        "data_dir": str(place / "data"),
        "address": "127.0.0.1",
        "http_port": port,
        "transport_port": 9300,
        "revision_file": str(place / "revision"),
        "config_file": str(place / "elasticsearch.yml"),
        **more,
    }
    return answer_of("elasticsearch_instance", given, PATH=f"{place / 'bin'}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({"revision": "one"}, "none"),
        ({"revision": "two"}, "restart"),
        ({"older_than": 1795180037}, "none"),
        ({"older_than": 1795180038}, "restart"),
    ],
)
def test_a_running_node_is_restarted_for_what_it_was_not_started_from(
    tmp_path: Path, more: dict[str, Any], action: str
) -> None:
    with serving(answers) as port:
        found = run(tmp_path, port, **more)
    assert found["action"] == action
    assert found["cluster_uuid"] == "u1"


@pytest.mark.parametrize(("is_wanted", "words"), [(True, "runs without TLS"), (False, "runs with TLS")])
def test_tls_cannot_be_turned_on_or_off_one_node_at_a_time(tmp_path: Path, is_wanted: bool, words: str) -> None:
    config = tmp_path / "elasticsearch.yml"
    config.write_text(f"node.name: es1\nxpack.security.transport.ssl.enabled: {json.dumps(not is_wanted)}\n")
    with serving(answers) as port:
        told = " ".join(run(tmp_path, port, transport_tls=is_wanted)["errors"])
        assert words in told
        assert "TLS" not in " ".join(run(tmp_path, port, transport_tls=not is_wanted)["errors"])
        assert "TLS" not in " ".join(run(tmp_path, port)["errors"])


def test_a_node_that_does_not_know_the_password_says_so(tmp_path: Path) -> None:
    with serving(lambda _asked: (401, {"error": {"type": "security_exception", "reason": "no such user"}})) as port:
        assert run(tmp_path, port)["refused"].endswith("401 security_exception no such user")
    with serving(lambda _asked: (503, {})) as port:
        assert run(tmp_path, port)["refused"] == ""


def test_a_port_that_another_program_has_is_named(tmp_path: Path) -> None:
    with serving(answers) as port:
        found = run(tmp_path, port)
    assert any(f"port {port} of 127.0.0.1 is used by another program" in error for error in found["errors"])


def test_what_making_a_file_system_leaves_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "data" / "lost+found").mkdir(parents=True)
    with serving(answers) as port:
        assert not run(tmp_path, port)["has_data"]
        (tmp_path / "data" / "nodes").mkdir()
        assert run(tmp_path, port)["has_data"]
