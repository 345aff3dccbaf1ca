"""Table 1 [N]: the notation of tokens, with the ids and counts of the default corpora."""

from __future__ import annotations

from collections.abc import Callable

from retrodict.figures._table import PaperTable
from retrodict.tasks import Chain, Corpus, Reversal


def rows() -> list[tuple[str, ...]]:
    """Read every id and count off the corpora of seed 0."""
    both = {"reversal": Reversal().corpus(0), "chain": Chain().corpus(0)}
    found: list[tuple[str, ...]] = [
        (both[task].names[token], says, task, f"id {token}")
        for task, token, says in (
            ("reversal", 0, "A → B: forward relation"),
            ("reversal", 1, "B ← A: backward relation"),
            ("chain", 0, "A → B and B → C: a step"),
            ("chain", 1, "A ⇝ C: a leap"),
        )
    ]
    for task, corpus in both.items():
        for letter in "ABC":
            count = sum(name.startswith(letter) for name in corpus.names)
            if count:
                says = f"entities of alphabet {letter}; i-th words make a fact"
                found.append((f"{letter}_i", says, task, f"{count} tokens"))
    for symbol, says, read in _IN_BOTH:
        found += [(symbol, says, task, read(corpus)) for task, corpus in both.items()]
    return found


_IN_BOTH: tuple[tuple[str, str, Callable[[Corpus], str]], ...] = (
    (
        "x_1, x_2",
        "prompt: an entity and a relation",
        lambda c: f"positions {c.entity_spans[0][0]}, {c.relation_positions[0]}",
    ),
    ("x_3", "next token to be predicted: an entity", lambda c: f"position {c.answer_start}"),
    ("M", "vocabulary, relations included", lambda c: str(c.vocab_size)),
    ("N", "training sentences", lambda c: str(len(c.tokens))),
)


TABLE1 = PaperTable(
    name="table1",
    title="Table 1: notation of tokens",
    grade="N",
    paper="The paper lists the token notation of its one-layer analysis [N]; symbols and numbers "
    "here are those of the default corpora (V = 800, seed 0), read off this code [R].",
    head=("symbol", "meaning", "task", "in the default corpus"),
    rows=rows,
)
