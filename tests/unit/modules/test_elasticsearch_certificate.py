# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module elasticsearch_certificate with the real openssl, and two who talk to each other with what it makes."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from elasticsearch.certificate import Existing, reasons, subject_names
from module_run import answer_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "authority"


def run(folder: Path, is_check: bool = False, **arguments: Any) -> dict[str, Any]:
    """What the module answers."""
    given = {"folder": str(folder), "cluster": "logs", **arguments, "_ansible_check_mode": is_check}
    return answer_of("elasticsearch_certificate", given)


ES1 = {"name": "es1", "names": ["es1", "127.0.0.1"]}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_right_stays_and_keys_are_for_the_owner(folder: Path) -> None:
    assert run(folder, is_check=True, **ES1)["changed"]
    assert not folder.exists()
    assert run(folder, **ES1)["reasons"] == ["there is no authority", "there is none"]
    made = files(folder)
    assert sorted(made) == ["ca.crt", "ca.key", "es1.crt", "es1.key"]
    assert {(folder / name).stat().st_mode & 0o777 for name in ("ca.key", "es1.key")} == {0o600}
    assert not run(folder, **ES1)["changed"]
    assert files(folder) == made


def test_a_certificate_for_other_names_or_that_ends_soon_is_made_anew_by_the_same_authority(folder: Path) -> None:
    run(folder, **ES1)
    before = files(folder)
    assert run(folder, name="es1", names=["es1", "2001:db8::1"])["reasons"] == ["it is for DNS:es1, IP:127.0.0.1"]
    assert not run(folder, name="es1", names=["2001:db8:0::1", "es1"])["changed"]
    assert run(folder, **ES1, days=20)["changed"]
    assert run(folder, **ES1)["reasons"] == ["it ends soon"]
    (folder / "es1.key").write_bytes(before["ca.key"])
    assert run(folder, **ES1)["reasons"] == ["its key is another one"]
    assert files(folder)["ca.key"] == before["ca.key"]


def test_an_authority_that_has_lost_its_key_is_not_replaced(folder: Path) -> None:
    run(folder, **ES1)
    (folder / "ca.key").unlink()
    assert "ca.key is not there. Bring it back" in run(folder, **ES1)["msg"]
    assert sorted(files(folder)) == ["ca.crt", "es1.crt", "es1.key"]


def test_what_is_no_name_is_refused(folder: Path) -> None:
    assert "'a b' is neither a host name nor an address" in run(folder, name="es1", names=["a b"])["msg"]
    assert "the authority's own" in run(folder, name="ca", names=["ca"])["msg"]
    assert not folder.exists()


def context(folder: Path, name: str, side: int) -> ssl.SSLContext:
    found = ssl.SSLContext(side)
    found.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    found.load_verify_locations(folder / "ca.crt")
    found.verify_mode = ssl.CERT_REQUIRED
    return found


def test_nodes_believe_each_other(folder: Path) -> None:
    run(folder, **ES1)
    run(folder, name="es2", names=["es2", "127.0.0.1"])
    seen: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            side = context(folder, "es1", ssl.PROTOCOL_TLS_SERVER)
            with listener.accept()[0] as raw, side.wrap_socket(raw, server_side=True) as link:
                seen.append(link.getpeercert())
                link.sendall(b"well")

        thread = threading.Thread(target=serve)
        thread.start()
        side = context(folder, "es2", ssl.PROTOCOL_TLS_CLIENT)
        raw = socket.create_connection(listener.getsockname(), 30)
        # checks the address, too
        with side.wrap_socket(raw, server_hostname="127.0.0.1") as link:
            assert link.recv(4) == b"well"
        thread.join()
    assert ("DNS", "es2") in seen[0]["subjectAltName"]


def test_another_authority_is_a_reason() -> None:
    wanted = subject_names(["es1"])
    assert reasons(wanted, Existing(wanted, True, True, True)) == []
    assert reasons(wanted, Existing(wanted, False, True, True)) == ["another authority has signed it"]
