"""YAML as people write it: read as they mean it, or refused with the right spelling."""

from __future__ import annotations

import pytest

from retrodict import BadInput, Experiment, Grid
from retrodict.experiment import read

TASK = "task: {kind: reversal, vocab_size: 24}\n"


def experiment(text: str, *changes: str) -> Experiment:
    return Experiment.from_text(text, changes, where="x.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "task:\n  kind: reversal\t\n  vocab_size:\t24\t# V\n",
        "task:\n  kind:\treversal\n\t\n\t# a comment\n  vocab_size: \t24\n\t",
        "task:\t{\n\tkind: reversal,\n\tvocab_size:\t24\n}\t\n",
        'task:\n  "kind"\t: "reversal"\t\n  vocab_size: 24\n',
        "task: {kind: reversal, vocab_size: 24,}\r\n",
        "\ufefftask: {kind: reversal, vocab_size: 2_4}\n",
        "# “a comment”\u00a0\ntask: {kind: reversal, vocab_size: 24}\n",
    ],
)
def test_tabs_and_their_like_between_tokens_are_read(text):
    assert experiment(text) == experiment(TASK)


@pytest.mark.parametrize("indentation", ["\t", "  \t", "\t  "])
def test_a_tab_that_indents_is_refused_as_such(indentation):
    with pytest.raises(BadInput, match=r"^x.yaml:3: not valid YAML: a tab indents this line"):
        experiment(f"task:\n  kind: reversal\n{indentation}vocab_size: 24\n")


def test_a_value_after_a_tab_is_refused_on_its_line():
    with pytest.raises(BadInput, match=r"^x.yaml:3: task.vocab_size: .*'many'"):
        experiment("task:\t\n  kind: reversal\t\n  vocab_size:\tmany\t\n")


def test_a_section_whose_keys_are_all_commented_out_is_empty():
    sections = ("model", "objective", "optimizer", "training", "record", "data", "grid")
    text = TASK + "".join(f"{section}:\n#  key: 1\n" for section in sections)
    assert experiment(text) == experiment(TASK)


@pytest.mark.parametrize("text", ["data:\n  identity:\n#    who: all\n", "data: {\nidentity: }\n"])
def test_an_addition_with_nothing_in_it_may_mean_either_and_is_refused(text):
    says = r"^x.yaml:3: data.identity: is empty; write {} for .*, or null to leave it out$"
    with pytest.raises(BadInput, match=says):
        experiment(TASK + text)
    assert experiment(TASK + "data: {identity: {}}\n").data.identity is not None
    assert experiment(TASK + "data: {identity: null}\n").data.identity is None


def test_an_empty_section_is_changed_from_the_command_line():
    assert experiment(TASK + "training:\n", "training.epochs=3").training.epochs == 3


def test_an_empty_task_still_lacks_its_kind():
    with pytest.raises(BadInput, match=r"^x.yaml:1: task: 'kind' is missing"):
        experiment("task:\n")


