"""What a figure is, and how it is reproduced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from retrodict.claims import Claim
from retrodict.errors import Unreadable
from retrodict.experiment import Experiment
from retrodict.figures._captions import Caption
from retrodict.figures._record import DrawingRecord, code_version, fits
from retrodict.figures._scales import Scale, describe
from retrodict.files import digest_of
from retrodict.host import own_settings
from retrodict.launch import LOCAL, Launcher, Reporter, run_named
from retrodict.plots import footer, save, save_film
from retrodict.plots._drawing import Figure
from retrodict.runs import Run, Store, require_writable
from retrodict.trace import Recorded, Trace

Tick = Callable[[float], None]
"""Is called with the share of a computation that is done, 0 to 1."""


@dataclass(frozen=True)
class FigureInputs:
    """What a figure is drawn from and checked against.

    Attributes:
        scale: how large.
        runs: the figure's experiments with their traces, by the figure's own names for them.
        theory: what the figure's theory computed.
    """

    scale: Scale
    runs: Mapping[str, Recorded]
    theory: Any = None

    @cached_property
    def traces(self) -> dict[str, Trace]:
        """The traces of the runs."""
        return {name: run.trace for name, run in self.runs.items()}

    @property
    def trace(self) -> Trace:
        """The trace of a figure with one experiment."""
        (only,) = self.traces.values()
        return only


@dataclass(frozen=True)
class PaperFigure:
    """A figure: its experiments, its drawing, and its caption as claims that can fail.

    Attributes:
        name: what `retrodict reproduce` calls it.
        title: one line for `retrodict list`.
        grade: how well its content is known, e.g. `"S"`: read off the paper's captions.
        paper: what the paper says there, in our words; for our own figures, the question.
        draw: inputs → figure.
        check: inputs, caption → makes the claims of the caption.
        experiments: scale → the experiments behind it, by name.
        theory: scale, progress report → what is computed and not trained.
        note: scale → the configuration in one line, for the figure's footer; by default it is
            put together from the experiments.
        film: inputs → frames of an animation, where there is one.
        sweep: whether it varies what the curse should not depend on; the report's first screen
            counts such figures.
    """

    name: str
    title: str
    grade: str
    paper: str
    draw: Callable[[FigureInputs], Figure]
    check: Callable[[FigureInputs, Caption], None]
    experiments: Callable[[Scale], Mapping[str, Experiment]] = lambda scale: {}
    theory: Callable[[Scale, Tick], Any] = lambda scale, tick: None
    note: Callable[[Scale], str] = lambda scale: ""
    film: Callable[[FigureInputs], Sequence[Figure]] | None = None
    sweep: bool = False

    def claims(self, inputs: FigureInputs) -> list[Claim]:
        """Check the caption."""
        caption = Caption(self.name, self.grade)
        self.check(inputs, caption)
        return caption.claims


@dataclass(frozen=True)
class Reproduction:
    """A figure that was reproduced.

    Attributes:
        figure, scale: which, and how large.
        runs: where its trained numbers are, by the figure's own names for them.
        claims: its caption's verdicts.
        files: the drawings, and the record that `report` reads.
        fresh: whether they were made now, not found.
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
    """Run what a figure needs, draw it into the store under its name, check its claims.

    The verdicts are kept beside the drawing, in a JSON file of the same name. If that file is of
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
    """Run what several figures need, and return their runs by the figures' own names for them.

    Raises:
        BadInput, CannotFinish: one cannot be run; on a cluster the others were run all the same.
        Interrupted, KeyboardInterrupt: it was asked to stop.
    """
    wanted = {figure.name: figure.experiments(scale) for figure in figures}
    return run_named(wanted, store, reporter, launcher)


def _recorded(path: Path, asked: tuple[str, Scale, str, dict[str, str]]) -> DrawingRecord | None:
    """Return the record of an earlier drawing of this figure, scale, code and runs, if all fits."""
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
    """State, for the small print, how many learners are not in a figure."""
    ended = [trace.curves["diverged_at"] for trace in inputs.traces.values()]
    lost, asked = sum(int(e.notnull().sum()) for e in ended), sum(e.size for e in ended)
    return f"{lost} of {asked} learners became non-finite and are left out" if lost else ""


def _shortfall(claims: Sequence[Claim]) -> str:
    """State, for the small print, which claims do not hold; nothing if all do."""
    failed = [claim for claim in claims if claim.verdict == "fails"]
    said = "; ".join(f"{c.name}: {c.measured:.3g}, claimed {c.predicted}" for c in failed[:3])
    more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
    return f"does not hold at this scale: {said}{more}" if failed else ""
