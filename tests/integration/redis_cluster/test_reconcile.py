# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's functions on real servers."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from redis_cluster.migrate import Pace
from redis_cluster.operate import look, operate
from redis_cluster.plan import Refused, plan_failover, plan_present, plan_spread
from redis_cluster.resp import Access, CommandError
from redis_cluster.survey import survey, write_and_read

Six = Any


def leader_on(servers: Any, declared: Any, machine: str) -> str:
    _views, picture = look(declared.instances, servers.access, 20)
    return next(leader.address for leader in picture.leaders() if leader.machine == machine)


def test_six_strangers_become_a_cluster_and_stay_one(six: Six) -> None:
    servers, declared = six
    outcome = servers.operate(declared)
    assert sum("replica of" in sentence for sentence in outcome.done) == 3
    assert outcome.masters_by_machine == {"a": 1, "b": 1, "c": 1}
    assert [shard["slots"] for shard in outcome.shards] == [5462, 5461, 5461]
    found, picture = survey(declared, servers.access)
    assert found["problems"] == []
    assert found["restart_order"][3:] == sorted(shard["master"] for shard in outcome.shards)
    assert write_and_read(picture, servers.access) == []
    checked = servers.check(declared.instances[0].address)
    assert checked.returncode == 0, checked.stdout
    assert "All 16384 slots covered" in checked.stdout
    again = servers.operate(declared)
    assert (again.plan, again.done) == ([], [])


def test_after_a_failover_nothing_is_moved_back_but_by_spread(six: Six) -> None:
    servers, declared = six
    servers.operate(declared)
    victim = leader_on(servers, declared, "a")
    servers.kill(victim)
    others = [instance for instance in declared.instances if instance.address != victim]
    look(others, servers.access, 20)
    servers.start(victim)
    servers.until(lambda: [p for p in servers.problems(declared) if "holds 2 of 3" not in p] == [])
    assert servers.operate(declared).plan == []
    found, _picture = survey(declared, servers.access)
    assert found["majority_machine"] in ("b", "c")
    assert any("its loss would stop the cluster" in problem for problem in found["problems"])
    spread = servers.operate(declared, plan_spread)
    assert spread.masters_by_machine == {"a": 1, "b": 1, "c": 1}
    assert servers.problems(declared, 10) == []


def test_a_machine_hands_over_and_takes_back(six: Six) -> None:
    servers, declared = six
    servers.operate(declared)
    outcome = servers.operate(
        declared, lambda wanted, picture: plan_failover(wanted, picture, ["a0", "a1"], to_master=False)
    )
    assert "a" not in outcome.masters_by_machine
    outcome = servers.operate(declared, lambda wanted, picture: plan_failover(wanted, picture, ["a0"], to_master=True))
    assert outcome.masters_by_machine["a"] == 1


@pytest.mark.parametrize(
    "stop_after", [1, pytest.param(7, marks=pytest.mark.slow), 8, pytest.param(10, marks=pytest.mark.slow), 12]
)
def test_a_half_built_cluster_is_completed(six: Six, stop_after: int) -> None:
    servers, declared = six
    _views, picture = look(declared.instances, servers.access, 20)
    plan = plan_present(declared, picture)
    executor = servers.executor(declared)
    executor.run(type(plan)(plan.steps[:stop_after], plan.names), picture)
    executor.close()
    servers.operate(declared)
    assert servers.problems(declared, 10) == []


@pytest.mark.slow
def test_growing_in_portions_and_shrinking_again(six: Six) -> None:
    servers, declared = six
    servers.operate(declared)
    more = servers.declare("aaabbbcc")
    servers.start(*(i.address for i in more.instances if i.address not in servers.processes))
    for number in range(400):
        _write(servers, declared, f"key:{number}", str(number))
    outcome = servers.operate(more, max_slots=1500)
    assert (outcome.moved_slots, outcome.remaining_slots) == (1500, 2596)
    outcome = servers.operate(more, max_slots=5000)
    assert (outcome.moved_slots, outcome.remaining_slots) == (2596, 0)
    assert servers.problems(more, 10) == []
    assert [shard["slots"] for shard in outcome.shards if shard["slots"] != 4096] == []
    less = servers.declare("aabbcc", leaving=[i.address for i in more.instances if i not in declared.instances])
    outcome = servers.operate(less)
    assert outcome.moved_slots == 4096
    assert servers.problems(less, 10) == []
    assert [_read(servers, declared, f"key:{number}") for number in range(400)] == [str(n) for n in range(400)]
    for address in less.leaving:
        with servers.client(address) as client:
            assert client.call("DBSIZE") == 0
            assert len(client.call("CLUSTER", "NODES").splitlines()) == 1


