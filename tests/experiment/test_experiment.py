"""Experiments as YAML: what is read, what is written, what is refused and how."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodict import BadInput, Experiment
from retrodict.limits import core_count

REVERSAL = "task: {kind: reversal}\n"


def test_what_is_left_out_takes_the_papers_default():
    experiment = Experiment.from_text(REVERSAL)
    assert experiment.model.n_layer == 24
    assert experiment.model.d_model == 768
    assert not experiment.model.tied_head
    assert experiment.optimizer.lr == 0.01
    assert experiment.optimizer.weight_decay == 0.01
    assert experiment.training.epochs == 3000
    assert experiment.training.batch_size == 64
    assert experiment.objective.span == "last_entity"


@pytest.mark.parametrize(
    ("changes", "steps"),
    [([], 2), (["training.batch_size=all"], 1), (["objective={kind: bico}"], 3)],
)
def test_an_epochs_steps_follow_from_examples_not_from_sentences(changes, steps):
    """`bico` lays each of the 85 sentences out twice."""
    experiment = Experiment.from_text("task: {kind: reversal, vocab_size: 200}", changes)
    assert experiment.steps_per_epoch == steps


def test_the_example_of_the_design_is_read():
    experiment = Experiment.from_text(
        """
        task:      {kind: reversal, vocab_size: 800, entity_length: 1}
        model:     {kind: transformer, n_layer: 24, n_head: 12, d_model: 768, position: absolute,
                    tied_head: false, dropout: 0.1, freeze_embeddings: false}
        objective: {kind: next_token, span: last_entity}
        optimizer: {kind: adamw, lr: 0.01, betas: [0.9, 0.999], weight_decay: 0.01}
        training:  {epochs: 3000, batch_size: 64, learners: 10, seed: 0, device: auto,
                    precision: float32}
        record:    {every: 1, weights_at: [0, 100, 1000, 3000]}
        """
    )
    assert experiment == Experiment.from_text(REVERSAL)


experiments = st.builds(
    lambda kind, lr, every, at, position, seed: Experiment.model_validate(
        {
            "task": {"kind": kind},
            "model": {"kind": "transformer", "position": position},
            "optimizer": {"kind": "adamw", "lr": lr},
            "training": {"seed": seed},
            "record": {"every": every, "weights_at": at},
        }
    ),
    st.sampled_from(["reversal", "chain", "in_context", "related_chain"]),
    st.floats(0, 10),
    st.integers(1, 100),
    st.lists(st.integers(0, 5000), max_size=4),
    st.sampled_from(["none", "absolute", "sinusoidal", "rotary"]),
    st.integers(0, 2**62),
)


@given(experiments)
@settings(max_examples=50, deadline=None)
def test_yaml_comes_back_as_it_went(experiment):
    back = Experiment.from_text(experiment.to_yaml())
    assert back == experiment
    assert back.placed().digest() == experiment.placed().digest()


def test_numbers_without_a_dot_are_numbers():
    experiment = Experiment.from_text(REVERSAL + "optimizer: {lr: 1e-3}")
    assert experiment.optimizer.lr == 0.001


def test_overrides_reach_every_section():
    experiment = Experiment.from_text(REVERSAL).with_overrides(
        "task.vocab_size=200", "optimizer.lr=1e-3", "record.weights_at=[5, 0]", "task.kind=chain"
    )
    assert experiment.task.kind == "chain"
    assert experiment.task.vocab_size == 200
    assert experiment.record.weights_at == (0, 5)


@pytest.mark.parametrize(
    ("overrides", "blamed"),
    [
        (["training.seed=3", "model.n_head=5"], "--set model.n_head=5: model: n_head 5"),
        (["model={n_head: x}"], "--set model={n_head: x}: model.n_head: "),
        (["data.identity={}", "data.bridge={}"], "--set data.bridge={}: data.bridge already adds"),
        (["training.seed=3"], "x.yaml:2: optimizer.lr: "),
        (["optimizer.lr=-2", "optimizer.lr=-1"], "--set optimizer.lr=-1: optimizer.lr: "),
    ],
)
def test_an_error_names_the_override_that_causes_it_else_the_line(overrides, blamed):
    lr = -1 if blamed.startswith("x.yaml") else 0.1
    text = f"{REVERSAL}optimizer: {{lr: {lr}}}"
    with pytest.raises(BadInput) as refused:
        Experiment.from_text(text, overrides, "x.yaml")
    assert str(refused.value).startswith(blamed)


def digest(*changes: str) -> str:
    return Experiment.from_text(REVERSAL).with_overrides(*changes).placed().digest()


@pytest.mark.parametrize(
    "change",
    [
        "task.vocab_size=200",
        "model.tied_head=true",
        "objective.span=whole_sequence",
        "optimizer.lr=0.02",
        "training.seed=1",
        "training.learners=3",
        "training.precision=float64",
        "record.every=2",
        "record.weights_at=[0]",
    ],
)
def test_what_alters_the_result_alters_the_hash(change):
    assert digest(change) != digest()


def test_a_changed_results_version_alters_the_hash(monkeypatch):
    before = digest()
    monkeypatch.setattr("retrodict.experiment._identity.RESULTS_VERSION", 10**6)
    assert digest() != before


@pytest.mark.parametrize(
    "same",
    [
        ["training.device=cpu"],
        [f"training.threads={core_count()}"],
        ["record.weights_at=[0, 100, 1000, 3000, 4000]"],
        ["record.weights_at=[3000, 0, 100, 1000, 0]"],
    ],
)
def test_two_ways_to_ask_for_the_same_have_the_same_hash(same):
    assert digest(*same) == digest()


REFUSED = {
    "": "the file is empty",
    "# only a comment": "the file is empty",
    "- 1": "expected a mapping",
    "model: {n_layer: 2}": r"task: missing; .*task: \{kind: reversal\}",
    "task: {vocab_size: 200}": "x.yaml:1: task: 'kind' is missing; choose from reversal",
    "task: {kind: reversl}": "'reversl' is not known; did you mean 'reversal'",
    "task: chain": "x.yaml:1: task: expected a mapping with keys from kind, vocab_size",
    "task:\n  kind: chain\n  vocab_siz: 3": "x.yaml:3: task.vocab_siz: .*mean 'vocab_size'",
    "traning: {}\ntask: {kind: chain}": "x.yaml:1: traning: unknown key; .*'training'",
    "task:\n  kind: chain\n  vocab_size: many": "x.yaml:3: task.vocab_size: .*integer, got 'many'",
    "task: {kind: reversal, vocab_size: 4}": "smallest vocab_size that works here is 8",
    "task: {kind: reversal, entity_length: 0}": "task.entity_length: .*greater than or equal to 1",
    "task: {kind: chain}\nmodel: {n_head: 5}": "x.yaml:2: model: n_head 5 does not divide",
    "task: {kind: chain}\nmodel: {position: absolut}": "mean 'absolute'",
    "task: {kind: chain}\nmodel: {kind: gpt}": "not known; choose from bilinear, one_layer, relat",
    "task: {kind: chain}\nmodel: {dropout: 1.5}": "model.dropout: .*less than 1, got 1.5",
    "task: {kind: chain}\nmodel: {tied_head: 1}": "model.tied_head: .*boolean, got 1",
    "task: {kind: chain}\nmodel: null": "model: expected a mapping",
    "task: {kind: chain}\noptimizer: {lr: -1}": "x.yaml:2: optimizer.lr: .*equal to 0, got -1",
    "task: {kind: chain}\noptimizer: {lr: .nan}": "optimizer.lr: .*finite",
    "task: {kind: chain}\noptimizer: {kind: sgd, betas: [0, 0]}": "optimizer.betas: unknown key",
    "task: {kind: chain}\noptimizer: {betas: [0.9, 1]}": "optimizer.betas.1: .*less than 1",
    "task: {kind: chain}\ntraining: {epochs: 1.5}": "training.epochs: .*integer, got 1.5",
    "task: {kind: chain}\ntraining: {device: tpu}": "'tpu' is not known; choose from auto, cpu",
    "task: {kind: chain}\nrecord: {weights_at: [a]}": "record.weights_at.0: .*integer, got 'a'",
    "task: {kind: chain": "x.yaml:1: not valid YAML",
    "task: {kind: chain}\n\tmodel: {}": "x.yaml:[12]: not valid YAML",
    "task: \x00": "not valid YAML",
    "task: " + "{a: " * 3000: "nested too deeply",
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_bad_yaml_is_refused_in_one_line(text, says):
    with pytest.raises(BadInput, match=says) as refused:
        Experiment.from_text(text, where="x.yaml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("task.vocab_siz=3", "did you mean 'vocab_size'"),
        ("task.vocab_size=x", "integer, got 'x'"),
        ("vocab_size", "expected section.key=value"),
        ("optimizer.lr=[", "not a YAML value"),
        ("a.b.c=3", "a: unknown key"),
        ("task.kind.x=3", "kind is not a section"),
    ],
)
def test_bad_overrides_are_refused_in_one_line(override, says):
    with pytest.raises(BadInput, match=says):
        Experiment.from_text(REVERSAL).with_overrides(override)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere\.yaml: cannot be read: No such file"):
        Experiment.from_yaml(tmp_path / "nowhere.yaml")
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        Experiment.from_yaml(tmp_path)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not UTF-8"):
        Experiment.from_yaml(binary)


def test_what_this_machine_lacks_is_refused():
    asked = Experiment.from_text(REVERSAL)
    with pytest.raises(BadInput, match=r"more than the .* cores? there"):
        asked.with_overrides("training.threads=4096").placed()
    with pytest.raises(BadInput, match="cuda:99 does not exist here; choose from cpu"):
        asked.with_overrides("training.device=cuda:99").placed()


def test_analysed_models_take_the_optimiser_and_batch_of_their_analysis():
    bilinear = Experiment.from_text("task: {kind: pairs}\nmodel: {kind: bilinear}")
    assert (bilinear.optimizer.kind, bilinear.training.batch_size) == ("sgd", "all")
    one_layer = Experiment.from_text("task: {kind: chain}\nmodel: {kind: one_layer}")
    assert (one_layer.optimizer.kind, one_layer.training.batch_size) == ("sgd", 1)
    said = Experiment.from_text(
        "task: {kind: pairs}\nmodel: {kind: bilinear}\n"
        "optimizer: {kind: adamw}\ntraining: {batch_size: 8}"
    )
    assert (said.optimizer.kind, said.training.batch_size) == ("adamw", 8)
    assert Experiment.from_text(said.to_yaml()) == said
    assert Experiment.from_text(bilinear.to_yaml()) == bilinear


def test_the_bilinear_model_reads_pairs_only():
    with pytest.raises(BadInput, match=r"x\.yaml: model\.kind bilinear reads a single token"):
        Experiment.from_text("task: {kind: reversal}\nmodel: {kind: bilinear}", where="x.yaml")


OLD = {
    "dbccb2a5335fb7fa": [
        "task.kind=chain",
        "task.entity_length=2",
        "model.tied_head=true",
        "objective.span=whole_sequence",
    ],
    "19374d3bc8131866": [
        "task={kind: in_context}",
        "model.position=rotary",
        "optimizer={kind: sgd}",
    ],
    "2a3673a162c7d2d7": [
        "task={kind: related_chain}",
        "training.precision=bfloat16",
        "record.weights_at=[]",
    ],
    "8905355dcd4661e1": [
        "model={kind: one_layer}",
        "training.seed=3",
        "training.corpus_seed=1",
        "task.max_train_facts=5",
    ],
    "efc646342c96a05b": [
        "task.vocab_size=40",
        "model={n_layer: 2, n_head: 2, d_model: 32, dropout: 0.0, freeze_embeddings: true}",
        "training.execution=eager",
    ],
}
"""Experiments by their hash before there were data recipes and other objectives; more of them are
in tests/contract."""


@pytest.mark.parametrize(("before", "changes"), OLD.items())
def test_an_experiment_keeps_the_hash_it_had_before_later_settings_came(before, changes):
    experiment = Experiment.from_text(REVERSAL).with_overrides(
        "training.device=cpu", "training.threads=1", *changes
    )
    assert experiment.placed().digest(results_version=2)[:16] == before


@pytest.mark.parametrize(
    "changes",
    [["objective={kind: bico}"], ["objective={kind: masked}", "model.attention=bidirectional"]],
)
def test_steps_that_were_written_out_later_have_another_hash(changes):
    experiment = Experiment.from_text(REVERSAL).with_overrides(
        "training.device=cpu", "training.threads=1", *changes
    )
    placed = experiment.placed()
    assert placed.digest() != placed.digest(results_version=2)
    lower = experiment.with_overrides("training.precision=bfloat16").placed()  # all together
    assert lower.digest() == lower.digest(results_version=2)


LATER = [
    ["task.relations=2"],
    ["model.attention=bidirectional", "objective={kind: masked}"],
    ["model.attention=bidirectional", "objective={kind: masked, rate: uniform}"],
    ["model.attention=bidirectional", "objective={kind: diffusion}"],
    ["objective={kind: permuted}"],
    ["objective={kind: bico}"],
    ["record.controls=true"],
    ["data={identity: {}}"],
    ["data={identity: {who: questions}}"],
    ["data={identity: {share: 0.5}}"],
    ["data={reverse: {}}"],
    ["data={one_way: {}, bridge: {}}"],
]


def test_later_settings_alter_the_hash_where_they_say_something():
    digests = [digest(*changes) for changes in [[], *LATER]]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["objective={kind: masked}"], "masked needs model.attention bidirectional, not causal"),
        (["model.attention=bidirectional"], "next_token needs model.attention causal"),
        (["model={kind: one_layer}", "objective={kind: bico}"], "choose next_token"),
        (["objective={kind: masked, rate: 1.0}"], "objective.rate"),
        (["task.relations=65"], "task.relations: .*less than or equal to 64"),
    ],
)
def test_what_does_not_fit_an_objective_is_refused_in_one_line(changes, says):
    with pytest.raises(BadInput, match=says) as refused:
        Experiment.from_text(REVERSAL).with_overrides(*changes)
    assert "\n" not in str(refused.value)
