# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks by which running instances are changed, run by Ansible on what hosts have planned."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import socket
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROLE = HERE.parents[2] / "roles" / "tomcat"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

spec = importlib.util.spec_from_file_location("fake_status", HERE.parent / "modules" / "test_mod_jk_worker.py")
assert spec is not None
assert spec.loader is not None
fake_status = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fake_status)


def planned(host: str, action: str, running: bool, port: int, **more: Any) -> dict[str, Any]:
    """The variables of a host with one instance."""
    instance = {"host": host, "name": "main", "route": host, "cluster_address": "127.0.0.1", "ports": {"cluster": port}}
    instance.update(base=f"/nowhere/{host}", pages=["/demo/"])
    return {
        "__tomcat_instances": [instance],
        "__tomcat_planned": {"results": [{"item": instance, "action": action, "running": running}]},
        "__tomcat_restarted": ["main"] if action == "restart" else [],
        "__tomcat_pending": [] if action == "none" else ["main"],
        "__tomcat_running": ["main"] if running else [],
        "__tomcat_is_changed": False,
        "__tomcat_shares": [],
        **more,
    }


def play(
    folder: Path, hook: str, hosts: dict[str, dict[str, Any]], actors: Sequence[str], verbosity: int = 0, **more: Any
) -> tuple[bool, str]:
    """Run a hook on some hosts and return whether all went well, and what Ansible says."""
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    given = {
        "__tomcat_role": str(ROLE),
        "__tomcat_present": list(hosts),
        "ansible_python_interpreter": sys.executable,
        "hook": hook,
        "actors": list(actors),
        "tomcat_is_clustered": True,
        "tomcat_settle_timeout": 1,
        **more,
    }
    done = conftest.ansible_playbook(
        "--inventory", inventory, HERE / "tomcat" / "hook.yml", "--extra-vars", json.dumps(given), cwd=folder,
        ANSIBLE_VERBOSITY=str(verbosity),
    )  # fmt: skip
    return done.returncode == 0, " ".join((done.stdout + done.stderr).split())


def run(folder: Path, hook: str, hosts: dict[str, dict[str, Any]], actors: Sequence[str], **more: Any) -> str:
    """Run a hook on some hosts and return what Ansible says, "" when all went well."""
    well, told = play(folder, hook, hosts, actors, **more)
    return "" if well else told


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    """The CATALINA_BASE of an instance that answers each page with 404."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _address = server.accept()
                    with client:
                        client.recv(4096)
                        client.sendall(b"AB\x00\x08\x04\x01\x94\x00\x00\x00\x00\x00")

        threading.Thread(target=serve, daemon=True).start()
        (tmp_path / "base" / "conf").mkdir(parents=True)
        (tmp_path / "base" / "conf" / "server.xml").write_text(
            f'<Server><Connector protocol="AJP/1.3" address="127.0.0.1" port="{server.getsockname()[1]}"/></Server>'
        )
        yield str(tmp_path / "base")


CHECKED = {"__tomcat_secret": "sesame", "tomcat_no_log": True}


def test_a_node_that_grows_a_second_one_starts_that_and_then_goes_down_itself(tmp_path: Path, base: str) -> None:
    hosts = {"app1": planned("app1", "restart", True, 1), "app2": planned("app2", "start", False, 1)}
    # the new one stops nobody; app1 alone would
    assert run(tmp_path, "pre_check", hosts, ["app2"], **CHECKED) == ""
    assert "stopping main of app1 would end the service" in run(tmp_path, "pre_check", hosts, ["app1"], **CHECKED)
    hosts["app2"].update(__tomcat_running=["main"], __tomcat_is_changed=True)
    # it runs, and does not answer
    assert "Asked: app2. Bring another" in run(tmp_path, "pre_check", hosts, ["app1"], **CHECKED)
    hosts["app2"]["__tomcat_instances"][0]["base"] = base
    assert run(tmp_path, "pre_check", hosts, ["app1"], **CHECKED) == ""


def test_one_that_balancers_have_drained_is_no_reason_to_stop_the_other(tmp_path: Path, base: str, status: Any) -> None:
    hosts = {"app1": planned("app1", "restart", True, 1), "app2": planned("app2", "none", True, 1)}
    hosts["app1"]["__tomcat_shares"] = [share("app1", status.server_port, "active", "app1")]
    hosts["app2"]["__tomcat_instances"][0]["base"] = base
    status.told = {("loadbalancer", "app1"): "ACT", ("loadbalancer", "app2"): "STP"}
    told = run(tmp_path, "pre_check", hosts, ["app1"], **CHECKED)
    assert "app1 sends nobody to app2, drained or lost there, so stopping main of app1 would end its service" in told
    status.told["loadbalancer", "app2"] = "ACT"
    assert run(tmp_path, "pre_check", hosts, ["app1"], **CHECKED) == ""


def test_the_gate_waits_for_who_should_be_there_only(tmp_path: Path, port: int) -> None:
    # nobody listens on port 1: app1 is not in the cluster before its turn
    hosts = {"app1": planned("app1", "restart", True, 1), "app2": planned("app2", "start", False, port)}
    hosts["app2"].update(__tomcat_running=["main"], __tomcat_is_changed=True)
    assert run(tmp_path, "gate", hosts, ["app2"]) == ""
    hosts["app1"]["__tomcat_is_changed"] = True
    # of what a file says, who waits tells nothing
    hosts["app1"]["__tomcat_instances"][0]["files"] = {"conf/server.xml": 'secret="sesame"'}
    told = run(tmp_path, "gate", hosts, ["app2"])
    assert "Timeout when waiting for 127.0.0.1:1" in told
    assert "sesame" not in told


@pytest.fixture
def status() -> Iterator[Any]:
    """A balancer's status worker with app1 and app2."""
    server = fake_status.Status()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def share(balancer: str, port: int, activation: str, *names: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}/jk-status"
    return {"balancer": balancer, "url": url, "activation": activation, "names": list(names)}


