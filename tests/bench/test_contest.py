"""Who is timed when, and what is computed from the times. No assertion on a measured time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from retrodict.bench._contest import Ours, Timing, compete, part
from retrodict.bench._size import Size
from retrodict.bench.sections._step import break_even, choose_configs, compare, configs, ratios
from retrodict.errors import BadInput


class Recorded:
    """A contestant that writes down its calls."""

    learners, steps = 2, 3

    def __init__(self, name, calls):
        self.name, self.calls = name, calls

    def train(self):
        self.calls.append(self.name)

    def evaluate(self):
        self.calls.append(self.name.upper())


def test_contestants_take_turns_after_two_epochs_each():
    calls, shares = [], []
    builders = [lambda name=name: Recorded(name, calls) for name in "abc"]
    timings = compete(builders, 2, 0.0, "cpu", shares.append)
    assert "".join(calls) == "aAaAbBbBcCcC" + 2 * "aAbBcC"
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert all(len(timing.training) == len(timing.evaluation) == 2 for timing in timings)


def test_a_repeat_lasts_as_many_epochs_as_fill_the_time(monkeypatch):
    from retrodict.bench import _contest

    times = iter([(0.1, 0.5), (0.1, 0.5), *[(0.1, 0.5)] * 3])
    monkeypatch.setattr(_contest, "_epoch", lambda contestant, device: next(times))
    (timing,) = compete([lambda: Recorded("a", [])], 1, 0.25, "cpu", lambda share: None)
    assert timing.training == pytest.approx([100 / 2 / 3])  # ms, learners, steps
    assert timing.evaluation == pytest.approx([500 / 2])
    assert timing.epochs == pytest.approx([100 / 2 + 500 / 2])
    assert next(times, None) is None


def test_ours_trains_and_records_as_training_does():
    ours = Ours(Size(1, 2, 16, 24).experiment(learners=2, execution="eager"))
    for _ in range(2):
        ours.train()
        ours.evaluate()
    nll = ours.trainer.recording.arrays["nll"]
    assert (ours.learners, ours.steps) == (2, 1)
    assert (nll[:, 1:3] > 0).all()


def test_a_part_counts_within_its_share():
    found = []
    inner = part(found.append, 0.5, 0.75)
    inner(0.0)
    inner(1.0)
    assert found == [0.5, 0.75]


def test_ratios_pair_the_rounds():
    assert ratios([10.0, 30.0], [5.0, 10.0]) == [2.0, 3.0]


def timing(learners, training, first=1.0):
    return Timing(learners, 2, first, None, list(training), [4.0] * len(training))


def test_rows_are_compared_with_the_peer_and_with_eager(step_row):
    timings = {
        ("peer", 1): timing(1, [10.0, 20.0, 30.0]),
        ("eager", 10): timing(10, [5.0, 5.0, 10.0], first=1.0),
        ("compiled", 10): timing(10, [2.0, 5.0, 5.0], first=31.0),
    }
    measured = [(step_row(*variant), timing) for variant, timing in timings.items()]
    peer, eager, compiled = compare(measured)
    assert (peer.ratio_to_peer, peer.ratio_range) == (1.0, (1.0, 1.0))
    assert (eager.ratio_to_peer, eager.ratio_range) == (3.0, (2.0, 4.0))
    assert eager.ratio_with_evaluation == pytest.approx(64 / 24)
    assert eager.compile_seconds is eager.break_even_steps is None
    assert compiled.compile_seconds == 30.0
    assert compiled.break_even_steps is None  # the medians are the same


COMPILED = """
from retrodict.bench import Plan
from retrodict.bench._size import Size
from retrodict.bench._training import measure
from retrodict.bench.sections._step import Config, compare, fresh_compiler_cache
config = Config(Size(1, 2, 16, 24), (("peer", 1), ("eager", 2), ("compiled", 2)), 1)
with fresh_compiler_cache():
    entries = config.contests(True)[1]
    *_, row = compare(measure("step", entries, 1, Plan("cpu", quick=True), lambda share: None))
print(row.variant, row.learners, row.compile_seconds is not None)
"""


@pytest.mark.slow
def test_the_compiled_step_is_measured_and_its_price_told():
    # in a process of its own: torch cannot compile functions whose shapes the tests check
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert done.stdout.strip() == "compiled 2 True", done.stderr


def test_compiling_pays_once_the_saved_time_covers_it():
    eager, compiled = timing(10, [3.0]), timing(10, [2.0])
    assert break_even(5.0, eager, compiled) == 500  # 10 learners save 10 ms a step
    assert break_even(5.0, compiled, eager) is None


def test_configurations_are_those_of_the_issue():
    assert [config.size.label for config in configs("cpu")] == [
        "2x128 V=80",
        "4x256 V=800",
        "24x768 V=800",
    ]
    learners = [{n for kind, n in config.variants} for config in configs("cpu")]
    assert learners == [{1, 10}, {1, 10}, {1}]
    assert ("compiled", 10) in configs("cuda:0")[2].variants


def test_every_dropout_and_precision_is_a_contest():
    gpu = configs("cuda:0")[0].contests(compiler=True)
    assert [(entry.size.precision, entry.size.dropout) for entry, *_ in gpu] == [
        (precision, dropout)
        for precision in ("float32", "tf32", "bfloat16")
        for dropout in (0.0, 0.1)
    ]
    without = configs("cpu")[0].contests(compiler=False)
    assert [entry.variant for entry in without[0]] == ["peer", "eager", "eager"]


def test_a_configuration_is_chosen_by_the_beginning_of_its_name():
    assert len(choose_configs([], "cpu")) == 3
    assert [c.size.n_layer for c in choose_configs(["24x768", "2x128"], "cpu")] == [2, 24]
    with pytest.raises(BadInput, match="did you mean '4x256'"):
        choose_configs(["4x265"], "cpu")
