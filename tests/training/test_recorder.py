"""What is recorded against the same numbers worked out one question at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from retrodict.models import Population
from retrodict.objectives import NextToken
from retrodict.training import train
from retrodict.training._evaluation import _Probes, evaluate


class Oracle(Population):
    """Stands in for a population: fixed random logits that depend on the input tokens."""

    def __init__(self, vocab: int, learners: int) -> None:
        super().__init__(range(learners))
        generator = torch.Generator().manual_seed(0)
        self.table = torch.randn(learners, vocab, vocab, generator=generator)

    def forward(self, tokens, first=0, drop=None):
        learner = torch.arange(len(tokens)).view(-1, 1, 1)
        return self.table[learner, tokens][:, :, first:]


@pytest.mark.parametrize(
    "change", ["task.entity_length=1", "task.entity_length=2", "task.kind=chain"]
)
def test_measures_are_those_of_a_plain_loop_over_questions(tiny, change):
    task = tiny.with_overrides(change).task
    corpora = [task.corpus(seed) for seed in (0, 1)]
    oracle = Oracle(corpora[0].vocab_size, 2)
    found = evaluate(oracle, _Probes(NextToken(), corpora, "cpu", False))
    for s, corpus in enumerate(corpora):
        for g, group in enumerate(corpus.groups):
            expected = {name: [] for name in found}
            for row, letters in zip(group.tokens, group.candidates, strict=True):
                logits = oracle.table[s].double().numpy()[row[group.answer_start - 1 : -1]]
                logp = log_softmax(logits, axis=-1)
                answer = row[group.answer_start :]
                truth = logp[np.arange(len(answer)), answer]
                wrong = np.delete(logp[0], answer[0])
                expected["nll"].append(-truth[0])
                expected["entity_nll"].append(-truth.sum())
                expected["accuracy"].append((logp.argmax(-1) == answer).all())
                expected["wrong_probability"].append(math.exp(wrong.max()))
                expected["rank"].append(1 + (logp[0][letters] > truth[0]).sum())
            for name, values in expected.items():
                # float32 logits on one side
                np.testing.assert_allclose(found[name][s, g], np.mean(values), rtol=1e-5)


def plain_loop(objective, corpus, group, logits_of) -> dict[str, float]:
    """Every measure of a group, one question at a time.

    Args:
        objective: how questions are put.
        corpus, group: the questions.
        logits_of: logits of one input at every position.
    """
    found: dict[str, list[float]] = {}
    for row, letters in zip(group.tokens, group.candidates, strict=True):
        prompt, answer = row[None, : group.answer_start], row[None, group.answer_start :]
        asked = objective.ask(corpus, prompt, answer, group.answer_start)
        logp = log_softmax(logits_of(asked.inputs[0])[list(asked.reads)], axis=-1)
        answer = answer[0]
        truth = logp[np.arange(len(answer)), answer]
        said = logp[0].argmax()
        wrong = [letter for letter in letters if letter != answer[0]]
        values = {
            "nll": -truth[0],
            "entity_nll": -truth.sum(),
            "accuracy": (logp.argmax(-1) == answer).all(),
            "wrong_probability": math.exp(np.delete(logp[0], answer[0]).max()),
            "rank": 1 + (logp[0][letters] > truth[0]).sum(),
            "wrong_nll": np.mean([-logp[0][letter] for letter in wrong]),
            "wrong_accuracy": np.mean([said == letter for letter in wrong]),
            "echo": said == row[0] != answer[0],
            "neither": said not in (answer[0], row[0]),
        }
        for name, value in values.items():
            found.setdefault(name, []).append(float(value))
    return {name: float(np.mean(values)) for name, values in found.items()}


ASKED = {
    "reversal": [],
    "two tokens": ["task.entity_length=2"],
    "middle step": ["task.kind=chain", "data={middle_step: {}}"],
    "middle step, two tokens": [
        "task={kind: chain, vocab_size: 24, entity_length: 2}",
        "data={middle_step: {}}",
    ],
    "identity": ["data={identity: {}}"],
    "marker, identity": ["data={reverse: {marker: true}, identity: {}}", "task.entity_length=2"],
    "masked": ["objective={kind: masked}", "model.attention=bidirectional"],
    "masked, two tokens": [
        "objective={kind: masked}",
        "model.attention=bidirectional",
        "task.entity_length=2",
    ],
    "decoder": ["objective={kind: masked, layout: copy}", "task.entity_length=2"],
    "permuted": ["objective={kind: permuted}", "task.entity_length=2"],
    "bico": ["objective={kind: bico}", "task.entity_length=2"],
}


@pytest.mark.parametrize("changes", ASKED.values(), ids=ASKED.keys())
def test_controls_and_groups_of_several_lengths_are_those_of_a_plain_loop(tiny, changes):
    experiment = tiny.with_overrides(
        "training.precision=float64", "record.controls=true", "training.learners=2", *changes
    )
    corpora = [experiment.corpus(seed) for seed in (0, 1)]
    length = experiment.examples(corpora[0]).inputs.shape[1]
    population = experiment.model.build(corpora[0].vocab_size, length, (0, 1), dtype=torch.float64)
    random = torch.Generator().manual_seed(0)
    population.flat.add_(torch.randn(population.flat.shape, generator=random))
    objective = experiment.objective
    with torch.no_grad():
        found = evaluate(population, _Probes(objective, corpora, "cpu", True))
    for s, corpus in enumerate(corpora):

        def logits_of(tokens, s=s):
            with torch.no_grad():
                return population(torch.from_numpy(tokens).expand(2, 1, -1))[s, 0].numpy()

        for g, group in enumerate(corpus.groups):
            for name, expected in plain_loop(objective, corpus, group, logits_of).items():
                np.testing.assert_allclose(
                    found[name][s, g], expected, rtol=1e-5, err_msg=f"{group.name} {name}"
                )


def test_the_middle_step_is_right_where_greedy_generation_writes_it_and_the_answer(tiny):
    """Half learned, so that some are right and some are not."""
    experiment = tiny.with_overrides(
        "task={kind: chain, vocab_size: 24}",
        "data={middle_step: {}}",
        "training.epochs=10",
        "record={every: 10, weights_at: []}",
    )
    outcome = train(experiment.placed())
    seen = set()
    for s in range(3):
        corpus = experiment.corpus(s)
        population = experiment.model.build(corpus.vocab_size, 4, (0, 1, 2))
        with torch.no_grad():
            for name, parameter in population.named_parameters():
                parameter.copy_(outcome.weights[name])
        for group in corpus.groups:
            right = []
            for row in group.tokens:
                written = list(row[: group.answer_start])
                while len(written) < len(row):
                    with torch.no_grad():
                        logits = population(torch.tensor(written).expand(3, 1, -1))
                    written.append(int(logits[s, 0, -1].argmax()))
                right.append(written == list(row))
            accuracy = outcome.trace.curves["accuracy"].sel(learner=s, group=group.name, epoch=10)
            assert float(accuracy) == pytest.approx(np.mean(right))
            seen |= set(right)
    assert seen == {True, False}


def test_tied_answers_share_their_rank():
    from retrodict.tasks import Reversal

    corpus = Reversal(vocab_size=40).corpus(0)
    oracle = Oracle(corpus.vocab_size, 1)
    oracle.table.zero_()
    found = evaluate(oracle, _Probes(NextToken(), [corpus], "cpu", False))
    np.testing.assert_allclose(found["rank"], 5.5)  # the middle of 1 … 10
    np.testing.assert_allclose(found["accuracy"], 0.0)
    np.testing.assert_allclose(found["nll"], math.log(42), rtol=1e-6)


def test_effective_weights_are_the_logits_of_each_prompt(tiny):
    outcome = train(tiny.placed())
    corpus = tiny.task.corpus(1)
    population = tiny.model.build(corpus.vocab_size, 2, [0, 1, 2])
    with torch.no_grad():
        for name, parameter in population.named_parameters():
            parameter.copy_(outcome.weights[name])
        for panel in corpus.panels:
            saved = outcome.trace.weights[panel.name].sel(snapshot=6, learner=1)
            for i, (source, asked) in enumerate(zip(panel.sources, panel.prompts, strict=True)):
                entity = torch.tensor(source).expand(3, 1, -1)
                matched = torch.tensor(asked).expand(3, 1, -1)
                for prompt, variant in ((entity, "entity_only"), (matched, "prompt_matched")):
                    logits = population(prompt, prompt.shape[-1] - 1)[1, 0, 0]
                    np.testing.assert_allclose(
                        saved[variant].values[i], logits[panel.targets], rtol=1e-4, atol=1e-5
                    )
                embeddings = population.token_embedding[1]
                cosine = torch.cosine_similarity(
                    embeddings[source[0]][None], embeddings[panel.targets]
                )
                np.testing.assert_allclose(
                    saved["embedding_cosine"].values[i], cosine, rtol=1e-4, atol=1e-5
                )


def test_a_trace_says_what_it_holds(tiny):
    trace = train(tiny.placed()).trace
    assert set(trace.curves["nll"].dims) == {"learner", "epoch", "group"}
    assert trace.curves["group"].values.tolist() == [
        "train_forward",
        "train_backward",
        "train_seen",
        "validation",
    ]
    assert trace.curves["seed"].values.tolist() == [0, 1, 2]
    assert trace.attrs["uniform_nll"] == pytest.approx(math.log(26))
    assert all(variable.attrs["description"] for variable in trace.curves.data_vars.values())
    assert trace.to_dataframe().loc[(2, 6, "validation"), "nll"] == float(
        trace.nll.sel(learner=2, epoch=6, group="validation")
    )