def test_a_worker_that_was_left_drained_comes_back_as_the_inventory_has_it(tmp_path: Path, status: Any) -> None:
    port = status.server_port
    shares = [share("app1", port, "active", "app1"), share("app1", port, "disabled", "app2")]
    hosts = {"app1": planned("app1", "none", True, 1, __tomcat_shares=shares)}
    status.told = {("loadbalancer", "app1"): "STP", ("loadbalancer", "app2"): "STP"}
    # nothing is pending here: this is what the end of every run does
    assert run(tmp_path, "undrain", hosts, ["app1"]) == ""
    assert status.told == {("loadbalancer", "app1"): "ACT", ("loadbalancer", "app2"): "DIS"}
    assert status.updates == 2
    assert run(tmp_path, "undrain", hosts, ["app1"]) == ""
    assert status.updates == 2


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The port of a balancer that answers, but has no status worker at that place."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _address = server.accept()
                    with client:
                        client.recv(4096)
                        client.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_who_can_not_be_drained_everywhere_is_drained_nowhere(tmp_path: Path, status: Any, elsewhere: int) -> None:
    shares = [share("app1", status.server_port, "active", "app1"), share("app2", elsewhere, "active", "app1")]
    hosts = {
        "app1": planned("app1", "restart", True, 1, __tomcat_shares=shares),
        "app2": planned("app2", "none", True, 1),
    }
    told = run(tmp_path, "drain", hosts, ["app1"], tomcat_drain_seconds=0)
    assert "app1 was not changed: a balancer would go on sending requests to it. app2: http://" in told
    assert status.told["loadbalancer", "app1"] == "ACT"
    assert status.updates == 2


#: a balancer whose sshd is down, which tells nothing of its Apache
GONE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
AWAY = {"__tomcat_present": ["app1", "app2"], "tomcat_drain_seconds": 0, **CHECKED}


def test_nobody_is_stopped_whom_a_balancer_may_go_on_sending_requests_to(
    tmp_path: Path, base: str, status: Any
) -> None:
    shares = [share("app2", status.server_port, "active", "app1"), share("lb1", 1, "active", "app1")]
    hosts = {
        "app1": planned("app1", "restart", True, 1, __tomcat_shares=shares),
        "app2": planned("app2", "none", True, 1),
        "lb1": GONE,
    }
    hosts["app2"]["__tomcat_instances"][0]["base"] = base
    told = run(tmp_path, "pre_check", hosts, ["app1"], **AWAY)
    assert "lb1 can't be reached, and may go on sending requests to main of app1. Bring it back first" in told
    # it may be lost in between; the other balancer sends requests again
    told = run(tmp_path, "drain", hosts, ["app1"], **AWAY)
    assert "app1 was not changed: a balancer would go on sending requests to it. lb1: " in told
    assert (status.told["loadbalancer", "app1"], status.updates) == ("ACT", 2)
    # who only starts takes nothing away from it
    hosts["app1"] = planned("app1", "start", False, 1, __tomcat_shares=shares)
    for hook in ("pre_check", "drain"):
        assert run(tmp_path, hook, hosts, ["app1"], **AWAY) == ""


