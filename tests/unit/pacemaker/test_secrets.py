# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets deep inside of things: of operations, of alerts and their recipients, and attributes of nodes."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from pacemaker import describe, tree
from pacemaker.export import export
from pacemaker.words import Refused

SCOPES = ("additive", "full", "refuse_on_drift")
#: where somebody has put a secret by hand, and under which name
PLACES = (
    ("resources//op[@id='app-monitor-interval-10s']", "passwd"),
    ("alerts/alert[@id='mail']", "trap_community"),
    ("alerts/alert[@id='mail']/recipient", "api_token"),
    ("nodes/node[@uname='node1']", "password"),
)


@pytest.fixture
def secretive(live: Element, make: Any) -> Element:
    for number, (place, name) in enumerate(PLACES):
        owner = make.find(live, place)
        found = owner.find("instance_attributes")
        if found is None:
            found = fromstring(f'<instance_attributes id="s{number}"/>')
            owner.append(found)
        found.append(fromstring(f'<nvpair id="p{number}" name="{name}" value="HORSE{number}"/>'))
    return live


@pytest.mark.parametrize("scope", SCOPES)
def test_they_stay_and_an_export_names_them(scope: str, secretive: Element, make: Any) -> None:
    exported = export(secretive)
    assert exported.secrets == {"power": ["password"], "mail": ["trap_community"]}
    assert exported.not_expressible == [
        "the value of passwd of operation monitor of resource app, a secret, which stays in the cluster",
        "the value of api_token of recipient ops@example.org of alert mail, a secret, which stays in the cluster",
        "the value of password of node node1, a secret, which stays in the cluster",
    ]
    assert "HORSE" not in str(exported)
    variables = {name[len("pacemaker_") :]: value for name, value in exported.variables.items()}
    again = make.merged(variables, secretive, scope, secrets={})
    assert again.changes == ()
    assert again.kept_secrets == {"power": ("password",), "mail": ("trap_community",)}
    assert tree.written(again.root) == tree.written(secretive)


def test_they_are_not_shown(secretive: Element, everything: dict[str, Any], make: Any) -> None:
    everything["node_attributes"] = {"node1": {"site": "a", "password": "CORRECT"}}
    everything["alerts"][0]["recipients"][0]["options"] = {"colour": "red"}
    everything["resources"][1]["operations"] = [
        {"action": "monitor", "interval": "10s", "parameters": {"OCF_CHECK_LEVEL": 10}}
    ]
    secrets = {"power": {"password": "correct horse"}, "mail": {"url": "https://CORRECT"}}
    changed = make.merged(everything, secretive, secrets=secrets)
    told = "\n".join(changed.changes)
    assert "changes attribute of node node1: password: is another" in told
    assert "changes alert mail: parameters.url is set; " in told
    assert "operations.monitor.10000ms from" in told
    assert "name='OCF_CHECK_LEVEL' value='10'" in told
    assert f"name='passwd' value='{describe.HIDDEN}'" in told
    with pytest.raises(Refused) as refused:
        make.merged(everything, secretive, "refuse_on_drift", secrets=secrets)
    for text in (told, str(refused.value)):
        assert not [word for word in ("HORSE", "CORRECT") if word in text], text
    # while what is really there has all of them
    written = tree.written(changed.root)
    assert [word in written for word in ("HORSE0", "HORSE1", "HORSE2", "CORRECT")] == [True] * 4
    assert describe.values_of(changed.root, {("mail", "url")}) == {"https://CORRECT"}


def test_one_of_an_alert_is_declared_and_taken_away(everything: dict[str, Any], new_cib: Element, make: Any) -> None:
    told = {"power": {"password": "x"}, "mail": {"trap_community": "public"}}
    root = make.merged(everything, new_cib, secrets=told).root
    assert tree.dictionary(make.find(root, "alerts/alert"), "instance_attributes") == {
        "from": "cluster@example.org",
        "trap_community": "public",
    }
    gone = make.merged(everything, root, secrets={"mail": {"trap_community": None}})
    assert gone.changes == ("changes alert mail: parameters.trap_community is taken away",)
    with pytest.raises(Refused, match=r"pacemaker_secrets: nobody knows 'mial', did you mean mail\?"):
        make.merged(everything, new_cib, secrets={"mial": {"trap_community": "public"}})


def test_an_export_of_a_cluster_without_fencing_says_what_it_says() -> None:
    root = tree.empty_cib()
    assert export(root).warnings == []
    own = tree.pairs("cluster_property_set", "cib-bootstrap-options", {"stonith-enabled": "false"})
    tree.put(tree.section(root, "crm_config"), own)
    (warning,) = export(root).warnings
    assert warning.startswith(
        "Fencing is switched off in this cluster, so the exported pacemaker_without_fencing says:"
    )


def test_a_node_that_has_gone_stays_in_a_list_that_is_exported(live: Element, make: Any) -> None:
    spare = make.find(live, "resources/primitive[@id='spare']/instance_attributes/nvpair[@name='pcmk_host_list']")
    spare.set("value", "node1 gone")
    exported = export(live)
    assert exported.not_expressible == []
    (device,) = [one for one in exported.variables["pacemaker_fence_devices"] if one["name"] == "spare"]
    assert device["parameters"]["pcmk_host_list"] == "node1 gone"
    assert "nodes" not in device
