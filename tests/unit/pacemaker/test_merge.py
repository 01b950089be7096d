# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live CIB and wanted configuration joined, by scope."""

from __future__ import annotations

import copy
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring

import pytest
from pacemaker import compose, describe, tree
from pacemaker import live as live_module
from pacemaker.agents import Agent, Parameter
from pacemaker.words import Refused

SCOPES = ("additive", "full", "refuse_on_drift")
HAND_MADE = '<primitive id="hand" class="ocf" provider="pacemaker" type="Dummy"/>'


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_so_stays_to_the_letter(scope: str, live: Element, everything: dict[str, Any], make: Any) -> None:
    again = make.merged(everything, live, scope)
    assert again.changes == ()
    assert tree.written(again.root) == tree.written(live)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_secret_stays_where_nothing_else_is_declared_of_its_set(scope: str, new_cib: Element, make: Any) -> None:
    device = {"name": "power", "agent": "fence_apc"}
    live = make.merged({"fence_devices": [device]}, new_cib).root
    again = make.merged({"fence_devices": [device]}, live, scope, secrets={})
    assert again.changes == ()
    assert tree.written(again.root) == tree.written(live)


def test_a_secret_in_a_second_set_stays_and_its_fellows_go(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    second = SubElement(make.find(live, "resources/primitive[@id='power']"), "instance_attributes", {"id": "more"})
    for name in ("password", "community", "timeout"):
        SubElement(second, "nvpair", {"id": f"more-{name}", "name": name, "value": "one"})
    root = make.merged(everything, live, "full").root
    assert [pair.get("name") for pair in make.find(root, "resources//instance_attributes[@id='more']")] == ["community"]


def test_a_secret_goes_when_it_is_declared_to_be_none(live: Element, everything: dict[str, Any], make: Any) -> None:
    gone = make.merged(everything, live, secrets={"power": {"password": None}})
    assert gone.changes == ("changes resource power: parameters.password is taken away",)
    assert gone.kept_secrets == {}
    back = make.merged(everything, gone.root)
    assert back.changes == ("changes resource power: parameters.password is set",)


def test_a_secret_that_an_agent_needs_may_stay_undeclared(new_cib: Element, make: Any) -> None:
    needs = {"stonith:fence_x": Agent("stonith:fence_x", {"password": Parameter("string", True, ())}, (), True)}
    request = {"fence_devices": [{"name": "power", "agent": "fence_x"}]}
    with pytest.raises(Refused, match="can't do without it"):
        compose.compose(request, {}, needs, live_module.around(new_cib))
    make.find(new_cib, "resources").append(
        fromstring(
            '<primitive id="power" class="stonith" type="fence_x"><instance_attributes id="p">'
            '<nvpair id="p1" name="passwd" value="x"/></instance_attributes></primitive>'
        )
    )
    compose.compose(request, {}, needs, live_module.around(new_cib))
    with pytest.raises(Refused, match="can't do without it"):
        compose.compose(request, {"power": {"passwd": None}}, needs, live_module.around(new_cib))


def test_additive_leaves_what_nobody_declares_whatever_it_refers_to(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    for section, text in (
        ("constraints", '<rsc_location id="of-tag" rsc="frontend" node="node1" score="1"/>'),
        ("constraints", '<rsc_order id="of-template" first="base" then="frontend"/>'),
        ("tags", '<tag id="odd"><obj_ref id="reader"/><obj_ref id="mail"/></tag>'),
        ("fencing-topology", '<fencing-level id="odd-level" target="node2" index="9" devices="power,nobody"/>'),
    ):
        make.find(live, section).append(fromstring(text))
    again = make.merged(everything, live)
    assert again.changes == ()
    assert tree.written(again.root) == tree.written(live)
    declared = [{"resource": "frontend", "node": "node1", "score": 1, "name": "of-tag"}]
    everything["locations"] += declared
    assert make.merged(everything, live).changes == ()


def test_what_needs_an_absent_tag_or_role_goes_and_the_rest_of_it_stays(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    make.find(live, "resources").append(fromstring(HAND_MADE))
    for section, text in (
        ("tags", '<tag id="both"><obj_ref id="hand"/><obj_ref id="lonely"/></tag>'),
        ("tags", '<tag id="alone"><obj_ref id="hand"/></tag>'),
        ("constraints", '<rsc_location id="of-alone" rsc="alone" node="node1" score="1"/>'),
        ("constraints", '<rsc_location id="of-both" rsc="both" node="node1" score="1"/>'),
        ("acls", '<acl_role id="old"/>'),
        ("acls", '<acl_target id="bob"><role id="old"/><role id="reader"/></acl_target>'),
        ("acls", '<acl_target id="carol"><role id="old"/></acl_target>'),
    ):
        make.find(live, section).append(fromstring(text))
    everything["absent"] = ["hand", "old"]
    root = make.merged(everything, live).root
    assert [ref.get("id") for ref in make.find(root, "tags/tag[@id='both']")] == ["lonely"]
    assert [role.get("id") for role in make.find(root, "acls/acl_target[@id='bob']")] == ["reader"]
    ids = {entry.get("id") for entry in root.iter()}
    assert "of-both" in ids
    assert not ids & {"alone", "of-alone", "old", "carol"}


def test_a_user_may_have_a_role_that_nobody_declares(live: Element, everything: dict[str, Any], make: Any) -> None:
    make.find(live, "acls").append(fromstring('<acl_role id="by-hand"/>'))
    everything["acl_users"].append({"name": "bob", "roles": ["by-hand"]})
    assert make.merged(everything, live).changes == ("adds ACL user bob",)
    everything["absent"] = ["by-hand"]
    with pytest.raises(Refused, match="nobody knows 'by-hand'"):
        make.merged(everything, live)


def test_a_hand_made_resource_in_each_scope(live: Element, everything: dict[str, Any], make: Any) -> None:
    make.find(live, "resources").append(fromstring(HAND_MADE))
    SubElement(
        make.find(live, "constraints"), "rsc_location", {"id": "x", "rsc": "hand", "node": "node1", "score": "1"}
    )
    additive = make.merged(everything, live)
    assert additive.changes == ()
    assert additive.undeclared == ("resource hand", "location constraint x")
    full = make.merged(everything, live, "full")
    assert full.changes == ("removes resource hand", "removes location constraint x")
    with pytest.raises(Refused, match="resource hand is not declared; location constraint x is not declared"):
        make.merged(everything, live, "refuse_on_drift")


def test_drift_of_a_declared_thing_is_refused_and_an_addition_is_not(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    everything["resources"].append({"name": "more", "agent": "ocf:pacemaker:Dummy"})
    assert make.merged(everything, live, "refuse_on_drift").changes == ("adds resource more (ocf:pacemaker:Dummy)",)
    make.find(live, "resources//primitive[@id='web-vip']/instance_attributes/nvpair[@name='ip']").set(
        "value", "192.0.2.9"
    )
    with pytest.raises(Refused, match=r"changes resource web-vip: parameters\.ip from 192\.0\.2\.9 to 192\.0\.2\.100"):
        make.merged(everything, live, "refuse_on_drift")


@pytest.mark.parametrize("scope", SCOPES)
def test_what_operators_switch_is_left_alone(scope: str, live: Element, everything: dict[str, Any], make: Any) -> None:
    app = make.find(live, "resources//primitive[@id='app']/meta_attributes")
    SubElement(app, "nvpair", {"id": "a1", "name": "target-role", "value": "Stopped"})
    vip = make.find(live, "resources//primitive[@id='web-vip']")
    own = SubElement(vip, "meta_attributes", {"id": "v"})
    SubElement(own, "nvpair", {"id": "v1", "name": "is-managed", "value": "false"})
    crm_config = make.find(live, "crm_config/cluster_property_set")
    SubElement(crm_config, "nvpair", {"id": "m", "name": "maintenance-mode", "value": "true"})
    SubElement(
        make.find(live, "constraints"),
        "rsc_location",
        {"id": "cli-prefer-web", "rsc": "web", "node": "node2", "score": "INFINITY"},
    )
    node = make.find(live, "nodes/node[@uname='node2']")
    attributes = SubElement(node, "instance_attributes", {"id": "nodes-2"})
    SubElement(attributes, "nvpair", {"id": "nodes-2-standby", "name": "standby", "value": "on"})
    again = make.merged(everything, live, scope)
    assert again.changes == ()
    assert tree.written(again.root) == tree.written(live)


def test_absent_things_go_with_what_needs_them(live: Element, everything: dict[str, Any], make: Any) -> None:
    make.find(live, "resources").append(fromstring(HAND_MADE))
    SubElement(
        make.find(live, "constraints"), "rsc_location", {"id": "x", "rsc": "hand", "node": "node1", "score": "1"}
    )
    everything["absent"] = ["hand", "spare-thing"]
    assert make.merged(everything, live).changes == ("removes resource hand", "removes location constraint x")


def test_an_undeclared_member_of_a_group_stays_behind_the_declared_ones(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    make.find(live, "resources//group[@id='web']").insert(0, fromstring(HAND_MADE))
    assert make.merged(everything, live).changes == (
        "changes group web: members from hand web-vip web-server to web-vip web-server hand",
    )
    assert make.merged(everything, live, "full").changes == (
        "changes group web: members from hand web-vip web-server to web-vip web-server",
        "removes resource hand",
    )


def test_a_resource_moves_into_a_group_with_its_ids(new_cib: Element, make: Any) -> None:
    base = {
        "without_fencing": "I accept that data may be lost",
        "resources": [{"name": "vip", "vip": {"address": "192.0.2.1"}}],
    }
    live = make.merged(base, new_cib, secrets={}).root
    make.find(live, "resources/primitive/instance_attributes").set("id", "a-name-of-its-own")
    grouped = make.merged({**base, "groups": [{"name": "web", "members": ["vip"]}]}, live, secrets={})
    assert grouped.changes == ("adds group web (vip)", "changes resource vip: in = web")
    assert make.find(grouped.root, "resources/group/primitive/instance_attributes").get("id") == "a-name-of-its-own"
    assert grouped.root.find("configuration/resources/primitive") is None


def test_a_changed_value_changes_one_pair(live: Element, everything: dict[str, Any], make: Any) -> None:
    everything["web_servers"][0]["address"] = "192.0.2.101/24"
    changed = make.merged(everything, live)
    assert changed.changes == ("changes resource web-vip: parameters.ip from 192.0.2.100 to 192.0.2.101",)


def test_a_constraint_of_another_name_is_found_by_its_ends(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    make.find(live, "constraints/rsc_location[@id='location-web-node1']").set("id", "by-hand")
    assert make.merged(everything, live, "full").changes == ()
    everything["locations"][0]["score"] = 70
    assert make.merged(everything, live, "full").changes == (
        "changes location constraint by-hand: score from 50 to 70",
    )


def test_other_spellings_are_no_difference(live: Element, everything: dict[str, Any], make: Any) -> None:
    make.find(live, "resources//primitive[@id='web-vip']/operations/op[@name='monitor']").set("interval", "5000ms")
    make.find(live, "resources//primitive[@id='state']/operations/op[@role='Promoted']").set("role", "Master")
    make.find(live, "crm_config//nvpair[@name='enable-acl']").set("value", "yes")
    make.find(live, "constraints/rsc_colocation[@id='colocation-stack-state-clone']").set("score", "+INFINITY")
    again = make.merged(everything, live, "refuse_on_drift")
    assert tree.written(again.root) == tree.written(live)


def test_a_stranger_in_a_declared_clone_is_refused(live: Element, everything: dict[str, Any], make: Any) -> None:
    clone = make.find(live, "resources/clone[@id='ping-clone']")
    clone.remove(make.find(live, "resources/clone/primitive[@id='ping']"))
    clone.append(fromstring(HAND_MADE))
    with pytest.raises(Refused, match="clone ping-clone: the cluster has hand in it"):
        make.merged(everything, live)


def test_secrets_are_never_shown(live: Element, everything: dict[str, Any], make: Any) -> None:
    changed = make.merged(everything, live, secrets={"power": {"password": "another"}})
    assert changed.changes == ("changes resource power: parameters.password is another",)
    shown = describe.shown(live, ["another"]) + describe.shown(changed.root, ["another"])
    assert "another" not in shown
    assert "correct horse" not in shown
    patch = fromstring(
        '<diff><change><change-list><change-attr name="value" value="another"/></change-list></change></diff>'
    )
    assert "another" not in tree.written(describe.hide(patch, ["another"]))


def test_what_is_declared_a_secret_is_one_whatever_its_name(
    live: Element, everything: dict[str, Any], make: Any
) -> None:
    secrets = {"power": {"password": "correct horse", "sudo_path": "old one"}}
    before = make.merged(everything, live, secrets=secrets).root
    secrets["power"]["sudo_path"] = "new one"
    changed = make.merged(everything, before, secrets=secrets)
    assert changed.changes == ("changes resource power: parameters.sudo_path is another",)
    assert describe.values_of(before, {("power", "sudo_path"), ("spare", "ip")}) == {"old one", "192.0.2.11"}
    assert "old one" not in describe.shown(before, describe.values_of(before, {("power", "sudo_path")}))
    make.find(before, "resources/primitive[@id='power']/instance_attributes/nvpair[@name='sudo_path']").set(
        "value", "x y"
    )
    with pytest.raises(Refused) as refused:
        make.merged(everything, before, "refuse_on_drift", secrets=secrets)
    assert "x y" not in str(refused.value)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_usual_default_is_set_only_where_the_cluster_has_none(scope: str, new_cib: Element, make: Any) -> None:
    base = {
        "without_fencing": "I accept that data may be lost",
        "usual_resource_defaults": {"resource-stickiness": 100},
    }
    made = make.merged(base, new_cib, scope, secrets={})
    assert "adds resource default resource-stickiness = 100" in made.changes
    make.find(made.root, "rsc_defaults//nvpair[@name='resource-stickiness']").set("value", "7")
    again = make.merged(base, made.root, scope, secrets={})
    assert again.changes == ()
    assert again.undeclared == ()
    declared = make.merged({**base, "resource_defaults": {"resource-stickiness": 0}}, made.root, secrets={})
    assert declared.changes == ("changes resource default resource-stickiness: from 7 to 0",)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_usual_property_is_set_only_where_the_cluster_has_none(scope: str, new_cib: Element, make: Any) -> None:
    base = {
        "without_fencing": "I accept that data may be lost",
        "usual_properties": {"transition-delay": "200ms"},
    }
    made = make.merged(base, new_cib, scope, secrets={})
    assert "adds property transition-delay = 200ms" in made.changes
    make.find(made.root, "crm_config//nvpair[@name='transition-delay']").set("value", "0s")
    again = make.merged(base, made.root, scope, secrets={})
    assert again.changes == ()
    assert again.undeclared == ()
    declared = make.merged({**base, "properties": {"transition-delay": "1s"}}, made.root, secrets={})
    assert declared.changes == ("changes property transition-delay: from 0s to 1s",)
    with pytest.raises(Refused, match=r"^pacemaker_usual_properties\.stonith-enabled: is on"):
        make.merged({"usual_properties": {"stonith-enabled": "false"}}, new_cib, scope, secrets={})


@pytest.mark.parametrize("scope", SCOPES)
def test_a_usual_value_follows_its_reasons_until_somebody_chooses_another(
    scope: str, new_cib: Element, make: Any
) -> None:
    def base(delay: str) -> dict[str, Any]:
        return {
            "without_fencing": "I accept that data may be lost",
            "usual_properties": {"transition-delay": delay},
        }

    made = make.merged(base("217ms"), new_cib, scope, secrets={})
    for delay, former in (("412ms", "217ms"), ("217ms", "412ms")):
        # a longer token or another node
        follows = make.merged(base(delay), made.root, scope, secrets={})
        assert follows.changes == (f"changes property transition-delay: from {former} to {delay}",)
        assert make.merged(base(delay), follows.root, scope, secrets={}).changes == ()
        made = follows
    make.find(made.root, "crm_config//nvpair[@name='transition-delay']").set("value", "5s")
    assert make.merged(base("412ms"), made.root, scope, secrets={}).changes == ()


def test_the_live_cib_is_not_touched(live: Element, everything: dict[str, Any], make: Any) -> None:
    before = copy.deepcopy(live)
    everything["absent"] = ["lonely-not"]
    everything["web_servers"][0]["address"] = "192.0.2.101/24"
    make.merged(everything, live, "full")
    assert tree.written(live) == tree.written(before)
