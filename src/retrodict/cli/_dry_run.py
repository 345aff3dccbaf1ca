"""`retrodict run --dry-run`: the corpus and its sizes, drawn without loading torch."""

from __future__ import annotations

import json
import math
from typing import Any

from retrodict.experiment import Experiment

_SAMPLE = 3


def show_corpus(experiment: Experiment, as_json: bool) -> None:
    """Print sizes and a few sentences of the first learner's corpus."""
    training = experiment.training
    seed = training.seed if training.corpus_seed is None else training.corpus_seed
    corpus = experiment.task.corpus(seed)
    batch_size = len(corpus.tokens) if training.batch_size == "all" else training.batch_size
    steps = math.ceil(len(corpus.tokens) / batch_size)
    sizes: dict[str, Any] = {
        "vocabulary": corpus.vocab_size,
        "training_sentences": len(corpus.tokens),
        "sentence_length": int(corpus.tokens.shape[1]),
        "steps_per_epoch": steps,
        "steps": steps * training.epochs,
        "learners": training.learners,
        "uniform_nll": round(math.log(corpus.vocab_size), 4),
    }
    groups: list[dict[str, Any]] = [
        {
            "group": group.name,
            "trained": group.trained,
            "questions": len(group),
            "alphabet": int(group.candidates.shape[1]),
            "sample": [corpus.render(row) for row in group.tokens[:_SAMPLE]],
        }
        for group in corpus.groups
    ]
    if as_json:
        print(json.dumps({**sizes, "groups": groups}, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(experiment.to_yaml(), highlight=False, markup=False)
    table = Table(title=f"corpus of seed {seed}")
    for column in ("group", "trained on", "questions", "alphabet", "for example"):
        table.add_column(column)
    for group in groups:
        table.add_row(
            str(group["group"]),
            "yes" if group["trained"] else "[bold]no[/bold]",
            str(group["questions"]),
            str(group["alphabet"]),
            ",  ".join(group["sample"]),
        )
    console.print(table)
    for name, value in sizes.items():
        console.print(f"{name.replace('_', ' '):<20} {value}", highlight=False)
