# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""workers.properties: from the inventory, from typed additions, and from files of older days."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tomcat.mod_jk.workers import SAFE_MEMBER, activations, plan, properties, read_properties
from tomcat.words import Refused

Make = Callable[..., dict[str, Any]]
Hosts = dict[str, dict[str, Any]]

#: The file of a tutorial that many have copied, as it was meant.
TUTORIAL = """
worker.list = worker1, worker2, loadbalancer   # apache takes Tomcat for workers
worker.worker1.host=localhost
worker.worker1.port=8009
worker.worker1.type=ajp13
worker.worker1.lbfactor=100
worker.worker2.host=localhost
worker.worker2.port=8109
worker.worker2.type=ajp13
worker.worker2.lbfactor=100
worker.loadbalancer.type=lb
worker.loadbalancer.balanced_workers=worker1,worker2
worker.loadbalancer.sticky_session=false
worker.loadbalancer.sticky_session_force=false
"""


def test_members_may_be_named_by_the_old_name_of_the_directive(jk_request_of: Make, hosts: Hosts) -> None:
    found = plan(jk_request_of(balancer_options={"balanced_workers": ["app2", "app1"]}), list(hosts), hosts)
    assert found["loadbalancer"]["balance_workers"] == "app2,app1"


def test_every_instance_of_the_inventory_is_a_worker(jk_request_of: Make, hosts: Hosts) -> None:
    hosts["app3"]["tomcat_instances"] = [{"name": "a"}, {"name": "b"}]
    found = plan(jk_request_of(), list(hosts), hosts)
    assert [
        (name, given.get("host"), given.get("port")) for name, given in found.items() if given["type"] == "ajp13"
    ] == [
        ("app1", "192.0.2.1", "8009"),
        ("app2", "192.0.2.2", "8009"),
        ("app3-a", "192.0.2.3", "8009"),
        ("app3-b", "192.0.2.3", "8109"),
    ]
    assert found["loadbalancer"]["balance_workers"] == "app1,app2,app3-a,app3-b"
    assert {given["secret"] for given in found.values() if given["type"] == "ajp13"} == {"a" * 48}


def test_a_worker_that_hangs_is_noticed_without_being_asked_to(jk_request_of: Make, hosts: Hosts) -> None:
    found = plan(jk_request_of(), list(hosts), hosts)
    assert found["app1"]["ping_mode"] == "A"
    assert int(found["app1"]["ping_timeout"]) <= 1000
    assert int(found["app1"]["socket_connect_timeout"]) <= 1000
    assert int(found["app1"]["reply_timeout"]) > 0
    # what may have been carried out is only repeated when it is a GET; with the bit for HEAD, GET would be forgotten
    assert int(found["app1"]["recovery_options"]) == 1 + 2 + 16


def test_one_worker_may_be_otherwise(jk_request_of: Make, hosts: Hosts) -> None:
    request = jk_request_of(
        worker_options={"lbfactor": 100}, worker_overrides={"app2": {"activation": "disabled", "lbfactor": 1}}
    )
    found = plan(request, list(hosts), hosts)
    assert (found["app1"]["lbfactor"], found["app2"]["lbfactor"]) == ("100", "1")
    assert found["app2"]["activation"] == "disabled"


def test_only_what_is_mounted_is_listed(jk_request_of: Make, hosts: Hosts) -> None:
    found = plan(jk_request_of(), list(hosts), hosts)
    assert "worker.list=loadbalancer,jk-status\n" in properties(found, ["loadbalancer"], 10)
    assert "worker.list=app2,loadbalancer,jk-status\n" in properties(found, ["app2"], 10)
    assert "worker.maintain=10\n" in properties(found, [], 10)


