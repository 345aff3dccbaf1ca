"""What the tests of `--again` share."""

from __future__ import annotations

import pytest

from retrodict.launch import LOCAL, Asked, Job, Reporter
from retrodict.runs import Store


@pytest.fixture
def small(tiny):
    return tiny.with_overrides("training.threads=1", "training.epochs=2", "record.weights_at=[]")


@pytest.fixture
def answered():
    """Answer an experiment, by training it again or from a store; return its run and how."""

    def answer(experiment, root, again=True, **more):
        asked = Asked(LOCAL, again)
        job = Job(asked.place(experiment))
        (ended,) = asked.execute_all([job], Store(root), Reporter(), **more)
        assert ended.error is None
        return ended.run, asked.answers[ended.run.folder.name]

    return answer


@pytest.fixture
def other_numbers():
    """Make a run's numbers different, as if other code had trained it."""

    def change(run):
        trace = run.trace
        trace.curves["nll"][:] += 0.25
        run.finish(trace, run.weights())

    return change
