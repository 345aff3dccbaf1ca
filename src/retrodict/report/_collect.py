"""Reading a store: the figures that are drawn in it, their runs, and what else is there.

Nothing in a store is trusted: a record, a run or a drawing that is damaged, missing or of another
version becomes a line that says so, and none of its numbers is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
    code_version,
    command,
    fits,
)
from retrodict.files import LEADERBOARD, VERIFY_PUBLISHED
from retrodict.leaderboard import Board, read
from retrodict.report._images import Picture, picture
from retrodict.report._run_view import RunView, view
from retrodict.runs import Store, changed_since

_AGAIN = "reproduce or run, with --again, trains again and says whether the bits are the same"
WIDEST = 1600  # pixels of a drawing in the page

Tick = Callable[[str, float], None]
"""Called with what is being read, and with the share, 0 to 1, that is done."""


@dataclass(frozen=True)
class FigureSection:
    """A figure as the store has it.

    Attributes:
        figure: which.
        record: what is known of its drawing; None if that cannot be read.
        problem: why its numbers are not used; "" if they are.
        runs: the figure's names for its runs → the runs.
        picture: the drawing; None if it is not there.
        stale: whether another version of the code drew and checked it.
    """

    figure: PaperFigure
    record: DrawingRecord | None
    problem: str = ""
    runs: Mapping[str, RunView] = field(default_factory=dict)
    picture: Picture | None = None
    stale: bool = False

    @property
    def claims(self) -> Sequence[Claim]:
        """The checked claims; none if the figure has a problem."""
        return self.record.claims if self.record and not self.problem else []

    @property
    def failing(self) -> Sequence[Claim]:
        """Claims that fail and are not documented to."""
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
        known = [scale for scale in SCALES if scale == self.scale]
        return command(self.figure.name, known[0] if known else "laptop")


@dataclass(frozen=True)
class Collected:
    """Everything a report is made from.

    Attributes:
        store: the folder.
        sections: figures with a record, in the paper's order.
        missing: figures without one.
        own: finished runs that no figure uses.
        left_out: (folder, why) of other runs: unfinished, damaged.
        published: published claims that were checked; why they cannot be used; None without any.
        board: the leaderboard; why it cannot be used; None without any.
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
        """Say in a line which runs were trained by other code than this; "" if none."""
        return changed_since(((n, run.provenance) for n, run in self.runs.items()), _AGAIN)

    def section(self, name: str) -> FigureSection | None:
        """The section of a figure, if it is there."""
        return next((s for s in self.sections if s.figure.name == name), None)

    def claim(self, name: str) -> Claim | None:
        """A claim that was checked, by its name."""
        return next((c for s in self.sections for c in s.claims if c.name == name), None)


def collect(root: Path, tick: Tick = lambda what, share: None) -> Collected:
    """Read a store.

    Raises:
        BadInput: there is no such folder, or nothing in it to report on.
    """
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; {_FIRST.format(store=root)}")
    reader = _Reader(root, tick)
    figures = (*FIGURES, *FINDINGS, *THEORY_FIGURES)
    drawn = [figure for figure in figures if (root / f"{figure.name}.json").is_file()]
    sections = [reader.section(figure) for figure in drawn]
    own, left_out = reader.rest()
    if not own and not any(section.record for section in sections):
        raise BadInput(f"{root}: holds no finished run; {_FIRST.format(store=root)}")
    return Collected(
        store=root,
        sections=sections,
        missing=[figure for figure in figures if figure not in drawn],
        own=own,
        left_out=left_out,
        published=VERIFY_PUBLISHED.find(root, partial(Kept.read, published=True)),
        board=LEADERBOARD.find(root, read),
    )


_FIRST = "run 'retrodict reproduce fig1 --out {store}' first, or give another one with --store"


def holds_something(folder: Path) -> bool:
    """Whether a folder is a store: it has runs, or figures that were drawn."""
    figures = (*FIGURES, *FINDINGS, *THEORY_FIGURES)
    records = (folder / f"{figure.name}.json" for figure in figures)
    return any(folder.glob("*/run.json")) or any(path.is_file() for path in records)


def overall(verdicts: Sequence[str]) -> str:
    """Return the worst of several verdicts; `not measured` if there is none.

    >>> overall(["holds", "fails (known)", "holds"]), overall([])
    ('fails (known)', 'not measured')
    """
    for worst in ("fails", "fails (known)", "holds"):
        if worst in verdicts:
            return worst
    return "not measured"


class _Reader:
    """Reads every run of a store once."""

    def __init__(self, root: Path, tick: Tick) -> None:
        self.root, self.tick = root, tick
        self.folders = {run.folder.name: run for run in Store(root).runs()}
        self.known: dict[str, RunView | str] = {}

    def section(self, figure: PaperFigure) -> FigureSection:
        """Read a figure's record, its runs and its drawing."""
        record = _record(self.root / f"{figure.name}.json", figure.name)
        if isinstance(record, str):
            return FigureSection(figure, None, problem=record)
        runs, lost = {}, []
        for label, folder in record.runs.items():
            found = self.run(folder)
            if isinstance(found, str):
                lost.append(f"run {label!r}: {found}")
            else:
                runs[label] = found
        if not lost and (wrong := _unfit(record, self.root)):
            lost.append(wrong)
        drawing = next((name for name in record.files if name.endswith(".png")), "")
        return FigureSection(
            figure,
            record,
            problem="; ".join(lost),
            runs=runs,
            picture=picture(self.root / drawing, WIDEST) if drawing else None,
            stale=record.code != code_version(),
        )

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
        """Read the runs that no figure asked for."""
        own: list[RunView] = []
        left_out: list[tuple[str, str]] = []
        for folder in [name for name in self.folders if name not in self.known]:
            found = self.run(folder)
            if isinstance(found, str):
                left_out.append((folder, found))
            else:
                own.append(found)
        return own, left_out


def _unfit(record: DrawingRecord, root: Path) -> str:
    """Why a drawing cannot be shown as the one that was checked; nothing if it can."""
    try:
        known = fits(record, root)
    except Unreadable as error:
        return str(error)
    return "" if known else "its drawing is missing, or is not the one that was checked"


def _record(path: Path, name: str) -> DrawingRecord | str:
    """Read a record, or say why it cannot be used."""
    try:
        record = DrawingRecord.read(path)
    except ValueError as error:
        return f"{path.name} is damaged: {error}"
    if record.name != name:
        return f"{path.name} is damaged: it is of another figure"
    if record.scale not in SCALES:
        return f"{path.name} is damaged: its scale is not known"
    return record
