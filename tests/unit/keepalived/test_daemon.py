# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a daemon's dump, judging a group by it, and planning a change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from keepalived import dump, health, planning
from keepalived.planning import Action, Found

#: two instances as keepalived 2.2.7 writes them, shortened
RECORDED = [
    {
        "data": {
            "iname": "web", "ifp_ifname": "eth0", "last_transition": 1795184994.9, "vrid": 51, "base_priority": 100,
            "effective_priority": 100, "adver_int": 0.2, "state": 2, "version": 3,
            "vips": ["192.0.2.100/24 dev eth0 scope global set"],
        },
        "stats": {"advert_rcvd": 0, "advert_sent": 14, "become_master": 1},
    },
    {"data": {"iname": "web_6", "state": 1, "vrid": 51, "vips": ["2001:db8::100/64 dev eth0 scope global"]}},
]  # fmt: skip


def test_a_dump_is_read() -> None:
    found = dump.instances(json.dumps(RECORDED))
    assert {name: entry["state"] for name, entry in found.items()} == {"web": "master", "web_6": "backup"}
    assert found["web"]["addresses"] == ["192.0.2.100"]
    assert found["web"]["became_master"] == 1
    assert dump.instances(json.dumps({"vrrp": RECORDED})) == found


@pytest.mark.parametrize("text", ["", "[{", "{}", '"x"', '[{"data": {}}]'])
def test_a_dump_that_can_not_be_read_is_said_so(text: str) -> None:
    with pytest.raises(dump.BadDump):
        dump.instances(text)


def entry(state: str) -> dict[str, Any]:
    return {"state": state, "addresses": ["192.0.2.100"], "virtual_router_id": 51}


@pytest.mark.parametrize(
    ("state", "drained", "present", "complaint"),
    [
        ("fault", False, [], "state fault"),
        ("master", False, [], "lacks 192.0.2.100"),
        ("backup", False, ["192.0.2.100"], "still has"),
        ("fault", True, [], ""),
        ("master", False, ["192.0.2.100"], ""),
    ],
)
def test_a_nodes_own_problems(state: str, drained: bool, present: list[str], complaint: str) -> None:
    found = health.problems({"web": entry(state)}, drained, present)
    assert bool(found) == bool(complaint)
    assert all(complaint in sentence for sentence in found)


def answer(state: str, **more: Any) -> dict[str, Any]:
    return {"running": True, "problems": [], "instances": {"web": entry(state)}, "shared_hash": "1", **more}


def test_a_healthy_group_has_no_complaints() -> None:
    answers = {
        "n1": answer("master", macs=["aa"]),
        "n2": answer("backup", neighbours={"192.0.2.100": "aa"}),
    }
    assert health.complaints(answers, ["n1", "n2"]) == []


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        (answer("master"), "2 masters"),
        (answer("backup", shared_hash="2"), "configurations differ"),
        (answer("backup", is_edited=True), "n2: keepalived.conf is not as the role wrote it"),
        (answer("backup", neighbours={"192.0.2.100": "bb"}), "not n1's"),
        (answer("backup", neighbours={"192.0.2.100": ""}), "nobody answers"),
        (answer("backup", instances={}), "does not know web"),
        ({"running": False, "problems": ["keepalived.service does not run"]}, "does not run"),
        ({}, "did not answer"),
    ],
)
def test_what_is_wrong_with_a_group_is_said(second: dict[str, Any], complaint: str) -> None:
    found = health.complaints({"n1": answer("master", macs=["aa"]), "n2": second}, ["n1", "n2"])
    assert any(complaint in sentence for sentence in found), found


def conf(**words: str) -> str:
    lines = "".join(f"    {key} {value}\n" for key, value in {"interface": "eth0", "priority": "100", **words}.items())
    return f"vrrp_instance web {{\n{lines}}}\n"


@pytest.mark.parametrize(
    ("found", "wanted", "action"),
    [
        (Found(False, "", ["x"], [], False), conf(), Action.START),
        (Found(True, conf(), [], [], False), conf(), Action.NONE),
        (Found(True, conf(), [], [], True), conf(), Action.RELOAD),
        (Found(True, conf(), ["x"], [], False), conf(priority="90"), Action.RELOAD),
        (Found(True, conf(), ["x"], [], False), conf(interface="eth1"), Action.RESTART),
        (Found(True, conf(), ["x"], [], False), "", Action.RESTART),
        (Found(True, conf(), [], ["drop-in"], False), conf(), Action.RESTART),
    ],
)
def test_the_least_that_is_enough_is_done(found: Found, wanted: str, action: Action) -> None:
    assert planning.plan(found, wanted)[0] is action


def test_a_change_that_makes_nodes_deaf_is_a_hazard() -> None:
    assert planning.hazards(conf(), conf(priority="90")) == []
    assert planning.hazards(conf(virtual_router_id="51"), conf(virtual_router_id="52")) == [
        "web changes virtual_router_id"
    ]
    multicast = "vrrp_instance web {\n    unicast_peer {\n        192.0.2.1\n    }\n}\n"
    assert "unicast or multicast" in planning.hazards(conf(), multicast)[0]


def addressed(*lines: str, **words: str) -> str:
    return conf(**words).replace(
        "}", "    virtual_ipaddress {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n}"
    )


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (addressed("192.0.2.1"), addressed("192.0.2.1", "192.0.2.2"), ["web changes virtual_ipaddress"]),
        (addressed("192.0.2.1/24"), addressed("192.0.2.1/25 dev eth0"), []),
        (conf(advert_int="1"), conf(advert_int="2"), ["web changes advert_int"]),
        # a backup takes the interval of its master in version 3
        (conf(version="3", advert_int="1"), conf(version="3", advert_int="2"), []),
        (conf(priority="90"), conf(priority="80"), []),
        (conf(), "", []),
        ("", conf(), []),
    ],
)
def test_what_nodes_would_drop_each_others_adverts_for_goes_to_all_at_once(
    before: str, after: str, found: list[str]
) -> None:
    assert planning.in_step(before, after) == found
    assert planning.hazards(before, after) == []


def test_a_new_password_goes_to_all_at_once() -> None:
    old, new = (
        conf().replace("}", f"    authentication {{\n        auth_pass {word}\n    }}\n}}") for word in ("a", "b")
    )
    assert planning.in_step(old, new) == ["web changes authentication"]
    assert planning.hazards(old, new) == []


@pytest.mark.parametrize(
    ("code", "said", "objections"),
    [
        (0, "a warning", []),
        (5, "Non-existent interface", ["Non-existent interface"]),
        # a test fails for what is no objection, too
        (5, "(Line 60) Rule has no preference specified - setting to 16384.", []),
        (5, "Rule has no preference specified\nUnknown keyword 'x'", ["Unknown keyword 'x'"]),
        (6, "", ["keepalived --config-test ended with 6"]),
        # as 2.2.7 ends when there are scripts
        (-15, "(x: Line 3) Warning - cannot track\n", []),
        (-15, "(Line 74) Unknown keyword 'x'\n(Line 74) Unknown keyword 'x'\n", ["(Line 74) Unknown keyword 'x'"]),
    ],
)
def test_what_a_config_test_objects_to(code: int, said: str, objections: list[str]) -> None:
    assert planning.objections(code, said) == objections
