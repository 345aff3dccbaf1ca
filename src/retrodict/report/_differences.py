"""Compare a figure's runs with the paper's own configuration, setting by setting."""

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
        where: in which runs; "" is all.
    """

    setting: str
    here: str
    paper: str
    where: str


@dataclass(frozen=True)
class Differences:
    """How a figure's runs differ from those at paper scale.

    Attributes:
        settings: what differs in the runs that both have.
        others: what else differs, in words.
    """

    settings: Sequence[Difference]
    others: Sequence[str] = ()

    def in_short(self) -> str:
        """The differences in one line, except for settings of `record`."""
        told = ", ".join(
            f"{d.setting} {d.here} ({d.paper})" + (f" in {d.where}" if d.where else "")
            for d in self.settings
            if not d.setting.startswith("record.")
        )
        nothing = "only in what is recorded" if self.settings else "none: this is paper scale"
        return "; ".join(filter(None, [told, *self.others])) or nothing


def differences(section: FigureSection) -> Differences:
    """Compare a section's runs with those its figure has at paper scale."""
    if section.scale == "paper":
        return Differences([])
    figure, record = section.figure, section.record
    here = {label: run.experiment for label, run in section.runs.items()}
    paper = figure.experiments("paper")
    others = []
    if record and not paper and record.note != (note := figure.note("paper")):
        others.append(f"{record.note} (paper scale: {note})")  # nothing is trained
    if len(here) == len(paper) and not here.keys() <= paper.keys():
        # the same runs under other names, e.g. with another width: paired in order
        pairs = zip(here, paper.items(), strict=True)
        paper = {name if label in paper else label: one for label, (name, one) in pairs}
    for where, ours, theirs in (("here", here, paper), ("at paper scale", paper, here)):
        if only := [label for label in ours if label not in theirs]:
            others.append(f"only {where}: {', '.join(only)}")
    return Differences(_settings(here, paper), others)


def _settings(here: Mapping[str, Experiment], paper: Mapping[str, Experiment]) -> list[Difference]:
    """List the settings that differ between runs of the same name."""
    both = [{label: one.settings for label, one in side.items()} for side in (here, paper)]
    names = dict.fromkeys(name for side in both for one in side.values() for name in one)
    found = []
    for name in names:
        if name not in _MACHINE:
            values = [{label: _written(one, name) for label, one in s.items()} for s in both]
            found += _of_setting(name, *values)
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
