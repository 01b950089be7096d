# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's keepalived.conf looks like: derived values, the examples, LVS, and what can't be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from keepalived import checks, config, seal, syntax

ROOT = Path(__file__).resolve().parents[3]


def facts(number: int, network: str = "192.0.2", device: str = "eth0") -> dict[str, Any]:
    return {
        "interfaces": ["lo", device],
        "default_ipv4": {"interface": device},
        device: {
            "device": device,
            "ipv4": {"address": f"{network}.1{number}", "prefix": "24"},
            # the addresses that move are on the master too, and must not be taken for its own
            "ipv4_secondaries": [{"address": f"{network}.100", "prefix": "24"}],
            "ipv6": [
                {"address": f"fe80::{number}", "scope": "link"},
                {"address": "2001:db8::100", "scope": "global"},
                {"address": f"2001:db8::1{number}", "scope": "global"},
            ],
        },
    }


HOSTS = {f"n{number}": {"ansible_facts": facts(number)} for number in (1, 2, 3)}
MEMBERS = list(HOSTS)


def request(**changes: Any) -> dict[str, Any]:
    instance = {"name": "web", "virtual_router_id": 51, "addresses": [{"ip": "192.0.2.100", "prefix": 24}]}
    return {"router_id": "n", "instances": [{**instance, **changes}], "check_script": "/x/check"}


def block(text: str, header: str) -> syntax.Tree:
    found = syntax.value_of([item for item in syntax.parse(text) if not isinstance(item, str)], header)
    assert isinstance(found, list), text
    return found


def written(wanted: dict[str, Any], me: str = "n2") -> str:
    return config.configuration(wanted, me, MEMBERS, HOSTS)


def test_peers_source_and_priority_follow_from_the_group() -> None:
    body = block(written(request()), "vrrp_instance web")
    assert syntax.value_of(body, "unicast_src_ip") == "192.0.2.12"
    assert syntax.value_of(body, "unicast_peer") == ["192.0.2.11", "192.0.2.13"]
    assert syntax.value_of(body, "priority") == "90"
    assert syntax.value_of(body, "nopreempt") == ""


def test_the_preferred_node_comes_first() -> None:
    ranks = {
        me: syntax.value_of(block(written(request(preferred="n3"), me), "vrrp_instance web"), "priority")
        for me in MEMBERS
    }
    assert ranks == {"n3": "100", "n1": "90", "n2": "80"}


def test_the_step_shrinks_in_a_large_group() -> None:
    members = [f"m{number}" for number in range(40)]
    ranks = config.priorities("x", {}, members, start=100, step=10)
    assert len(set(ranks.values())) == 40
    assert min(ranks.values()) >= 1


def test_two_families_become_two_coupled_instances() -> None:
    text = written(request(version=3, advert_interval=0.2, addresses=[{"ip": "192.0.2.100"}, {"ip": "2001:db8::100"}]))
    assert block(text, "vrrp_sync_group web_pair") == [("group", ["web", "web_6"])]
    six = block(text, "vrrp_instance web_6")
    assert syntax.value_of(six, "native_ipv6") == ""
    assert syntax.value_of(six, "unicast_src_ip") == "2001:db8::12"
    assert syntax.value_of(six, "virtual_ipaddress") == ["2001:db8::100"]


def test_the_maintenance_switch_is_tracked_by_every_instance() -> None:
    text = written({**request(), "maintenance_file": "/etc/keepalived/maintenance"})
    assert ("track_file", ["steadfast_maintenance"]) in block(text, "vrrp_instance web")
    assert block(text, "track_file steadfast_maintenance") == ["file /etc/keepalived/maintenance", "weight 0"]


