"""`retrodict run --dry-run`: the corpus and its sizes, without training and without torch."""

from __future__ import annotations

import math
from typing import Any

from retrodict.cli._console import Console, plain
from retrodict.cli._streams import print_json
from retrodict.cli._tables import folded, numbers, ruled_table, words
from retrodict.experiment import Experiment
from retrodict.tasks import Corpus

_SAMPLE = 3


def sizes(experiment: Experiment, corpus: Corpus) -> dict[str, Any]:
    """Count parameters, learners, sentences and steps of an experiment."""
    training = experiment.training
    length = experiment.examples(corpus).inputs.shape[1]
    steps = experiment.steps_per_epoch
    return {
        "vocabulary": corpus.vocab_size,
        "training_sentences": len(corpus.tokens),
        "sentence_length": int(corpus.tokens.shape[1]),
        "steps_per_epoch": steps,
        "steps": steps * training.epochs,
        "parameters": experiment.model.parameter_count(corpus.vocab_size, length),
        "learners": training.learners,
        "uniform_nll": round(math.log(corpus.vocab_size), 4),
    }


def show_corpus(experiment: Experiment, as_json: bool) -> None:
    """Print sizes and a few sentences of the first learner's corpus."""
    snapshots = experiment.as_written().record.weights_at  # without those past the last epoch
    experiment = experiment.changed({"record.weights_at": list(snapshots)})
    corpus = experiment.corpus()
    counted = sizes(experiment, corpus)
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
        print_json({**counted, "groups": groups})
        return
    console = Console()
    console.print(plain(experiment.to_yaml()))
    training = experiment.training
    table = ruled_table(
        *words("group", "trained on"),
        *numbers("questions", "alphabet"),
        *folded("for example"),
        title=f"corpus of seed {training.seed_of_corpus(training.seed)}",
    )
    for group in groups:
        trained = "yes" if group["trained"] else "[bold]no[/bold]"
        counts = str(group["questions"]), str(group["alphabet"])
        table.add_row(group["group"], trained, *counts, ",  ".join(group["sample"]))
    console.print(table)
    for name, value in counted.items():
        console.print(f"{name.replace('_', ' '):<20} {value}")
