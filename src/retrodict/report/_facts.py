"""A report as one JSON document, for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from retrodict.claims import Kept, Verdict
from retrodict.report._collect import Collected
from retrodict.report._headline import Answer

_OF_SECTION = ("scale", "verdict", "problem", "stale", "command")


def facts(
    store: Collected, statements: Kept | None, found: Sequence[Answer], path: Path, size: int
) -> dict[str, Any]:
    """Describe a report that was written."""
    return {
        "report": str(path),
        "bytes": size,
        "store": str(store.store),
        "answers": [{**dataclasses.asdict(answer), "text": answer.text} for answer in found],
        "figures": [
            {
                **{name: getattr(section.figure, name) for name in ("name", "title", "grade")},
                **{name: getattr(section, name) for name in _OF_SECTION},
                "runs": {label: run.name for label, run in section.runs.items()},
                "claims": [dataclasses.asdict(claim) for claim in section.claims],
            }
            for section in store.sections
        ],
        "missing": [figure.name for figure in store.missing],
        "own": [run.name for run in store.own],
        "code_changed": [n for n, run in store.runs.items() if run.provenance.code_changed],
        "left_out": [{"run": name, "why": why} for name, why in store.left_out],
        "statements": _statements(statements),
        "published": _published(store.published),
    }


def something_failed(store: Collected, statements: Kept | None) -> bool:
    """Whether a claim or statement failed that is not documented as failing."""
    kept = [one for one in (statements, store.published) if isinstance(one, Kept)]
    as_recorded = all(finding.as_recorded for one in kept for finding in one.findings)
    return not as_recorded or any(section.failing for section in store.sections)


def _statements(kept: Kept | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    verdicts = [str(finding.verdict) for finding in kept.findings]
    return {
        "checked": len(verdicts),
        "fast": kept.fast,
        "command": kept.command,
        "verdicts": {verdict: verdicts.count(verdict) for verdict in get_args(Verdict)},
    }


def _published(kept: Kept | str | None) -> dict[str, Any] | None:
    if not isinstance(kept, Kept):
        return None if kept is None else {"problem": kept}
    verdicts = {finding.about.name: finding.said for finding in kept.findings}
    return {"fast": kept.fast, "command": kept.command, "verdicts": verdicts}
