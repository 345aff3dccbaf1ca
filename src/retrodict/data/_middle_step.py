"""Chain of thought: the answer begins with the middle step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retrodict.data._addition import Addition, with_sentences, without
from retrodict.tasks import Corpus, ProbeGroup


class MiddleStep(Addition):
    """Answer `A ⇝` with `B → C`, the middle step first.

        taught before   A → B,  B → C,  A ⇝ C
        taught now      A → B,  B → C,  A ⇝ B → C      (training triples)
        asked           A ⇝ B → C                      (held-out triples)

    Only for `chain`. A question counts as answered if every token of `B → C` is the most probable,
    so that greedy generation writes it. The NLL of the answer's first token is that of B. Source:
    the paper's remark on why chain of thought is needed [S].

    >>> from retrodict.tasks import Chain
    >>> corpus = MiddleStep().extend(Chain(vocab_size=20).corpus(0), 0)
    >>> corpus.render(corpus.group("validation").tokens[0])
    'A2 ⇝ B3 → C4'
    """

    tasks = ("chain",)

    @property
    def lengthens(self) -> str:
        """The whole addition: an answer has two more parts."""
        return "middle_step"

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Write every `A ⇝ C` with its middle step."""
        steps = {
            int(fact): row
            for group in corpus.groups
            for fact, row in zip(group.facts, group.tokens, strict=True)
            if group.way == "b_to_c"
        }

        def written(group: ProbeGroup) -> ProbeGroup:
            if group.way != "a_to_c":
                return group
            prompts = group.tokens[:, : group.answer_start]
            answers = np.stack([steps[int(fact)] for fact in group.facts])
            tokens = np.concatenate([prompts, answers], axis=1)
            letters = corpus.group("train_a_to_b").candidates[0]
            candidates = np.broadcast_to(letters, (len(tokens), len(letters)))
            return replace(group, tokens=tokens, candidates=candidates)

        groups = tuple(map(written, corpus.groups))
        longer = replace(corpus, groups=groups)
        for old, new in zip(corpus.groups, groups, strict=True):
            if new is not old and new.trained:
                longer = without(longer, old.tokens)
                longer = with_sentences(longer, new.tokens, new.facts, "a_to_c", new.answer_start)
        return longer
