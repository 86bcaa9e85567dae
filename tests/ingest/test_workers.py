import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from commonplace.ingest.workers import Done, Failed, Limits, Workers

TARGET = "ingest.sample_jobs:obey"


Run = Callable[..., dict[str, list[Any]]]


@pytest.fixture
def run() -> Iterator[Run]:
    started: list[Workers] = []

    def go(jobs: list[str], count: int = 2, **limits: Any) -> dict[str, list[Any]]:
        workers = Workers(TARGET, count, Limits(**limits))
        started.append(workers)
        messages: dict[str, list[Any]] = {}
        for job, message in workers.run(jobs):
            messages.setdefault(job, []).append(message)
        return messages

    yield go
    for workers in started:
        workers.close()


def test_messages_of_a_job_come_in_order_and_end_with_done(run: Run) -> None:
    assert run(["count 3"]) == {"count 3": [0, 1, 2, Done()]}


def test_every_job_is_answered_whatever_the_others_do(run: Run) -> None:
    jobs = ["count 1", "refuse", "crash", "count 2", "stumble", "count 3"]
    messages = run(jobs)
    assert set(messages) == set(jobs)
    assert messages["count 3"] == [0, 1, 2, Done()]


def test_a_refusal_keeps_its_reason(run: Run) -> None:
    assert run(["refuse"])["refuse"] == [Failed("it is green; expected blue")]


def test_an_unexpected_error_is_named(run: Run) -> None:
    assert run(["stumble"])["stumble"] == [Failed("ValueError: a bug in a reader")]


def test_a_crash_is_told_from_a_refusal(run: Run) -> None:
    (failure,) = run(["crash"])["crash"]
    assert failure == Failed("its reader crashed (SIGSEGV); the file is probably damaged", fatal=True)


def test_a_job_that_computes_without_end_is_ended_by_the_cpu_it_took(run: Run) -> None:
    (failure,) = run(["spin"], step=1)["spin"]
    reason = "took more than 1 s of CPU without a result; stopped. Is the file damaged?"
    assert failure == Failed(reason, fatal=True)


def test_the_cpu_of_earlier_jobs_counts_for_none_of_the_later(run: Run) -> None:
    messages = run([f"spin 0.4 {number}" for number in range(3)], count=1, total=1)
    assert all(found[-1] == Done() for found in messages.values())


def test_a_job_that_gives_results_without_end_is_ended_too(run: Run) -> None:
    messages = run(["dribble"], total=0)
    assert messages["dribble"][-1] == Failed("took more than 0 s of CPU; stopped. Split it.")


def test_a_job_that_waits_for_ever_is_ended(run: Run) -> None:
    (failure,) = run(["hang"], silence=0.5)["hang"]
    assert failure == Failed("gave no result for 0.5 s; stopped. Does its disk answer?", fatal=True)


def test_a_caller_that_takes_its_time_ends_no_job() -> None:
    workers = Workers(TARGET, 1, Limits(silence=3))
    messages: list[object] = []
    for _, message in workers.run(["count 60"]):
        if not messages:
            time.sleep(3.5)  # while the worker waits for room: so long may encoding a batch take on a busy machine
        messages.append(message)
    workers.close()
    assert messages == [*range(60), Done()]


def test_too_much_memory_fails_the_job_and_not_the_next(run: Run) -> None:
    messages = run(["gorge 2000000000", "count 1"], count=1, memory=2**30)
    assert messages["gorge 2000000000"] == [Failed("needs more than 1.0 GiB of memory to read", fatal=True)]
    assert messages["count 1"] == [0, Done()]


def test_what_a_library_prints_does_not_mix_with_the_answers(run: Run) -> None:
    assert run(["print"])["print"] == ["said", Done()]


def test_a_worker_serves_many_jobs(run: Run) -> None:
    messages = run(["pid 1", "pid 2", "pid 3"], count=1)
    assert len({found[0] for found in messages.values()}) == 1


def test_leaving_early_leaves_no_process_behind() -> None:
    workers = Workers(TARGET, 2)
    for _, message in workers.run(["dribble 1", "dribble 2"]):
        if message == ".":
            break
    workers.close()
    deadline = time.monotonic() + 10
    while (
        any("commonplace.ingest.worker" in " ".join(p.cmdline()) for p in _children()) and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert not [p for p in _children() if "commonplace.ingest.worker" in " ".join(p.cmdline())]


def _children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
