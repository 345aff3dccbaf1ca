"""What there is, and what it claims: names, grades and bounds as data, and the words by themselves.

Claims need numbers. So they are compared where tests compute these: those of figures in
tests/figures, of statements in tests/claims, of the literature in tests/literature.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CATALOGUE = json.loads((HERE / "catalogue.json").read_text(encoding="utf-8"))
CLAIMED = {"figures": "figure", "statements": "statement", "published claims": "published"}


@pytest.fixture
def listed(command) -> dict[str, list[dict[str, str]]]:
    return json.loads(command("list", "--json")[1])


@pytest.mark.parametrize("section", CATALOGUE)
def test_what_was_listed_is_listed_by_the_same_name_and_grade(listed, section, pinned):
    """In the same order; what is new may stand between."""
    known = [row["name"] for row in CATALOGUE[section]]
    rows = [row for row in listed[section] if row["name"] in known]
    found = [{key: row[key] for key in ("name", "grade", "source") if key in row} for row in rows]
    pinned("catalogue", section, found)


@pytest.mark.parametrize("section", CLAIMED)
def test_all_that_is_listed_has_its_claims_written_down(section):
    for name in ("claims", "words"):
        pinned = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
        assert {f"{CLAIMED[section]} {row['name']}" for row in CATALOGUE[section]} <= set(pinned)
