"""YAML that asks for too much, and sizes that no machine has: refused in a line, in no time."""

from __future__ import annotations

import contextlib
import os
import sys
import tracemalloc
from collections.abc import Iterator

import pytest

from retrodict import BadInput, CannotFinish, Experiment, Grid
from retrodict.experiment._overrides import parse_override
from retrodict.files.yaml import DEEPEST, LONGEST, MOST_BYTES, MOST_NODES
from retrodict.theory import predict

pytestmark = pytest.mark.seconds

TENFOLD = "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED = "".join(
    f"{b}: &{b}\n  <<: [{', '.join([f'*{a}'] * 10)}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAIN = "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 3000))
REFUSED = {
    "billion laughs": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n" + TENFOLD,
        "x.yaml:5: more than 25000",
    ),
    "merged laughs": ("a: &a {x: 1}\n" + MERGED, r"x.yaml:\d+: more than 25000"),
    "a chain of aliases": ("a0: &a0 [1]\n" + CHAIN, "x.yaml:3[012]: nested too deeply"),
    "a list in itself": ("task: {kind: chain}\na: &a [*a]", "x.yaml:2: .*within &a itself"),
    "a mapping in itself": ("&a {task: *a}", "x.yaml:1: .*within &a itself"),
    "an anchor twice": ("a: &a 1\nb: &a 2", "x.yaml:2: the anchor &a is defined twice"),
    "an alias of nothing": ("a: *a", "x.yaml:1: .*undefined alias 'a'"),
    "a Python object": (
        "a: !!python/object/apply:os.system [ls]",
        "x.yaml:1: .*the tag .*os.system",
    ),
    "a tag of its own": ("a:\n  b: !mine c", "x.yaml:2: .*the tag !mine"),
    "a tag for everything": ("a: !!int x", "x.yaml:1: .*the tag"),
    "another YAML": ("%YAML 1.1\n---\ntask: {}", "YAML 1.2; leave %YAML out"),
    "many values": ("a: [" + "1," * MOST_NODES + "]", "more than 25000 values"),
    "many keys": ("".join(f"k{i}: 1\n" for i in range(MOST_NODES)), r"x.yaml:\d+: more than 25000"),
    "many levels": ("a: " + "[" * 5000, "nested too deeply"),
    "many levels of blocks": ("- " * 5000, "nested too deeply"),
    "a long value": ("a: " + "x" * (LONGEST + 1), "x.yaml:1: a value of more than 1000 characters"),
    "a long number": ("a: " + "9" * 5000, "x.yaml:1: a value of more than 1000 characters"),
    "a long text": ("#" * (MOST_BYTES + 1), "x.yaml: longer than 256 KiB"),
    "a month 13": ("task: {kind: chain}\na: 2020-13-01", "x.yaml:2: .*2020-13-01.*month"),
    "a key twice": ("a: 1\na: 2", "x.yaml:2: .*duplicate key"),
    "two documents": ("a: 1\n---\nb: 2", "x.yaml:2: .*another document"),
}


