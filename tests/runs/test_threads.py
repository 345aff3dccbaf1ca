"""Threads are in a run's name only where they can alter a bit; runs of before are still found."""

from __future__ import annotations

import json

import pytest
import torch

import retrodict
from retrodict import Experiment
from retrodict.errors import BadInput, Interrupted
from retrodict.experiment import Placed, read
from retrodict.launch._local import execute
from retrodict.launch._remote import _Notes
from retrodict.runs import Store, open_run
from retrodict.runs._check import check_run
from retrodict.training import Hooks, train

pytestmark = pytest.mark.seconds

CPU = ("training={epochs: 2, batch_size: 16, learners: 3, device: cpu}", "record.weights_at=[2]")
TRANSFORMER = "task: {kind: reversal, vocab_size: 12}\nmodel: {n_layer: 2, n_head: 2, d_model: 32}"
ANALYSED = "task: {kind: %s}\nmodel: {kind: %s}\nobjective: {kind: next_token}"
PAIRS = "pairs, n: 8, m: 40"

SAME = {
    "transformer": (TRANSFORMER, []),
    "transformer float64": (TRANSFORMER, ["training.precision=float64"]),
    "encoder": (TRANSFORMER, ["model.attention=bidirectional", "objective={kind: masked}"]),
    "bilinear": (ANALYSED % (PAIRS, "bilinear, d: 360"), []),
    "bilinear factorised": (
        ANALYSED % (PAIRS, "bilinear, d: 300, parametrisation: tied, rank: 40, sigma: 0.1"),
        ["training.precision=float64"],
    ),
    "one layer": (ANALYSED % ("pairs, n: 8, m: 200", "one_layer"), []),
    "relational": (ANALYSED % ("reversal, vocab_size: 200", "relational, d: 100"), []),
}
OTHER = {
    "wide transformer": (TRANSFORMER, ["model.d_model=512"]),
    "bfloat16": (TRANSFORMER, ["training.precision=bfloat16"]),
    "compiled": (TRANSFORMER, ["training.execution=compiled"]),
    "large bilinear": (ANALYSED % (PAIRS, "bilinear, d: 363"), []),
    "large one layer": (ANALYSED % ("pairs, n: 8, m: 256", "one_layer"), []),
    "large relational": (ANALYSED % ("reversal, vocab_size: 800", "relational, d: 100"), []),
}


def of(text: str, changes: list[str], threads: int) -> Experiment:
    return Experiment.from_text(text, [*CPU, *changes]).placed_on("cpu", threads)


@pytest.fixture
def _two_cores(monkeypatch):
    """A machine that has two cores, and work that is always shared between them."""
    monkeypatch.setattr("retrodict.experiment._experiment.core_count", lambda: 2)
    monkeypatch.setattr("retrodict.training._policy.SHARE_FROM", 0)


@pytest.mark.usefixtures("_two_cores")
@pytest.mark.parametrize(("text", "changes"), SAME.values(), ids=SAME)
def test_where_threads_are_left_out_of_the_name_they_alter_no_bit(text, changes):
    one, two = (of(text, changes, threads) for threads in (1, 2))
    assert one.digest() == two.digest()
    ended = train(one), train(two)
    assert ended[0].trace.identical(ended[1].trace)
    for name, weight in ended[0].weights.items():
        assert torch.equal(weight, ended[1].weights[name]), name


@pytest.mark.parametrize(("text", "changes"), OTHER.values(), ids=OTHER)
def test_where_they_may_alter_a_bit_they_are_in_the_name(text, changes):
    assert of(text, changes, 1).digest() != of(text, changes, 2).digest()


@pytest.mark.parametrize(("text", "changes"), OTHER.values(), ids=OTHER)
def test_on_a_gpu_they_alter_no_bit(text, changes):
    asked = Experiment.from_text(text, [*CPU, *changes])
    assert asked.placed_on("cuda:0", 1).digest() == asked.placed_on("cuda:0", 2).digest()


@pytest.fixture
def before(tiny, begin, tmp_path, monkeypatch):
    """A store with a run of two threads, begun when threads were always hashed: one epoch done."""
    with monkeypatch.context() as then:
        then.setattr(Placed, "threads_matter", True)
        then.setattr("retrodict.experiment._experiment.core_count", lambda: 2)
        run = begin(tiny.placed_on("cpu", 2), tmp_path / "store", stopped=True)
    return Store(run.folder.parent)


