"""A published claim: who says what of which setting, how we test it, and what testing found.

A claim is checked by itself (`check`), or on the traces of training runs (`experiments` and
`judge`), which whoever sits above runs through the store.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from retrodict.claims._check import Effort
from retrodict.claims._claim import Claim, at_least, at_most
from retrodict.experiment import Experiment
from retrodict.host import own_settings
from retrodict.measures import Interval
from retrodict.trace import Trace

Outcome = Literal["reproduced", "not reproduced at this scale", "contradicted"]


@dataclass(frozen=True)
class Compared:
    """One comparison of a published claim.

    Attributes:
        claim: what is compared; it holds if the published claim is right.
        opposite: what would hold if the published claim were wrong, not only unseen here; none
            where a failure only says that this scale cannot tell.
    """

    claim: Claim
    opposite: Claim | None = None

    @property
    def holds(self) -> bool:
        """Whether it is as published."""
        return self.claim.verdict == "holds"

    @property
    def contradicts(self) -> bool:
        """Whether the opposite holds."""
        opposite = self.opposite is not None and self.opposite.verdict == "holds"
        return opposite and not self.holds


def more(
    name: str,
    statement: str,
    grade: str,
    measured: Interval,
    bound: float,
    contradicted: float | None = None,
) -> Compared:
    """The mean is at least `bound`; at most `contradicted`, the claim is wrong."""
    opposite = None
    if contradicted is not None:
        opposite = at_most(name, statement, grade, measured, contradicted)
    return Compared(at_least(name, statement, grade, measured, bound), opposite)


def less(
    name: str,
    statement: str,
    grade: str,
    measured: Interval,
    bound: float,
    contradicted: float | None = None,
) -> Compared:
    """The mean is at most `bound`; at least `contradicted`, the claim is wrong."""
    opposite = None
    if contradicted is not None:
        opposite = at_least(name, statement, grade, measured, contradicted)
    return Compared(at_most(name, statement, grade, measured, bound), opposite)


def exactly(name: str, statement: str, grade: str, value: float, bound: float) -> Compared:
    """A number without an interval is at most `bound`, else the claim is wrong."""
    return less(name, statement, grade, Interval(value, math.nan, math.nan, 1), bound, bound)


@dataclass(frozen=True)
class Judged:
    """What a check found.

    Attributes:
        compared: its comparisons, the telling one first.
        seeds: which seeds were drawn.
        grid: over which sizes.
        differs: how this setting differs from the published one.
        notes: other numbers worth telling.
    """

    compared: Sequence[Compared]
    seeds: Sequence[int] = ()
    grid: str = ""
    differs: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class PublishedFinding:
    """A published claim that was checked; see `Published` and `Judged`.

    Attributes:
        name, title, words, authors, year, arxiv, grade, source, setting, testable, ours: of the
            claim.
        verdict: `reproduced`, `not reproduced at this scale` or `contradicted`.
        as_recorded: whether it is reproduced, or known not to be, as `known` says.
        known: why it is known not to be reproduced.
        deciding: the comparison that decides: the first that contradicts, else the first that
            fails, else the first.
        compared: all of them.
        seeds, grid, differs, notes: what was found.
        runs: names of the experiments behind it → folders of their runs.
    """

    name: str
    title: str
    words: str
    authors: str
    year: int
    arxiv: str
    grade: str
    source: str
    setting: str
    testable: str
    ours: bool
    verdict: Outcome
    as_recorded: bool
    known: str
    deciding: Claim
    compared: Sequence[Claim]
    seeds: Sequence[int]
    grid: str
    differs: Sequence[str]
    notes: Sequence[str]
    runs: Mapping[str, str]


@dataclass(frozen=True)
class Published:
    """A published claim and its check.

    Attributes:
        name: what `retrodict verify --published` calls it, e.g. `"out-of-context-factorised"`.
        title: one line for lists.
        words: the claim, in our words.
        authors, year, arxiv: who says so, when, and where; ours has no arXiv number.
        grade: how well we know what they say: S, N, R or O (docs/grades.md), here of this source.
        source: what of the source we could read.
        setting: theirs, in our words.
        testable: the form that is checked.
        ours: whether the claim is our own.
        check: effort → what was found. Its other arguments default to the setting as it is; tests
            put wrong ones in their place and see the check fail.
        experiments: fast → the experiments behind it, by name; for a claim about training runs.
        judge: their traces, by name → what was found.
        known: if it does not come out as published: why.
        known_outcome: how it comes out then.
    """

    name: str
    title: str
    words: str
    authors: str
    year: int
    grade: str
    setting: str
    testable: str
    arxiv: str = ""
    source: str = ""
    ours: bool = False
    check: Callable[..., Judged] | None = field(default=None, repr=False)
    experiments: Callable[[bool], Mapping[str, Experiment]] = field(
        default=lambda fast: {}, repr=False
    )
    judge: Callable[[Mapping[str, Trace]], Judged] | None = field(default=None, repr=False)
    known: str = ""
    known_outcome: Outcome = "not reproduced at this scale"

    def __post_init__(self) -> None:
        if (self.check is None) == (self.judge is None):
            raise ValueError(f"{self.name}: either check or judge says how it is checked")

    @own_settings()
    def examine(
        self,
        effort: Effort | None = None,
        traces: Mapping[str, Trace] | None = None,
        runs: Mapping[str, str] | None = None,
        **subject: object,
    ) -> PublishedFinding:
        """Check the claim.

        Args:
            effort: how thoroughly; says nothing to `judge`.
            traces: of the claim's experiments, by name.
            runs: the folders that they are from.
            subject: other arguments of the check.
        """
        if self.judge is not None:
            judged = self.judge(traces or {})
        else:
            assert self.check is not None
            judged = self.check(effort or Effort(), **subject)
        failing = [one for one in judged.compared if not one.holds]
        against = [one for one in failing if one.contradicts]
        verdict: Outcome = "reproduced"
        if failing:
            verdict = "contradicted" if against else "not reproduced at this scale"
        deciding = (against or failing or list(judged.compared))[0].claim
        return PublishedFinding(
            name=self.name,
            title=self.title,
            words=self.words,
            authors=self.authors,
            year=self.year,
            arxiv=self.arxiv,
            grade=self.grade,
            source=self.source,
            setting=self.setting,
            testable=self.testable,
            ours=self.ours,
            verdict=verdict,
            as_recorded=verdict == "reproduced"
            or (bool(self.known) and verdict == self.known_outcome),
            known=self.known,
            deciding=deciding,
            compared=[one.claim for one in judged.compared],
            seeds=list(judged.seeds),
            grid=judged.grid,
            differs=list(judged.differs),
            notes=list(judged.notes),
            runs=dict(runs or {}),
        )
