"""Where a step cannot be compiled: eager, under the name of the eager run, and said."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import retrodict
from retrodict import CannotFinish, Experiment
from retrodict.launch import execute, execute_on
from retrodict.launch._remote import Remote, RemoteJob
from retrodict.runs import Store
from retrodict.training import Trainer, _compiler

pytestmark = [pytest.mark.bits, pytest.mark.seconds]


@pytest.fixture
def asked(tiny) -> Experiment:
    return tiny.with_overrides("training.execution=compiled", "training.threads=1")


@pytest.fixture
def eager(tiny) -> Experiment:
    return tiny.with_overrides("training.execution=eager", "training.threads=1")


OBSTACLE = _compiler.obstacle


def _refuses(function, **how):
    raise RuntimeError("there is no compiler\nlong words")


COMPILERS = {
    "one that works": (lambda function, **how: lambda x: x + 1, ""),
    "one that is switched off": (lambda function, **how: function, "is switched off"),
    "none": (_refuses, "there is no compiler"),
}


@pytest.mark.parametrize(("compile_", "said"), COMPILERS.values(), ids=COMPILERS.keys())
def test_a_compiler_is_tried_and_what_it_says_is_said_in_a_line(monkeypatch, compile_, said):
    monkeypatch.setattr(torch, "compile", compile_)
    OBSTACLE.cache_clear()
    found = OBSTACLE("cpu")
    OBSTACLE.cache_clear()
    assert bool(found) == bool(said)
    assert said in found
    assert "\n" not in found


def test_too_little_memory_is_no_want_of_a_compiler(monkeypatch):
    def out_of_memory(function, **how):
        raise MemoryError

    monkeypatch.setattr(torch, "compile", out_of_memory)
    OBSTACLE.cache_clear()
    with pytest.raises(MemoryError):
        OBSTACLE("cpu")


def test_an_eager_experiment_needs_no_compiler(eager):
    placed = eager.placed()
    assert _compiler.as_it_can_run(placed, print) is placed


@pytest.fixture(autouse=True)
def _no_compiler(monkeypatch):
    monkeypatch.setattr(_compiler, "obstacle", lambda device: "no compiler")
    monkeypatch.setattr(_compiler, "_TOLD", set())


def test_it_is_the_eager_run_and_is_found_again_as_that(asked, eager, tmp_path, told):
    store = Store(tmp_path)
    run = execute(asked.placed(), store, told)
    assert run.folder.name == eager.placed().name
    assert run.trace.identical(retrodict.train(eager))
    assert run.experiment.training.execution == "eager"
    assert execute(asked.placed(), store, told).folder == run.folder
    assert [one.folder for one in store.runs()] == [run.folder]


def test_it_is_said_once(asked, tmp_path, told):
    for seed in (0, 1):
        execute(asked.with_overrides(f"training.seed={seed}").placed(), Store(tmp_path), told)
    (note,) = told.notes
    assert note.startswith("the step runs eager: it cannot be compiled here (no compiler)")


def test_in_memory_it_is_a_warning(asked, eager):
    with pytest.warns(UserWarning, match="the step runs eager"):
        trace = retrodict.train(asked)
    assert trace.identical(retrodict.train(eager))


def test_a_run_that_was_compiled_elsewhere_is_answered_as_it_is(asked, tmp_path, told, monkeypatch):
    store = Store(tmp_path)
    monkeypatch.setattr(_compiler, "obstacle", lambda device: "")
    trace = retrodict.train(asked.with_overrides("training.execution=eager"))
    run, placed = store.run(asked.placed()), asked.placed()
    store.prepare(placed)
    with run.lock(1.0):
        run.begin(placed)
        run.finish(trace, None)
    monkeypatch.setattr(_compiler, "obstacle", lambda device: "no compiler")
    assert execute(asked.placed(), store, told).folder == run.folder
    assert told.notes == []


def test_a_worker_without_a_compiler_answers_under_the_eager_name(asked, eager, tmp_path, pool):
    placed = Remote(pool, 1, 0).place(asked)
    answer = RemoteJob(placed, tmp_path, True)()
    assert (answer.run, answer.kept) == (placed.name, eager.placed().name)
    assert len(answer.notes) == 1


def test_its_launcher_takes_the_eager_run(asked, eager, tmp_path, told, pool):
    run = execute_on(Remote(pool, 1, 0), asked, Store(tmp_path), told)
    assert run.folder.name == eager.placed().name


def test_a_step_that_torch_would_run_eager_without_a_word_is_refused(asked):
    trainer = Trainer(asked.placed())
    torch.compiler.set_stance("force_eager")
    try:
        with pytest.raises(CannotFinish, match="switched off"):
            trainer.train_epoch(1)
    finally:
        torch.compiler.set_stance("default")


def test_what_a_compiler_complains_of_is_one_line():
    from torch._dynamo.exc import Unsupported

    error = _compiler.refused(Unsupported("the first\nthe second"))
    assert error is not None
    assert "(the first)" in str(error)
    assert _compiler.refused(ValueError("of ours")) is None


def test_without_a_compiler_on_this_machine_a_run_ends_well(asked, tmp_path):
    """In a process of its own, where none is found."""
    (tmp_path / "asked.yaml").write_text(asked.to_yaml(), encoding="utf-8")
    program = f"""
import os, shutil, sys
os.environ.update(CC={str(tmp_path / "no")!r}, CXX={str(tmp_path / "no")!r}, PATH={str(tmp_path)!r})
from retrodict.cli._exit import run_cli
sys.exit(run_cli(["run", {str(tmp_path / "asked.yaml")!r}, "--out", {str(tmp_path / "runs")!r}]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("the step runs eager") == 1
    (run,) = Store(tmp_path / "runs").runs()
    assert run.experiment.training.execution == "eager"