def test_a_run_of_before_is_continued_by_any_number_of_threads(before, tiny, monkeypatch):
    (run,) = before.runs()
    assert run.folder.name != tiny.placed_on("cpu", 1).name
    assert check_run(run.folder) == []
    monkeypatch.setattr("retrodict.experiment._experiment.core_count", lambda: 1)
    said = _Notes()
    ended = execute(tiny.with_overrides("training.threads=1").placed(), before, said)
    assert ended.folder == run.folder
    assert [event["event"] for event in run.events()] == ["resumed", "finished"]
    assert check_run(run.folder) == []
    assert ended.trace.identical(train(tiny.placed_on("cpu", 1)).trace)
    assert len(list(before.root.iterdir())) == 1


def test_a_checkpoint_of_now_in_a_run_of_before_is_sound(before, tiny):
    now = tiny.placed_on("cpu", 1)
    run = before.run(now)
    with pytest.raises(Interrupted):
        train(now, Hooks(stop=lambda: True, checkpoint=run.checkpoint))
    assert check_run(run.folder) == []
    assert not open_run(run.folder).differences()


def test_of_several_runs_of_before_the_one_that_came_farthest_answers(
    before, begin, tiny, monkeypatch
):
    with monkeypatch.context() as then:
        then.setattr(Placed, "threads_matter", True)
        other = tiny.placed_on("cpu", 1)
        run = begin(other, before.root)
        run.finish(train(other).trace, None)
    store = Store(before.root)
    assert [store.run(tiny.placed_on("cpu", n)).folder for n in (1, 2, 7)] == [run.folder] * 3


def test_a_run_of_format_1_is_found_by_any_number_of_threads(old):
    store, experiment = Store(old.folder.parent), old.experiment
    for threads in (1, 2, 64):
        found = store.run(experiment.placed_on("cpu", threads))
        assert (found.folder, found.finished) == (old.folder, True)


def test_a_run_is_found_by_its_own_file_where_there_are_fewer_cores(
    tiny, begin, tmp_path, monkeypatch
):
    run = begin(tiny.placed_on("cpu", 2), tmp_path)
    path = run.folder / "experiment.yaml"
    monkeypatch.setattr("retrodict.experiment._experiment.core_count", lambda: 1)
    for again in (read(path, []), Experiment.from_yaml(path)):
        assert Store(tmp_path).run(again.placed()).folder == run.folder
    with pytest.raises(BadInput, match="more than the 1 core there is"):
        read(path, ["training.threads=2"]).placed()


def test_an_interrupted_run_is_continued_by_its_own_file_where_there_is_one_core(
    tiny, begin, tmp_path, monkeypatch, command
):
    wanted = tiny.placed_on("cpu", 2)
    with monkeypatch.context() as then:
        then.setattr("retrodict.experiment._experiment.core_count", lambda: 2)
        run = begin(wanted, tmp_path, stopped=True)
    monkeypatch.setattr("retrodict.experiment._experiment.core_count", lambda: 1)
    code, out, _ = command("run", run.folder / "experiment.yaml", "--out", tmp_path, "--json")
    assert (code, json.loads(out)["run"]) == (0, str(run.folder))
    assert open_run(run.folder).state["digest"] == wanted.digest()
    assert [event["event"] for event in run.events()] == ["resumed", "finished"]
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [run.folder]


def test_an_experiment_of_a_run_is_trained_in_memory_on_fewer_cores(tiny, monkeypatch):
    wanted = tiny.placed_on("cpu", 2)
    monkeypatch.setattr("retrodict.experiment._experiment.core_count", lambda: 1)
    assert retrodict.train(wanted).nll.size
    with pytest.raises(BadInput, match="more than the 1 core there is"):
        retrodict.train(wanted.with_overrides("model.d_model=512"))


def test_a_run_that_is_another_only_by_its_threads_is_named(tmp_path, tiny, begin):
    wide = tiny.with_overrides("model.d_model=512", "training.epochs=0", "training.learners=1")
    other = wide.placed_on("cpu", 7)
    folder = begin(other, tmp_path).folder
    said = _Notes()
    execute(wide.with_overrides("training.threads=1").placed(), Store(tmp_path), said)
    assert said.notes == [
        f"{folder}: the same experiment with training.threads=7, which can alter bits; this is "
        "a separate run and starts from the beginning"
    ]
    assert len(list(tmp_path.iterdir())) == 2
