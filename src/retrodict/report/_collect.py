"""Read a store for the report: drawn figures, their runs, other runs, checked claims.

Nothing in a store is trusted: if a record, a run or a drawing is damaged, missing or of another
version, the report says so in a line and uses none of its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from retrodict.claims import Claim, Kept
from retrodict.errors import BadInput, CannotFinish, Unreadable
from retrodict.figures import (
    FIGURES,
    FINDINGS,
    SCALES,
    THEORY_FIGURES,
    DrawingRecord,
    PaperFigure,
    Scale,
    code_version,
    command,
    fits,
)
from retrodict.files import LEADERBOARD, VERIFY_PUBLISHED
from retrodict.leaderboard import Board, read
from retrodict.progress import NamedTick
from retrodict.report._images import Picture, picture
from retrodict.report._run_view import RunView, view
from retrodict.runs import Store, changed_since

_AGAIN = "reproduce or run, with --again, trains again and says whether the bits are the same"
WIDEST = 1600  # pixels of a drawing in the page


@dataclass(frozen=True)
class FigureSection:
    """A figure, its drawing and its runs in the store.

    Attributes:
        figure: which.
        record: the record of its drawing; None if it cannot be read.
        problem: why its numbers are not used; "" if they are.
        runs: the figure's names for its runs → the runs.
        picture: the drawing; None if it is missing.
    """

    figure: PaperFigure
    record: DrawingRecord | None
    problem: str = ""
    runs: Mapping[str, RunView] = field(default_factory=dict)
    picture: Picture | None = None

    @property
    def stale(self) -> bool:
        """Whether another version of the code drew and checked it."""
        return self.record is not None and self.record.code != code_version()

    @property
    def drawing(self) -> str:
        """The name of the shown file; "" if there is none."""
        files = self.record.files if self.record else []
        return next((name for name in files if name.endswith(".png")), "")

    @property
    def claims(self) -> Sequence[Claim]:
        """The checked claims; none if the figure has a problem."""
        return self.record.claims if self.record and not self.problem else []

    @property
    def failing(self) -> Sequence[Claim]:
        """Claims that fail and are not documented as failing."""
        return [claim for claim in self.claims if claim.verdict == "fails"]

    @property
    def scale(self) -> str:
        """The scale at which it was reproduced."""
        return self.record.scale if self.record else ""

    @property
    def verdict(self) -> str:
        """The worst verdict of its claims."""
        return overall([claim.verdict for claim in self.claims])

    @property
    def command(self) -> str:
        """The command that makes it."""
        known: Scale = next((scale for scale in SCALES if scale == self.scale), "laptop")
        return command(self.figure.name, known)


@dataclass(frozen=True)
class Collected:
    """Everything that a report is made from.

    Attributes:
        store: the folder.
        sections: figures with a record, in the paper's order.
        missing: figures without one.
        own: finished runs that no figure uses.
        left_out: (folder, why) of other runs: unfinished, damaged.
        published: published claims that were checked, or why they cannot be used; None if none are.
        board: the leaderboard, or why it cannot be used; None if there is none.
    """

    store: Path
    sections: Sequence[FigureSection]
    missing: Sequence[PaperFigure]
    own: Sequence[RunView]
    left_out: Sequence[tuple[str, str]]
    published: Kept | str | None
    board: Board | str | None

    @property
    def own_by_name(self) -> Mapping[str, RunView]:
        """Runs that no figure uses, by their folders' names."""
        return {run.name: run for run in self.own}

    @property
    def runs(self) -> Mapping[str, RunView]:
        """Every run that is shown, once, by its folder's name."""
        found = {run.name: run for section in self.sections for run in section.runs.values()}
        return {**found, **self.own_by_name}

    @property
    def changed(self) -> str:
        """One line that names the runs that other code trained; "" if there are none."""
        return changed_since(((n, run.provenance) for n, run in self.runs.items()), _AGAIN)

    def section(self, name: str) -> FigureSection | None:
        """The section of a figure, if the store has it."""
        return next((s for s in self.sections if s.figure.name == name), None)

    def claim(self, name: str) -> Claim | None:
        """A claim that was checked, by its name."""
        return next((c for s in self.sections for c in s.claims if c.name == name), None)


