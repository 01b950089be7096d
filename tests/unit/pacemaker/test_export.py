# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was exported and declared again changes nothing but what the export names."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from pacemaker import tree
from pacemaker.export import export

SCOPES = ("additive", "full", "refuse_on_drift")


@pytest.mark.parametrize("secrets", [None, {}], ids=["with", "without"])
@pytest.mark.parametrize("scope", SCOPES)
def test_an_export_declared_again_changes_nothing(scope: str, secrets: Any, live: Element, make: Any) -> None:
    exported = export(live)
    assert exported.not_expressible == []
    assert exported.secrets == {"power": ["password"]}
    variables = {name[len("pacemaker_") :]: value for name, value in exported.variables.items()}
    again = make.merged(variables, live, scope, secrets=secrets)
    assert again.changes == ()
    assert again.kept_secrets == ({} if secrets is None else {"power": ("password",)})
    assert tree.written(again.root) == tree.written(live)


UNSPEAKABLE = (
    ("crm_config/cluster_property_set", '<nvpair id="u1" name="hacluster-own" value="1"/>', "property hacluster-own"),
    ("rsc_defaults/meta_attributes", '<nvpair id="u2" name="odd" value="1"/>', "resource default odd"),
    (
        "resources//primitive[@id='app']/meta_attributes",
        '<nvpair id="u3" name="odd" value="1"/>',
        "meta.odd is taken away",
    ),
    (
        "resources//primitive[@id='app']/operations/op[@name='monitor']",
        '<meta_attributes id="u4"><nvpair id="u5" name="timeout" value="5"/></meta_attributes>',
        "in resource app: operations.monitor.10000ms from record-pending=true",
    ),
    ("resources", '<bundle id="box"><docker image="x"/></bundle>', "resource box (bundle)"),
    (
        "resources",
        '<group id="of-template"><primitive id="x" template="base"/></group>',
        "group of-template, for something",
    ),
    ("constraints", '<rsc_location id="on-box" rsc="box" node="node1" score="1"/>', "constraint on-box (rsc_location)"),
    ("fencing-topology", '<fencing-level id="lvl" target="node2" index="9" devices="power,box"/>', "fencing level lvl"),
    ("tags", '<tag id="odd"><obj_ref id="reader"/></tag>', "tag odd"),
    ("alerts/alert", '<instance_attributes id="u6"><rule id="u7" score="1"/></instance_attributes>', "in alert mail: "),
)


@pytest.mark.parametrize("scope", ["additive", "full"])
def test_what_an_export_cannot_say_is_named_and_nothing_else_changes(scope: str, live: Element, make: Any) -> None:
    make.find(live, "resources//op[@id='app-monitor-interval-10s']").set("record-pending", "true")
    for place, text, _told in UNSPEAKABLE:
        make.find(live, place).append(fromstring(text))
    exported = export(live)
    for _place, _text, told in UNSPEAKABLE:
        assert [one for one in exported.not_expressible if told in one], (told, exported.not_expressible)
    assert "record-pending=true" in " ".join(exported.not_expressible)
    variables = {key[len("pacemaker_") :]: value for key, value in exported.variables.items()}
    again = make.merged(variables, live, scope, secrets={})
    told = " ".join(exported.not_expressible)
    assert again.changes
    for change in again.changes:
        kind, _space, rest = change.partition(" ")
        assert (rest if kind == "changes" else rest.rpartition(" ")[2]) in told, change


def test_an_export_says_that_it_would_be_refused(live: Element, make: Any) -> None:
    make.find(live, "resources").append(
        fromstring('<primitive id="a b" class="ocf" provider="pacemaker" type="Dummy"/>')
    )
    assert export(live).not_expressible == [
        "all of it, as the variables would be refused: pacemaker_resources[a b].name: 'a b' can't be a name: a letter "
        "first, then letters, digits, '-', '_' and '.'"
    ]


@pytest.mark.parametrize("name", ["pcs.xml", "crmsh.xml"])
@pytest.mark.parametrize("scope", SCOPES)
def test_a_cluster_of_another_hand_can_be_taken_over(name: str, scope: str, make: Any) -> None:
    live = without_blanks(FOREIGN[name]())
    exported = export(live)
    assert exported.not_expressible == []
    variables = {key[len("pacemaker_") :]: value for key, value in exported.variables.items()}
    again = make.merged(variables, live, scope, secrets={})
    assert again.changes == ()
    assert tree.written(again.root) == tree.written(live)


