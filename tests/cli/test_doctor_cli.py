"""`retrodict doctor`: a screen, or one document; nothing is changed."""

from __future__ import annotations

import json
import re

import pytest

from retrodict.doctor import _disk

SECTIONS = ["software", "machine", "store", "temporary folder", "terminal", "variables"]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(_disk, "_PATIENCE_SECONDS", 60)


def test_the_screen_has_every_section(command, tmp_path):
    code, out, _ = command("doctor", "--out", tmp_path / "runs")
    assert code == 0
    assert [line for line in out.splitlines() if line in SECTIONS] == SECTIONS
    assert re.match(r"(no|\d+) problem", out.splitlines()[-1])


def test_json_is_one_document_of_the_same_lines(command, tmp_path):
    code, out, _ = command("doctor", "--json", "--out", tmp_path / "runs")
    told = json.loads(out)
    assert code == 0
    assert out.isascii()
    assert list(told["sections"]) == SECTIONS
    lines = [line for section in told["sections"].values() for line in section]
    assert all(set(line) == {"name", "value", "follows", "problem"} for line in lines)
    assert sum(line["problem"] for line in lines) == told["problems"]


def test_nothing_is_changed(command, tmp_path):
    store, missing = tmp_path / "runs", tmp_path / "missing"
    store.mkdir()
    before = sorted(tmp_path.rglob("*")), store.stat().st_mtime_ns, tmp_path.stat().st_mtime_ns
    for folder in (store, missing / "deep" / "runs"):
        assert command("doctor", "--out", folder)[0] == 0
    assert before == (
        *(sorted(tmp_path.rglob("*")), store.stat().st_mtime_ns),
        tmp_path.stat().st_mtime_ns,
    )


def test_a_problem_is_marked(command, tmp_path):
    (tmp_path / "runs").write_text("", encoding="utf-8")
    code, out, _ = command("doctor", "--out", tmp_path / "runs")
    assert code == 0
    marked = [line for line in out.splitlines() if line.startswith("!")]
    assert any(line.split()[1] == "folder" for line in marked)