def test_the_file_of_the_tutorial_says_today_what_it_meant(jk_request_of: Make) -> None:
    found = plan(jk_request_of(properties=TUTORIAL), [], {})
    own = {key: value for key, value in found["worker2"].items() if key not in SAFE_MEMBER}
    assert own == {"type": "ajp13", "host": "localhost", "port": "8109", "lbfactor": "100"}
    assert {key: found["loadbalancer"][key] for key in found["loadbalancer"] if key != "recover_time"} == {
        "type": "lb",
        "balance_workers": "worker1,worker2",
        "sticky_session": "false",
        "sticky_session_force": "false",
        "error_escalation_time": "0",
    }
    assert read_properties(TUTORIAL)[0] == ["worker1", "worker2", "loadbalancer"]


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("sticky_session=", "sticky_seesion=", "has no 'sticky_seesion', did you mean sticky_session?"),
        ("type=lb", "type=1b", "nobody knows the type '1b', did you mean lb?"),
        ("worker1.host", "worker1.hots", "has no 'hots', did you mean host?"),
        ("worker1.lbfactor=100", "worker1.lbfactor=ten", "lbfactor is a whole number, not 'ten'"),
        ("worker1.port=8009", "worker1.port=80090", "port is from 1 to 65535"),
        ("worker1,worker2\n", "worker1,wroker2\n", "names 'wroker2', did you mean worker2?"),
        ("worker.list", "worker.lists", "did you mean worker.list?"),
        (
            "worker.worker1.host=localhost",
            "worker1.host=localhost",
            "line 3: expected worker.NAME.DIRECTIVE=VALUE, found 'worker1.host'",
        ),
    ],
)
def test_misspelt_lines_are_refused(jk_request_of: Make, before: str, after: str, complaint: str) -> None:
    text = TUTORIAL.replace(before, after, 1)
    assert text != TUTORIAL
    with pytest.raises(Refused, match=re.escape(complaint)):
        plan(jk_request_of(properties=text), [], {})


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            "worker.app.web1.secret=sesame",
            "line 2: expected worker.NAME.DIRECTIVE=VALUE, found 'worker.app.web1.secret'",
        ),
        ("worker.web1.secret sesame", "line 2: expected worker.NAME.DIRECTIVE=VALUE, found no ="),
        ("worker.web1.secret: sesame==", "line 2: expected worker.NAME.DIRECTIVE=VALUE, found no ="),
        ("worker.web1.secert=sesame", "worker web1: a worker of type ajp13 has no 'secert', did you mean secret?"),
    ],
)
def test_what_is_wrong_with_a_secret_is_told_without_it(line: str, complaint: str) -> None:
    with pytest.raises(Refused, match=re.escape(complaint)) as refused:
        read_properties(f"# ours\n{line}\n")
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"worker_options": {"lbfaktor": 1}}, "a worker of type ajp13 has no 'lbfaktor', did you mean lbfactor?"),
        ({"worker_options": {"sticky_session": True}}, "it belongs to workers of type lb"),
        ({"balancer_options": {"port": 1}}, "it belongs to workers of type ajp13"),
        ({"balancer_options": {"method": "Busy"}}, "did you mean Busyness?"),
        ({"balancer_options": {"sticky_session": "perhaps"}}, "sticky_session is true or false, not 'perhaps'"),
        ({"worker_options": {"ping_mode": "X"}}, "ping_mode has letters of A (all)"),
        ({"worker_options": {"activation": "of"}}, "activation is one of active, disabled, stopped"),
        ({"worker_options": {"cachesize": 5, "connection_pool_size": 6}}, "connection_pool_size is given twice"),
        ({"worker_options": {"local_worker": 1}}, "local_worker does nothing any more"),
        ({"worker_overrides": {"app4": {}}}, "there is no worker 'app4', did you mean app"),
        ({"workers": [{"name": "app1", "type": "ajp13"}]}, "worker app1: there is one of this name already"),
        ({"workers": [{"name": "x", "type": "lb"}]}, "a balancer needs balance_workers"),
        ({"workers": [{"name": "a.b"}]}, "letters, digits, - and _ only, not 'a.b'"),
        ({"worker_options": {"secret": "x#y"}}, "worker app1: secret has no #, no $( and no white space at its ends"),
        ({"secret": "x$(y)"}, "worker app1: secret has no #, no $( and no white space"),
        ({"secret": " x"}, "worker app1: secret has no #, no $( and no white space"),
        ({"worker_options": {"domain": "a#b"}}, "not 'a#b'"),
        ({"worker_options": {"secret": "x\ny"}}, "secret is one line of text, not that"),
    ],
)
def test_what_can_not_be_is_refused(jk_request_of: Make, hosts: Hosts, given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Refused, match=re.escape(complaint)):
        plan(jk_request_of(**given), list(hosts), hosts)


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"cachesize": 5}, "connection_pool_size", "5"),
        ({"disabled": "True"}, "activation", "disabled"),
        ({"stopped": 1}, "activation", "stopped"),
        ({"disabled": False}, "activation", "active"),
        ({"jvm_route": "x"}, "route", "x"),
    ],
)
def test_old_names_say_what_they_say_today(
    jk_request_of: Make, hosts: Hosts, given: dict[str, Any], name: str, value: str
) -> None:
    assert plan(jk_request_of(worker_options=given), list(hosts), hosts)["app1"][name] == value


