# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from steadfast_lab import LabError
from steadfast_lab.faults import Cut, Faults, add_cuts, faults_from_dict, make_cuts, ruleset
from steadfast_lab.topology import make_plan

NODES = {"a": {}, "b": {}, "c": {"networks": ["service"]}, "d": {"networks": ["cluster"]}}
PLAN = make_plan({"lab": "x", "nodes": NODES}, seed="1")


def test_a_cut_goes_both_ways_on_every_shared_network() -> None:
    assert set(make_cuts(PLAN, ["a"], ["b", "c"], [], one_way=False)) == {
        Cut("a", "b", "service"), Cut("b", "a", "service"), Cut("a", "b", "cluster"), Cut("b", "a", "cluster"),
        Cut("a", "c", "service"), Cut("c", "a", "service"),
    }  # fmt: skip


def test_one_way_cuts_what_the_first_side_sends() -> None:
    assert make_cuts(PLAN, ["a"], ["b"], ["cluster"], one_way=True) == (Cut("a", "b", "cluster"),)


@pytest.mark.parametrize(("first", "second"), [(["a"], ["a"]), (["c"], ["d"]), (["a"], ["nobody"])])
def test_impossible_cuts_are_refused(first: list[str], second: list[str]) -> None:
    with pytest.raises(LabError):
        make_cuts(PLAN, first, second, [], one_way=False)


def test_rules_say_exactly_what_is_cut() -> None:
    text = ruleset(
        PLAN, Faults(cuts=(Cut("a", "b", "service"), Cut("a", "router", "cluster"), Cut("router", "c", "service")))
    )
    drops = [line.strip() for line in text.splitlines() if "drop" in line]
    assert drops == ['iifname "a-eth0" oifname "b-eth0" drop', 'iifname "a-eth1" drop', 'oifname "c-eth0" drop']
    # The cut to the router stands in the input hook: what a sends to other machines passes the forward hook only.
    assert text.index("chain input") < text.index('iifname "a-eth1" drop') < text.index("chain output")


def test_loss_applies_each_way_and_total_loss_needs_no_dice() -> None:
    some = ruleset(PLAN, Faults(loss={("a", "service"): 30}))
    assert some.count("numgen random mod 100 < 30 drop") == 4
    assert "numgen" not in ruleset(PLAN, Faults(loss={("a", "service"): 100}))


def test_no_fault_leaves_no_table() -> None:
    lines = ruleset(PLAN, Faults()).splitlines()
    assert lines == ["add table bridge steadfast", "delete table bridge steadfast"]


def test_faults_survive_the_state_file_and_cuts_do_not_double() -> None:
    cut = Cut("a", "b", "service")
    faults = Faults(add_cuts((cut,), [cut]), {("a", "cluster"): 5}, frozenset({("b", "service")}))
    assert faults.cuts == (cut,)
    assert faults_from_dict(faults.to_dict()) == faults
    assert faults.unplugged_of("b") == {"service"}
    assert faults.unplugged_of("a") == frozenset()
