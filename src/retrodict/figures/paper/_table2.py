"""Table 2 [N]: the hyper-parameters in effect, at every scale."""

from __future__ import annotations

from typing import Any

from retrodict.figures._scales import default_experiment, sweep_experiment
from retrodict.figures._table import PaperTable

_LEFT_OUT = ("record.", "training.device", "training.threads", "task.kind", "task.max_")


_COLUMNS = {
    "paper": default_experiment("reversal", "paper"),
    "laptop, fig. 1-4": default_experiment("reversal", "laptop"),
    "laptop, sweeps": sweep_experiment("reversal", "laptop"),
    "smoke, fig. 1-4": default_experiment("reversal", "smoke"),
}


def rows() -> list[tuple[str, ...]]:
    """Return one row per setting, read off the experiments that `reproduce` runs."""
    columns = [experiment.settings for experiment in _COLUMNS.values()]
    return [
        (key, *(_plain(column[key]) for column in columns))
        for key in columns[0]
        if not key.startswith(_LEFT_OUT)
    ]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    words = {"None": "none", "True": "yes", "False": "no"}
    return words.get(str(value), str(value))


TABLE2 = PaperTable(
    name="table2",
    title="Table 2: hyper-parameters in effect",
    grade="N",
    paper="The paper lists its training hyper-parameters [N]; the values of the paper scale are "
    "read off the authors' code as it runs [S], those of the smaller scales are ours [O].",
    head=("setting", *_COLUMNS),
    rows=rows,
)