def without_blanks(root: Element) -> Element:
    for found in root.iter():
        found.text = found.tail = None
    return root


def pcs_made() -> Element:
    """As pcs 0.11 leaves it: own ids, legacy roles, several constraints."""
    return fromstring(
        """<cib admin_epoch="0" epoch="9" num_updates="0" validate-with="pacemaker-3.7"><configuration>
        <crm_config><cluster_property_set id="cib-bootstrap-options">
          <nvpair id="cib-bootstrap-options-have-watchdog" name="have-watchdog" value="false"/>
          <nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/>
          <nvpair id="cib-bootstrap-options-no-quorum-policy" name="no-quorum-policy" value="ignore"/>
        </cluster_property_set></crm_config>
        <nodes><node id="1" uname="node1"><instance_attributes id="nodes-1">
          <nvpair id="nodes-1-standby" name="standby" value="on"/></instance_attributes></node></nodes>
        <resources>
          <clone id="db-clone"><meta_attributes id="db-clone-meta_attributes">
            <nvpair id="db-clone-meta_attributes-promotable" name="promotable" value="true"/></meta_attributes>
            <primitive class="ocf" id="db" provider="pacemaker" type="Stateful"><operations>
              <op id="db-monitor-interval-10s" interval="10s" name="monitor" role="Master" timeout="20s"/>
              <op id="db-monitor-interval-11s" interval="11s" name="monitor" role="Slave" timeout="20s"/>
            </operations></primitive></clone>
          <group id="g"><primitive class="ocf" id="ip" provider="heartbeat" type="IPaddr2">
            <instance_attributes id="ip-instance_attributes">
              <nvpair id="ip-instance_attributes-ip" name="ip" value="192.0.2.5"/></instance_attributes>
            <operations><op id="ip-monitor" interval="10" name="monitor"/></operations></primitive></group>
        </resources>
        <constraints>
          <rsc_location id="location-g-node1-50" node="node1" rsc="g" score="50"/>
          <rsc_colocation id="c" rsc="g" rsc-role="Started" score="INFINITY" with-rsc="db-clone"
            with-rsc-role="Master"/>
          <rsc_order first="db-clone" first-action="promote" id="o" then="g" then-action="start"/>
          <rsc_location id="cli-ban-g-on-node1" rsc="g" role="Started" node="node1" score="-INFINITY"/>
        </constraints>
        <rsc_defaults><meta_attributes id="build-resource-defaults">
          <nvpair id="build-resource-stickiness" name="resource-stickiness" value="1"/></meta_attributes></rsc_defaults>
        </configuration><status/></cib>"""
    )


def crmsh_made() -> Element:
    """As crmsh leaves it: other ids, a set, an empty order kind."""
    return fromstring(
        """<cib admin_epoch="0" epoch="3" num_updates="1" validate-with="pacemaker-3.7"><configuration>
        <crm_config><cluster_property_set id="cib-bootstrap-options">
          <nvpair name="stonith-enabled" value="true" id="cib-bootstrap-options-stonith-enabled"/>
          </cluster_property_set></crm_config><nodes/>
        <resources><primitive id="st" class="stonith" type="fence_ipmilan"><instance_attributes id="st-params">
            <nvpair name="pcmk_host_list" value="node1,node2" id="st-params-0"/>
            <nvpair name="ip" value="192.0.2.7" id="st-params-1"/></instance_attributes></primitive>
          <primitive id="p1" class="systemd" type="nginx"><meta_attributes id="p1-meta">
            <nvpair name="target-role" value="Started" id="p1-meta-tr"/></meta_attributes></primitive>
          <primitive id="p2" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="p2-params">
            <nvpair name="ip" value="192.0.2.8" id="p2-params-ip"/></instance_attributes></primitive></resources>
        <constraints><rsc_order id="o1" kind="Optional"><resource_set id="o1-0"><resource_ref id="p1"/>
          <resource_ref id="p2"/></resource_set></rsc_order>
          <rsc_colocation id="c1" score="+INFINITY" rsc="p1" with-rsc="p2"/></constraints>
        </configuration></cib>"""
    )


FOREIGN = {"pcs.xml": pcs_made, "crmsh.xml": crmsh_made}
