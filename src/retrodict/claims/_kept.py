"""`verify.json`: checked statements as they are kept in a store, and read back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from retrodict._atomic import atomic_text
from retrodict._formats import STATEMENTS_FORMAT, require_format
from retrodict._json import dumps
from retrodict._untrusted import MISREAD, a_number, read_json
from retrodict.claims._claim import Verdict
from retrodict.claims._statement import Finding, Part


@dataclass(frozen=True)
class Kept:
    """Statements that were checked, and by what.

    Attributes:
        findings: in order.
        fast: whether on the smaller grids.
        command: what made them.
        version: of the package.
        code: which code checked them, as the records of figures say it.
    """

    findings: Sequence[Finding]
    fast: bool
    command: str
    version: str
    code: str

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        content = {"format": STATEMENTS_FORMAT, **dataclasses.asdict(self)}
        atomic_text(path, dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Kept:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        try:
            content = read_json(path)
            require_format(content.pop("format"), STATEMENTS_FORMAT, "it")
            findings = [_finding(**one) for one in content.pop("findings")]
            kept = cls(findings=findings, **content)
            if not all(_sound(finding) for finding in findings):
                raise ValueError("a finding is not as findings are")
            if not all(isinstance(t, str) for t in (kept.command, kept.version, kept.code)):
                raise ValueError("text expected")
            if not isinstance(kept.fast, bool):
                raise ValueError("true or false expected")
        except MISREAD as error:
            raise ValueError(f"{path}: no checked statements: {error}") from None
        return kept


def _finding(
    measured: float | None, margin: float | None, parts: Any, assumptions: Any, **rest: Any
) -> Finding:
    return Finding(
        measured=a_number(measured),
        margin=a_number(margin),
        assumptions=[(str(text), bool(met)) for text, met in assumptions],
        parts=[
            Part(
                what=str(part["what"]),
                predicted=str(part["predicted"]),
                measured=a_number(part["measured"]),
                margin=a_number(part["margin"]),
            )
            for part in parts
        ],
        **rest,
    )


def _sound(finding: Finding) -> bool:
    words = ("name", "title", "words", "formula", "grade", "source", "testable")
    texts = [getattr(finding, name) for name in (*words, "compared", "predicted", "grid", "known")]
    return (
        all(isinstance(part, str) for part in (*texts, *finding.notes))
        and all(isinstance(seed, int) for seed in finding.seeds)
        and finding.verdict in get_args(Verdict)
    )
