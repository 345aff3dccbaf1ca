"""What a line of progress calls a training, and when it tells a rate."""

from __future__ import annotations

import pytest

from retrodict.cli import _progress
from retrodict.runs import Run


@pytest.fixture
def said(capsys, monkeypatch, tmp_path):
    """Report two epochs of a training that stands somewhere among others; return the lines."""

    def report(number: int, of: int, label: str) -> str:
        monkeypatch.setattr(_progress, "_LINE_SECONDS", -1.0)
        run = Run(tmp_path / "the-run")
        with _progress.Progress() as progress:
            progress.cell(number, of, label)
            progress.training(run, 0, 9)
            progress.training(run, 2, 9)
        return capsys.readouterr().err

    return report


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ((1, 1, ""), "the-run"),
        ((1, 1, "lr=0.1"), "lr=0.1"),
        ((2, 3, ""), "2/3 the-run"),
        ((2, 3, "lr=0.1"), "2/3 lr=0.1"),
    ],
)
def test_a_training_is_called_by_its_cell_or_its_run(said, place, name):
    assert said(*place).startswith(f"{name}: epoch 2/9")


def test_a_rate_of_no_time_is_not_told(said):
    assert "epochs/s" not in said(1, 1, "")
