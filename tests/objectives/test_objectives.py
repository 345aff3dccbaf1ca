"""Objectives: what is hidden and what it counts, and that a question is put without its answer."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodict import Experiment
from retrodict.objectives import Bico, Diffusion, Masked, NextToken, Permuted, prepared
from retrodict.tasks import Chain, InContext, Reversal
from retrodict.training import Trainer

FRESH = {
    "masked": Masked(rate=0.4),
    "uniform": Masked(rate="uniform"),
    "masked decoder": Masked(rate=0.4, layout="copy"),
    "uniform decoder": Masked(rate="uniform", layout="copy"),
    "diffusion": Diffusion(),
    "permuted": Permuted(),
    "bico": Bico(rate=0.4),
}
ALL = {"next token": NextToken(), "whole": NextToken(span="whole_sequence"), **FRESH}
TASKS = {f"reversal, {k}": Reversal(vocab_size=24, entity_length=k) for k in (1, 2, 3)}
TASKS |= {"chain": Chain(vocab_size=24), "in context": InContext(x_tokens=5, y_tokens=4)}


def drawn(objective, corpus, seed=0):
    return objective.examples(corpus, np.random.default_rng(seed))


def counts_of(examples) -> np.ndarray:
    """What each prediction counts."""
    if examples.weights is None:
        return np.ones(examples.targets.shape)
    return examples.weights


def one_sentence(length: int = 3):
    """A corpus of one sentence, of tokens that differ."""
    from dataclasses import replace

    corpus = Reversal(vocab_size=24, entity_length=(length - 1) // 2).corpus(0)
    tokens = np.arange(5, 5 + length)[None]
    return replace(corpus, tokens=tokens, facts=np.zeros(1, int), directions=np.array(["x"]))


def repeated(corpus, times: int):
    from dataclasses import replace

    return replace(
        corpus,
        tokens=np.repeat(corpus.tokens, times, axis=0),
        facts=np.repeat(corpus.facts, times),
        directions=np.repeat(corpus.directions, times),
    )


def any_order_bound(costs: dict[tuple[int, frozenset[int]], float], length: int) -> float:
    """Mean over all orders of the mean cost of a place given those before it in the order."""
    totals = []
    for order in itertools.permutations(range(length)):
        seen: set[int] = set()
        total = 0.0
        for place in order:
            total += costs[place, frozenset(seen)]
            seen.add(place)
        totals.append(total / length)
    return float(np.mean(totals))


def random_costs(length: int) -> dict[tuple[int, frozenset[int]], float]:
    """A cost of every place given every set of others."""
    rng = np.random.default_rng(7)
    sets = [c for n in range(length) for c in itertools.combinations(range(length), n)]
    return {
        (place, frozenset(seen)): float(rng.uniform(0, 5))
        for seen in sets
        for place in range(length)
        if place not in seen
    }


def loss_in_place(objective, costs, times: int) -> tuple[float, float]:
    """Mean loss of a model whose cost depends on what it sees; its standard error."""
    corpus = prepared(objective, repeated(one_sentence(), times))
    examples = drawn(objective, corpus)
    hidden = examples.inputs == corpus.vocab_size - 1
    np.testing.assert_array_equal(hidden, examples.weights > 0)
    losses = np.zeros(len(hidden))
    for pattern in itertools.product([False, True], repeat=hidden.shape[1]):
        alike = (hidden == pattern).all(1)
        seen = frozenset(np.flatnonzero(~np.array(pattern)).tolist())
        for place in np.flatnonzero(pattern):
            losses[alike] += examples.weights[alike, place] * costs[int(place), seen]
    losses /= hidden.shape[1]
    return losses.mean(), losses.std() / math.sqrt(times)


@pytest.mark.parametrize("objective", [Masked(rate="uniform"), Diffusion()], ids=str)
def test_the_expected_loss_of_drawn_holes_is_the_any_order_bound(objective):
    costs = random_costs(3)
    mean, error = loss_in_place(objective, costs, 200_000)
    # five standard errors, of a fixed seed
    assert abs(mean - any_order_bound(costs, 3)) < 5 * error
    assert error < 0.02


def test_the_any_order_bound_is_the_sum_over_holes_that_both_objectives_weigh():
    """Exactly: how many hidden, uniform; or a time t, uniform, integrated in closed form."""
    length, costs = 3, random_costs(3)
    uniform = diffusion = 0.0
    for n in range(1, length + 1):
        for hidden in itertools.combinations(range(length), n):
            seen = frozenset(range(length)) - set(hidden)
            total = sum(costs[place, seen] for place in hidden)
            uniform += total * (length / n) / length / (length * math.comb(length, n))
            # ∫ t^(n-1) (1-t)^(length-n) dt
            share = math.factorial(n - 1) * math.factorial(length - n) / math.factorial(length)
            diffusion += total * share / length
    assert uniform == pytest.approx(any_order_bound(costs, length), rel=1e-12)
    assert diffusion == pytest.approx(uniform, rel=1e-12)


@pytest.mark.parametrize("rate", [0.15, 0.4, 0.85])
def test_a_fixed_rate_hides_each_place_so_often_and_hidden_ones_count_alike(rate):
    costs = random_costs(3)
    exact = 0.0
    for pattern in itertools.product([False, True], repeat=3):
        chance = math.prod(rate if hidden else 1 - rate for hidden in pattern)
        seen = frozenset(np.flatnonzero(~np.array(pattern)).tolist())
        total = sum(costs[int(place), seen] for place in np.flatnonzero(pattern))
        exact += chance * total / (3 * rate)
    mean, error = loss_in_place(Masked(rate=rate), costs, 100_000)
    assert abs(mean - exact) < 5 * error


@pytest.mark.parametrize("name", ["masked", "uniform", "diffusion", "masked decoder", "bico"])
def test_every_place_counts_one_on_average(name):
    objective = FRESH[name]
    corpus = prepared(objective, repeated(one_sentence(5), 60_000))
    examples = drawn(objective, corpus)
    weights = examples.weights
    if name == "bico":
        weights = weights[examples.bidirectional][:, :-1] * (
            5 / 6
        )  # behind the last token: nothing
    error = weights.std(0) / math.sqrt(len(weights))
    assert (abs(weights.mean(0) - 1) < 5 * error).all()


def test_a_uniform_rate_hides_every_number_of_tokens_alike_often():
    corpus = prepared(FRESH["uniform"], repeated(one_sentence(), 70_000))
    hidden = drawn(FRESH["uniform"], corpus).inputs == corpus.vocab_size - 1
    patterns = Counter(tuple(row.tolist()) for row in hidden)
    assert (False,) * 3 not in patterns
    for pattern, count in patterns.items():
        chance = 1 / (3 * math.comb(3, sum(pattern)))
        assert abs(count / 70_000 - chance) < 5 * math.sqrt(chance / 70_000)


def test_permuted_sentences_come_in_all_orders_alike_often_each_token_behind_its_place():
    corpus = prepared(Permuted(), repeated(one_sentence(), 30_000))
    examples = drawn(Permuted(), corpus)
    laid_out = np.concatenate([examples.inputs, examples.targets[:, -1:]], axis=1)
    places = laid_out[:, ::2] - (corpus.vocab_size - 3)
    np.testing.assert_array_equal(laid_out[:, 1::2], 5 + places)
    orders = Counter(tuple(row.tolist()) for row in places)
    assert len(orders) == 6
    assert all(
        abs(count / 30_000 - 1 / 6) < 5 * math.sqrt(1 / 6 / 30_000) for count in orders.values()
    )
    # what is predicted are tokens, not places, and each counts alike
    np.testing.assert_allclose(examples.weights[:, ::2], 5 / 3)
    assert (examples.weights[:, 1::2] == 0).all()


@pytest.mark.parametrize("name", ["masked", "uniform", "diffusion"])
@pytest.mark.parametrize("task", TASKS)
def test_an_encoder_does_not_see_what_it_predicts(name, task):
    objective, corpus = FRESH[name], prepared(FRESH[name], TASKS[task].corpus(1))
    examples = drawn(objective, corpus)
    assert objective.reads_both_sides
    counted = examples.weights > 0
    assert (examples.inputs[counted] == corpus.vocab_size - 1).all()
    np.testing.assert_array_equal(examples.inputs[~counted], corpus.tokens[~counted])
    np.testing.assert_array_equal(examples.targets, corpus.tokens)


@pytest.mark.parametrize("task", TASKS)
def test_denoising_does_not_show_what_it_predicts_and_next_token_is_causal(task):
    corpus = prepared(Bico(), TASKS[task].corpus(1))
    examples = drawn(Bico(rate=0.5), corpus)
    n = len(corpus.tokens)
    assert examples.bidirectional.tolist() == [False] * n + [True] * n
    counted = examples.weights[n:] > 0
    assert not counted[:, -1].any()
    hidden = examples.inputs[n:, 1:] == corpus.vocab_size - 2
    np.testing.assert_array_equal(counted[:, :-1], hidden)
    np.testing.assert_array_equal(examples.targets[n:, :-1], corpus.tokens)
    # the causal half: the last entity alone, whose mean is taken
    causal, start = examples.weights[:n], corpus.answer_start
    assert (causal[:, :start] == 0).all()
    assert (causal[:, -1] == 0).all()
    np.testing.assert_allclose(causal.mean(1), 1)
    np.testing.assert_array_equal(examples.inputs[:n, 1:], corpus.tokens)


@pytest.mark.parametrize("name", ["masked decoder", "uniform decoder"])
def test_a_decoder_copies_behind_the_sentence_with_holes(name):
    objective, corpus = FRESH[name], prepared(FRESH[name], TASKS["reversal, 2"].corpus(1))
    examples = drawn(objective, corpus)
    length = corpus.tokens.shape[1]
    mask, bar = corpus.vocab_size - 2, corpus.vocab_size - 1
    np.testing.assert_array_equal(examples.inputs[:, :length] == mask, examples.weights > 0)
    assert (examples.inputs[:, length] == bar).all()
    np.testing.assert_array_equal(examples.inputs[:, length + 1 :], corpus.tokens[:, :-1])
    assert examples.first == length


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ALL)
def test_a_question_shows_nothing_of_the_token_it_asks_for(name, task):
    """Other answers, same prompts: what is read at a position depends on earlier answers alone."""
    objective, corpus = ALL[name], prepared(ALL[name], TASKS[task].corpus(1))
    for group in corpus.groups:
        asked = objective.ask(corpus, group.prompts, group.answers, group.answer_start)
        n = group.answers.shape[1]
        assert len(asked.reads) == n
        for j, read in enumerate(asked.reads):
            other = group.answers.copy()
            other[:, j:] = 2 + (other[:, j:] - 1) % 20
            again = objective.ask(corpus, group.prompts, other, group.answer_start)
            assert again.reads == asked.reads
            end = None if objective.reads_both_sides else read + 1
            np.testing.assert_array_equal(asked.inputs[:, :end], again.inputs[:, :end])


@pytest.mark.parametrize("task", [task for task in TASKS if task != "in context"])
@pytest.mark.parametrize("name", ALL)
def test_a_memory_of_its_examples_answers_the_questions_it_was_taught(name, task):
    """Questions look as examples do: what was predicted from the same sight is the answer.

    Longer sentences have so many orders and holes that only some questions were met as examples.
    """
    objective, corpus = ALL[name], prepared(ALL[name], TASKS[task].corpus(1))
    both = objective.reads_both_sides
    memory: dict[tuple[int, bytes], set[int]] = {}
    for epoch in range(400 if objective.redraws_each_epoch else 1):
        examples = drawn(objective, corpus, epoch)
        for row, position in zip(*np.nonzero(counts_of(examples)), strict=True):
            if examples.bidirectional is not None and examples.bidirectional[row]:
                continue  # questions are asked causally
            place = int(examples.first + position)
            sight = examples.inputs[row, : None if both else place + 1].tobytes()
            memory.setdefault((place, sight), set()).add(int(examples.targets[row, position]))
    met = []
    for group in corpus.groups:
        if not group.trained:
            continue
        asked = objective.ask(corpus, group.prompts, group.answers, group.answer_start)
        for answer, row in zip(group.answers[:, 0], asked.inputs, strict=True):
            sight = row[: None if both else asked.reads[0] + 1].tobytes()
            known = memory.get((asked.reads[0], sight))
            met.append(known is not None)
            assert known is None or known == {int(answer)}
    is_short = corpus.tokens.shape[1] == 3
    assert all(met) if is_short or not objective.redraws_each_epoch else any(met)


@pytest.mark.parametrize("name", FRESH)
def test_examples_depend_on_seed_and_epoch_alone(name, tiny):
    attention = "bidirectional" if FRESH[name].reads_both_sides else "causal"
    fresh = Experiment.model_validate(
        {
            **tiny.model_dump(),
            "model": {**tiny.model.model_dump(), "attention": attention},
            "objective": FRESH[name].model_dump(),
        }
    ).placed()
    one, again = Trainer(fresh).sentences, Trainer(fresh).sentences
    later = Trainer(fresh.with_overrides("training.seed=1").placed()).sentences

    def inputs(sentences, learner: int, epoch: int) -> np.ndarray:
        return sentences.draw(learner, epoch).inputs

    np.testing.assert_array_equal(inputs(one, 1, 3), inputs(again, 1, 3))
    np.testing.assert_array_equal(inputs(one, 1, 3), inputs(later, 0, 3))
    assert (inputs(one, 1, 3) != inputs(one, 1, 4)).any()
    assert (inputs(one, 1, 3) != inputs(one, 0, 3)).any()


@given(st.sampled_from(sorted(ALL)), st.sampled_from(sorted(TASKS)), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_examples_have_the_vocabulary_and_weights_they_claim(name, task, seed):
    objective, corpus = ALL[name], prepared(ALL[name], TASKS[task].corpus(seed))
    examples = drawn(objective, corpus, seed)
    assert examples.inputs.min() >= 0
    assert max(examples.inputs.max(), examples.targets.max()) < corpus.vocab_size
    assert examples.targets.shape[1] == examples.inputs.shape[1] - examples.first
    counts = counts_of(examples)
    assert counts.shape == examples.targets.shape
    assert (counts >= 0).all()
    assert np.isfinite(counts).all()


@pytest.mark.parametrize("span", ["last_entity", "whole_sequence"])
def test_next_tokens_of_sentences_of_several_lengths_count_alike_and_padding_nothing(span):
    experiment = Experiment.from_text(
        "task: {kind: reversal, vocab_size: 24, entity_length: 2}\ndata: {bridge: {}}"
    )
    corpus = experiment.corpus(0)
    examples = NextToken(span=span).examples(corpus, np.random.default_rng(0))
    predicted = 0
    for row, length in enumerate(corpus.sentence_lengths):
        start = corpus.sentence_answer_starts[row] if span == "last_entity" else 1
        for position in range(examples.targets.shape[1]):
            place = examples.first + 1 + position
            counts = start <= place < length
            assert (examples.weights[row, position] > 0) == counts
            if counts:
                predicted += 1
                assert examples.targets[row, position] == corpus.tokens[row, place]
    assert len(np.unique(examples.weights)) == 2
    assert examples.weights.sum() == pytest.approx(examples.weights.size)
    assert predicted == (examples.weights > 0).sum()
