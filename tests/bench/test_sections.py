"""Sections at their quickest: rows are complete, and theory agrees with brute force."""

from __future__ import annotations

import dataclasses
import subprocess

import pytest

from retrodict.bench import SECTIONS, Row
from retrodict.errors import CannotFinish

pytestmark = pytest.mark.seconds

PROMISED = {
    "config",
    "variant",
    "learners",
    "ms_per_learner_step",
    "ratio_to_peer",
    "share_of_floor",
    "peak_memory_mb",
}


def test_rows_have_what_was_promised(step_row):
    assert set(dataclasses.asdict(step_row())) >= PROMISED


def test_scaling_varies_one_size_at_a_time(quick):
    shares = []
    rows = SECTIONS["scaling"].measure(quick, shares.append)
    assert [(row.swept, row.learners, row.entity_length) for row in rows] == [
        ("learners", 1, 1),
        ("learners", 2, 1),
        ("entity_length", 2, 1),
        ("entity_length", 2, 2),
    ]
    assert all(row.section == "scaling" and "(quick)" in row.config for row in rows)
    assert all(row.ms_per_learner_step > 0 and row.share_of_floor > 0 for row in rows)
    assert all(row.ratio_to_peer is None for row in rows)
    assert shares[-1] == pytest.approx(1.0)


def test_pieces_are_timed_beside_what_was_not_kept(quick):
    rows = SECTIONS["pieces"].measure(quick, lambda share: None)
    assert len({row.variant for row in rows}) == len(rows) == 7
    assert all(row.seconds_ours > 0 and row.ratio > 0 for row in rows)


def test_theory_agrees_with_brute_force(quick):
    rows = SECTIONS["theory"].measure(quick, lambda share: None)
    assert {row.variant for row in rows} == {"velocity", "flow", "closed form"}
    for row in rows:
        assert row.max_difference < 1e-6  # the solver's tolerance is 1e-8 a step
        assert row.ratio > 0


def done(code: int, stderr: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, "", stderr)


def test_figure_1_is_made_cold_and_warm_in_one_store(quick, monkeypatch):
    commands = []

    def run(command, **_):
        commands.append(command[1:])
        return done(len(commands) - 1)  # 1: a claim does not hold, and the figure was made

    monkeypatch.setattr(subprocess, "run", run)
    rows = SECTIONS["figure1"].measure(quick, lambda share: None)
    assert [row.variant for row in rows] == ["cold", "warm"]
    assert all(isinstance(row, Row) and row.seconds >= 0 for row in rows)
    assert commands[0][:6] == ["-m", "retrodict", "reproduce", "fig1", "--scale", "smoke"]
    assert commands[0] == commands[1]


def test_a_figure_1_that_fails_is_told_in_one_line(quick, monkeypatch):
    failed = done(3, "so far\nretrodict: the disk is full\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(CannotFinish, match=r"^figure 1 could not be made: the disk is full$"):
        SECTIONS["figure1"].measure(quick, lambda share: None)
