# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker process, for real: programs, time-outs, sudden death, and what its children inherit."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from heartbeat.host.loop import Loop
from heartbeat.host.worker import Outcome, Task
from heartbeat.host.workerclient import WorkerClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def load(text: str) -> str:
    if text == "bad":
        raise ValueError("broken")
    if text.startswith("/"):  # a name service that does not answer until somebody mends it
        while not os.path.exists(text):
            time.sleep(0.01)
    return text.upper()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def worker(loop: Loop) -> Iterator[WorkerClient]:
    client = WorkerClient(load)
    client.attach(loop)
    yield client
    client.close()


def until(loop: Loop, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        loop.call_at(loop.now() + 10_000_000, lambda: None)
        loop.turn(lambda: None, lambda late: None, lambda: None)


def run(loop: Loop, worker: WorkerClient, task: Task) -> Outcome:
    outcomes: list[Outcome] = []
    worker.run(task, outcomes.append)
    until(loop, lambda: outcomes)
    return outcomes[0]


def shell(text: str, timeout_s: float = 20) -> Task:
    return Task(("/bin/sh", "-c", text), (("NAME", "value"),), timeout_s)


def test_output_exit_code_and_environment_come_back(loop: Loop, worker: WorkerClient) -> None:
    outcome = run(loop, worker, shell("echo $NAME; echo wrong >&2; exit 3"))
    assert outcome == Outcome(3, "value\nwrong\n")
    assert outcome.describe() == "exit code 3: wrong"


def test_a_program_that_is_not_there_is_an_outcome(loop: Loop, worker: WorkerClient) -> None:
    outcome = run(loop, worker, Task(("/no/such/program",)))
    assert outcome.code is None
    assert "/no/such/program" in outcome.error


def test_a_hung_script_is_killed_with_all_its_children(loop: Loop, worker: WorkerClient, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    outcome = run(loop, worker, shell(f"sleep 300 & echo $! >> {pids}; echo $$ >> {pids}; wait", 0.5))
    assert outcome.timed_out
    assert outcome.code is None
    for pid in pids.read_text().split():
        until(loop, lambda pid=pid: not _alive(int(pid)))


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_daemon_that_keeps_the_output_open_does_not_hold_up_the_script(
    loop: Loop, worker: WorkerClient, tmp_path: Path
) -> None:
    outcome = run(loop, worker, shell(f"sleep 30 & echo $! > {tmp_path}/pid; echo started"))
    assert outcome == Outcome(0, "started\n")
    pid = int((tmp_path / "pid").read_text())
    assert _alive(pid)  # it outlives the script, as daemons do
    os.kill(pid, signal.SIGKILL)


def test_endless_output_is_cut_not_collected(loop: Loop, worker: WorkerClient) -> None:
    assert len(run(loop, worker, shell("head -c 3000000 /dev/zero | tr '\\0' x")).output) == 16384


def test_programs_start_with_ordinary_signal_handling(loop: Loop, worker: WorkerClient) -> None:
    outcome = run(loop, worker, shell("grep SigIgn /proc/self/status"))
    ignored = int(outcome.output.split()[1], 16)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        assert not ignored & (1 << (number - 1)), number


def test_a_client_can_be_signalled(loop: Loop, worker: WorkerClient) -> None:
    outcomes: list[Outcome] = []
    number = worker.run(shell("exec sleep 300", 0), outcomes.append)
    worker.kill(number, signal.SIGTERM)
    until(loop, lambda: outcomes)
    assert outcomes[0].code == -signal.SIGTERM


def test_configurations_are_loaded_apart_errors_included(loop: Loop, worker: WorkerClient) -> None:
    results: list[object] = []
    worker.load(("good",), results.append)
    worker.load(("bad",), results.append)
    until(loop, lambda: len(results) == 2)
    assert results[0] == "GOOD"
    assert isinstance(results[1], ValueError)


def test_a_name_service_that_is_down_does_not_hold_up_scripts(loop: Loop, worker: WorkerClient, tmp_path: Path) -> None:
    mended, loaded = tmp_path / "mended", list[object]()
    worker.load((str(mended),), loaded.append)
    assert run(loop, worker, shell("echo meanwhile")).output == "meanwhile\n"
    assert loaded == []
    mended.touch()
    until(loop, lambda: loaded)
    assert loaded == [str(mended).upper()]


def test_the_daemon_s_signals_do_not_end_the_worker(loop: Loop, worker: WorkerClient) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(worker.pid, number)
    assert run(loop, worker, shell("exit 0")).ok
    assert worker.restarts == 0


def test_a_worker_that_dies_is_replaced_and_its_tasks_have_failed(loop: Loop, worker: WorkerClient) -> None:
    outcomes: list[Outcome] = []
    worker.run(shell("sleep 5"), outcomes.append)
    os.kill(worker.pid, signal.SIGKILL)
    until(loop, lambda: outcomes)
    assert outcomes[0].error == "the worker process died"
    assert worker.restarts == 1
    assert run(loop, worker, shell("exit 0")).ok


def test_a_client_does_not_outlive_its_worker(loop: Loop, worker: WorkerClient, tmp_path: Path) -> None:
    note, outcomes = tmp_path / "pid", list[Outcome]()
    worker.run(shell(f"echo $$ > {note}; exec sleep 600", timeout_s=0), outcomes.append)
    until(loop, lambda: note.exists() and note.read_text().strip())
    pid = int(note.read_text())
    # the client may be quicker than the worker's word of it, which comes before the answer to what was asked next
    assert run(loop, worker, shell("exit 0")).ok
    os.kill(worker.pid, signal.SIGKILL)
    until(loop, lambda: outcomes)
    assert outcomes[0].error
    until(loop, lambda: not os.path.exists(f"/proc/{pid}") or "Z" in Path(f"/proc/{pid}/stat").read_text())


def test_nothing_but_the_standard_descriptors_reaches_a_program(loop: Loop, worker: WorkerClient) -> None:
    assert run(loop, worker, shell("ls /proc/self/fd | tr '\\n' ' '")).output.split()[:3] == ["0", "1", "2"]
    assert len(run(loop, worker, shell("ls /proc/self/fd")).output.split()) <= 4  # and the one of ls


def test_a_program_reads_what_it_is_given_and_the_next_one_does_not(loop: Loop, worker: WorkerClient) -> None:
    content = b"line\n" * 100_000  # more than a pipe holds
    assert run(loop, worker, Task(("/usr/bin/wc", "-c"), stdin=content)).output.strip() == str(len(content))
    assert run(loop, worker, Task(("/usr/bin/wc", "-c"))).output.strip() == "0"
    ignored = run(loop, worker, Task(("/bin/true",), stdin=content))
    assert ignored.ok
