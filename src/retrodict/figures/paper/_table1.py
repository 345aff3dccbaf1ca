"""Table 1 [N]: the notation of tokens, with the ids and counts of the default corpora."""

from __future__ import annotations

from retrodict.figures._table import PaperTable
from retrodict.tasks import Chain, Corpus, Reversal


def rows() -> list[tuple[str, ...]]:
    """Read every id and count off the corpora of seed 0."""
    reversal, chain = Reversal().corpus(0), Chain().corpus(0)
    both = (("reversal", reversal), ("chain", chain))
    found: list[tuple[str, ...]] = [
        (corpus.names[token], says, task, f"id {token}")
        for task, corpus, token, says in (
            ("reversal", reversal, 0, "A → B: forward relation"),
            ("reversal", reversal, 1, "B ← A: backward relation"),
            ("chain", chain, 0, "A → B and B → C: a step"),
            ("chain", chain, 1, "A ⇝ C: a leap"),
        )
    ]
    for task, corpus in both:
        for letter in "ABC":
            ids = [i for i, name in enumerate(corpus.names) if name.startswith(letter)]
            if ids:
                says = f"entities of alphabet {letter}; i-th words make a fact"
                found.append((f"{letter}_i", says, task, f"{len(ids)} tokens"))
    found += [
        ("x_1, x_2", "prompt: an entity and a relation", task, _positions(corpus))
        for task, corpus in both
    ]
    found += [
        ("x_3", "next token to be predicted: an entity", task, f"position {corpus.answer_start}")
        for task, corpus in both
    ]
    found += [("M", "vocabulary, relations included", t, str(c.vocab_size)) for t, c in both]
    found += [("N", "training sentences", t, str(len(c.tokens))) for t, c in both]
    return found


def _positions(corpus: Corpus) -> str:
    return f"positions {corpus.entity_spans[0][0]}, {corpus.relation_positions[0]}"


TABLE1 = PaperTable(
    name="table1",
    title="Table 1: notation of tokens",
    grade="N",
    paper="The paper lists the token notation of its one-layer analysis [N]; symbols and numbers "
    "here are those of the default corpora (V = 800, seed 0), read off this code [R].",
    head=("symbol", "meaning", "task", "in the default corpus"),
    rows=rows,
)