def test_an_empty_grid_is_none_until_it_gets_an_axis(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(TASK + "grid:\n#  training.seed: [0]\n", encoding="utf-8")
    assert isinstance(read(path), Experiment)
    assert isinstance(read(path, ["grid.training.seed=[0, 1]"]), Grid)


WHOLE = "training: {epochs: 1e3, learners: 1.0e1, seed: 3E2, batch_size: 1e1}\n"
PLAIN = "training: {epochs: 1000, learners: 10, seed: 300, batch_size: 10}\n"


def test_a_whole_number_may_be_written_with_an_exponent():
    one, other = experiment(TASK + WHOLE), experiment(TASK + PLAIN)
    assert one == other
    assert one.placed().digest() == other.placed().digest()


def test_a_whole_number_may_have_an_exponent_on_the_command_line_and_in_grids():
    assert experiment(TASK, "training.epochs=1e3", "record.weights_at=[1e2, 0]") == experiment(
        TASK, "training.epochs=1000", "record.weights_at=[0, 100]"
    )
    grid = Grid.from_text(TASK + "grid: {training.epochs: [1e1, 1e2]}\n")
    assert [cell.label for cell in grid.cells] == ["training.epochs=10", "training.epochs=100"]


@pytest.mark.parametrize(
    "number", ["1.5e0", "1e-1", "1000.0", "1e30", "true", "1e400", "1234567890123456789e0"]
)
def test_what_is_no_whole_number_is_refused(number):
    with pytest.raises(BadInput, match=r"^x.yaml:2: training.epochs: input should be"):
        experiment(TASK + f"training: {{epochs: {number}}}\n")


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "model: {tied_head: yes}": "x.yaml:2: .*'yes'; write true",
        "model: {tied_head: Off}": "x.yaml:2: .*'Off'; write false",
        "model: {tied_head: 0}": "x.yaml:2: .*; write false",
        "optimizer: {lr: 0,001}": "x.yaml:2: lr: 0,001: a comma separates .*; write 0.001",
        "optimizer:\n  lr: 0,001": "x.yaml:3: optimizer.lr: .*; write 0.001",
        "optimizer: {betas: [0,9, 0,999]}": "write 0.9 for 0,9",
        "optimizer: {lr: 1,5e-3}": "x.yaml:2: lr: 1,5e-3: a comma separates .*; write 1.5e-3$",
        "optimizer: {lr: 1 e-3}": "; write 1e-3$",
        "optimizer: {weight_decay: no}": "'no'; write 0$",
        "optimizer: {weight_decay: Off}": "'Off'; write 0$",
        "optimizer: {weight_decay: None}": "'None'; leave it out for the default$",
        "training: {epochs: 1.0}": "; write 1$",
        "training: {epochs: 3.}": "; write 3$",
        "record:\n  weights_at:\n#  - 1": r"x.yaml:3: .*; write \[\] if it is meant",
        "optimizer: {lr: 1%}": "; write 0.01",
        "training: {epochs: 3,000}": "; write 3.000 or 3000",
        "training:\n  epochs: 3,000": "; write 3000$",
        "training:\n  epochs: 3 000": "; write 3000$",
        "training: {epochs: '3'}": "; write 3, without quotes",
        "training: {corpus_seed: None}": "; write null, or leave it out",
        "training: {batch_size: ALL}": "'ALL' is not known; choose from all",
        "training: {epochs:3}": "a space is missing after 'epochs:'",
        "training:\n  epochs:3": "; write 'epochs: 3'",
        "training:\n  epochs = 3": "; write 'epochs: 3'",
        "training:\n  epochs:3\n  seed: 1": "is a space missing after a colon",
        "training.epochs: 3": "x.yaml:2: .*write it as training: {epochs: …}",
        "epochs: 3": "x.yaml:2: epochs: unknown key; .*it belongs to training",
        "training: {}\ntraining: {}": 'x.yaml:3: .*duplicate key "training"$',
        "training:\u00a0{epochs: 3}": "x.yaml:2: .*no-break space.*; write training: {epochs",
        "training: {epochs: ３}": "x.yaml:2: .*fullwidth digit three.*; write 3$",
        "optimizer: {lr: 1e−3}": "x.yaml:2: .*minus sign.*; write 1e-3$",
        "model: {position: “absolute”}": 'left double quotation mark.*; write "absolute"$',
    }.items(),
)
def test_other_spellings_are_refused_with_the_right_one(text, says):
    with pytest.raises(BadInput, match=says) as refused:
        experiment(f"{TASK}{text}\n")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["task.kind: reversal", "Task: {kind: reversal}", "task:{a: 1}"])
def test_a_task_that_is_misspelt_is_not_called_missing(text):
    with pytest.raises(BadInput, match=r"^x.yaml:1: .*unknown key"):
        experiment(text)


def test_an_override_is_told_the_right_spelling():
    with pytest.raises(BadInput, match=r"optimizer.lr: .*; write 0.001"):
        experiment(TASK, "optimizer.lr=0,001")
    with pytest.raises(BadInput, match=r"^--set optimizer=.*; write 0.001"):
        experiment(TASK, "optimizer={lr: 0,001}")