def test_lvs_is_rendered() -> None:
    server = {
        "ip": "192.0.2.100", "port": 80, "delay_loop": 6, "scheduler": "rr", "method": "NAT", "protocol": "TCP",
        "real_servers": [{
            "ip": "10.0.0.1", "port": 80, "weight": 1,
            "checks": [
                {"type": "TCP_CHECK", "options": {"connect_timeout": 3}},
                {"type": "HTTP_GET", "options": {"url": [{"path": "/", "status_code": 200}]}},
            ],
        }],
        "sorry_server": {"ip": "10.0.0.9", "port": 80},
    }  # fmt: skip
    body = block(written({**request(), "virtual_servers": [server]}), "virtual_server 192.0.2.100 80")
    assert "lvs_sched rr" in body
    assert "sorry_server 10.0.0.9 80" in body
    real = syntax.value_of([item for item in body if not isinstance(item, str)], "real_server 10.0.0.1 80")
    assert real == [
        "weight 1",
        ("TCP_CHECK", ["connect_timeout 3"]),
        ("HTTP_GET", [("url", ["path /", "status_code 200"])]),
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"addresses": []}, "at least one address"),
        ({"advert_interval": 0.5}, "whole seconds"),
        ({"version": 3, "advert_interval": 100}, "between 0.01 and 40.95"),
        ({"preferred": "stranger"}, "not one of the members"),
        ({"priorities": {"n1": 90}}, "same priority"),
        ({"network": "203.0.113.0/24"}, "has no address in"),
        ({"priorities": {"n11": 90}}, "priorities names 'n11'; did you mean 'n"),
        ({"notify": {"matser": "/x"}}, "does not know 'matser'; did you mean 'master'"),
        # keepalived itself would only warn, and look after nothing
        ({"track_scripts": ["chk_ngnix"]}, "track_scripts: there is no 'chk_ngnix'; did you mean 'chk_nginx'"),
        ({"track_files": [{"name": "flga", "weight": 1}]}, "there is no 'flga'; did you mean 'flag'"),
        ({"track_processes": ["x"]}, "there is no 'x'; known: none"),
        ({"preempt": "perhaps"}, "preempt: must be true or false"),
        ({"virtual_routes": ["default via 192.0.2.1 }"]}, "can't contain"),
        ({"auth": {"password": "two\nlines"}}, "line breaks"),
        ({"auth": {"password": 'a"b c'}}, "quotation marks"),
    ],
)
def test_what_can_not_work_is_refused(changes: dict[str, Any], complaint: str) -> None:
    wanted = {**request(**changes), "scripts": [{"name": "chk_nginx", "service": "nginx.service"}]}
    with pytest.raises(syntax.Unwritable, match=complaint):
        written({**wanted, "track_files": [{"name": "flag", "file": "/run/flag"}]})


def test_a_member_without_facts_needs_a_told_address() -> None:
    hosts: dict[str, Any] = {**HOSTS, "n3": {}}
    with pytest.raises(syntax.Unwritable, match="keepalived_addresses"):
        config.configuration(request(), "n2", MEMBERS, hosts)
    hosts["n3"] = {"keepalived_addresses": {"web": ["192.0.2.99"]}}
    assert "192.0.2.99" in config.configuration(request(), "n2", MEMBERS, hosts)


def test_a_shared_router_id_on_one_segment_is_found() -> None:
    wanted = request()
    wanted["instances"].append({**wanted["instances"][0], "name": "other", "addresses": [{"ip": "192.0.2.101"}]})
    assert any("same virtual_router_id 51" in sentence for sentence in checks.clashes(wanted, MEMBERS, HOSTS))
    wanted["instances"][1]["virtual_router_id"] = 52
    assert checks.clashes(wanted, MEMBERS, HOSTS) == []


def test_a_router_id_of_another_group_on_the_segment_is_found() -> None:
    theirs: dict[str, Any] = {
        "group_names": ["databases"],
        "keepalived_group": "databases",
        "ansible_facts": facts(7),
        "keepalived_instances": [{"name": "db", "virtual_router_id": 51, "addresses": []}],
    }
    assert any("another group" in sentence for sentence in checks.clashes(request(), MEMBERS, {**HOSTS, "x": theirs}))
    # a host that only has the variables, because all have them
    assert checks.clashes(request(), MEMBERS, {**HOSTS, "x": {**theirs, "group_names": ["clients"]}}) == []
    assert checks.clashes(
        request(), MEMBERS, {**HOSTS, "x": {**theirs, "group_names": [], "keepalived_members": ["x"]}}
    )
    theirs["ansible_facts"] = facts(7, network="203.0.113")
    assert checks.clashes(request(), MEMBERS, {**HOSTS, "x": theirs}) == []


def test_ipv4_and_ipv6_do_not_share_router_ids() -> None:
    six = {"name": "db", "virtual_router_id": 51, "network": "192.0.2.0/24", "addresses": [{"ip": "2001:db8::9"}]}
    stranger = {"group_names": ["keepalived"], "ansible_facts": facts(7), "keepalived_instances": [six]}
    assert checks.clashes(request(), MEMBERS, {**HOSTS, "x": stranger}) == []
    six["addresses"] = [{"ip": "192.0.2.9"}]
    assert any("another group" in sentence for sentence in checks.clashes(request(), MEMBERS, {**HOSTS, "x": stranger}))