def test_the_playbook_changes_no_worker_without_a_balancer_that_nobody_calls_absent(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"children": {"mod_jk": {"hosts": {"lb1": GONE}}, "tomcat": {}}}}))

    def told(*absent: str) -> str:
        given = json.dumps({"mod_jk_absent_members": absent})
        playbook = HERE.parents[2] / "playbooks" / "tomcat.yml"
        done = conftest.ansible_playbook("--inventory", inventory, playbook, "--extra-vars", given, cwd=tmp_path)
        return " ".join((done.stdout + done.stderr).split())

    refused = told()
    assert "Nothing was changed on any node. lb1 can't be reached" in refused
    # the next plays do not come
    assert "PLAY [Tomcat workers]" not in refused
    assert "PLAY [Tomcat workers]" in told("lb1")


def test_nobody_goes_on_while_a_worker_is_left_drained(tmp_path: Path, elsewhere: int) -> None:
    lost = share("app1", elsewhere, "active", "app1")
    drained = {"results": [{"item": lost, "workers": {"app1": {}}}]}
    hosts = {"app1": planned("app1", "restart", True, 1, __tomcat_shares=[lost], __tomcat_drained=drained)}
    assert "app1 is well, but left without requests: app1: http://" in run(tmp_path, "rejoin", hosts, ["app1"])
    # it could not be reached before either
    hosts["app1"]["__tomcat_drained"] = {"results": [{"item": lost, "unreachable": True}]}
    assert run(tmp_path, "rejoin", hosts, ["app1"]) == ""


def test_a_secret_for_some_members_only_is_refused(tmp_path: Path) -> None:
    hosts = {"app1": {"tomcat_ajp_secret": "a" * 20}, "app2": {"tomcat_ajp_secret": ""}}
    more = {"tomcat_config_dir": str(tmp_path / "none"), "tomcat_group": "tomcat", "tomcat_no_log": True}
    told = run(tmp_path, "../secret", hosts, list(hosts), **more)
    assert "tomcat_ajp_secret is not the same on all members" in told
    assert "a" * 20 not in told


@pytest.mark.parametrize("secret", ["open#sesame", "$(sesame)", " sesame", "sesame ", "open\tsesame"])
def test_a_secret_that_balancers_can_not_have_reaches_no_worker(tmp_path: Path, secret: str) -> None:
    hosts = {"app1": {"tomcat_ajp_secret": secret}}
    more = {"tomcat_config_dir": str(tmp_path / "none"), "tomcat_group": "tomcat", "tomcat_no_log": True}
    told = run(tmp_path, "../secret", hosts, list(hosts), **more)
    assert "Nothing was changed. tomcat_ajp_secret: a secret" in told
    assert "sesame" not in told
    hosts["app1"]["tomcat_ajp_secret"] = "opensesame"
    assert run(tmp_path, "../secret", hosts, list(hosts), **more) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="what is copied belongs to root")
def test_sessions_that_stay_are_warned_of_and_parameters_told_to_nobody(tmp_path: Path) -> None:
    applications = []
    for name, descriptor in (("demo", "<web-app><distributable/></web-app>"), ("local", "<web-app/>")):
        with zipfile.ZipFile(tmp_path / f"{name}.war", "w") as war:
            war.writestr("WEB-INF/web.xml", descriptor)
        file = {"file": str(tmp_path / f"{name}.war"), "archive": f"{name}-1.war", "checksum": "sha256:0"}
        applications.append({"name": name, **file, "parameters": {"password": "sesame"}, "pages": ["/"]})
    (tmp_path / "there").mkdir()
    more = {
        "__tomcat_applications": applications,
        "__tomcat_wars": yaml.safe_load((ROLE / "vars" / "main.yml").read_text())["__tomcat_wars"],
        "tomcat_application_dir": str(tmp_path / "there"),
        "tomcat_user": "root",
    }
    well, told = play(tmp_path, "../applications", {"app1": {}}, ["app1"], verbosity=1, **more)
    assert well, told
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["demo-1.war", "local-1.war"]
    assert "WARNING: the web.xml of local has no <distributable/>." in told
    assert "sesame" not in told
    _well, told = play(tmp_path, "../applications", {"app1": {}}, ["app1"], tomcat_is_clustered=False, **more)
    assert "WARNING" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="what is unpacked belongs to root")
