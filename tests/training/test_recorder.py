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
from retrodict.training._recorder import _Probes, evaluate


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
    outcome = train(tiny)
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
    trace = train(tiny).trace
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
