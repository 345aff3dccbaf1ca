"""Data recipes: what they add, what they leave alone, and that no held-out sentence is among it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodict import BadInput, Experiment
from retrodict.data import Data
from retrodict.tasks import Chain, Reversal

REVERSAL = {
    "nothing": {},
    "reversed": {"reverse": {}},
    "reversed by tokens": {"reverse": {"level": "token"}},
    "reversed and marked": {"reverse": {"marker": True}},
    "one way": {"one_way": {}},
    "bridge": {"bridge": {}},
    "one way, bridge": {"one_way": {}, "bridge": {}},
    "identity": {"identity": {}},
    "identity of questions": {"identity": {"who": "questions"}},
    "random partners": {"identity": {"partner": "random"}},
    "a share": {"identity": {"share": 0.3}},
    "one way, identity": {"one_way": {}, "identity": {"who": "all_but_questions"}},
    "reversed, identity": {"reverse": {"marker": True}, "identity": {}},
}
CHAIN = {
    "middle step": {"middle_step": {}},
    "zero hop": {"identity": {"who": "middle"}},
    "reversed": {"reverse": {}},
}
CASES = [(Reversal, d) for d in REVERSAL.values()] + [(Chain, d) for d in CHAIN.values()]
CORPORA = st.tuples(
    st.sampled_from(CASES), st.integers(5, 12).map(lambda n: 4 * n), st.integers(1, 3)
).map(lambda drawn: (drawn[0][0](vocab_size=drawn[1], entity_length=drawn[2]), drawn[0][1]))


def rows(tokens) -> set[tuple[int, ...]]:
    return {tuple(int(token) for token in row) for row in tokens}


def sentences(corpus) -> list[tuple[int, ...]]:
    """Training sentences without their padding."""
    pairs = zip(corpus.tokens, corpus.sentence_lengths, strict=True)
    return [tuple(int(token) for token in row[:length]) for row, length in pairs]


def added(task, data, seed=0) -> tuple[list[str], object]:
    """The sentences that data adds, written out, and the corpus."""
    corpus = Data.model_validate(data).extend(task.corpus(seed), seed)
    own = rows(task.corpus(seed).tokens)
    return [corpus.render(s) for s in sentences(corpus) if s not in own], corpus


@given(CORPORA, st.integers(0, 2**62))
@settings(max_examples=40, deadline=None)
def test_the_tasks_own_tokens_sentences_and_questions_stay(drawn, seed):
    task, data = drawn
    own, more = task.corpus(seed), Data.model_validate(data).extend(task.corpus(seed), seed)
    assert more.names[: own.vocab_size] == own.names
    left_out = {"one_way", "middle_step"} & set(data)
    if not left_out:
        assert sentences(more)[: len(own.tokens)] == sentences(own)
    for before, after in zip(own.groups, more.groups, strict=False):
        assert before.name == after.name
        np.testing.assert_array_equal(before.prompts, after.prompts)
        if "middle_step" not in data:
            np.testing.assert_array_equal(before.tokens, after.tokens)


@given(CORPORA, st.integers(0, 2**62))
@settings(max_examples=40, deadline=None)
def test_no_held_out_sentence_is_trained_on(drawn, seed):
    task, data = drawn
    corpus = Data.model_validate(data).extend(task.corpus(seed), seed)
    held_out = [g for g in corpus.groups if not g.trained]
    assert held_out
    for group in held_out:
        assert not rows(group.tokens) & set(sentences(corpus))
    for group in task.corpus(seed).groups:  # nor what was one before answers grew longer
        if not group.trained:
            assert not rows(group.tokens) & set(sentences(corpus))


@given(CORPORA, st.integers(0, 2**62))
@settings(max_examples=40, deadline=None)
def test_trained_groups_are_trained_on(drawn, seed):
    task, data = drawn
    corpus = Data.model_validate(data).extend(task.corpus(seed), seed)
    for group in corpus.groups:
        if group.trained:
            assert rows(group.tokens) <= set(sentences(corpus))


@given(CORPORA, st.integers(0, 2**62))
@settings(max_examples=20, deadline=None)
def test_a_seed_gives_one_corpus_and_other_seeds_as_many_sentences(drawn, seed):
    task, data = drawn
    build = Data.model_validate(data).extend
    one, again, other = (build(task.corpus(s), s) for s in (seed, seed, seed + 1))
    np.testing.assert_array_equal(one.tokens, again.tokens)
    assert one.tokens.shape == other.tokens.shape
    assert one.vocab_size == other.vocab_size
    assert [len(g) for g in one.groups] == [len(g) for g in other.groups]


@pytest.mark.parametrize("task", [Reversal, Chain])
@given(st.integers(5, 12).map(lambda n: 4 * n), st.integers(1, 3), st.integers(0, 2**62))
@settings(max_examples=15, deadline=None)
def test_identity_sentences_are_those_of_the_chosen_entities(task, vocab_size, k, seed):
    task = task(vocab_size=vocab_size, entity_length=k)
    own = task.corpus(seed)

    def said(who: str) -> set[tuple[int, ...]]:
        data = Data.model_validate({"identity": {"who": who}})
        more = data.extend(own, seed).tokens[len(own.tokens) :]
        np.testing.assert_array_equal(more[:, :k], more[:, k + 1 :])
        assert (more[:, k] == own.vocab_size).all()
        assert len(rows(more)) == len(more)
        return rows(more[:, :k])

    def entities(chosen) -> set[tuple[int, ...]]:
        found: set[tuple[int, ...]] = set()
        for group in own.groups:
            taken = group.tokens[np.isin(group.facts, chosen)]
            found |= rows(taken[:, :k]) | rows(taken[:, k + 1 :])
        return found

    held_out = own.group("validation")
    training = np.setdiff1d(own.facts, held_out.facts)
    assert said("all") == entities(own.facts)
    assert said("questions") == rows(held_out.tokens[:, :k])
    assert said("all_but_questions") == said("all") - said("questions")
    assert said("held_out") == entities(held_out.facts)
    assert said("trained") == entities(training)
    assert said("trained") == said("all") - said("held_out")


def test_the_middle_is_every_b_of_a_chain():
    texts, _ = added(Chain(vocab_size=24), {"identity": {"who": "middle"}})
    assert sorted(texts) == [f"B{i} = B{i}" for i in range(6)]


@given(st.integers(0, 2**62), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_random_partner_is_never_the_entity_itself(seed, k):
    corpus = Reversal(vocab_size=24, entity_length=k).corpus(seed)
    more = Data.model_validate({"identity": {"partner": "random"}}).extend(corpus, seed)
    sentences = more.tokens[len(corpus.tokens) :]
    assert (sentences[:, :k] != sentences[:, k + 1 :]).any(1).all()


@given(st.floats(0.01, 1), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_a_share_of_the_entities_is_drawn_one_at_least(share, seed):
    corpus = Reversal(vocab_size=40).corpus(seed)
    everyone = Data.model_validate({"identity": {}}).extend(corpus, seed)
    some = Data.model_validate({"identity": {"share": share}}).extend(corpus, seed)
    count = len(everyone.tokens) - len(corpus.tokens)
    assert len(some.tokens) - len(corpus.tokens) == max(1, round(share * count))
    assert rows(some.tokens) <= rows(everyone.tokens)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_sentences_are_reversed_by_tokens_or_by_entities(k):
    own = Reversal(vocab_size=24, entity_length=k).corpus(1)
    n = len(own.tokens)
    for level in ("token", "word", "entity"):
        more = Data.model_validate({"reverse": {"level": level}}).extend(own, 1)
        for row, turned in zip(own.tokens.tolist(), more.tokens[n:].tolist(), strict=True):
            a, arrow, b = row[:k], row[k : k + 1], row[k + 1 :]
            assert turned == (b + arrow + a if level == "entity" else row[::-1])


def test_a_marker_opens_reversed_sentences_and_no_other():
    own = Reversal(vocab_size=24, entity_length=2).corpus(1)
    marked = Data.model_validate({"reverse": {"marker": True}}).extend(own, 1)
    plain = Data.model_validate({"reverse": {}}).extend(own, 1)
    n, marker = len(own.tokens), own.vocab_size
    assert (marked.tokens[n:, 0] == marker).all()
    assert (marked.tokens == marker).sum() == n
    np.testing.assert_array_equal(marked.tokens[n:, 1:], plain.tokens[n:])
    assert marked.sentence_answer_starts.tolist() == [3] * n + [4] * n
    assert marked.sentence_lengths.tolist() == [5] * n + [6] * n


def test_one_way_teaches_no_fact_twice():
    task = Reversal(vocab_size=40)
    corpus = Data.model_validate({"one_way": {}}).extend(task.corpus(3), 3)
    assert sorted(corpus.facts) == list(range(10))
    assert not corpus.group("train_backward").trained


def test_a_bridge_leads_back_by_the_other_relation():
    texts, corpus = added(Reversal(vocab_size=24, entity_length=2), {"bridge": {}}, seed=2)
    own = Reversal(vocab_size=24, entity_length=2).corpus(2)
    turned = {"→": "←", "←": "→"}
    expected = set()
    for sentence in own.tokens:
        first, arrow, last = sentence[:2], own.names[sentence[2]], sentence[3:]
        expected.add(f"{own.render(first)} {arrow} {turned[arrow]} {own.render(first)}")
        expected.add(f"{own.render(last)} = {own.render(last)}")
    assert sorted(texts) == sorted(expected)
    at = [
        corpus.render(s[start:])
        for s, start in zip(
            [np.array(s) for s in sentences(corpus)], corpus.sentence_answer_starts, strict=True
        )
    ]
    assert all(len(last.split()) == 2 and last[0] in "AB" for last in at)


def test_the_middle_step_is_written_between():
    task = Chain(vocab_size=24, entity_length=2)
    texts, corpus = added(task, {"middle_step": {}})
    own = task.corpus(0)
    to_b = {
        int(f): own.render(b)
        for n in ("train_a_to_b", "train_seen_a_to_b")
        for f, b in zip(own.group(n).facts, own.group(n).answers, strict=True)
    }
    leaps = own.group("train_a_to_c")
    expected = [
        f"{own.render(a)} {to_b[int(f)]} → {own.render(c)}"
        for f, a, c in zip(leaps.facts, leaps.prompts, leaps.answers, strict=True)
    ]
    assert sorted(texts) == sorted(expected)
    assert not rows(leaps.tokens) & set(sentences(corpus))


@pytest.mark.parametrize("more", [{}, {"identity": {"who": "questions"}}, {"reverse": {}}])
@pytest.mark.parametrize("task", [Reversal(vocab_size=24), Chain(vocab_size=24)])
def test_the_upper_bound_trains_on_every_question(task, more):
    corpus = Data.model_validate({"held_out": {}, **more}).extend(task.corpus(0), 0)
    assert all(group.trained for group in corpus.groups)
    for group in corpus.groups:
        assert rows(group.tokens) <= set(sentences(corpus))


def test_the_upper_bound_with_middle_steps_trains_on_the_questions_as_asked():
    corpus = Data.model_validate({"held_out": {}, "middle_step": {}}).extend(
        Chain(vocab_size=24).corpus(0), 0
    )
    assert rows(corpus.group("validation").tokens) <= set(sentences(corpus))


REFUSED = {
    "task: {kind: pairs}\ndata: {identity: {}}": "data.identity is for task.kind reversal or",
    "task: {kind: chain}\ndata: {one_way: {}}": "data.one_way is for task.kind reversal",
    "task: {kind: chain}\ndata: {bridge: {}}": "data.bridge is for task.kind reversal",
    "task: {kind: reversal}\ndata: {middle_step: {}}": "middle_step is for task.kind chain",
    "task: {kind: reversal}\ndata: {identity: {who: middle}}": "choose all",
    "task: {kind: reversal}\ndata: {identity: {who: al}}": "did you mean 'all'",
    "task: {kind: reversal}\ndata: {identity: {share: 0}}": "data.identity.share: .*greater than 0",
    "task: {kind: reversal}\ndata: {identiti: {}}": "did you mean 'identity'",
    "task: {kind: reversal}\ndata: {one_way: {}, identity: {who: trained}}": "selects no entity",
    "task: {kind: reversal}\ndata: {bridge: {}, identity: {}}": "leave out data.identity",
    "task: {kind: reversal}\ndata: {bridge: {}, reverse: {marker: true}}": "be combined with",
    "task: {kind: chain}\ndata: {middle_step: {}, reverse: {}}": "be combined with",
    "task: {kind: reversal, relations: 2}\ndata: {bridge: {}}": "task.relations 1",
    "task: {kind: reversal, relations: 2}\ndata: {identity: {who: questions}}": "choose all",
    "task: {kind: reversal, relations: 2, entity_length: 3}\ndata: {identity: {}}": "every pair",
    "task: {kind: chain}\nmodel: {kind: one_layer}\ndata: {middle_step: {}}": "more tokens than",
    "task: {kind: chain}\nobjective: {kind: permuted}\ndata: {middle_step: {}}": "one length",
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_what_does_not_fit_is_refused_in_one_line(text, says):
    with pytest.raises(BadInput, match=says) as refused:
        Experiment.from_text(text, where="x.yaml")
    assert "\n" not in str(refused.value)