def test_half_an_archive_is_taken_for_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "tomcat.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("bin/catalina.sh", "lib/catalina.jar", "webapps/docs/index.html"):
            packed.addfile(tarfile.TarInfo(f"apache-tomcat/{name}"))
    root = tmp_path / "opt" / "tomcat"
    for folder in (root, root.with_suffix(".new")):
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "half").touch()
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    more = {
        "tomcat_archive": {"file": str(archive), "checksum": f"sha256:{checksum}"},
        "__tomcat_archive_root": str(root),
        "__tomcat_archive_name": archive.name,
    }
    assert run(tmp_path, "../archive", {"app1": {}}, ["app1"], **more) == ""
    found = {str(path.relative_to(root.parent)) for path in root.parent.rglob("*") if path.is_file()}
    assert found == {"tomcat.tar.gz", "tomcat/bin/catalina.sh", "tomcat/lib/catalina.jar"}


@pytest.fixture
def rolled(tmp_path: Path) -> Callable[[str, int, dict[str, str]], str]:
    """``rolled(secret, port, asked)``: what a rolling deploy says on a node of that secret and AJP port."""
    war = tmp_path / "shop.war"
    with zipfile.ZipFile(war, "w") as archive:
        archive.writestr("index.jsp", "hello")
    (tmp_path / "bin").mkdir()
    # nothing runs here
    (tmp_path / "bin" / "systemctl").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "systemctl").chmod(0o755)
    (tmp_path / "main" / "conf").mkdir(parents=True)
    node = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "tomcat_address": "127.0.0.1",
        "tomcat_ajp_secret": "the-new-one-of-the-inventory",
        "tomcat_base_dir": str(tmp_path),
        "tomcat_config_dir": str(tmp_path),
        "tomcat_archive": {"url": "http://127.0.0.1:1/apache-tomcat-9.0.99.tar.gz", "checksum": "sha512:00"},
        "tomcat_applications": [{"name": "shop", "file": str(war)}],
    }
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"children": {"tomcat": {"hosts": {"app1": node}}}}}))

    def told(secret: str, port: int, asked: dict[str, str]) -> str:
        if secret:
            (tmp_path / "ajp-secret").write_text(secret)
        connector = f'<Connector protocol="AJP/1.3" address="127.0.0.1" port="{port}" secret="{secret}"/>'
        (tmp_path / "main" / "conf" / "server.xml").write_text(
            f'<Server><Service>{connector}<Engine jvmRoute="app1"/></Service></Server>'
        )
        given = json.dumps({"app": "shop", "war": str(war), **asked})
        playbook = HERE.parents[2] / "playbooks" / "tomcat_rolling_deploy.yml"
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        arguments = ("--check", "--inventory", inventory, playbook, "--extra-vars", given)
        done = conftest.ansible_playbook(*arguments, cwd=tmp_path, PATH=path)
        return " ".join((done.stdout + done.stderr).split())

    return told


def test_a_rolling_deploy_makes_no_secret_that_balancers_do_not_have(rolled: Any) -> None:
    assert "No node has a secret in" in rolled("", 8009, {})


def test_a_rolling_deploy_changes_nothing_that_balancers_would_have_to_be_told_of(rolled: Any) -> None:
    said = rolled("sesame", 8019, {})
    assert "are not changed here: app1/main: its AJP port, 8019, becomes 8009. Run the playbook" in said
    # a new secret of the inventory waits, and one of the command line can't
    said = rolled("sesame", 8009, {"tomcat_ajp_secret": "opensesame"})
    assert "are not changed here: app1/main: it gets another secret. Run the playbook" in said
    assert "opensesame" not in said
    said = rolled("sesame", 8009, {"tomcat_ajp_secret": "sesame"})
    assert "are not changed here" not in said
    assert "TASK [steadfast.ha.tomcat : Look for Tomcat]" in said
