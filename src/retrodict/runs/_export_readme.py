"""The README of exported runs: each column's meaning and unit, and how to repeat a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrodict.experiment import RESULTS_VERSION
from retrodict.markdown import Markdown, markdown_table
from retrodict.source import version_of
from retrodict.trace import CURVES, LOSSES, PANELS

_TABLES = {
    "runs": "one row per run",
    "curves": "one row per run, learner, epoch and group of questions",
    "training": "one row per run, learner and epoch",
    "effective_weights": "one row per run, learner, epoch, panel, source and target",
}

_COLUMNS = {
    "run": "the run; `experiments/RUN.yaml` is its experiment",
    "digest": "SHA-256 of everything that can alter a bit of the result",
    "results_version": "raised whenever a change of retrodict's code alters results",
    "code": "hash of the part of retrodict's source that determines the bits of a training",
    "commit": "git commit of retrodict, where it ran from a checkout",
    "platform": "operating system",
    "processor": "of the machine that trained last",
    "gpu": "name of the GPU that trained last; empty if the processor did",
    "cuda": "version of CUDA, if a GPU trained",
    "cpu_capability": "instruction set for which torch chose its code",
    "environments": "how many trained parts of the run; the columns describe the last one",
    "seconds": "training time, summed over interruptions (s)",
    "first_seed": "seed of learner 0; learner s has this plus s",
    "last_seed": "seed of the last learner",
    "learner": "its number in its run, from 0",
    "seed": "of this learner: corpus, initialisation, order, dropout",
    "epoch": "passes over the training sentences so far; 0 is before the first step",
    "group": "which questions: trained ones, or held out",
    "trained": "whether the group's questions are among the training sentences",
    **CURVES,
    "training_loss": LOSSES["training"] + " (nats)",
    "diverged_at": "epoch at which the learner became non-finite; empty if it never did",
    "panel": "the questions to which a matrix of effective weights belongs",
    "source": "number of the source entity in its panel, from 0",
    "target": "number of the target entity in its panel, from 0",
    **PANELS,
}


def readme(
    count: int,
    columns: Mapping[str, Sequence[str]],
    kind: str,
    command: str,
    left_out: Sequence[tuple[str, str]],
) -> str:
    """Describe an export of `count` runs, whose tables have these columns; see `export`."""
    many = "1 run" if count == 1 else f"{count} runs"
    lines = [
        "# Runs of retrodict",
        "",
        f"{many}, exported by retrodict {version_of('retrodict') or 'unknown'} (results version "
        f"{RESULTS_VERSION}) with",
        "",
        f"    {command}",
        "",
        "`sha256sum -c checksums.sha256` checks the files. If a number is missing, its cell is",
        "empty. Numbers can be read back to the last bit: `pandas.read_csv(file)` does so from",
        'pandas 3 on, and before with `float_precision="round_trip"`. Effective weights are of',
        'single precision: `.astype("float32")` gives their bits.',
        "",
    ]
    for table in [table for table in _TABLES if table in columns]:
        names = [name for name in columns[table] if "." not in name]
        made_by = "{} that trained last"
        rows = [
            (f"`{name}`", _COLUMNS.get(name) or made_by.format(name.removesuffix("_version")))
            for name in names
        ]
        if len(names) < len(columns[table]):
            rows += [("names with a dot", "the settings, named as in `experiments/RUN.yaml`")]
        written = markdown_table(("column", "what"), [map(Markdown, row) for row in rows])
        lines += [f"## {table}.{kind}: {_TABLES[table]}", "", written, ""]
    lines += [
        "## How to repeat a run",
        "",
        "    pip install retrodict        # the version, and torch's, that runs."
        + f"{kind} names for it",
        "    retrodict run experiments/RUN.yaml --out again",
        "",
        "On the same kind of processor, with the same versions and as many threads, a run gives",
        "the same bits. Elsewhere it agrees to rounding, later in distribution over learners.",
        "Its folder has the same name if the experiment and the results version are the same.",
        "",
    ]
    if left_out:
        lines += ["## Not exported", "", *(f"- `{name}`: {why}" for name, why in left_out), ""]
    return "\n".join(lines)
