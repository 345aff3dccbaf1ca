"""Table 1 [N]: the notation of tokens, with the ids and counts of the default corpora."""

from __future__ import annotations

from retrodict.figures._table import PaperTable
from retrodict.tasks import Chain, Reversal

_RELATIONS = (
    ("reversal", 0, "A → B: forward relation"),
    ("reversal", 1, "B ← A: backward relation"),
    ("chain", 0, "A → B and B → C: a step"),
    ("chain", 1, "A ⇝ C: a leap"),
)
_IN_BOTH = {
    "x_1, x_2": (
        "prompt: an entity and a relation",
        "positions {0.entity_spans[0][0]}, {0.relation_positions[0]}",
    ),
    "x_3": ("next token to be predicted: an entity", "position {0.answer_start}"),
    "M": ("vocabulary, relations included", "{0.vocab_size}"),
    "N": ("training sentences", "{0.tokens.shape[0]}"),
}
"""Symbol → its meaning, and what it is in a corpus."""


def rows() -> list[tuple[str, ...]]:
    """Return the rows, with ids and counts read off the corpora of seed 0."""
    both = {"reversal": Reversal().corpus(0), "chain": Chain().corpus(0)}
    found: list[tuple[str, ...]] = [
        (both[task].names[token], says, task, f"id {token}") for task, token, says in _RELATIONS
    ]
    for task, corpus in both.items():
        for letter in "ABC":
            if count := sum(name.startswith(letter) for name in corpus.names):
                says = f"entities of alphabet {letter}; i-th words make a fact"
                found.append((f"{letter}_i", says, task, f"{count} tokens"))
    for symbol, (says, shown) in _IN_BOTH.items():
        found += [(symbol, says, task, shown.format(corpus)) for task, corpus in both.items()]
    return found


TABLE1 = PaperTable(
    name="table1",
    title="Table 1: notation of tokens",
    grade="N",
    paper="The paper lists the token notation of its one-layer analysis [N]; symbols and numbers "
    "here are those of the default corpora (V = 800, seed 0), read off this code [R].",
    head=("symbol", "meaning", "task", "in the default corpus"),
    rows=rows,
)
