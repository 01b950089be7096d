# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from drill.probe.spec import SpecError, parse_probe, parse_run


def probe(**more: Any) -> dict[str, Any]:
    return {"name": "vip", "kind": "icmp", "target": "192.0.2.1", **more}


def test_defaults_depend_on_the_kind() -> None:
    assert parse_probe(probe()).interval_us == 5_000
    assert parse_probe(probe(kind="tcp", port=80)).timeout_us == 500_000
    assert parse_probe(probe(kind="http")).port is None


def test_none_means_not_given_as_ansible_passes_it() -> None:
    found = parse_probe(probe(port=None, interval_ms=None, timeout_ms=None, path=None, identify=None))
    assert (found.port, found.interval_us, dict(found.options)) == (None, 5_000, {})


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        parse_run(
            {
                "run_id": "../etc",
                "probes": [
                    probe(kind="tcp", interval_ms=0),
                    probe(kind="http", target="", expct_body="x"),
                    probe(kind="imcp"),
                ],
            }
        )
    text = "\n".join(caught.value.errors)
    assert "run_id" in text
    assert "probes[0] (vip): tcp needs a port" in text
    assert "probes[0] (vip): interval_ms is 0, must be between 1 and 60000" in text
    assert "probes[1] (vip): target is missing" in text
    assert "'expct_body' for http - did you mean 'expect_body'?" in text
    assert "unknown kind 'imcp' - did you mean 'icmp'?" in text


def test_two_probes_of_one_name_are_refused() -> None:
    with pytest.raises(SpecError, match="two probes are named 'vip'"):
        parse_run({"run_id": "a", "probes": [probe(), probe()]})


def test_an_option_of_another_kind_is_refused() -> None:
    with pytest.raises(SpecError, match="unknown option 'path' for icmp"):
        parse_probe(probe(path="/"))


def test_a_broken_regular_expression_is_found_before_the_run() -> None:
    with pytest.raises(SpecError, match="expect_body is not a regular expression"):
        parse_probe(probe(kind="http", expect_body="("))


def test_a_redis_probe_is_checked() -> None:
    found = parse_probe(probe(kind="redis", port=7000, seeds=["10.0.0.2:7000"], slot=16383, wait=1, wait_ms=50))
    assert (found.interval_us, found.timeout_us, found.options["slot"]) == (100_000, 1_000_000, 16383)
    with pytest.raises(SpecError) as caught:
        parse_probe(probe(kind="redis", seeds=["10.0.0.2"], slot=16384, mode="sentinel", workers=0))
    text = "\n".join(caught.value.errors)
    assert "redis needs a port" in text
    assert "seeds must be a list of host:port, not '10.0.0.2'" in text
    assert "slot is 16384, must be between 0 and 16383" in text
    assert "mode must be cluster or standalone, not 'sentinel'" in text
    assert "workers is 0" in text


def test_specification_survives_the_journey_as_json() -> None:
    spec = parse_run(
        {
            "run_id": "a-1",
            "max_seconds": 12.5,
            "probes": [
                probe(interval_ms=2.5),
                probe(name="w", kind="http", tls=True, expect_status=[200], cookie="s=1"),
            ],
        }
    )
    assert parse_run(json.loads(json.dumps(spec.as_dict()))) == spec


def test_a_cookie_does_not_travel_with_the_samples() -> None:
    found = parse_probe(probe(kind="http", cookie="session=secret", path="/x"))
    assert "secret" not in json.dumps(found.public())
    assert found.public()["path"] == "/x"
