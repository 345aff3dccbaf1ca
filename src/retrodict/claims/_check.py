"""One statement of the theory: what it says, how it is tested, and what testing it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import binomtest

from retrodict.claims._claim import Verdict
from retrodict.host import own_settings


@dataclass(frozen=True)
class Effort:
    """How thoroughly to check.

    Attributes:
        fast: a smaller grid and fewer draws.
        tick: called with the share of a check that is done, 0 to 1.
    """

    fast: bool = False
    tick: Callable[[float], None] = lambda share: None

    def pick(self, full: Any, fast: Any) -> Any:
        """Choose by effort."""
        return fast if self.fast else full


@dataclass(frozen=True)
class Part:
    """One comparison of a check.

    Attributes:
        what: what was compared.
        predicted: the condition, e.g. `"≤ 1e-12"`.
        measured: the number found, at its unfavourable end where it has an interval.
        margin: by how much the condition holds (positive) or fails (negative), in its unit.
    """

    what: str
    predicted: str
    measured: float
    margin: float

    @property
    def holds(self) -> bool:
        """Whether the condition is met; a missing number meets none."""
        return self.margin >= 0


def below(what: str, measured: float, bound: float) -> Part:
    """The number is at most `bound`."""
    return _part(what, f"≤ {bound:.3g}", measured, bound - measured)


def above(what: str, measured: float, bound: float) -> Part:
    """The number is at least `bound`."""
    return _part(what, f"≥ {bound:.3g}", measured, measured - bound)


def between(what: str, measured: float, low: float, high: float) -> Part:
    """The number lies in an interval."""
    margin = min(measured - low, high - measured)
    return _part(what, f"{low:.3g} to {high:.3g}", measured, margin)


def largest(*values: Any) -> float:
    """Return the largest of numbers and arrays; a missing one makes the result missing.

    `max` would drop it, and a check that lost its numbers would hold.
    """
    return float(np.max([np.max(value) for value in values]))


def _part(what: str, predicted: str, measured: float, margin: float) -> Part:
    """A number that is missing or infinite meets no condition."""
    finite = math.isfinite(measured)
    return Part(what, predicted, float(measured), float(margin) if finite else math.nan)


def share_at_least(what: str, hits: int, draws: int, share: float) -> Part:
    """The probability behind `hits` of `draws` is at least `share`.

    Measured is the lower end of the exact (Clopper-Pearson) 95 % interval.
    """
    low = binomtest(hits, draws).proportion_ci(0.95).low
    return above(f"{what}: {hits} of {draws} draws; lower 95 % bound of the share", low, share)


@dataclass(frozen=True)
class Evidence:
    """What a check found.

    Attributes:
        parts: its comparisons, the telling one first.
        seeds: which seeds were drawn; empty if nothing is random.
        grid: over which sizes and times.
        unmet: assumptions that the instance does not meet; with any, there is no verdict.
        notes: other numbers worth telling.
    """

    parts: Sequence[Part]
    seeds: Sequence[int] = ()
    grid: str = ""
    unmet: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Finding:
    """A statement that was checked; see `Statement` and `Evidence`.

    Attributes:
        name, title, words, formula, grade, source, testable: the statement's.
        assumptions: each with whether the instance meets it.
        compared, predicted, measured, margin: of the part that decides: the first that fails,
            else the first.
        verdict: `holds`, `fails`, `fails (known)` or `not applicable`.
        seeds, grid, notes, parts: the evidence's.
        known: why a failure is documented, and the form that holds.
    """

    name: str
    title: str
    words: str
    formula: str
    grade: str
    source: str
    testable: str
    assumptions: Sequence[tuple[str, bool]]
    compared: str
    predicted: str
    measured: float
    margin: float
    verdict: Verdict
    seeds: Sequence[int]
    grid: str
    notes: Sequence[str]
    parts: Sequence[Part]
    known: str


@dataclass(frozen=True)
class Statement:
    """A statement and its check.

    Attributes:
        name: what `retrodict verify` calls it, e.g. `"theorem-1"`.
        title: in the paper's words where it has some.
        words: what it says, in plain words.
        formula: what it says, in symbols (TeX).
        grade: how well its wording is known: S, N, R or O (docs/grades.md).
        source: more about that, where a letter does not say it.
        check: effort → evidence. Its other arguments default to the model as it is; tests put
            wrong ones in their place and see the check fail.
        assumptions: what it needs.
        testable: how an asymptotic statement was made testable; empty if it is exact.
        known: if it fails as written: why, and the mended form that holds.
        known_value: the interval in which a documented failure measures; outside it, it is a new
            failure.
    """

    name: str
    title: str
    words: str
    formula: str
    grade: str
    check: Callable[..., Evidence] = field(repr=False)
    assumptions: Sequence[str] = ()
    testable: str = ""
    known: str = ""
    known_value: tuple[float, float] = (math.nan, math.nan)
    source: str = ""

    @own_settings()
    def examine(self, effort: Effort | None = None, **subject: Any) -> Finding:
        """Check the statement, by default on the model as it is."""
        evidence = self.check(effort or Effort(), **subject)
        failing = [part for part in evidence.parts if not part.holds]
        deciding = (failing or list(evidence.parts))[0]
        verdict: Verdict = "holds"
        if evidence.unmet:
            verdict = "not applicable"
        elif failing:
            low, high = self.known_value
            verdict = "fails (known)" if low <= deciding.measured <= high else "fails"
        return Finding(
            name=self.name,
            title=self.title,
            words=self.words,
            formula=self.formula,
            grade=self.grade,
            source=self.source,
            testable=self.testable,
            assumptions=[(text, text not in evidence.unmet) for text in self.assumptions],
            compared=deciding.what,
            predicted=deciding.predicted,
            measured=deciding.measured if math.isfinite(deciding.measured) else math.nan,
            margin=deciding.margin,
            verdict=verdict,
            seeds=list(evidence.seeds),
            grid=evidence.grid,
            notes=list(evidence.notes),
            parts=list(evidence.parts),
            known=self.known,
        )
