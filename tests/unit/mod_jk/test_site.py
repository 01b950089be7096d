# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Apache side: mounts, virtual hosts, the status worker's door."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tomcat.mod_jk.site import jk_conf, load_conf, mount, mounts_of, place, revision, site_conf, uri_map
from tomcat.words import Refused

Make = Callable[..., dict[str, Any]]
WORKERS = {"loadbalancer": {"type": "lb"}, "app1": {"type": "ajp13"}}
HERE = "/etc/apache2/steadfast"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/*.jsp", ("/*.jsp", "loadbalancer")),
        ("JkMount /*.jsp loadbalancer", ("/*.jsp", "loadbalancer")),
        ("JkMount /helloapp/* loadbalancer", ("/helloapp/*", "loadbalancer")),
        ("/a app1", ("/a", "app1")),
        ({"path": "/a", "worker": "app1"}, ("/a", "app1")),
        ({"path": "/a"}, ("/a", "loadbalancer")),
    ],
)
def test_a_mount_is_read_as_people_write_it(given: str | dict[str, str], expected: tuple[str, str]) -> None:
    assert mount("x", given, "loadbalancer", WORKERS) == expected


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("jsp loadbalancer", "a path begins with /"),
        ("/a loadbalncer", "there is no worker 'loadbalncer', did you mean loadbalancer?"),
        ("/a b c", "expected a path and a worker"),
        ({"worker": "app1"}, "a path begins with /"),
    ],
)
def test_a_mount_that_leads_nowhere_is_refused(given: str | dict[str, str], complaint: str) -> None:
    with pytest.raises(Refused, match=re.escape(complaint)):
        mount("x", given, "loadbalancer", WORKERS)


def test_a_site_has_its_own_mounts(jk_request_of: Make) -> None:
    site = {
        "name": "shop",
        "server_name": "shop.example.org",
        "server_aliases": ["www.shop.example.org"],
        "mounts": ["/*"],
        "unmounts": ["/static/* loadbalancer"],
        "extra": "ErrorLog /var/log/apache2/shop.log",
    }
    assert site_conf(site, jk_request_of(), WORKERS, HERE).splitlines() == [
        "# Ansible managed: role steadfast.ha.mod_jk",
        "<VirtualHost *:80>",
        '    ServerName "shop.example.org"',
        '    ServerAlias "www.shop.example.org"',
        "    JkMount /* loadbalancer",
        "    JkUnMount /static/* loadbalancer",
        "    ErrorLog /var/log/apache2/shop.log",
        "</VirtualHost>",
    ]
    assert mounts_of(jk_request_of(sites=[site, {"name": "b", "mounts": ["/ app1"]}]), WORKERS) == [
        "loadbalancer",
        "app1",
    ]


def test_a_site_can_not_break_out_of_its_quotes(jk_request_of: Make) -> None:
    with pytest.raises(Refused, match="quotation marks"):
        site_conf({"name": "x", "server_name": 'a"\nJkMount'}, jk_request_of(), WORKERS, HERE)
    with pytest.raises(Refused, match="a name has letters"):
        site_conf({"name": "../x"}, jk_request_of(), WORKERS, HERE)


def test_a_map_is_for_all_sites(jk_request_of: Make) -> None:
    request = jk_request_of(uri_map=["/a", "!/a/static/*"])
    assert uri_map(request["uri_map"], "loadbalancer", WORKERS).splitlines()[1:] == [
        "/a=loadbalancer",
        "!/a/static/*=loadbalancer",
    ]
    assert f"    JkMountFile {HERE}/uriworkermap.properties" in site_conf({"name": "x"}, request, WORKERS, HERE)


def test_only_the_balancer_itself_may_ask_for_status(jk_request_of: Make) -> None:
    text = jk_conf(jk_request_of(), HERE)
    assert "Listen 127.0.0.1:8019\n" in text
    assert "        Require local\n" in text
    open_to = {"address": "192.0.2.9", "port": 8019, "path": "/jk-status", "allow": ["192.0.2.0/24"]}
    text = jk_conf(jk_request_of(status=open_to), HERE)
    assert "<VirtualHost 192.0.2.9:8019>" in text
    # what waits and drains asks from there
    assert "        Require local\n        Require ip 192.0.2.0/24\n" in text
    anywhere = {"address": "*", "port": 8019, "path": "/jk-status", "allow": []}
    with pytest.raises(Refused, match=re.escape("mod_jk_status: address '*' is none that can be asked")):
        jk_conf(jk_request_of(status=anywhere), HERE)


def test_new_files_are_told_from_former_ones_without_a_word_of_the_secret(jk_request_of: Make) -> None:
    text = jk_conf(jk_request_of(), HERE, "abc")
    assert "    JkMount /jk-status jk-status\n    JkMount /jk-status/abc jk-status\n" in text
    slashed = {"address": "127.0.0.1", "port": 8019, "path": "/jk-status/", "allow": []}
    assert "    JkMount /jk-status/abc jk-status\n" in jk_conf(jk_request_of(status=slashed), HERE, "abc")
    assert revision(["a", "b"]) not in (revision(["a", "c"]), revision(["ab", ""]))
    one = "worker.app1.secret=x\nworker.app1.port=1\n"
    # two bytes at the end are all that a secret makes of it
    other = revision([one.replace("=x", "=y")])
    assert (revision([one])[:12], len(other)) == (other[:12], 16)
    assert revision([one]) != other
    assert revision([one]) != revision([one.replace("=1", "=2")])


def test_an_address_of_ipv6_stands_in_brackets(jk_request_of: Make) -> None:
    assert (place("2001:db8::9", 80), place("192.0.2.9", "80"), place("*", 80)) == (
        "[2001:db8::9]:80",
        "192.0.2.9:80",
        "*:80",
    )
    assert place("[2001:db8::9]", 80) == "[2001:db8::9]:80"
    assert "<VirtualHost [2001:db8::9]:80>" in site_conf(
        {"name": "x", "address": "2001:db8::9"}, jk_request_of(), WORKERS, HERE
    )


def test_the_log_level_is_one_that_there_is(jk_request_of: Make) -> None:
    assert "JkLogLevel debug\n" in jk_conf(jk_request_of(log_level="debug"), HERE)
    with pytest.raises(Refused, match=re.escape("did you mean debug?")):
        jk_conf(jk_request_of(log_level="debgu"), HERE)


def test_a_module_that_was_built_is_loaded() -> None:
    assert "\nLoadModule jk_module /usr/lib64/httpd/modules/mod_jk.so\n" in load_conf(
        "/usr/lib64/httpd/modules/mod_jk.so"
    )
