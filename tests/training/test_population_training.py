"""A learner among others against itself alone; a resumed run against an uninterrupted one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from retrodict import Experiment
from retrodict.errors import Interrupted
from retrodict.training import Hooks, Trainer, train

pytestmark = [pytest.mark.seconds, pytest.mark.bits]

SHORT = "training.batch_size=16"
"""For what takes longer a step, fewer steps an epoch."""

VARIANTS = {
    "default": [],
    "sgd with momentum": ["optimizer={kind: sgd, lr: 0.05, momentum: 0.9, weight_decay: 0.01}"],
    "sgd": ["optimizer={kind: sgd, lr: 0.05}"],
    "no dropout": ["model.dropout=0.0"],
    "tied": ["model.tied_head=true"],
    "frozen": ["model.freeze_embeddings=true"],
    "rotary": ["model.position=rotary"],
    "sinusoidal": ["model.position=sinusoidal"],
    "no position": ["model.position=none"],
    "two tokens": ["task.entity_length=2", "training.epochs=2"],
    "whole sequence": ["objective.span=whole_sequence"],
    "chain": ["task.kind=chain"],
    "in context": ["task={kind: in_context, vocab_size: 15, x_tokens: 5, y_tokens: 4}"],
    "related": [
        "task={kind: related_chain, vocab_size: 20, index_tokens: 12,"
        " train_triples: 4, validation_triples: 2}"
    ],
    "float64": ["training.precision=float64"],
    "masked": ["objective={kind: masked}", "model.attention=bidirectional", SHORT],
    "uniform, decoder": ["objective={kind: masked, rate: uniform, layout: copy}", SHORT],
    "diffusion": ["objective={kind: diffusion}", "model.attention=bidirectional", SHORT],
    "permuted": ["objective={kind: permuted}", SHORT],
    "bico": ["objective={kind: bico}", SHORT],
    "sentences of several lengths": ["data={bridge: {}}", "record.controls=true"],
    "middle step": ["task.kind=chain", "data={middle_step: {}}"],
    "odd sizes": ["model.d_model=18", "training.batch_size=5", "task.vocab_size=31"],
}


def traces_equal(one, other) -> bool:
    same = all(
        np.array_equal(one.curves[name].values, other.curves[name].values, equal_nan=True)
        for name in one.curves.data_vars
    )
    return same and all(
        np.array_equal(panel[name].values, other.weights[key][name].values, equal_nan=True)
        for key, panel in one.weights.items()
        for name in panel.data_vars
    )


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_a_learner_alone_has_the_same_bits_as_in_a_population(tiny, changes):
    tiny = tiny.with_overrides(*changes)
    together = train(tiny.placed())
    for s in range(tiny.training.learners):
        alone = train(tiny.with_overrides(f"training.seed={s}", "training.learners=1").placed())
        for name, variable in alone.trace.curves.data_vars.items():
            together_values = together.trace.curves[name].isel(learner=[s]).values
            np.testing.assert_array_equal(variable.values, together_values, err_msg=name)
        for panel, data in alone.trace.weights.items():
            for name, variable in data.data_vars.items():
                np.testing.assert_array_equal(
                    variable.values, together.trace.weights[panel][name].isel(learner=[s]).values
                )
        for name, weight in alone.weights.items():
            assert torch.equal(weight[0], together.weights[name][s]), name


@pytest.mark.slow
@pytest.mark.parametrize("lr", [0.001, 0.01])
def test_at_laptop_scale_a_learner_alone_has_the_same_bits_as_among_ten(lr):
    experiment = Experiment.from_text(
        f"""
        task: {{kind: reversal, vocab_size: 800}}
        model: {{n_layer: 2, n_head: 4, d_model: 128}}
        optimizer: {{lr: {lr}}}
        training: {{epochs: 5, learners: 10}}
        record: {{weights_at: [5]}}
        """
    )
    together = train(experiment.placed())
    for s in (0, 7):
        alone = train(
            experiment.with_overrides(f"training.seed={s}", "training.learners=1").placed()
        )
        for name, variable in alone.trace.curves.data_vars.items():
            np.testing.assert_array_equal(
                variable.values, together.trace.curves[name].isel(learner=[s]).values
            )


@pytest.mark.parametrize(
    "changes",
    [
        [],
        *(
            VARIANTS[name]
            for name in ("sgd with momentum", "frozen", "in context", "masked", "bico", "permuted")
        ),
    ],
)
@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_resumed_run_has_the_same_bits(tiny, tmp_path, changes, stop_after):
    tiny = tiny.with_overrides(*changes)
    whole = train(tiny.placed())
    path = tmp_path / "checkpoint.safetensors"
    done: list[int] = []
    stopping = Hooks(progress=done.append, stop=lambda: done[-1] == stop_after, checkpoint=path)
    with pytest.raises(Interrupted) as stopped:
        train(tiny.placed(), stopping)
    assert stopped.value.epoch == stop_after
    done.clear()
    resumed = train(tiny.placed(), Hooks(progress=done.append, checkpoint=path))
    assert done[0] == stop_after
    assert traces_equal(resumed.trace, whole.trace)
    for name, weight in whole.weights.items():
        assert torch.equal(resumed.weights[name], weight)


def test_checkpoints_by_time_change_nothing(tiny, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    often = train(tiny.placed(), Hooks(checkpoint=path, checkpoint_seconds=0.0))
    assert path.exists()
    assert traces_equal(often.trace, train(tiny.placed()).trace)


def test_a_non_finite_learner_ends_alone(tiny):
    tiny = tiny.placed()
    clean = train(tiny).trace.curves
    trainer = Trainer(tiny)
    trainer.resume(None)
    for epoch in range(1, tiny.training.epochs + 1):
        if epoch == 3:
            trainer.population.flat[1].fill_(math.nan)
        trainer.run_epoch(epoch)
    curves = trainer.recording.trace().curves
    np.testing.assert_array_equal(curves["diverged_at"], [np.nan, 3.0, np.nan])
    for name in ("nll", "training_loss", "rank"):
        assert np.isnan(curves[name].sel(learner=1, epoch=slice(3, None))).all()
        np.testing.assert_array_equal(
            curves[name].sel(learner=1, epoch=slice(None, 2)),
            clean[name].sel(learner=1, epoch=slice(None, 2)),
        )
        np.testing.assert_array_equal(
            curves[name].sel(learner=[0, 2]), clean[name].sel(learner=[0, 2])
        )


def test_a_large_finite_loss_is_no_divergence(tiny):
    trace = train(tiny.with_overrides("optimizer.lr=0.3", "training.epochs=30").placed()).trace
    assert float(trace.nll.max()) > 5
    assert np.isnan(trace.curves["diverged_at"]).all()


def test_training_stops_when_every_learner_is_non_finite(tiny):
    done: list[int] = []
    trace = train(
        tiny.with_overrides("optimizer.lr=1e30").placed(), Hooks(progress=done.append)
    ).trace
    assert np.isfinite(trace.curves["diverged_at"]).all()
    assert done[-1] < tiny.training.epochs
    assert np.isnan(trace.nll.isel(epoch=-1)).all()
    assert np.isfinite(trace.nll.isel(epoch=0)).all()


def test_recorded_training_loss_is_the_loss_before_the_step(tiny):
    """Without dropout and with one batch, pass e's loss is the clean NLL after e − 1 passes."""
    tiny = tiny.with_overrides("model.dropout=0.0", "training.batch_size=100", "record.every=1")
    curves = train(tiny.placed()).trace.curves
    trained = curves["trained"]
    weights = curves["questions"].where(trained, 0)
    clean = (curves["nll"] * weights).sum("group") / weights.sum("group")
    np.testing.assert_allclose(
        curves["training_loss"].values[:, 1:], clean.values[:, :-1], rtol=1e-6
    )
    assert np.isnan(curves["training_loss"].isel(epoch=0)).all()


