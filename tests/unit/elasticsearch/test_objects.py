# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates, repositories and policies as the server answers them, against what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from elasticsearch.objects import declared, differing, found_in, path_of

WANTED = {
    "index_patterns": ["logs-*"],
    "priority": 200,
    "template": {
        "settings": {"number_of_shards": 3, "index.number_of_replicas": 1, "index": {"codec": "best_compression"}},
        "mappings": {"properties": {"at": {"type": "date"}, "ok": {"type": "boolean", "index": False}}},
    },
}
ANSWER = {
    "index_templates": [
        {
            "name": "logs",
            "index_template": {
                "index_patterns": ["logs-*"],
                "template": {
                    "settings": {
                        "index": {"codec": "best_compression", "number_of_shards": "3", "number_of_replicas": "1"}
                    },
                    "mappings": {"properties": {"at": {"type": "date"}, "ok": {"type": "boolean", "index": False}}},
                },
                "composed_of": [],
                "priority": 200,
            },
        }
    ]
}


def test_what_the_server_words_otherwise_is_the_same() -> None:
    assert differing(WANTED, found_in("index_template", "logs", ANSWER)) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"priority": 300}, {"priority": ("200", "300")}),
        ({"index_patterns": ["logs-*", "old-*"]}, {"index_patterns": ("logs-*", "logs-*, old-*")}),
        ({"composed_of": ["base"]}, {"composed_of": ("", "base")}),
    ],
)
def test_what_differs_is_told_by_key(change: dict[str, Any], told: dict[str, tuple[str, str]]) -> None:
    assert differing({**WANTED, **change}, found_in("index_template", "logs", ANSWER)) == told


def test_what_is_no_longer_wanted_differs() -> None:
    less = {key: value for key, value in WANTED.items() if key != "priority"}
    assert differing(less, found_in("index_template", "logs", ANSWER)) == {"priority": ("200", "")}


def test_a_data_stream_that_says_nothing_of_itself_is_the_same() -> None:
    present = {"index_patterns": ["a"], "data_stream": {"hidden": False, "allow_custom_routing": False}}
    assert differing({"index_patterns": ["a"], "data_stream": {}}, present) == {}
    assert differing({"index_patterns": ["a"]}, present) != {}


def test_a_repository_and_a_policy_are_found_by_name() -> None:
    answer = {"disk": {"type": "fs", "uuid": "x", "settings": {"location": "/srv", "compress": "true"}}}
    wanted = {"type": "fs", "settings": {"location": "/srv", "compress": True}}
    assert differing(wanted, found_in("snapshot_repository", "disk", answer)) == {}
    policy = {"schedule": "0 30 1 * * ?", "name": "<n-{now/d}>", "repository": "disk", "retention": {"min_count": 5}}
    told = {"nightly": {"version": 1, "policy": policy, "next_execution_millis": 1}}
    assert differing(policy, found_in("snapshot_policy", "nightly", told)) == {}
    assert found_in("snapshot_policy", "other", told) is None
    assert path_of("snapshot_policy", "nightly") == "/_slm/policy/nightly"


def test_each_thing_comes_after_what_it_may_name_and_goes_before() -> None:
    rows = declared(
        {
            "index_template": {"logs": {"index_patterns": ["l"]}, "old": {}},
            "component_template": {"base": {"template": {}}, "older": {}},
            "snapshot_policy": {"nightly": {"repository": "disk"}},
            "snapshot_repository": {"disk": {"type": "fs"}},
        }
    )
    assert [(row["name"], bool(row["body"])) for row in rows] == [
        ("base", True),
        ("logs", True),
        ("disk", True),
        ("nightly", True),
        ("old", False),
        ("older", False),
    ]
