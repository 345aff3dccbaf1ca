"""Export runs as a folder of tidy tables for a paper. Numbers can be read back exactly."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import flow
from retrodict.files import digest_of, patiently, unwritten
from retrodict.host import own_settings
from retrodict.progress import NamedTick
from retrodict.runs import _files
from retrodict.runs._environment import PACKAGES
from retrodict.runs._export_readme import readme
from retrodict.runs._run import Run
from retrodict.trace import CURVES, PANELS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Format = Literal["csv", "parquet"]
_OF_THE_LAST = ("code", "commit", "platform", "processor", "cpu_capability")


@own_settings()
def export(
    runs: Sequence[Run],
    folder: Path,
    kind: Format,
    weights: bool,
    command: str,
    left_out: Sequence[tuple[str, str]] = (),
    tick: NamedTick = lambda name, share: None,
) -> list[Path]:
    """Write runs as a folder of tables, all of it or nothing; return its files.

    Args:
        runs: finished ones, of different names.
        folder: must not exist, or be empty.
        kind: the format of the tables.
        weights: whether effective weights are exported too.
        command: what made the folder; its README says so.
        left_out: (run, why) of runs that cannot be exported, for the README.
        tick: called with the run and the share that is done.

    Raises:
        BadInput: the folder is not empty or cannot be made, or Parquet is not installed.
        CannotFinish: a run is damaged, or the disk is full.
    """
    import pandas as pd

    if kind == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            install = "pip install 'retrodict[parquet]'"
            raise BadInput(f"--format parquet needs pyarrow: {install}, or choose csv") from None
    with _whole(folder) as temporary:
        rows = []
        with contextlib.ExitStack() as stack:
            tables = _Tables(temporary, kind, stack)
            for i, run in enumerate(runs):
                tick(run.folder.name, i / len(runs))
                rows.append(run_row(run))
                _write_run(run, tables, weights)
            tables.add("runs", _one_type_a_column(pd.DataFrame(rows, dtype=object)))
        (temporary / "experiments").mkdir()
        for run in runs:
            text = (run.folder / _files.EXPERIMENT).read_text(encoding="utf-8")
            _write(temporary / "experiments" / f"{run.folder.name}.yaml", text)
        about = readme(len(runs), tables.columns, kind, command, left_out)
        _write(temporary / "README.md", about)
        names = sorted(p.relative_to(temporary) for p in temporary.rglob("*") if p.is_file())
        sums = [f"{digest_of(temporary / name)}  {name.as_posix()}\n" for name in names]
        _write(temporary / "checksums.sha256", "".join(sums))
    return [folder / name for name in (*names, Path("checksums.sha256"))]


def _write_run(run: Run, tables: _Tables, weights: bool) -> None:
    """Append a run's trace to every table except `runs`."""
    trace, name = run.trace, run.folder.name

    def rows(of: xr.Dataset, columns: Iterable[str]) -> pd.DataFrame:
        found = of[[*columns]].to_dataframe().reset_index()
        found.insert(0, "run", name)
        return found

    learners = ("run", "learner", "seed")
    curves = rows(trace.curves, CURVES)
    tables.add("curves", curves[[*learners, "epoch", "group", "trained", *CURVES]])
    losses = rows(trace.curves, ("training_loss", "diverged_at"))
    losses["diverged_at"] = losses["diverged_at"].astype("Int64")
    tables.add("training", losses[[*learners, "epoch", "training_loss", "diverged_at"]])
    for panel, values in trace.weights.items() if weights else ():
        matrix = rows(values, PANELS).rename(columns={"snapshot": "epoch"}).assign(panel=panel)
        names = [*learners, "epoch", "panel", "source", "target", *PANELS]
        tables.add("effective_weights", matrix[names])


def run_row(run: Run) -> dict[str, Any]:
    """Return a run's row: its provenance, then every setting."""
    made_by, training = run.made_by, run.experiment.training
    last, state = made_by[-1], run.state
    versions = last.get("versions") or {}
    gpu = last.get("gpu") or {}
    return {
        "run": run.folder.name,
        "digest": state["digest"],
        "results_version": run.results_version,
        **{f"{package}_version": versions.get(package) for package in PACKAGES},
        "python_version": last.get("python"),
        **{name: last.get(name) for name in _OF_THE_LAST},
        "gpu": gpu.get("name"),
        "cuda": gpu.get("cuda"),
        "environments": len(made_by),
        "seconds": run.seconds,
        "first_seed": training.seeds[0],
        "last_seed": training.seeds[-1],
        **{
            key: flow(value) if isinstance(value, list | tuple | dict) else value  # as in the YAML
            for key, value in run.experiment.settings.items()
        },
    }


class _Tables:
    """Tables that grow run by run, so that no more than one run is in memory."""

    def __init__(self, folder: Path, kind: Format, stack: contextlib.ExitStack) -> None:
        self.folder, self.format = folder, kind
        self.columns: dict[str, list[str]] = {}
        self._writers: dict[str, Any] = {}
        self._open = stack  # closes the writers

    def add(self, name: str, rows: pd.DataFrame) -> None:
        first = name not in self.columns
        self.columns.setdefault(name, list(rows.columns))
        path = self.folder / f"{name}.{self.format}"
        if self.format == "csv":
            rows.to_csv(path, mode="a", header=first, index=False, lineterminator="\n")
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(rows, preserve_index=False)
        if first:
            self._writers[name] = self._open.enter_context(pq.ParquetWriter(path, table.schema))
        self._writers[name].write_table(table.cast(self._writers[name].schema))


_TYPES = {
    "empty": "Int64",
    "integer": "Int64",
    "floating": "float64",
    "mixed-integer-float": "float64",
    "boolean": "boolean",
}


def _one_type_a_column(rows: pd.DataFrame) -> pd.DataFrame:
    """Write a setting as text in all runs if it is a number in one and a word in another."""
    import pandas as pd

    for name in rows.columns:
        kind = _TYPES.get(pd.api.types.infer_dtype(rows[name], skipna=True))
        words = rows[name].map(str, na_action="ignore")
        rows[name] = rows[name].astype(kind) if kind else words
    return rows


@contextlib.contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder next to `folder`; rename it when it is complete."""
    require_empty(folder)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)
    except OSError as error:
        raise BadInput(f"--to {folder}: cannot be made: {error.strerror}") from None
    try:
        yield temporary
        if folder.is_dir():
            folder.rmdir()
        patiently(lambda: os.replace(temporary, folder))
    except OSError as error:
        raise CannotFinish(f"{folder}: {unwritten(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def require_empty(folder: Path) -> None:
    """Raise BadInput if this is a file, a link, or a folder that is not empty."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BadInput(f"--to {folder}: exists and is not a folder; give another name")
    with contextlib.suppress(FileNotFoundError):
        if os.listdir(folder):
            raise BadInput(f"--to {folder}: exists and is not empty; give another name")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
