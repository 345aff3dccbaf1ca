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
def test_each_is_listed_by_the_same_name_and_grade(listed, section, pinned):
    rows = listed[section]
    found = [{key: row[key] for key in ("name", "grade", "source") if key in row} for row in rows]
    pinned("catalogue", section, found)


def test_every_section_of_the_list_is_pinned(listed):
    sections = {name for name, rows in listed.items() if isinstance(rows, list)}
    assert sections == set(CATALOGUE)


@pytest.mark.parametrize("file", ["claims", "words"])
def test_the_claims_of_all_that_is_listed_are_pinned_and_no_others(file):
    listed = {
        f"{CLAIMED[section]} {row['name']}" for section in CLAIMED for row in CATALOGUE[section]
    }
    assert set(json.loads((HERE / f"{file}.json").read_text(encoding="utf-8"))) == listed


def test_every_recipe_has_its_digests_pinned():
    recipes = json.loads((HERE / "recipes.json").read_text(encoding="utf-8"))
    assert set(recipes) == {row["name"] for row in CATALOGUE["recipes"]}