def test_a_truth_that_a_template_made_a_text_of_is_still_one() -> None:
    for text in ("False", "no", "false"):
        assert syntax.value_of(block(written(request(preempt=text)), "vrrp_instance web"), "nopreempt") == ""
    assert syntax.value_of(block(written(request(preempt="True")), "vrrp_instance web"), "nopreempt") is None


def test_every_section_has_its_words_its_options_and_its_escape() -> None:
    more = {"options": {"some_word": 7}, "extra": "other words 8"}
    text = written({
        **request(track_bfds=["gate"], track_processes=[{"name": "ssh", "weight": -5}], track_interfaces=["eth1"]),
        "track_files": [{"name": "flag", "file": "/run/flag", "weight": 2, **more}],
        "track_processes": [{"name": "ssh", "process": "sshd", "quorum": 1, **more}],
        "bfd_instances": [{"name": "gate", "neighbor_ip": "192.0.2.254", "min_rx": 50, "multiplier": 3, **more}],
    })  # fmt: skip
    rest = ["some_word 7", "other words 8"]
    assert block(text, "track_file flag") == ["file /run/flag", "weight 2", *rest]
    assert block(text, "vrrp_track_process ssh") == ["process sshd", "quorum 1", *rest]
    assert block(text, "bfd_instance gate") == ["neighbor_ip 192.0.2.254", "min_rx 50", "multiplier 3", *rest]
    body = block(text, "vrrp_instance web")
    for tracked in (("track_bfd", ["gate"]), ("track_process", ["ssh weight -5"]), ("track_interface", ["eth1"])):
        assert tracked in body


def test_a_check_has_time_enough_to_restart_its_service() -> None:
    scripts = [
        {"name": "quick", "service": "a", "interval": 1},
        {"name": "slow", "service": "a", "interval": 5},
        {"name": "told", "service": "a", "interval": 1, "timeout": 1},
        {"name": "own", "command": "/bin/true", "interval": 1},
    ]
    text = written({**request(), "scripts": scripts})
    found = {
        name: syntax.value_of(block(text, f"vrrp_script {name}"), "timeout")
        for name in ("quick", "slow", "told", "own")
    }
    assert found == {"quick": "2", "slow": None, "told": "1", "own": None}


def test_the_mail_server_may_have_a_port() -> None:
    text = written({**request(), "mail": {"to": ["root@example.com"], "server": "192.0.2.25 587"}})
    assert "smtp_server 192.0.2.25 587" in block(text, "global_defs")


