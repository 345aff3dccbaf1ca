"""Runs as a folder of tidy tables to put beside a paper. Every number survives the way and back."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retrodict.errors import BadInput, CannotFinish
from retrodict.files import DISK_FULL, DISK_FULL_ADVICE, digest_of, patiently
from retrodict.host import own_settings
from retrodict.runs import _files
from retrodict.runs._environment import PACKAGES
from retrodict.runs._export_readme import readme
from retrodict.runs._run import Run
from retrodict.trace import CURVES, PANELS

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["csv", "parquet"]
_OF_THE_LAST = ("code", "commit", "platform", "processor", "cpu_capability")
Tick = Callable[[str, float], None]


@dataclass(frozen=True)
class Export:
    """What is exported, and how.

    Attributes:
        runs: finished ones, of different names.
        folder: which is made; it must not exist, or be empty.
        format: of the tables.
        weights: whether effective weights are exported too.
        command: what made it.
        left_out: (run, why) of those that were not asked for by name and cannot be exported.
    """

    runs: Sequence[Run]
    folder: Path
    format: Format
    weights: bool
    command: str
    left_out: Sequence[tuple[str, str]] = ()


@own_settings()
def export(what: Export, tick: Tick = lambda name, share: None) -> list[Path]:
    """Write the folder, all of it or nothing; return its files.

    Raises:
        BadInput: the folder is not empty or cannot be made, or Parquet is not installed.
        CannotFinish: a run is damaged, or the disk is full.
    """
    import pandas as pd

    _require_writer(what.format)
    with _whole(what.folder) as temporary:
        rows = []
        with contextlib.ExitStack() as stack:
            tables = _Tables(temporary, what.format, stack)
            for i, run in enumerate(what.runs):
                tick(run.folder.name, i / len(what.runs))
                rows.append(run_row(run))
                _write_run(run, tables, what.weights)
            tables.add("runs", _one_type_a_column(pd.DataFrame(rows, dtype=object)))
        (temporary / "experiments").mkdir()
        for run in what.runs:
            text = (run.folder / _files.EXPERIMENT).read_text(encoding="utf-8")
            _write(temporary / "experiments" / f"{run.folder.name}.yaml", text)
        about = readme(what.runs, tables.columns, what.format, what.command, what.left_out)
        _write(temporary / "README.md", about)
        names = sorted(p.relative_to(temporary) for p in temporary.rglob("*") if p.is_file())
        sums = [f"{digest_of(temporary / name)}  {name.as_posix()}\n" for name in names]
        _write(temporary / "checksums.sha256", "".join(sums))
    return [what.folder / name for name in (*names, Path("checksums.sha256"))]


def _write_run(run: Run, tables: _Tables, weights: bool) -> None:
    """Append what a run's trace says to every table but `runs`."""
    trace, name = run.trace, run.folder.name
    learners = {"run": name, "learner": "learner", "seed": "seed"}
    curves = trace.curves[[*CURVES]].to_dataframe().reset_index()
    curves.insert(0, "run", name)
    tables.add("curves", curves[[*learners, "epoch", "group", "trained", *CURVES]])
    losses = trace.curves[["training_loss", "diverged_at"]].to_dataframe().reset_index()
    losses.insert(0, "run", name)
    losses["diverged_at"] = losses["diverged_at"].astype("Int64")
    tables.add("training", losses[[*learners, "epoch", "training_loss", "diverged_at"]])
    for panel, values in trace.weights.items() if weights else ():
        matrix = values[[*PANELS]].to_dataframe().reset_index()
        matrix.insert(0, "run", name)
        matrix.insert(3, "panel", panel)
        matrix = matrix.rename(columns={"snapshot": "epoch"})
        tables.add(
            "effective_weights",
            matrix[[*learners, "epoch", "panel", "source", "target", *PANELS]],
        )


def run_row(run: Run) -> dict[str, Any]:
    """Say in one row what a run is: provenance, then every setting."""
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
        **{key: _cell(value) for key, value in run.experiment.settings.items()},
    }


def _cell(value: Any) -> Any:
    """A setting as a cell: what is not one word or number is written as in the YAML."""
    from retrodict.experiment import flow

    return flow(value) if isinstance(value, list | tuple | dict) else value


class _Tables:
    """Tables that grow run by run, so that no more than one run is in memory.

    Attributes:
        columns: table → its columns.
    """

    def __init__(self, folder: Path, kind: Format, stack: contextlib.ExitStack) -> None:
        self.folder, self.format = folder, kind
        self.columns: dict[str, list[str]] = {}
        self._writers: dict[str, Any] = {}
        self._open = stack  # closes the writers

    def add(self, name: str, rows: pd.DataFrame) -> None:
        """Append rows to a table."""
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


def _one_type_a_column(rows: pd.DataFrame) -> pd.DataFrame:
    """Write a setting that is a number in one run and a word in another as words in all."""
    import pandas as pd

    for column in rows.columns:
        values = [value for value in rows[column] if not pd.isna(value)]
        kinds = {type(value) for value in values}
        if kinds <= {int}:
            rows[column] = rows[column].astype("Int64")
        elif kinds <= {int, float}:
            rows[column] = rows[column].astype("float64")
        elif kinds <= {bool}:
            rows[column] = rows[column].astype("boolean")
        else:
            rows[column] = [None if pd.isna(value) else str(value) for value in rows[column]]
    return rows


def _require_writer(kind: Format) -> None:
    if kind == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise BadInput(
                "--format parquet needs pyarrow: pip install 'retrodict[parquet]', or choose csv"
            ) from None


@contextlib.contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`; rename it when it is complete.

    Raises:
        BadInput: the folder is there and not empty, or cannot be made.
        CannotFinish: the disk is full.
    """
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
        why = DISK_FULL_ADVICE if error.errno in DISK_FULL else f"{error.strerror or error}"
        raise CannotFinish(f"{folder}: cannot be written: {why}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def require_empty(folder: Path) -> None:
    """Refuse a place where something is.

    Raises:
        BadInput: it is a file, a link, or a folder that is not empty.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BadInput(f"--to {folder}: is there and is no folder; give another name")
    with contextlib.suppress(FileNotFoundError):
        if os.listdir(folder):
            raise BadInput(f"--to {folder}: is there and not empty; give another name")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