def test_workers_of_an_old_file_are_noticed_when_they_hang(jk_request_of: Make) -> None:
    found = plan(jk_request_of(properties=TUTORIAL + "worker.worker2.reply_timeout=5\n"), [], {})
    assert (found["worker1"]["ping_mode"], found["worker1"]["reply_timeout"]) == ("A", "60000")
    assert found["worker2"]["reply_timeout"] == "5"


def test_the_balancer_of_an_old_file_takes_the_options_of_the_inventory(jk_request_of: Make) -> None:
    found = plan(jk_request_of(properties=TUTORIAL, balancer_options={"sticky_session": True}), [], {})
    assert found["loadbalancer"]["sticky_session"] == "true"
    assert found["loadbalancer"]["balance_workers"] == "worker1,worker2"


def test_lines_that_say_nothing_today_are_passed_over_and_lists_joined(jk_request_of: Make) -> None:
    text = (
        "workers.tomcat_home=/usr/share/tomcat\nworkers.java_home=$(JAVA_HOME)\nps=/\nworker.maintain=30\n" + TUTORIAL
    )
    split = "worker.loadbalancer.balanced_workers=worker1\nworker.loadbalancer.balanced_workers=worker2"
    text = text.replace("worker.loadbalancer.balanced_workers=worker1,worker2", split)
    assert split in text
    assert plan(jk_request_of(properties=text), [], {})["loadbalancer"]["balance_workers"] == "worker1,worker2"


def test_one_letter_is_as_good_as_its_word(jk_request_of: Make, hosts: Hosts) -> None:
    given = {"method": "B", "lock": "P"}
    request = jk_request_of(balancer_options=given, worker_overrides={"app1": {"activation": "d"}})
    found = plan(request, list(hosts), hosts)
    assert (found["loadbalancer"]["method"], found["loadbalancer"]["lock"]) == ("Busyness", "Pessimistic")
    assert found["app1"]["activation"] == "disabled"


def test_an_old_file_may_mount_its_workers_itself(jk_request_of: Make) -> None:
    lines = "worker.worker1.mount=/a/* !/a/static/*\nworker.worker1.mount=/b\nworker.loadbalancer.mount=/*\n"
    found = plan(jk_request_of(properties=TUTORIAL + lines), [], {})
    assert found["worker1"]["mount"] == "/a/*,!/a/static/*,/b"
    assert found["loadbalancer"]["mount"] == "/*"
    # whoever is sent requests by itself has to be listed
    assert "worker.list=worker1,loadbalancer," in properties(found, [], 10)
    with pytest.raises(Refused, match="mount is a list of paths, which begin with /, not 'a/b'"):
        plan(jk_request_of(properties=TUTORIAL + "worker.worker1.mount=a/b\n"), [], {})


def test_what_members_are_to_be_is_known_without_a_secret(jk_request_of: Make, hosts: Hosts) -> None:
    request = jk_request_of(
        secret="", worker_overrides={"app2": {"disabled": True}}, workers=[{"name": "x", "activation": "stopped"}]
    )
    assert activations(request, list(hosts), hosts) == {"app2": "disabled", "x": "stopped"}
    with_all = jk_request_of(
        worker_options={"activation": "disabled"}, worker_overrides={"app1": {"activation": "active"}}
    )
    assert activations(with_all, list(hosts), hosts) == {"app2": "disabled", "app3": "disabled"}
