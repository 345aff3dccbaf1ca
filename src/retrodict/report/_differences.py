"""Where a figure's runs differ from the paper's own configuration, setting by setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrodict.experiment import Experiment, flow
from retrodict.report._collect import FigureSection

_MACHINE = ("training.device", "training.threads")
"""Settings of the machine, which are not compared."""


@dataclass(frozen=True)
class Difference:
    """One setting.

    Attributes:
        setting: its name, e.g. `model.n_layer`.
        here, paper: its values.
        where: of which runs; "" of all.
    """

    setting: str
    here: str
    paper: str
    where: str


@dataclass(frozen=True)
class Differences:
    """A figure's runs against those of paper scale.

    Attributes:
        settings: what differs in the runs that both have.
        only_here, only_paper: names of the runs that one of both has.
        notes: the two configurations in one line each, where nothing is trained.
    """

    settings: Sequence[Difference]
    only_here: Sequence[str]
    only_paper: Sequence[str]
    notes: tuple[str, str] = ("", "")

    @property
    def none(self) -> bool:
        """Whether this is the paper's own configuration."""
        here, paper = self.notes
        return not (self.settings or self.only_here or self.only_paper) and here == paper

    def in_short(self) -> str:
        """The differences in one line, but for settings of `record`."""
        if self.none:
            return "none: this is paper scale"
        told = [
            f"{d.setting} {d.here} ({d.paper})" + (f" in {d.where}" if d.where else "")
            for d in self.settings
            if not d.setting.startswith("record.")
        ]
        said = ", ".join(told)
        if self.only_here:
            said += f"; only here: {', '.join(self.only_here)}"
        if self.only_paper:
            said += f"; only at paper scale: {', '.join(self.only_paper)}"
        if self.notes[0] != self.notes[1]:
            said += f"; {self.notes[0]} (paper scale: {self.notes[1]})"
        return said.lstrip("; ") or "only in what is recorded"


def differences(section: FigureSection) -> Differences:
    """Compare a section's runs with those its figure has at paper scale."""
    figure, record = section.figure, section.record
    paper = figure.experiments("paper")
    notes = ("", "")
    if record and not paper:
        notes = (record.note, figure.note("paper"))
    if section.scale == "paper":
        return Differences([], [], [])
    here = {label: run.experiment for label, run in section.runs.items()}
    if len(here) == len(paper) and not here.keys() <= paper.keys():
        # the same runs by other names, e.g. of their own width: one by one, in order
        names = zip(here, paper.items(), strict=True)
        paper = {
            label if label not in paper else name: experiment for label, (name, experiment) in names
        }
    return Differences(
        settings=_settings(here, paper),
        only_here=[label for label in here if label not in paper],
        only_paper=[label for label in paper if label not in here],
        notes=notes,
    )


def _settings(here: Mapping[str, Experiment], paper: Mapping[str, Experiment]) -> list[Difference]:
    """List the settings that differ between runs of the same name."""
    ours = {label: one.settings for label, one in here.items()}
    theirs = {label: one.settings for label, one in paper.items()}
    names = dict.fromkeys(name for one in (*ours.values(), *theirs.values()) for name in one)
    found = []
    for name in names:
        if name not in _MACHINE:
            found += _of_setting(
                name,
                {label: _written(one, name) for label, one in ours.items()},
                {label: _written(one, name) for label, one in theirs.items()},
            )
    return found


def _of_setting(name: str, here: Mapping[str, str], paper: Mapping[str, str]) -> list[Difference]:
    """Return one difference if all runs agree, else one for each pair of values."""
    if len({*here.values()}) == len({*paper.values()}) == 1:
        (ours,), (theirs,) = {*here.values()}, {*paper.values()}
        return [Difference(name, ours, theirs, "")] if ours != theirs else []
    pairs: dict[tuple[str, str], list[str]] = {}
    for label in here:
        if label in paper and here[label] != paper[label]:
            pairs.setdefault((here[label], paper[label]), []).append(label)
    return [
        Difference(name, ours, theirs, ", ".join(labels))
        for (ours, theirs), labels in pairs.items()
    ]


def _written(settings: Mapping[str, Any], name: str) -> str:
    return flow(settings[name]) if name in settings else "none"
