# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a CATALINA_BASE, applications, and several files that change together."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tomcat import files as on_disk
from tomcat.base import archive_name, files, pages
from tomcat.files import File, FileSet, read
from tomcat.instances import all_instances
from tomcat.war import inspect, well_named
from tomcat.words import Refused

Make = Callable[..., dict[str, Any]]
Hosts = dict[str, dict[str, Any]]
SUM = "sha256:" + "0123456789abcdef" * 4
SHOP = {"name": "shop", "checksum": SUM}


def planned(request: dict[str, Any], hosts: Hosts, more: str = "") -> tuple[dict[str, str], dict[str, str], str]:
    everybody = all_instances(list(hosts), hosts)
    return files(everybody[0], everybody, request, more)


def test_a_new_content_is_a_new_file_name() -> None:
    assert archive_name(SHOP) == "shop-0123456789abcdef.war"
    with pytest.raises(Refused, match="needs a checksum"):
        archive_name({"name": "shop", "checksum": "sha1:" + "a" * 40})


def test_a_context_points_at_the_archive(request_of: Make, hosts: Hosts) -> None:
    found, links, _revision = planned(request_of(applications=[{**SHOP, "parameters": {"mode": "<x>"}}]), hosts)
    context = ElementTree.fromstring(found["conf/Catalina/localhost/shop.xml"])
    assert (context.get("docBase") or "").endswith("/applications/shop-0123456789abcdef.war")
    assert [(child.get("name"), child.get("value")) for child in context] == [("mode", "<x>")]
    assert links["conf/web.xml"] == "/usr/share/tomcat10/skel/conf/web.xml"


def test_java_is_told_to_speak_ipv4_where_it_multicasts(request_of: Make, hosts: Hosts) -> None:
    option = "-Djava.net.preferIPv4Stack=true"
    assert option not in planned(request_of(), hosts)[0]["conf/environment"]
    assert option in planned(request_of(membership="multicast"), hosts)[0]["conf/environment"]
    assert option not in planned(request_of(membership="multicast", is_clustered=False), hosts)[0]["conf/environment"]
    hosts["app1"]["tomcat_address"] = "2001:db8::1"
    assert option not in planned(request_of(membership="multicast"), hosts)[0]["conf/environment"]


def test_whatever_changes_makes_a_running_instance_old(request_of: Make, hosts: Hosts) -> None:
    revisions = {
        planned(request_of(**given), hosts, more)[2]
        for given, more in (
            ({}, ""),
            ({"java_options": "-Xmx1g"}, ""),
            ({"applications": [SHOP]}, ""),
            ({"environment": {"A": "b"}}, ""),
            ({}, "another unit"),
        )
    }
    assert len(revisions) == 5
    assert planned(request_of(), hosts)[2] in revisions


def test_the_environment_is_quoted_for_systemd(request_of: Make, hosts: Hosts) -> None:
    text = planned(request_of(environment={"GREETING": 'a "b" \\c'}), hosts)[0]["conf/environment"]
    assert 'GREETING="a \\"b\\" \\\\c"' in text.splitlines()
    with pytest.raises(Refused, match="control characters"):
        planned(request_of(environment={"A": "x\ny"}), hosts)


@pytest.mark.parametrize("name", ["CATALINA_OPTS", "CATALINA_BASE", "CATALINA_HOME", "STEADFAST_REVISION"])
def test_what_the_role_says_of_the_environment_is_not_said_again(request_of: Make, hosts: Hosts, name: str) -> None:
    with pytest.raises(Refused, match=f"tomcat_environment: {name} is the role's own"):
        planned(request_of(environment={name: "x"}), hosts)
    assert 'JAVA_OPTS="x"' in planned(request_of(environment={"JAVA_OPTS": "x"}), hosts)[0]["conf/environment"]


def test_pages_are_below_their_application(request_of: Make, hosts: Hosts) -> None:
    applications = [SHOP, {"name": "ROOT", "checksum": SUM, "pages": ["/a"]}, {"name": "a#b", "checksum": SUM}]
    instance = all_instances(list(hosts), hosts)[0]
    assert pages(instance, request_of(applications=applications)) == ["/shop/", "/a", "/a/b/"]


