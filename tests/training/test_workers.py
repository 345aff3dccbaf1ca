"""Processes, threads or one thread give the same bits, and end with the training."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from retrodict.errors import CannotFinish
from retrodict.signals import stop_signals
from retrodict.training import Trainer, train
from retrodict.training._workers import ForkedWorkers, InThread, ThreadWorkers, can_fork

pytestmark = [pytest.mark.bits, pytest.mark.seconds]

needs_fork = pytest.mark.skipif(not can_fork(), reason="only Linux forks safely")
TWO_THREADS = "training.threads=2"


def forked(monkeypatch) -> None:
    monkeypatch.setattr("retrodict.training._policy.SHARE_FROM", 0)


@needs_fork
@pytest.mark.parametrize("changes", [[], ["optimizer={kind: sgd, lr: 0.1, momentum: 0.9}"]])
def test_processes_threads_and_one_thread_give_the_same_bits(tiny, monkeypatch, changes):
    tiny = tiny.with_overrides(*changes, TWO_THREADS)
    alone = train(tiny.placed())
    forked(monkeypatch)
    processes = train(tiny.placed())
    monkeypatch.setattr("retrodict.training._one_by_one.can_fork", lambda: False)
    threads = train(tiny.placed())
    for other in (alone, processes):
        for name in threads.trace.curves.data_vars:
            assert other.trace.curves[name].equals(threads.trace.curves[name]), name
        for name, weight in threads.weights.items():
            assert torch.equal(other.weights[name], weight), name


@needs_fork
def test_the_workers_fit_the_work(tiny, monkeypatch):
    tiny = tiny.with_overrides(TWO_THREADS)
    assert isinstance(Trainer(tiny.placed()).engine.workers, InThread)
    one = tiny.with_overrides("training.learners=1").placed()
    assert isinstance(Trainer(one).engine.workers, InThread)
    forked(monkeypatch)
    assert isinstance(Trainer(tiny.placed()).engine.workers, ForkedWorkers)
    wide = tiny.with_overrides("model.d_model=512", "model.n_head=1").placed()
    assert isinstance(Trainer(wide).engine.workers, InThread)
    monkeypatch.setattr("retrodict.training._one_by_one.can_fork", lambda: False)
    assert isinstance(Trainer(tiny.placed()).engine.workers, ThreadWorkers)


@needs_fork
def test_processes_end_with_their_training(tiny, monkeypatch):
    forked(monkeypatch)
    trainer = Trainer(tiny.with_overrides(TWO_THREADS).placed())
    trainer.run_epoch(1)
    assert len(trainer.engine.workers.members) == 2
    members = [process for process, _ in trainer.engine.workers.members]
    del trainer
    assert not any(process.is_alive() for process in members)


@needs_fork
def test_a_killed_process_ends_the_training_in_words(tiny, monkeypatch):
    forked(monkeypatch)
    trainer = Trainer(tiny.with_overrides(TWO_THREADS).placed())
    trainer.run_epoch(1)
    members = list(trainer.engine.workers.members)
    os.kill(members[1][0].pid, signal.SIGKILL)
    with pytest.raises(CannotFinish, match="was killed"):
        trainer.run_epoch(2)
    assert not any(process.is_alive() for process, _ in members)


@needs_fork
def test_an_error_in_a_process_is_raised_here(tiny, monkeypatch):
    forked(monkeypatch)
    trainer = Trainer(tiny.with_overrides(TWO_THREADS).placed())
    trainer.run_epoch(1)
    with pytest.raises(TypeError):
        trainer.train_epoch(None)  # type: ignore[arg-type]


ORPHANS = """
import os, sys, time
from retrodict import Experiment
from retrodict.training import Trainer, _policy
_policy.SHARE_FROM = 0
text = open(sys.argv[1], encoding="utf-8").read()
trainer = Trainer(Experiment.from_text(text).with_overrides("training.threads=2").placed())
trainer.run_epoch(1)
print(*(process.pid for process, _ in trainer.engine.workers.members), flush=True)
time.sleep(60)
"""


@needs_fork
def test_processes_die_with_a_killed_parent(tiny_yaml):
    program = [sys.executable, "-c", ORPHANS, str(tiny_yaml)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


@needs_fork
def test_a_worker_that_uses_up_its_cpu_time_asks_the_training_to_stop():
    workers = ForkedWorkers(lambda what, epoch, s: s, 2, 2)
    try:
        assert workers.do("", 0) == [0, 1]  # they listen by now
        worker, _ = workers.members[0]
        with stop_signals() as stop:
            os.kill(worker.pid, signal.SIGXCPU)
            assert workers.do("", 0) == [0, 1]  # and it has gone on
        assert stop.asked
    finally:
        workers._end()
