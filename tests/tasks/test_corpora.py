"""Properties that every corpus must have, whatever its sizes and seed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from retrodict.tasks import Chain, Corpus, InContext, RelatedChain, Reversal

seeds = st.integers(0, 2**32 - 1)


@st.composite
def reversals(draw):
    return Reversal(
        vocab_size=draw(st.integers(8, 400)),
        entity_length=draw(st.integers(1, 3)),
        train_share=draw(st.sampled_from([0.5, 0.6, 0.7])),
    )


@st.composite
def chains(draw):
    return Chain(
        vocab_size=draw(st.integers(8, 400)),
        entity_length=draw(st.integers(1, 3)),
        train_share=draw(st.sampled_from([0.5, 0.6, 0.7])),
    )


@st.composite
def in_contexts(draw):
    x, y = draw(st.integers(1, 30)), draw(st.integers(2, 12))
    return InContext(
        vocab_size=x + y + draw(st.integers(4, 30)), x_tokens=x, y_tokens=y, train_share=0.6
    )


@st.composite
def related_chains(draw):
    train, validation = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    index = train + validation + draw(st.integers(0, 10))
    return RelatedChain(
        vocab_size=index + 3 + draw(st.integers(0, 10)),
        index_tokens=index,
        train_triples=train,
        validation_triples=validation,
    )


any_task = st.one_of(reversals(), chains(), in_contexts(), related_chains())


def sentences(tokens) -> set[tuple[int, ...]]:
    return {tuple(row) for row in tokens.tolist()}


def entity(row, span) -> tuple[int, ...]:
    return tuple(row[span[0] : span[1]])


@given(any_task, seeds)
def test_no_held_out_sentence_is_trained_on(task, seed):
    corpus = task.corpus(seed)
    for group in corpus.groups:
        if group.trained:
            assert sentences(group.tokens) <= sentences(corpus.tokens)
        else:
            assert not sentences(group.tokens) & sentences(corpus.tokens)


@given(any_task, seeds)
def test_training_sentences_are_exactly_the_trained_groups(task, seed):
    corpus = task.corpus(seed)
    trained = [group for group in corpus.groups if group.trained]
    assert sum(len(g) for g in trained) == len(corpus.tokens) == len(sentences(corpus.tokens))
    assert len(corpus.facts) == len(corpus.directions) == len(corpus.tokens)


@given(any_task, seeds)
def test_the_groups_are_those_that_the_task_declares(task, seed):
    corpus = task.corpus(seed)
    assert {g.name: g.role for g in corpus.groups} == {n: g.role for n, g in task.groups.items()}
    assert [p.title for p in corpus.panels] == [g.title for g in task.groups.values() if g.title]
    assert all(group.trained == (group.role == "taught") for group in corpus.groups)


def test_a_groups_way_is_the_direction_of_its_questions():
    ways = [{g.name: g.way for g in task.corpus(0).groups} for task in (Reversal(), Chain())]
    assert ways[0]["train_backward"] == "backward"
    assert ways[0]["validation"] == "mixed"  # a fair coin decides which way a pair is taught
    assert ways[1]["train_seen_b_to_c"] == "b_to_c"
    assert ways[1]["train_a_to_c"] == ways[1]["validation"] == "a_to_c"


@given(any_task, seeds)
def test_same_seed_same_corpus(task, seed):
    one, two = task.corpus(seed), task.corpus(seed)
    np.testing.assert_array_equal(one.tokens, two.tokens)
    assert one.names == two.names


@given(any_task, seeds)
def test_tokens_are_in_the_vocabulary_and_in_their_places(task, seed):
    corpus = task.corpus(seed)
    specials = corpus.vocab_size - task.vocab_size
    relations = list(corpus.relation_positions)
    entities = [p for p in range(corpus.tokens.shape[1]) if p not in relations]
    for tokens in [corpus.tokens, *(g.tokens for g in corpus.groups)]:
        assert (tokens[:, relations] < specials).all()
        assert (tokens[:, entities] >= specials).all()
        assert (tokens < corpus.vocab_size).all()
    covered = sorted(p for start, end in corpus.entity_spans for p in range(start, end))
    assert covered == entities


@given(any_task, seeds)
def test_the_truth_is_among_the_candidates(task, seed):
    for group in task.corpus(seed).groups:
        assert (group.candidates == group.answers[:, :1]).any(axis=1).all()
        assert group.candidates.shape[0] == len(group)


@given(reversals(), seeds)
def test_every_held_out_reversal_is_entailed_by_its_trained_opposite(task, seed):
    corpus = task.corpus(seed)
    first, last = corpus.entity_spans
    k = task.entity_length
    for row in corpus.group("validation").tokens.tolist():
        opposite = (*entity(row, last), 1 - row[k], *entity(row, first))
        assert opposite in sentences(corpus.tokens)


@given(chains(), seeds)
def test_every_held_out_leap_is_entailed_by_two_trained_steps(task, seed):
    corpus = task.corpus(seed)
    first, last = corpus.entity_spans
    k = task.entity_length
    steps = {(entity(r, first), entity(r, last)) for r in corpus.tokens.tolist() if r[k] == 0}
    for row in corpus.group("validation").tokens.tolist():
        a, c = entity(row, first), entity(row, last)
        assert any((a, b) in steps and (b, c) in steps for _, b in steps)


@given(related_chains(), seeds)
def test_every_held_out_related_leap_is_entailed_by_two_trained_steps(task, seed):
    corpus = task.corpus(seed)
    steps = {(tuple(r[:2]), tuple(r[3:])) for r in corpus.tokens.tolist() if r[2] == 0}
    for row in corpus.group("validation").tokens.tolist():
        assert any((tuple(row[:2]), b) in steps and (b, tuple(row[3:])) in steps for _, b in steps)


@given(in_contexts(), seeds)
def test_in_context_answers_stand_in_their_prompt(task, seed):
    group = task.corpus(seed).group("validation")
    np.testing.assert_array_equal(group.answers[:, 0], group.prompts[:, 0])


def letters(corpus: Corpus) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for token, name in enumerate(corpus.names):
        found.setdefault(name[0], set()).add(token)
    return found


@given(st.one_of(reversals(), chains()), seeds)
def test_alphabets_are_disjoint_and_a_quarter_of_the_vocabulary(task, seed):
    corpus = task.corpus(seed)
    named = letters(corpus)
    alphabets = [named[x] for x in "ABC" if x in named]
    assert all(len(alphabet) == task.vocab_size // 4 for alphabet in alphabets)
    first = corpus.tokens[:, : task.entity_length]
    used = set(first.ravel().tolist())
    assert used <= set().union(*alphabets)


@pytest.mark.parametrize(
    ("vocab_size", "train", "validation"),
    [(20, 9, 1), (50, 20, 4), (200, 85, 15), (800, 340, 60), (2000, 850, 150)],
)
def test_reversal_sizes_are_the_papers_table(vocab_size, train, validation):
    corpus = Reversal(vocab_size=vocab_size).corpus(0)
    assert (len(corpus.tokens), len(corpus.group("validation"))) == (train, validation)
    assert corpus.vocab_size == vocab_size + 2


def test_default_sizes_of_the_other_tasks_are_the_papers():
    assert len(Chain().corpus(0).tokens) == 540
    assert len(InContext().corpus(0).tokens) == 700
    assert len(RelatedChain().corpus(0).tokens) == 700


def test_entity_length_3_is_capped_at_100_and_50_pairs():
    assert Reversal(vocab_size=2000, entity_length=3).sizes == (100, 50)
    assert Reversal(vocab_size=2000, entity_length=3, max_train_facts=10**6).sizes == (700, 50)
    assert Chain(vocab_size=2000, entity_length=3).sizes == (100, 50)


def test_words_of_length_3_are_not_enumerated():
    corpus = Reversal(vocab_size=1_000_000, entity_length=3).corpus(0)
    assert len(corpus.tokens) == 250


def test_the_coin_of_the_taught_direction_is_fair():
    taught = np.concatenate(
        [
            Reversal(vocab_size=2000).corpus(seed).group("train_seen").directions
            for seed in range(20)
        ]
    )
    share = (taught == "forward").mean()
    # 3000 fair coins: four standard errors are 4 * 0.5 / sqrt(3000) = 0.037
    assert abs(share - 0.5) < 0.037


@given(st.integers(8, 60), seeds)
@settings(max_examples=20)
def test_learners_draw_different_corpora(vocab_size, seed):
    one, two = (Reversal(vocab_size=vocab_size).corpus(s) for s in (seed, seed + 1))
    assert one.tokens.shape == two.tokens.shape
    assert one.names != two.names


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Reversal(vocab_size=4), "the smallest vocab_size that works here is 8"),
        (lambda: Chain(vocab_size=7), "for validation"),
        (lambda: Reversal(vocab_size=20, train_share=0.01), "smallest vocab_size"),
        (lambda: Reversal(entity_length=0), "greater than or equal to 1"),
        (lambda: Reversal(vocab_size="200"), "valid integer"),
        (lambda: InContext(x_tokens=500), "at least 510"),
        (lambda: InContext(train_share=0.01), "for training"),
        (lambda: RelatedChain(train_triples=590), "index_tokens"),
        (lambda: RelatedChain(index_tokens=799), "at least 802"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_words(build, says):
    with pytest.raises(ValidationError, match=says):
        build()


def test_render_names_tokens_by_alphabet():
    corpus = Reversal(vocab_size=20).corpus(0)
    assert corpus.render(corpus.tokens[0])[0] == "A"
    assert " → B" in corpus.render(corpus.tokens[0])


@given(st.integers(1, 3), st.floats(0.001, 0.1) | st.floats(0.9, 0.999))
@settings(max_examples=60, deadline=None)
def test_the_vocab_size_that_a_refusal_names_is_the_smallest_that_works(k, share):
    def refusal(vocab_size: int) -> str:
        try:
            Reversal(vocab_size=vocab_size, entity_length=k, train_share=share)
        except ValidationError as error:
            return str(error)
        return ""

    smallest = int(re.findall(r"works here is (\d+)", refusal(4))[0])
    assert not refusal(smallest)
    assert f"works here is {smallest}" in refusal(smallest - 4)


def test_a_share_with_which_no_vocab_size_works_is_refused_at_once():
    with pytest.raises(ValidationError) as refused:
        Reversal(train_share=1e-300)
    assert "smallest vocab_size" not in str(refused.value)


def test_each_relation_has_its_own_pairing_split_and_tokens_over_the_same_entities():
    one, corpus = Reversal(vocab_size=40).corpus(3), Reversal(vocab_size=40, relations=3).corpus(3)
    assert corpus.names == (*one.names, "→2", "←2", "→3", "←3")
    pairs = 10
    for relation, arrows in enumerate(([0, 1], [42, 43], [44, 45])):
        mine = np.isin(corpus.tokens[:, 1], arrows)
        np.testing.assert_array_equal(corpus.facts[mine] // pairs, relation)
        taught = {tuple(sorted(row)) for row in corpus.tokens[mine][:, [0, 2]].tolist()}
        asked = corpus.group("validation")
        of_mine = np.isin(asked.tokens[:, 1], arrows)
        assert of_mine.sum() == len(one.group("validation"))
        assert len(taught) == pairs
        assert {t for pair in taught for t in pair} == set(one.tokens[:, [0, 2]].ravel().tolist())
        for first, arrow, last in asked.tokens[of_mine].tolist():
            turned = arrows[1 - arrows.index(arrow)]
            assert [last, turned, first] in corpus.tokens.tolist()
            assert [first, arrow, last] not in corpus.tokens.tolist()
    pairings = [
        {tuple(row) for row in corpus.tokens[corpus.tokens[:, 1] == arrow][:, [0, 2]].tolist()}
        for arrow in (0, 42, 44)
    ]
    assert pairings[0] != pairings[1] != pairings[2]


def test_one_relation_is_the_first_of_several():
    one, more = Reversal(vocab_size=40).corpus(3), Reversal(vocab_size=40, relations=2).corpus(3)
    for group in one.groups:
        rows = more.group(group.name).tokens
        np.testing.assert_array_equal(rows[: len(group)], group.tokens)
