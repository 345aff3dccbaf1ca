"""Clocks that jump, stores that cannot be written to, names of any letters and length."""

from __future__ import annotations

import os
import random
import subprocess
import time

import pytest

from retrodict.cli._exit import run_cli
from retrodict.runs import Store

pytestmark = pytest.mark.seconds


def test_a_clock_that_jumps_alters_nothing(
    answer, stopped, require_same, alone, tmp_path, monkeypatch
):
    rng = random.Random(0)

    def jumping() -> float:
        return rng.choice([0.0, 1e9, 2e9, 4e9])

    monkeypatch.setattr(time, "time", jumping)
    run = stopped(alone, tmp_path)
    for path in run.folder.iterdir():
        os.utime(path, (jumping(), jumping()))
    require_same(answer(alone, tmp_path), alone)
    assert [event["event"] for event in run.events()] == ["started", "resumed", "finished"]


ANSWERED = (
    ["run", "{yaml}", "--out", "{store}"],
    ["run", "{yaml}", "--out", "{store}", "--set", "grid.training.seed=[0]"],
    ["show", "{run}"],
    ["compare", "{run}"],
    ["runs", "list", "--out", "{store}"],
    ["runs", "verify", "--out", "{store}"],
)
REFUSED = (
    ["run", "{yaml}", "--out", "{store}", "--set", "training.seed=9"],
    ["run", "{yaml}", "--out", "{store}", "--set", "grid.training.seed=[0, 9]"],
    ["reproduce", "fig2", "--scale", "smoke", "--out", "{store}"],
    ["reproduce", "table1", "--out", "{store}"],
    ["compare", "{run}", "--plot", "{store}/plot.png"],
    ["verify", "--fast", "--out", "{store}"],
)


def test_a_store_that_may_only_be_read_answers_and_says_what_it_cannot(
    small_disk, tiny_yaml, command, refused
):
    disk = small_disk(8192)
    store = disk / "store"
    assert command("run", tiny_yaml, "--out", store)[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    (run,) = Store(store).runs()
    places = {"yaml": tiny_yaml, "store": store, "run": run.folder}
    for words in ANSWERED:
        assert command(*(part.format(**places) for part in words))[0] == 0, words
    for words in REFUSED:
        assert "Read-only file system" in refused(*(part.format(**places) for part in words))
    assert not list(store.rglob("*.tmp"))


@pytest.mark.slow
def test_figures_of_a_store_that_may_only_be_read_are_found_and_reported(small_disk, tmp_path):
    disk = small_disk(8192)
    command = ["reproduce", "fig1", "--scale", "smoke", "--out", str(disk / "store")]
    assert run_cli(command) == 0
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert run_cli(command) == 0
    report = ["report", "--store", str(disk / "store"), "--out", str(tmp_path / "report.html")]
    assert run_cli(report) == 0


ONE = ("--set", "training.epochs=1", "--set", "training.threads=1")
NAMES = ("Übung № 5 – 実験 🧪", "a\nb [bold] % {x} 'quotes' \"others\"", "-o", "é" * 120)


@pytest.mark.parametrize("name", NAMES)
def test_a_store_may_have_any_name(tiny_yaml, tmp_path, command, name):
    store = tmp_path / name
    assert command("run", tiny_yaml, "--out", store, *ONE)[0] == 0
    (run,) = Store(store).runs()
    code, _, err = command("show", run.folder)
    assert (code, "Traceback" in err) == (0, False)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_files_may_have_any_name(tiny_yaml, tmp_path, name):
    store = tmp_path / name
    assert run_cli(["run", str(tiny_yaml), "--out", str(store)]) == 0
    (run,) = Store(store).runs()
    for command in (
        ["compare", str(run.folder), "--plot", str(store / "plot.png")],
        ["report", "--store", str(store), "--out", str(store / "report.html")],
        ["report", "--store", str(store), "--out", str(store / "report.md")],
        ["runs", "export", "--out", str(store), "--to", str(tmp_path / f"{name}+")],
        ["runs", "verify", "--out", str(store)],
    ):
        assert run_cli(command) == 0, command


@pytest.mark.parametrize(
    ("length", "deep"), [(250, False), (256, False), (5000, False), (256, True), (4000, True)]
)
def test_a_path_that_is_too_long_is_refused_in_one_line(tiny_yaml, tmp_path, command, length, deep):
    name = "/".join(["x" * 99] * (length // 100)) if deep else "x" * length
    store = tmp_path / name
    for option in (["--set", "grid.training.seed=[0]"], []):
        code, _, said = command("run", tiny_yaml, "--out", store, *ONE, *option)
        assert code == (0 if (length, deep) in [(250, False), (256, True)] else 2)
        if code:
            assert "File name too long" in said
            assert said.count("\n") == 1
            assert not list(tmp_path.glob("x*"))
