"""`--again` for runs whose name has changed, and interruptions while a run is replaced."""

from __future__ import annotations

import pytest

from retrodict import CannotFinish, open_run
from retrodict.experiment import Placed
from retrodict.launch import LOCAL, Asked, Reporter, run_named
from retrodict.runs import Run, Store, _again, check_run
from retrodict.training import _compiler, train

pytestmark = pytest.mark.seconds


@pytest.fixture
def old_named(small, begin, tmp_path, monkeypatch) -> Run:
    """A run that has two threads in its name, as all had at first."""
    with monkeypatch.context() as then:
        then.setattr(Placed, "threads_matter", True)
        run = begin(small.placed_on("cpu", 2), tmp_path / "store")
        outcome = train(small.placed())
        run.finish(outcome.trace, outcome.weights)
    return Run(run.folder)


def dying(monkeypatch, name):
    """End everything when a function of a replacement is called."""

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(_again, name, dies)


def test_a_run_with_threads_in_its_name_is_replaced_by_one_without(old_named, small, answered):
    root = old_named.folder.parent
    run, how = answered(small, root)
    assert run.folder.name == small.placed().name != old_named.folder.name
    assert how.again.same_bits
    assert [path.name for path in root.iterdir()] == [run.folder.name]
    assert check_run(run.folder) == []
    assert answered(small, root, again=False)[1].how == "store"


@pytest.mark.parametrize("deleted", [False, True])
def test_interrupted_while_it_replaces_an_old_name_it_finishes_later(
    old_named, small, answered, other_numbers, monkeypatch, deleted
):
    other_numbers(old_named)
    root, before = old_named.folder.parent, Run(old_named.folder).trace
    plain = _again._set_aside
    with monkeypatch.context() as patch:

        def set_aside(*asked):
            kept = plain(*asked)
            dying(patch, "_copy" if deleted else "_delete")
            return kept

        patch.setattr(_again, "_set_aside", set_aside)
        with pytest.raises(KeyboardInterrupt):
            answered(small, root)
    assert old_named.exists is not deleted
    run, how = answered(small, root)
    found = how.again
    assert found.same_bits is False
    assert found.max_nll_difference == pytest.approx(0.25)
    assert open_run(found.before).trace.identical(before)
    assert [problem.kind for problem in check_run(found.before)] == ["note"]
    assert {one.folder.name for one in Store(root).runs()} == {run.folder.name, found.before.name}
    assert check_run(run.folder) == []


def test_what_was_set_aside_long_ago_is_not_taken_for_the_run_before(
    small, answer, answered, other_numbers, tmp_path
):
    root = tmp_path / "store"
    other_numbers(answer(small, root))
    assert answered(small, root)[1].again.before
    found = answered(small, root)[1].again
    assert (found.same_bits, found.before) == (True, None)


def test_what_cannot_be_compiled_here_is_answered_from_the_store_and_trained_again(
    small, answered, tmp_path, monkeypatch
):
    monkeypatch.setattr(_compiler, "obstacle", lambda device: "no compiler")
    asked, root = small.with_overrides("training.execution=compiled"), tmp_path / "store"
    assert answered(asked, root, again=False)[1].how == "trained"
    assert answered(asked, root, again=False)[1].how == "store"
    run, how = answered(asked, root)
    assert how.again.same_bits
    assert [path.name for path in root.iterdir()] == [run.folder.name]


def test_weights_that_were_kept_are_kept_again(small, answer, answered, tmp_path):
    kept = answer(small, tmp_path / "store")
    run, _ = answered(small, kept.folder.parent, keep_weights=False)
    assert run.weights()
    run.discard_weights()
    run, _ = answered(small, kept.folder.parent, keep_weights=False)
    assert not (run.folder / "weights.safetensors").exists()


def test_named_experiments_end_at_the_first_failure(small, tmp_path):
    wide, root = small.with_overrides("training.seed=7"), Store(tmp_path / "store")
    asked = Asked(LOCAL)
    run_named({"a": {"x": small}}, root, Reporter(), asked)
    later = Asked(LOCAL)
    run = run_named({"b": {"x": small}}, root, Reporter(), later)["b"]["x"]
    assert later.answers[run.folder.name].how == "store"
    (run.folder / "run.json").write_text("{")
    with pytest.raises(CannotFinish, match="damaged"):
        run_named({"a": {"x": small, "y": wide}}, root, Reporter(), Asked(LOCAL))
    assert [one.name for one in root.root.iterdir()] == [run.folder.name]