def test_a_run_that_is_killed_while_it_moves_slots_is_taken_up_again(six: Six) -> None:
    servers, declared = six
    servers.operate(declared)
    more = servers.declare("aaabbbcc")
    servers.start(*(i.address for i in more.instances if i.address not in servers.processes))
    for number in range(2000):
        _write(servers, declared, f"key:{number}", str(number))
    child = os.fork()
    if not child:
        try:
            executor = servers.executor(more)
            executor.pace = Pace(batch_keys=1, pause_ms=20)
            operate(more, executor, lambda picture: plan_present(more, picture), is_check=False)
        finally:
            os._exit(1)
    _views, picture = look(declared.instances, servers.access, 20)
    old = {leader.id: len(leader.slots) for leader in picture.leaders()}
    servers.until(lambda: _moved(servers, more, old) > 40)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert 40 < _moved(servers, more, old) < 4096
    servers.operate(more)
    assert servers.problems(more, 10) == []
    assert [_read(servers, declared, f"key:{number}") for number in range(0, 2000, 9)] == [
        str(number) for number in range(0, 2000, 9)
    ]


def _moved(servers: Any, declared: Any, before: dict[str, int]) -> int:
    """How many slots have left those who had them."""
    _views, picture = look(declared.instances, servers.access, 0)
    return sum(count - len(picture.members[node].slots) for node, count in before.items())


def test_a_slot_in_the_middle_of_its_move_is_moved_on(six: Six) -> None:
    servers, declared = six
    servers.operate(declared)
    _views, picture = look(declared.instances, servers.access, 20)
    source, target = picture.leaders()[:2]
    slot = min(source.slots)
    with servers.client(source.address) as one, servers.client(target.address) as two:
        key = next(f"k{n}" for n in range(10**6) if one.call("CLUSTER", "KEYSLOT", f"k{n}") == slot)
        one.call("SET", key, "new")
        two.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        one.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        # The copy that a move left behind when it was interrupted; the owner's own is the later one.
        two.call("ASKING")
        two.call("SET", key, "old")
    assert any("in the middle of a move" in problem for problem in servers.problems(declared))
    outcome = servers.operate(declared)
    assert any("complete the move" in sentence for sentence in outcome.done)
    with servers.client(target.address) as two:
        assert two.call("GET", key) == "new"
    assert servers.problems(declared, 10) == []


def test_a_dead_instance_is_replaced_by_an_empty_one(six: Six, tmp_path: Any) -> None:
    servers, declared = six
    servers.operate(declared)
    victim = next(i.address for i in declared.instances if i.address != leader_on(servers, declared, i.machine))
    servers.kill(victim)
    (servers.directory / victim.replace(":", "-") / "nodes.conf").unlink()
    with pytest.raises(Refused, match="connection refused"):
        servers.operate(declared)
    servers.start(victim)
    # Until the others take the old one for dead, nobody is told to forget it.
    servers.until(
        lambda: any(member.is_failed for member in look(declared.instances, servers.access, 5)[1].members.values())
    )
    servers.operate(declared)
    assert servers.problems(declared, 10) == []


def test_slots_without_a_master_and_without_keys_are_given_out_again(six: Six) -> None:
    servers, declared = six
    servers.operate(declared)
    _views, picture = look(declared.instances, servers.access, 20)
    leaders = picture.leaders()
    slot = min(leaders[0].slots)
    for leader in leaders:
        with servers.client(leader.address) as client:
            client.call("CLUSTER", "DELSLOTS", slot)
    assert any("1 slots have no master" in problem for problem in servers.problems(declared))
    servers.operate(declared)
    assert servers.problems(declared, 10) == []


def test_what_is_refused_before_anything_is_touched(six: Six) -> None:
    servers, declared = six
    wrong = Access(password="wrong", timeout=3)
    with pytest.raises(Refused, match="the password is not accepted") as caught:
        look(declared.instances, wrong, 5)
    assert len(caught.value.reasons) == 6
    with pytest.raises(Refused, match="a password is asked for, and none was given"):
        look(declared.instances, Access(timeout=3), 5)
    with servers.client(declared.instances[0].address) as client:
        client.call("CLUSTER", "ADDSLOTS", 0)
        key = next(f"k{n}" for n in range(10**6) if client.call("CLUSTER", "KEYSLOT", f"k{n}") == 0)
        with pytest.raises(CommandError):
            client.call("SET", key, "1")


def _write(servers: Any, declared: Any, key: str, value: str) -> None:
    _at_owner(servers, declared, "SET", key, value)


def _read(servers: Any, declared: Any, key: str) -> Any:
    return _at_owner(servers, declared, "GET", key)


def _at_owner(servers: Any, declared: Any, *words: str) -> Any:
    address = declared.instances[0].address
    for _hop in range(3):
        try:
            with servers.client(address) as client:
                return client.call(*words)
        except CommandError as error:
            if error.code != "MOVED":
                raise
            address = error.text.split()[2]
    raise AssertionError("sent in circles")