def test_an_instance_may_have_some_applications_only(request_of: Make, hosts: Hosts) -> None:
    hosts["app1"]["tomcat_instances"] = [{"name": "main", "applications": ["shop"]}]
    request = request_of(applications=[SHOP, {"name": "blog", "checksum": SUM}])
    assert [path for path in planned(request, hosts)[0] if path.endswith("p.xml")] == [
        "conf/Catalina/localhost/shop.xml"
    ]
    hosts["app1"]["tomcat_instances"] = [{"name": "main", "applications": ["shops"]}]
    with pytest.raises(Refused, match="no application 'shops'"):
        planned(request, hosts)


@pytest.mark.parametrize(
    ("name", "good"), [("ROOT", True), ("a#b", True), ("../x", False), ("a##2", False), ("", False)]
)
def test_names_become_paths(name: str, good: bool) -> None:
    assert well_named(name) is good


def war(path: Path, descriptor: str | None) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.jsp", "hello")
        if descriptor is not None:
            archive.writestr("WEB-INF/web.xml", descriptor)
    return str(path)


@pytest.mark.parametrize(
    ("descriptor", "distributable"),
    [
        ("<web-app><distributable/></web-app>", True),
        ('<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee"><distributable/></web-app>', True),
        (
            '<web-app xmlns="http://java.sun.com/xml/ns/javaee"><display-name>distributable</display-name></web-app>',
            False,
        ),
        ("<web-app><!-- <distributable/> --></web-app>", False),
        (None, False),
    ],
)
def test_sessions_travel_only_when_the_application_says_so(
    tmp_path: Path, descriptor: str | None, distributable: bool
) -> None:
    found = inspect(war(tmp_path / "a.war", descriptor))
    assert found.errors == []
    assert found.is_distributable is distributable


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    whole = Path(war(tmp_path / "a.war", "<web-app/>")).read_bytes()
    cut = tmp_path / "cut.war"
    cut.write_bytes(whole[:-30])
    assert "no web application archive" in inspect(str(cut)).errors[0]
    damaged = tmp_path / "damaged.war"
    damaged.write_bytes(whole.replace(b"hello", b"hullo"))
    assert inspect(str(damaged)).errors == ["index.jsp in it is damaged"]
    assert "not well-formed" in inspect(war(tmp_path / "b.war", "<web-app>")).errors[0]
    assert "no <web-app>" in inspect(war(tmp_path / "c.war", "<server/>")).errors[0]


@pytest.fixture
def owned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files belong to whoever runs the tests."""
    monkeypatch.setattr(on_disk.os, "chown", lambda *_args, **_kwargs: None)


@pytest.mark.usefixtures("owned")
@pytest.mark.skipif(os.geteuid() != 0, reason="files have to belong to root")
def test_files_change_together_and_go_back_together(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("old")
    (tmp_path / "kept").chmod(0o640)
    (tmp_path / "gone").write_text("bye")
    wanted = {
        str(tmp_path / "kept"): File(content="new"),
        str(tmp_path / "fresh"): File(content="x", mode=0o640),
        str(tmp_path / "gone"): File(),
        str(tmp_path / "link"): File(target="kept"),
    }
    files_here = FileSet(wanted, str(tmp_path / ".previous"))
    assert sorted(files_here.put()) == sorted(wanted)
    assert (tmp_path / "link").read_text() == "new"
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o640
    assert read(str(tmp_path / "gone")) is None
    assert files_here.differing() == files_here.put() == []

    again = FileSet({}, str(tmp_path / ".previous"))
    assert sorted(again.take_back()) == sorted(wanted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gone", "kept"]
    assert (tmp_path / "kept").read_text() == "old"
    # who could not read it before can't now
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o640
    assert again.take_back() == []


@pytest.mark.usefixtures("owned")
@pytest.mark.skipif(os.geteuid() != 0, reason="files have to belong to root")
def test_the_way_back_leads_to_what_worked_last(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("first")

    def put(text: str) -> FileSet:
        found = FileSet({str(path): File(content=text)}, str(tmp_path / ".previous"))
        found.put()
        return found

    # the second was interrupted, and nobody knows whether it worked
    put("second")
    put("third").take_back()
    assert path.read_text() == "first"
    put("second").settle()
    # it fails although nothing of it differs: the files are not the reason
    assert put("second").take_back() == []
    put("third").take_back()
    assert path.read_text() == "second"
