"""The pairs task: which pairs are taught backward, and sizes that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from retrodict.tasks import Pairs


@given(n=st.integers(1, 30), spare=st.integers(0, 10), data=st.data())
def test_every_question_is_trained_or_held_out(n, spare, data):
    backward = data.draw(
        st.one_of(
            st.sampled_from(["all_but_first", "all", "none"]),
            st.lists(st.integers(0, n - 1)).map(tuple),
        )
    )
    task = Pairs(n=n, m=2 * n + spare, backward=backward)
    corpus = task.corpus(0)
    taught = {tuple(row) for row in corpus.tokens.tolist()}
    everything = {(i, n + i) for i in range(n)} | {(n + i, i) for i in range(n)}
    held_out = {tuple(r) for g in corpus.groups if not g.trained for r in g.tokens.tolist()}
    assert len(taught) == len(corpus.tokens) == n + len(task.trained_backward)
    assert taught | held_out == everything
    assert not taught & held_out
    assert all(len(group) for group in corpus.groups)
    assert corpus.vocab_size == 2 * n + spare


def test_the_default_is_the_papers():
    corpus = Pairs().corpus(7)
    assert len(corpus.tokens) == 2 * 20 - 1
    np.testing.assert_array_equal(corpus.group("validation").tokens, [[20, 0]])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 51, "m": 100}, r"need 102 tokens and m is 100; m must be at least 102"),
        ({"n": 2, "m": 8, "backward": [2]}, r"names pair 2, and pairs are 0 to 1"),
        ({"backward": "some"}, r"choose from all_but_first, all, none"),
        ({"n": 0}, r"greater than or equal to 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(options, says):
    with pytest.raises(ValidationError, match=says):
        Pairs(**options)