@contextlib.contextmanager
def calls() -> Iterator[list[int]]:
    """Count the calls of functions: work, on any machine, however busy."""
    counted = [0]

    def count(frame, event, argument):
        counted[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield counted
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_with_little_work(text, says):
    with calls() as counted, pytest.raises(BadInput, match=says) as refused:
        Experiment.from_text(text, where="x.yaml")
    assert counted[0] < 10_000_000  # some seconds; a few hundred for each value that is allowed
    assert len(str(refused.value)) < 300
    if len(text) < 10_000:
        with pytest.raises(BadInput):
            parse_override(f"task={text}")


@pytest.mark.parametrize("start", ["#", "# "])
def test_a_large_file_is_called_large_wherever_it_is_cut(tmp_path, start):
    path = tmp_path / "x.yaml"
    path.write_text(start + "é" * MOST_BYTES, encoding="utf-8")
    with pytest.raises(BadInput, match="larger than 256 KiB"):
        Experiment.from_yaml(path)


def test_a_billion_laughs_take_no_memory():
    text = REFUSED["billion laughs"][0]
    tracemalloc.start()
    with pytest.raises(BadInput):
        Experiment.from_text(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_ordinary_aliases_and_merges_are_welcome():
    text = """
    task: {kind: chain, vocab_size: 24}
    model: &tiny {n_layer: 1, n_head: 2, d_model: 8}
    grid:
      model:
        - *tiny
        - {<<: *tiny, d_model: 16}
    """
    models = [cell.experiment.model for cell in Grid.from_text(text).cells if cell.experiment]
    assert [(model.n_layer, model.d_model) for model in models] == [(1, 8), (1, 16)]


def test_what_is_just_within_the_limits_is_read():
    levels = "[" * (DEEPEST - 2) + "]" * (DEEPEST - 2)
    for text in (f"grid: {levels}", f"task: {'x' * LONGEST}", f"task: [{'1,' * 9000}]"):
        with pytest.raises(BadInput, match=r"expected a mapping|has no axes|list of values"):
            Grid.from_text(text + "\nmodel: 3")


def test_files_that_never_end_are_read_as_far_as_the_limit(tmp_path):
    if os.path.exists("/dev/zero"):
        with pytest.raises(BadInput, match="/dev/zero: larger than 256 KiB"):
            Experiment.from_yaml("/dev/zero")
    path = tmp_path / "large.yaml"
    with open(path, "wb") as file:
        file.truncate(2**40)
    with pytest.raises(BadInput, match="larger than 256 KiB"):
        Experiment.from_yaml(path)


HUGE = [
    ["task.vocab_size=1000000"],
    ["task={kind: chain, vocab_size: 1000000}"],
    ["task={kind: pairs, n: 500000, m: 1000000}"],
    ["task={kind: in_context, vocab_size: 1000000, x_tokens: 500000, y_tokens: 400000}"],
    ["task={kind: related_chain, vocab_size: 1000000, index_tokens: 900000, train_triples: 1}",
     "training.learners=1000000"],
    ["training.epochs=1000000000"],
    ["training.learners=1000000000"],
    ["model.n_layer=1000000000"],
    ["model.d_model=1000000000"],
    ["model={kind: one_layer}", "task={kind: pairs, n: 1, m: 1000000}"],
    ["model={kind: one_layer, value_output: factorised, sigma: 1.0, rank: 1000000000}"],
    ["model={kind: bilinear, d: 1000000000}", "task={kind: pairs, n: 1, m: 4}"],
]  # fmt: skip


@pytest.mark.parametrize("changes", HUGE, ids=lambda changes: changes[-1][:40])
def test_sizes_that_no_machine_has_are_refused_before_they_are_allocated(
    changes, tiny_yaml, tmp_path, refused
):
    options = [part for change in changes for part in ("--set", change)]
    with calls() as counted:
        said = refused("run", tiny_yaml, *options, "--out", tmp_path / "runs")
    assert counted[0] < 10_000_000
    assert "GiB" in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "change",
    [
        "training.epochs=1000000001",
        f"training.learners={10**400}",
        f"model.n_layer={10**400}",
        f"task.max_train_facts={10**400}",
        f"optimizer.lr={10**400}",
        f"record.weights_at=[{10**400}]",
        f"training.threads={10**400}",
        f"training.device=cuda:{'9' * 900}",
        f"training.device=cuda:{'9' * 9000}",
        "training.device=cuda:٣",
        f"{'a.' * 5000}b=1",
        "optimizer.lr=1e999",
        "optimizer.betas=[1e999, 0]",
    ],
    ids=lambda change: change[:30],
)
def test_numbers_beyond_all_bounds_are_refused_in_a_short_line(change, tiny_yaml, refused):
    assert len(refused("run", tiny_yaml, "--set", change)) < 800


def test_a_width_without_many_divisors_is_refused_at_once():
    changes = ["model.d_model=999999937", "model.n_head=12"]  # a prime
    with calls() as counted, pytest.raises(BadInput, match="nearest n_head that does is 1"):
        Experiment.from_text("task: {kind: chain}", changes)
    assert counted[0] < 1_000_000


def test_theory_of_numbers_that_overflow_answers_or_says_so():
    experiment = Experiment.from_text(
        "{task: {kind: pairs, n: 1, m: 4}, model: {kind: bilinear, d: 1, sigma: 1.0e+39},"
        " training: {epochs: 0, learners: 1}}"
    )
    with contextlib.suppress(BadInput, CannotFinish):  # and not a word on stderr
        predict(experiment)


COMMANDS = [  # more are in tests/contract
    ["run", "."],
    ["run", "/dev/null"],
    ["run", "a\0b"],
    ["run", "x" * 5000],
    ["run", "\udcff.yaml"],
    ["run", "\x1b[31m.yaml"],
    ["run", "[/]"],
    ["run", "--set"],
    ["show", "[/bold]"],
    ["show", "a\0b"],
    ["compare"],
    ["compare", "a\nb"],
    ["report", "--out", "x.exe"],
    ["report", "--store", "a\0b"],
    ["report", "--out", "a\0b.html"],
    ["reproduce", "fig\x1b[31m1"],
    ["verify", "theorem-\0"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: repr(" ".join(words))[:40])
def test_a_senseless_command_ends_with_2_and_one_line(words, tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    assert "\x1b" not in refused(*words)
    assert not list(tmp_path.iterdir())
