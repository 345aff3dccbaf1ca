"""`verify.json` and `published.json`: the checked statements in a store.

In both, a finding is one flat object, made by `document`; other programs rely on its keys.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from retrodict.claims._check import Finding
from retrodict.claims._claim import Claim, alone
from retrodict.files import VERIFY, VERIFY_PUBLISHED, Document


def document(finding: Finding) -> dict[str, Any]:
    """Write a finding as an object of `verify.json`, or of `published.json` if it has a source."""
    about, evidence, deciding = finding.about, finding.evidence, finding.deciding
    if about.source is None:
        return {
            **_of(about, "name", "title", "words", "formula", "grade"),
            "source": about.grading,
            "testable": about.testable,
            "assumptions": finding.assumptions,
            "compared": deciding.statement,
            **_number(deciding),
            "verdict": finding.verdict,
            "seeds": list(evidence.seeds),
            **_of(evidence, "grid", "notes"),
            "parts": [{"what": part.statement, **_number(part)} for part in evidence.parts],
            "known": about.known,
        }
    return {
        **_of(about, "name", "title", "words"),
        **dataclasses.asdict(about.source),
        "grade": about.grade,
        "source": about.grading,
        **_of(about, "setting", "testable", "ours"),
        **_of(finding, "verdict", "as_recorded"),
        "known": about.known,
        "deciding": dataclasses.asdict(deciding),
        "compared": [dataclasses.asdict(part) for part in evidence.parts],
        "seeds": list(evidence.seeds),
        **_of(evidence, "grid", "differs", "notes"),
        "runs": finding.runs,
    }


def _of(whole: object, *names: str) -> dict[str, Any]:
    return {name: getattr(whole, name) for name in names}


def _number(part: Claim) -> dict[str, Any]:
    return {"predicted": part.predicted, "measured": part.measured.mean, "margin": part.margin}


def _finding(told: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `document`."""
    about, evidence = {**told, "grading": told["source"], "source": None}, dict(told)
    if "authors" in told:
        about["source"] = {key: told[key] for key in ("authors", "year", "arxiv")}
        return {**told, "about": about, "evidence": {**evidence, "parts": told["compared"]}}
    about["assumptions"] = [text for text, _ in told["assumptions"]]
    evidence["unmet"] = [text for text, met in told["assumptions"] if not met]
    evidence["parts"] = [_part(part["what"], part) for part in told["parts"]]
    return {
        "about": about,
        "evidence": evidence,
        "deciding": _part(told["compared"], told),
        "verdict": told["verdict"],
        "as_recorded": told["verdict"] != "fails",
    }


def _part(what: str, told: Mapping[str, Any]) -> dict[str, Any]:
    measured = {**vars(alone(math.nan)), "mean": told["measured"]}
    verdict = "holds" if told["margin"] >= 0 else "fails"
    said = {"name": "", "statement": what, "grade": "", "measured": measured, "verdict": verdict}
    return {**told, **said}


@dataclass(frozen=True)
class Kept:
    """Checked statements, and the command and code that checked them.

    Attributes:
        findings: in order; either all of the theory, or all published.
        fast: whether the smaller grids were used.
        command: the command that made them.
        version: of the package.
        code: version of the code that checked them, as in the records of figures.
    """

    findings: Sequence[Annotated[Finding, BeforeValidator(_finding)]]
    fast: bool
    command: str
    version: str
    code: str

    @property
    def published(self) -> bool:
        """Whether some of them are published claims."""
        return any(finding.about.source for finding in self.findings)

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        found = [document(finding) for finding in self.findings]
        home(self.published).write(path, {**vars(self), "findings": found})

    @classmethod
    def read(cls, path: Path, published: bool = False) -> Kept:
        """Read it.

        Raises:
            ValueError: it is missing, damaged, of another version, or of the other kind.
        """
        kept = home(published).read(path, cls)
        if any((finding.about.source is None) == published for finding in kept.findings):
            raise ValueError(f"{path}: no {home(published).content}: they are of another kind")
        return kept


def home(published: bool) -> Document:
    """Return the document for statements of the theory, or for published ones."""
    return VERIFY_PUBLISHED if published else VERIFY