def filled(entry: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """An entry with every default that its documentation promises."""
    given = {name: option["default"] for name, option in options.items() if "default" in option}
    return {**given, **{key: filled(value, options[key]["options"]) if isinstance(value, dict) else value
                        for key, value in entry.items()}}  # fmt: skip


def test_documented_defaults_are_those_that_are_used() -> None:
    spec = yaml.safe_load((ROOT / "roles/keepalived/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = spec["argument_specs"]["main"]["options"]
    entries: dict[str, list[dict[str, Any]]] = {
        "instances": [
            {"name": "web", "virtual_router_id": 51, "addresses": [{"ip": "192.0.2.9"}], "auth": {"password": "x"}}
        ],
        "sync_groups": [{"name": "pair", "instances": ["web"]}],
        "scripts": [{"name": "chk", "service": "nginx.service"}],
        "track_files": [{"name": "flag", "file": "/run/flag"}],
        "track_processes": [{"name": "ssh", "process": "sshd"}],
        "bfd_instances": [{"name": "gate", "neighbor_ip": "192.0.2.254"}],
        "virtual_server_groups": [{"name": "mail", "members": ["192.0.2.9 25"]}],
        "virtual_servers": [{"ip": "192.0.2.9", "port": 80}],
    }
    every = {name: [filled(entry, options[f"keepalived_{name}"]["options"]) for entry in listed]
             for name, listed in entries.items()}  # fmt: skip
    assert every != entries

    def without_seal(given: dict[str, Any]) -> str:
        return written({**given, "check_script": "/x"}).split("\n\n", 1)[1]

    assert without_seal(every) == without_seal(entries)


def test_a_change_by_hand_breaks_the_seal() -> None:
    text = "# Ansible managed\n" + written(request())
    assert seal.seal_of(text) == seal.Seal(config.shared_hash(request()), False)
    assert seal.seal_of(text.replace("priority 90", "priority 91")).is_broken
    assert seal.seal_of(text + "\n").is_broken
    assert seal.seal_of("vrrp_instance x {\n}\n") == seal.Seal("", False)


def test_the_password_is_warned_about() -> None:
    assert "first 8 characters" in checks.warnings(request(auth={"password": "123456789"}))[0]
    assert "no authentication" in checks.warnings(request(version=3, auth={"password": "x"}))[0]
    assert checks.warnings(request(auth={"password": "12345678"})) == []


def test_of_a_long_password_is_written_what_is_sent() -> None:
    for long, sent in (("aminglinux>com", "aminglin"), ("12345678", "12345678"), ("1234567é", "1234567")):
        body = block(written(request(auth={"password": long})), "vrrp_instance web")
        assert ("authentication", ["auth_type PASS", f"auth_pass {sent}"]) in body


def test_the_shared_hash_leaves_out_what_may_differ() -> None:
    same = {**request(interface="eth7"), "router_id": "other"}
    assert config.shared_hash(same) == config.shared_hash(request())
    assert config.shared_hash(request(priorities={"n1": 7})) != config.shared_hash(request())


def test_a_number_given_as_text_is_the_same_wish() -> None:
    assert config.shared_hash(request(virtual_router_id="51")) == config.shared_hash(request())
    assert config.shared_hash(request(preempt="true")) != config.shared_hash(request(preempt=True))
    assert config.shared_hash(request(virtual_router_id="52")) != config.shared_hash(request())


def example(name: str) -> tuple[dict[str, Any], list[str]]:
    """An inventory's request and members, with the role's defaults."""
    folder = ROOT / "inventories" / name
    defaults = yaml.safe_load((ROOT / "roles/keepalived/defaults/main.yml").read_text(encoding="utf-8"))
    given = yaml.safe_load((folder / "group_vars/keepalived.yml").read_text(encoding="utf-8"))
    hosts = yaml.safe_load((folder / "hosts.yml").read_text(encoding="utf-8"))["all"]["children"]["keepalived"]["hosts"]
    merged = {key.replace("keepalived_", "", 1): value for key, value in {**defaults, **given}.items()}
    merged["check_script"] = f"{merged['script_dir']}/steadfast-check"
    return merged, list(hosts)


def test_the_tutorial_does_the_same_job() -> None:
    wanted, members = example("keepalived_tutorial")
    hosts = {name: {"ansible_facts": facts(number, "192.168.188", "ens33")} for number, name in enumerate(members, 1)}
    assert checks.clashes(wanted, members, hosts) == []
    assert checks.warnings(wanted) == []
    for me, state, priority in (("a", "MASTER", "100"), ("b", "BACKUP", "90")):
        text = config.configuration(wanted, me, members, hosts)
        assert [item for item in block(text, "vrrp_instance VI_1") if item[0] != "track_file"] == [
            f"state {state}",
            "interface ens33",
            "virtual_router_id 51",
            "version 2",
            f"priority {priority}",
            "advert_int 1",
            ("authentication", ["auth_type PASS", "auth_pass aminglin"]),
            ("virtual_ipaddress", ["192.168.188.100"]),
            ("track_script", ["chk_nginx"]),
        ]
        assert block(text, "vrrp_script chk_nginx") == [
            'script "/usr/libexec/keepalived/steadfast-check nginx.service"',
            "interval 3",
        ]
        assert block(text, "global_defs") == [
            "script_user keepalived_script",
            ("notification_email", ["admin@example.com"]),
            "notification_email_from keepalived@example.com",
            "smtp_server 127.0.0.1",
            "smtp_connect_timeout 30",
            "router_id LVS_DEVEL",
            "enable_script_security",
        ]


@pytest.mark.parametrize("name", ["keepalived_pair", "keepalived_haproxy"])
def test_the_other_examples_can_be_written(name: str) -> None:
    wanted, members = example(name)
    hosts = {member: {"ansible_facts": facts(number)} for number, member in enumerate(members, 1)}
    assert checks.clashes(wanted, members, hosts) == []
    assert all("vrrp_instance" in config.configuration(wanted, me, members, hosts) for me in members)
