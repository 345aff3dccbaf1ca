"""Reproduce a figure: run its experiments, draw it, check its claims, and record the result.

The record is a JSON file next to the drawing. A figure is drawn again only if its runs, or the code
that draws and checks it, differ from those of its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from retrodict.claims import Claim
from retrodict.errors import Unreadable
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._scales import Scale, describe
from retrodict.files import DRAWING, PlainName, digest_of
from retrodict.host import own_settings
from retrodict.launch import LOCAL, Launcher, Reporter, run_named
from retrodict.plots import footer, save, save_film
from retrodict.runs import Run, Store, require_writable
from retrodict.source import source_hash


@dataclass(frozen=True)
class DrawingRecord:
    """The record of a drawing.

    Attributes:
        name, scale, note: the figure, its scale, its configuration in one line.
        runs: the figure's names for its runs → their folders in the store.
        claims: the checked claims.
        files: the drawings, names in the store → SHA-256 of their content.
        code: version of the code that drew and checked it.
    """

    name: str
    scale: str
    note: str
    runs: dict[str, str]
    claims: list[Claim]
    files: dict[PlainName, str]
    code: str

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        DRAWING.write(path, self)

    @classmethod
    def read(cls, path: Path) -> DrawingRecord:
        """Read a record.

        Raises:
            ValueError: it is missing, damaged, or of another version.
        """
        return DRAWING.read(path, cls)


def fits(record: DrawingRecord, folder: Path) -> bool:
    """Whether the drawings in a folder are those of a record, byte for byte.

    Raises:
        Unreadable: one cannot be read.
    """
    return all(digest_of(folder / name) == digest for name, digest in record.files.items())


@cache
def code_version() -> str:
    """Hash what a drawing and its verdicts depend on besides the runs: code and matplotlib."""
    without = ("cli/", "doctor/", "report/")
    return source_hash(lambda path: not path.startswith(without), version("matplotlib"))


@dataclass(frozen=True)
class Reproduction:
    """A figure that was reproduced.

    Attributes:
        figure, scale: the figure and its scale.
        runs: the figure's names for its runs → the runs.
        claims: its caption's verdicts.
        files: the drawings, and the record that `report` reads.
        fresh: whether they were made now, rather than found in the store.
    """

    figure: PaperFigure
    scale: Scale
    runs: dict[str, Run]
    claims: list[Claim]
    files: list[Path]
    fresh: bool


@own_settings()
def reproduce(
    figure: PaperFigure,
    scale: Scale,
    store: Store,
    reporter: Reporter,
    launcher: Launcher = LOCAL,
) -> Reproduction:
    """Run a figure's experiments, draw it into the store under its name, check its claims.

    The verdicts are kept next to the drawing, in a JSON file of the same name. If that file records
    the same runs and the same code, nothing is drawn or checked again.

    Raises:
        BadInput, CannotFinish, Interrupted: as `launch.execute`.
    """
    runs = run_experiments([figure], scale, store, reporter, launcher)[figure.name]
    path = store.root / f"{figure.name}.json"
    folders = {name: run.folder.name for name, run in runs.items()}
    known = _recorded(path, (figure.name, scale, code_version(), folders))
    if known is None:
        require_writable(store.root)
    record = known or _draw(figure, scale, path, runs, folders, reporter)
    files = [*(store.root / name for name in record.files), path]
    return Reproduction(figure, scale, runs, record.claims, files, fresh=known is None)


def run_experiments(
    figures: Sequence[PaperFigure],
    scale: Scale,
    store: Store,
    reporter: Reporter,
    launcher: Launcher,
) -> dict[str, dict[str, Run]]:
    """Run the experiments of several figures; return figure → its name for a run → the run.

    Raises:
        BadInput, CannotFinish: one cannot be run; on a cluster the others were run nevertheless.
        Interrupted, KeyboardInterrupt: it was asked to stop.
    """
    wanted = {figure.name: figure.experiments(scale) for figure in figures}
    return run_named(wanted, store, reporter, launcher)


def _recorded(path: Path, asked: tuple[str, Scale, str, dict[str, str]]) -> DrawingRecord | None:
    """Return the record of a drawing of this figure, scale, code and runs; None if any differs."""
    try:
        record = DrawingRecord.read(path)
        found = (record.name, record.scale, record.code, record.runs)
        return record if found == asked and fits(record, path.parent) else None
    except (ValueError, Unreadable):
        return None


def _draw(
    figure: PaperFigure,
    scale: Scale,
    path: Path,
    runs: dict[str, Run],
    folders: dict[str, str],
    reporter: Reporter,
) -> DrawingRecord:
    theory = figure.theory(scale, lambda share: reporter.working(figure.name, share))
    inputs = FigureInputs(scale, runs, theory)
    claims = figure.claims(inputs)
    drawing = figure.draw(inputs)
    note = figure.note(scale) or describe({name: run.experiment for name, run in runs.items()})
    warning = "; ".join(filter(None, (_lost(inputs), _shortfall(claims))))
    footer(drawing, f"{command(figure.name, scale)}   ·   {note}", warning)
    path.unlink(missing_ok=True)  # it describes the drawing that is now replaced
    stem = path.with_suffix("")
    files = save(drawing, stem)
    if figure.film is not None:
        files.append(save_film(figure.film(inputs), stem))
    digests = {file.name: digest_of(file) for file in files}
    record = DrawingRecord(figure.name, scale, note, folders, claims, digests, code_version())
    record.write(path)
    return record


def command(name: str, scale: Scale) -> str:
    """The command that makes a figure."""
    return f"retrodict reproduce {name} --scale {scale}"


def _lost(inputs: FigureInputs) -> str:
    """Return a note for the footer: how many learners are missing in a figure."""
    ended = [trace.curves["diverged_at"] for trace in inputs.traces.values()]
    lost, asked = sum(int(e.notnull().sum()) for e in ended), sum(e.size for e in ended)
    return f"{lost} of {asked} learners became non-finite and are left out" if lost else ""


def _shortfall(claims: Sequence[Claim]) -> str:
    """Return a note for the footer: which claims do not hold; "" if all do."""
    failed = [claim for claim in claims if claim.verdict == "fails"]
    said = "; ".join(f"{c.name}: {c.measured:.3g}, claimed {c.predicted}" for c in failed[:3])
    more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
    return f"does not hold at this scale: {said}{more}" if failed else ""


code_version()  # now, so that it is of the code that is loaded, should a file change later