def test_dropout_is_on_in_the_recorded_training_loss_only(tiny):
    quiet = train(tiny.with_overrides("model.dropout=0.0", "training.epochs=0").placed()).trace
    noisy = train(tiny.with_overrides("model.dropout=0.5", "training.epochs=0").placed()).trace
    np.testing.assert_array_equal(quiet.nll, noisy.nll)


def test_one_epoch_of_plain_sgd_is_the_sum_of_its_minibatch_gradients(tiny):
    """The loop against a straightforward one, for one learner, written here from scratch."""
    tiny = tiny.with_overrides(
        "optimizer={kind: sgd, lr: 0.1}",
        "training.learners=1",
        "training.precision=float64",
        "training.epochs=1",
        "model.dropout=0.0",
        "training.batch_size=1000",
    ).placed()
    corpus = tiny.task.corpus(0)
    model = tiny.model.build(corpus.vocab_size, 2, [0], dtype=torch.float64)
    tokens = torch.from_numpy(corpus.tokens)[None]
    logits = model(tokens[:, :, :2], 1)[0, :, 0]
    model.backward(F.cross_entropy(logits, tokens[0, :, 2]))
    expected = model.flat - 0.1 * model.flat_grad
    outcome = train(tiny.placed())
    weights = torch.cat([w[0].flatten() for w in outcome.weights.values()])
    model.flat.copy_(expected)
    reference = torch.cat([p[0].flatten() for p in model.parameters()])
    # the sentences are summed in another order: float64 rounding
    torch.testing.assert_close(weights, reference, rtol=1e-10, atol=1e-12)


def test_learners_can_share_one_corpus(tiny):
    trace = train(tiny.with_overrides("training.corpus_seed=5", "training.epochs=1").placed()).trace
    alone = train(
        tiny.with_overrides(
            "training.corpus_seed=5", "training.epochs=1", "training.seed=2", "training.learners=1"
        ).placed()
    ).trace
    np.testing.assert_array_equal(trace.nll.isel(learner=[2]).values, alone.nll.values)


def test_epochs_recorded_are_every_nth_and_the_last(tiny):
    trace = train(
        tiny.with_overrides("training.epochs=5", "record.weights_at=[1,3,99]").placed()
    ).trace
    assert trace.curves["epoch"].values.tolist() == [0, 2, 4, 5]
    assert trace.weights["validation"]["snapshot"].values.tolist() == [1, 3]


def test_whole_sequence_loss_averages_over_all_predictions(tiny):
    tiny = tiny.with_overrides("objective.span=whole_sequence", "training.epochs=1")
    first = train(tiny.placed()).trace.curves["training_loss"].isel(epoch=-1)
    # uniform over 26 tokens at the start, on the relation and on the answer
    assert abs(float(first.mean()) - math.log(26)) < 0.3
