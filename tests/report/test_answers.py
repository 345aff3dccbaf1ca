"""The first screen's answers: which figures they count."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrodict.claims import at_most
from retrodict.figures import FIGURES, DrawingRecord, PaperFigure, code_version
from retrodict.measures import Interval
from retrodict.report import answers, collect

COUNTED = 14


@pytest.fixture
def with_made_up(store, monkeypatch):
    """Answer from a store with a new figure whose only claim fails."""

    def answer(sweep: bool) -> tuple[str, str]:
        new = PaperFigure(
            name="made-up",
            title="a new figure",
            grade="O",
            paper="",
            draw=lambda material: pytest.fail("nothing is drawn"),
            check=lambda material, caption: None,
            sweep=sweep,
        )
        for module in ("_headline", "_collect"):
            monkeypatch.setattr(f"retrodict.report.{module}.FIGURES", (*FIGURES, new))
        failed = at_most("made-up.training", "fails", "O", Interval(2.0, 1.5, 2.5, 3), 1.0)
        record = DrawingRecord("made-up", "smoke", "tiny", {}, [failed], {}, code_version())
        record.write(Path(store) / "made-up.json")
        found = next(a for a in answers(collect(store), None) if a.question == "So in every sweep")
        return found.verdict, found.text

    return answer


def test_a_new_figure_is_no_sweep_unless_it_says_so(with_made_up):
    verdict, text = with_made_up(sweep=False)
    assert verdict == "not measured"
    assert "made-up" not in text


def test_a_new_sweep_is_counted(with_made_up):
    verdict, text = with_made_up(sweep=True)
    assert verdict == "fails"
    assert f"{COUNTED} of {COUNTED + 1} sweeps are not here" in text
    assert "in made-up" in text


def test_the_papers_sweeps_are_counted():
    assert sum(figure.sweep for figure in FIGURES) == COUNTED
