"""Checks of statements, of the theory or published, and their findings.

A check either computes its evidence (`check`), or judges training runs (`experiments` and `judge`),
which the command line runs through the store.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, TypeVar

from retrodict.claims._claim import Claim, Refuted, Verdict
from retrodict.experiment import Experiment
from retrodict.host import own_settings
from retrodict.papers import Source
from retrodict.runs import Run

Outcome = Literal["reproduced", "not reproduced at this scale", "contradicted"]
Scale = Literal["smoke", "laptop"]
Item = TypeVar("Item")

_NEWS = ("fails", "not reproduced at this scale", "contradicted")
"""Bad verdicts. They are as recorded only if they are known for the statement."""


@dataclass(frozen=True)
class Effort:
    """How thoroughly to check.

    Attributes:
        fast: a smaller grid and fewer draws.
        tick: called with the share of a check that is done, 0 to 1.
    """

    fast: bool = False
    tick: Callable[[float], None] = lambda share: None

    @property
    def scale(self) -> Scale:
        """The scale of the training runs that are judged."""
        return "smoke" if self.fast else "laptop"

    def pick(self, full: Any, fast: Any) -> Any:
        """Choose by effort."""
        return fast if self.fast else full

    def each(self, items: Collection[Item]) -> Iterator[Item]:
        """Yield the items; report after each the share that is done."""
        for done, item in enumerate(items, start=1):
            yield item
            self.tick(done / len(items))


@dataclass(frozen=True)
class Evidence:
    """The results of a check.

    Attributes:
        parts: the comparisons, the most important first.
        seeds: the seeds used; empty if nothing is random.
        grid: the sizes and times covered.
        unmet: assumptions that the instance does not meet; if there are any, there is no verdict.
        differs: how this setting differs from the published one.
        notes: other numbers to report.
    """

    parts: Sequence[Claim]
    _: KW_ONLY
    seeds: Sequence[int] = ()
    grid: str = ""
    unmet: Sequence[str] = ()
    differs: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class About:
    """What a statement says, and where it comes from.

    Attributes:
        name: what `retrodict verify` calls it, e.g. `"theorem-1"`.
        title: one line for lists, in the paper's words if it has a title.
        words: what it says, in plain words.
        grade: how certain its wording is: S, N, R or O (docs/grades.md).
        grading: an explanation of the grade, if a letter is not enough.
        source: who published it; none for a statement of the theory.
        setting: the published setting, in our words.
        formula: what it says, in symbols (TeX); for a statement of the theory.
        assumptions: what it needs.
        testable: the form that is checked, if it differs.
        known: why it fails as written, if it does, and the form that holds.
    """

    name: str
    title: str
    words: str
    grade: str
    grading: str = ""
    source: Source | None = None
    setting: str = ""
    formula: str = ""
    assumptions: Sequence[str] = ()
    testable: str = ""
    known: str = ""

    @property
    def ours(self) -> bool:
        """Whether the statement is ours."""
        return self.grade == "O"


@dataclass(frozen=True)
class Finding:
    """A statement that was checked.

    Attributes:
        about: what it says.
        evidence: what the check found.
        deciding: the comparison that decides: the first that is refuted, else the first that
            fails, else the first.
        verdict: of a statement of the theory, or of a published claim.
        as_recorded: whether it holds, or fails in the documented way.
        runs: names of the experiments behind it → folders of their runs.
    """

    about: About
    evidence: Evidence
    deciding: Claim
    verdict: Verdict | Outcome
    as_recorded: bool
    runs: Mapping[str, str] = field(default_factory=dict)

    @property
    def assumptions(self) -> list[tuple[str, bool]]:
        """Each assumption, with whether the instance meets it."""
        return [(text, text not in self.evidence.unmet) for text in self.about.assumptions]

    @property
    def holds(self) -> bool:
        """Whether the statement holds as worded."""
        return self.verdict in ("holds", "reproduced")

    @property
    def said(self) -> str:
        """The verdict, with "(known)" if a published claim is known not to be reproduced."""
        known = self.about.source and self.as_recorded and not self.holds
        return f"{self.verdict} (known)" if known else self.verdict


@dataclass(frozen=True)
class Check(About):
    """A statement and how it is checked, by `check` or by `judge`.

    Attributes:
        check: effort → evidence. By default its other arguments are the real subject; tests pass
            wrong ones and expect the check to fail.
        experiments: scale → the experiments that `judge` needs, by name.
        judge: runs of these experiments, by name → evidence.
        known_value: the interval of measured values of a documented failure of the theory; a value
            outside it is a new failure.
        known_outcome: the outcome of a published claim that is known not to be reproduced.
    """

    check: Callable[..., Evidence] | None = field(default=None, repr=False)
    experiments: Callable[[Scale], Mapping[str, Experiment]] = field(
        default=lambda scale: {}, repr=False
    )
    judge: Callable[[Mapping[str, Run]], Evidence] | None = field(default=None, repr=False)
    known_value: tuple[float, float] = (math.nan, math.nan)
    known_outcome: Outcome = "not reproduced at this scale"

    def __post_init__(self) -> None:
        if (self.check is None) == (self.judge is None):
            raise ValueError(f"{self.name}: either check or judge says how it is checked")

    @own_settings()
    def examine(
        self,
        effort: Effort | None = None,
        runs: Mapping[str, Run] | None = None,
        **subject: Any,
    ) -> Finding:
        """Check the statement, by default on the real subject.

        Args:
            effort: how thoroughly; `judge` does not use it.
            runs: runs of the experiments, by name.
            subject: further arguments of the check.
        """
        if self.judge is not None:
            evidence = self.judge(runs or {})
        else:
            assert self.check is not None
            evidence = self.check(effort or Effort(), **subject)
        failing = [part for part in evidence.parts if not part.holds]
        refuted = [part for part in failing if isinstance(part, Refuted)]
        deciding = (refuted or failing or list(evidence.parts))[0]
        verdict = self._verdict(evidence, deciding)
        known = bool(self.known) and verdict == self.known_outcome
        as_recorded = known or verdict not in _NEWS
        folders = {name: run.folder.name for name, run in (runs or {}).items()}
        return Finding(self, evidence, deciding, verdict, as_recorded, folders)

    def _verdict(self, evidence: Evidence, deciding: Claim) -> Verdict | Outcome:
        if evidence.unmet:
            return "not applicable"
        if deciding.holds:
            return "reproduced" if self.source else "holds"
        if self.source:
            refuted = isinstance(deciding, Refuted)
            return "contradicted" if refuted else "not reproduced at this scale"
        low, high = self.known_value
        return "fails (known)" if low <= deciding.measured.mean <= high else "fails"
