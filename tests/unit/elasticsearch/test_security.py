# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and users as the server answers them, by the vendor's documentation, against what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from elasticsearch.objects import declared, differing, found_in, normal, path_of
from elasticsearch.security import UserSteps, user_mistakes, user_steps

ROLE = {
    "cluster": ["monitor", "manage_ilm"],
    "indices": [{"names": "logs-*", "privileges": ["write", "create_index"]}],
}
ROLE_ANSWER = {
    "log_writer": {
        "cluster": ["manage_ilm", "monitor"],
        "indices": [
            {"names": ["logs-*"], "privileges": ["create_index", "write"], "allow_restricted_indices": False},
        ],
        "applications": [],
        "run_as": [],
        "metadata": {},
        "transient_metadata": {"enabled": True},
    }
}
USER = {"roles": ["log_writer"], "full_name": "Shipper"}
USER_ANSWER = {
    "username": "shipper",
    "roles": ["log_writer"],
    "full_name": "Shipper",
    "email": None,
    "metadata": {},
    "enabled": True,
}


def role_difference(wanted: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return differing(normal("security_role", wanted), found_in("security_role", "log_writer", ROLE_ANSWER))


def test_a_role_that_the_server_words_otherwise_is_the_same() -> None:
    assert role_difference(ROLE) == {}
    assert path_of("security_role", "log_writer") == "/_security/role/log_writer"


@pytest.mark.parametrize(
    "change",
    [
        {"cluster": ["monitor"]},
        {"indices": [{"names": ["logs-*"], "privileges": ["all"]}]},
        {"indices": [{**ROLE["indices"][0], "allow_restricted_indices": True}]},  # type: ignore[dict-item]
        {"run_as": ["somebody"]},
        {"metadata": {"version": 2}},
    ],
)
def test_a_role_that_may_do_something_else_differs(change: dict[str, Any]) -> None:
    assert role_difference({**ROLE, **change}) != {}


def test_roles_come_before_those_who_have_them() -> None:
    rows = declared({"security_role": {"log_writer": ROLE}, "index_template": {"logs": {"index_patterns": ["l"]}}})
    assert [row["kind"] for row in rows] == ["index_template", "security_role"]


@pytest.mark.parametrize(
    ("wanted", "present", "fits", "steps"),
    [
        (USER, None, None, UserSteps(write=True, give_password=True)),
        (USER, USER_ANSWER, True, UserSteps()),
        (USER, USER_ANSWER, False, UserSteps(give_password=True)),
        ({"roles": ["reader"]}, USER_ANSWER, True, UserSteps(write=True)),
        ({**USER, "enabled": False}, {**USER_ANSWER, "enabled": False}, None, UserSteps()),
    ],
)
def test_a_user_is_changed_only_where_it_differs(
    wanted: dict[str, Any], present: dict[str, Any] | None, fits: bool | None, steps: UserSteps
) -> None:
    assert user_steps("shipper", True, wanted, present, fits) == steps


def test_a_user_is_taken_away_once() -> None:
    assert user_steps("shipper", False, {}, USER_ANSWER, None) == UserSteps(remove=True)
    assert not user_steps("shipper", False, {}, None, None).is_change


def test_of_users_that_come_with_the_cluster_only_the_password_is_set() -> None:
    present = {**USER_ANSWER, "roles": ["kibana_system"], "metadata": {"_reserved": True}}
    assert user_steps("kibana_system", True, {}, present, True) == UserSteps()
    assert user_steps("kibana_system", True, {}, present, False) == UserSteps(give_password=True)


@pytest.mark.parametrize(
    ("users", "told"),
    [
        (
            {"shipper": {"password": "hunter2", "role": ["a"]}},
            "'role' is nothing that a user has, did you mean 'roles'?",
        ),
        ({"shipper": {"password": "hunter2", "roles": "a"}}, "shipper needs roles, a list of names"),
        ({"shipper": {"roles": ["a"]}}, "shipper needs a password of 6 characters at least"),
        ({"shipper": {"password": "hunte", "roles": ["a"]}}, "needs a password of 6 characters at least"),
        ({"shipper": "hunter2"}, "shipper has to be a mapping"),
        ({"elastic": {"password": "hunter2"}}, "elastic is whom the role itself asks as"),
        ({"kibana_system": {"password": "hunter2", "roles": ["a"]}}, "only the password can be set"),
        ({"kibana_system": {}}, "can't be taken away"),
    ],
)
def test_mistakes_are_named_without_a_password(users: dict[str, Any], told: str) -> None:
    found = user_mistakes(users, "elastic")
    assert any(told in sentence for sentence in found), found
    assert "hunte" not in " ".join(found)


def test_what_can_be_is_no_mistake() -> None:
    users = {"shipper": {"password": "hunter2", **USER}, "kibana_system": {"password": "hunter2"}, "gone": {}}
    assert user_mistakes(users, "elastic") == []