def collect(root: Path, tick: NamedTick = lambda what, share: None) -> Collected:
    """Read a store.

    Raises:
        BadInput: there is no such folder, or it holds nothing to report.
    """
    first = f"run 'retrodict reproduce fig1 --out {root}' first, or give another one with --store"
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; {first}")
    reader = _Reader(root, tick)
    drawn = _drawn(root)
    sections = [reader.section(figure) for figure in drawn]
    own, left_out = reader.rest()
    if not own and not any(section.record for section in sections):
        raise BadInput(f"{root}: holds no finished run; {first}")
    return Collected(
        store=root,
        sections=sections,
        missing=[figure for figure in _all_figures() if figure not in drawn],
        own=own,
        left_out=left_out,
        published=VERIFY_PUBLISHED.find(root, partial(Kept.read, published=True)),
        board=LEADERBOARD.find(root, read),
    )


def holds_something(folder: Path) -> bool:
    """Whether a folder is a store: it has runs or drawn figures."""
    return any(folder.glob("*/run.json")) or bool(_drawn(folder))


def _all_figures() -> Sequence[PaperFigure]:
    return (*FIGURES, *FINDINGS, *THEORY_FIGURES)


def _drawn(root: Path) -> list[PaperFigure]:
    return [figure for figure in _all_figures() if (root / f"{figure.name}.json").is_file()]


def overall(verdicts: Sequence[str]) -> str:
    """Return the worst of several verdicts; `not measured` if there is none.

    >>> overall(["holds", "fails (known)", "holds"]), overall([])
    ('fails (known)', 'not measured')
    """
    worst_first = ("fails", "fails (known)", "holds")
    return next((verdict for verdict in worst_first if verdict in verdicts), "not measured")


class _Reader:
    """Reads every run of a store once."""

    def __init__(self, root: Path, tick: NamedTick) -> None:
        self.root, self.tick = root, tick
        self.folders = {run.folder.name: run for run in Store(root).runs()}
        self.known: dict[str, RunView | str] = {}

    def section(self, figure: PaperFigure) -> FigureSection:
        """Read a figure's record, its runs and its drawing."""
        record = _record(self.root / f"{figure.name}.json", figure.name)
        if isinstance(record, str):
            return FigureSection(figure, None, problem=record)
        found = {label: self.run(folder) for label, folder in record.runs.items()}
        lost = [f"run {label!r}: {why}" for label, why in found.items() if isinstance(why, str)]
        problem = "; ".join(lost) or _unfit(record, self.root)
        runs = {label: run for label, run in found.items() if isinstance(run, RunView)}
        section = FigureSection(figure, record, problem, runs)
        shown = picture(self.root / section.drawing, WIDEST) if section.drawing else None
        return replace(section, picture=shown)

    def run(self, folder: str) -> RunView | str:
        """Return a run of the store, or why it cannot be used."""
        if folder not in self.known:
            self.tick(folder, len(self.known) / max(len(self.folders), 1))
            self.known[folder] = self._read(folder)
        return self.known[folder]

    def _read(self, folder: str) -> RunView | str:
        if folder not in self.folders:
            return f"{folder} is not in the store"
        try:
            run = self.folders[folder]
            return view(run) if run.finished else f"{folder} is not finished"
        except CannotFinish as error:
            return str(error)

    def rest(self) -> tuple[list[RunView], list[tuple[str, str]]]:
        """Read the runs that no figure uses; return those, and (folder, why) of the unreadable."""
        rest = {name: self.run(name) for name in self.folders if name not in self.known}
        own = [run for run in rest.values() if isinstance(run, RunView)]
        return own, [(name, why) for name, why in rest.items() if isinstance(why, str)]


def _unfit(record: DrawingRecord, root: Path) -> str:
    """Why a drawing cannot be shown as the one that was checked; "" if it can."""
    try:
        known = fits(record, root)
    except Unreadable as error:
        return str(error)
    return "" if known else "its drawing is missing, or is not the one that was checked"


def _record(path: Path, name: str) -> DrawingRecord | str:
    """Read a record, or say why it cannot be used."""
    try:
        record = DrawingRecord.read(path)
        if record.name != name:
            raise ValueError("it is of another figure")
        if record.scale not in SCALES:
            raise ValueError("its scale is not known")
    except ValueError as error:
        return f"{path.name} is damaged: {error}"
    return record
