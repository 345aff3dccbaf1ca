"""`retrodict report`: where it reads and writes, what it prints, how it exits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from retrodict.claims import Kept
from retrodict.cli import _checks
from retrodict.cli._exit import run_cli

pytestmark = pytest.mark.seconds


@pytest.fixture
def command(capsys):
    """Run a command; return (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = run_cli(["report", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_store_is_the_folder_of_the_file_if_it_holds_runs(command, store, monkeypatch):
    monkeypatch.chdir(store)
    code, out, _ = command("--out", store / "page.html")
    assert code == 0
    assert "The curse" in out or "curse appears" in out
    assert (store / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_default_is_report_html_in_the_store(command, store, monkeypatch):
    store.rename(store.with_name("runs"))
    monkeypatch.chdir(store.parent)
    assert command()[0] == 0
    assert (store.with_name("runs") / "report.html").is_file()


def test_a_read_only_store_is_reported(command, store, tmp_path, read_only, monkeypatch):
    (store / "verify.json").unlink()
    monkeypatch.setattr(_checks, "check", lambda *asked, **more: [])
    read_only(store)
    code, _, err = command("--store", store, "--out", tmp_path / "page.html")
    assert (code, err) == (0, "")
    assert (tmp_path / "page.html").is_file()
    assert not (store / "verify.json").exists()


def test_json_is_one_document(command, store, tmp_path):
    code, out, _ = command("--store", store, "--out", tmp_path / "r.html", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["bytes"] == (tmp_path / "r.html").stat().st_size < 15_000_000
    assert [figure["name"] for figure in found["figures"]] == ["fig1", "fig2", "fig3"]
    assert found["figures"][0]["claims"][0]["measured"]["learners"] == 3
    assert found["statements"]["verdicts"]["holds"] == 2
    assert len(found["answers"]) == 6
    assert {"question", "verdict", "text"} <= found["answers"][0].keys()
    assert "fig4" in found["missing"]


def test_markdown_has_its_thumbnails_beside_it(command, store, tmp_path):
    code, _, _ = command("--store", store, "--out", tmp_path / "reproduction.md")
    assert code == 0
    assert "(reproduction-figures/fig1.png)" in (tmp_path / "reproduction.md").read_text(
        encoding="utf-8"
    )
    for name in ("fig1", "fig2", "fig3"):
        assert (tmp_path / "reproduction-figures" / f"{name}.png").stat().st_size < 100_000


def test_a_failing_claim_exits_with_1_and_the_report_is_written(command, store, edit):
    claims = json.loads((store / "fig1.json").read_text(encoding="utf-8"))["claims"]
    claims[0]["verdict"] = "fails"
    edit("fig1", claims=claims)
    assert command("--store", store)[0] == 1
    assert (store / "report.html").is_file()


def test_a_documented_failure_exits_with_0(command, store, edit):
    claims = json.loads((store / "fig1.json").read_text(encoding="utf-8"))["claims"]
    claims[0]["verdict"] = "fails (known)"
    edit("fig1", claims=claims)
    assert command("--store", store)[0] == 0


def test_a_damaged_record_is_one_line_in_the_page(command, store):
    (store / "fig1.json").write_text("{", encoding="utf-8")
    code, out, _ = command("--store", store, "--json")
    figure = json.loads(out)["figures"][0]
    assert code == 0
    assert figure["verdict"] == "not measured"
    assert "damaged" in figure["problem"]
    assert "fig1.json is damaged" in (store / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", ["missing", "stale", "broken"])
def test_statements_are_checked_anew_unless_they_are_of_this_code(
    command, store, monkeypatch, damage
):
    path = store / "verify.json"
    kept = Kept.read(path)
    if damage == "missing":
        path.unlink()
    elif damage == "broken":
        path.write_text("{", encoding="utf-8")
    else:
        path.write_text(path.read_text(encoding="utf-8").replace(kept.code, "old"), "utf-8")
    asked = []

    def check(statements, fast, progress):
        asked.append((len(statements), fast))
        return kept.findings

    monkeypatch.setattr(_checks, "check", check)
    assert command("--store", store)[0] == 0
    assert asked == [(len(_checks.STATEMENTS), True)]
    assert Kept.read(path) == kept
    assert command("--store", store)[0] == 0
    assert len(asked) == 1


def test_verify_leaves_what_report_reads(store, monkeypatch, capsys):
    kept = Kept.read(store / "verify.json")
    (store / "verify.json").unlink()
    monkeypatch.setattr(_checks, "check", lambda *arguments, **named: kept.findings)
    assert run_cli(["verify", "--fast", "--out", str(store)]) == 0
    assert Kept.read(store / "verify.json") == kept


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--store", "nowhere"], "nowhere: no such folder; run 'retrodict reproduce fig1"),
        (["--store", "empty"], "empty: holds no finished run; run 'retrodict reproduce fig1"),
        ([], "runs: no such folder"),
        (["--out", "page.pdf"], "the name must end with .html or .md"),
        (["--out", "empty.html"], "is a folder"),
        (["--out", "/dev/null/page.html"], "there is no folder /dev/null"),
        (["--out", "/proc/page.html"], "/proc: cannot be written to"),
        (["--out", "no/where.html"], "there is no folder no"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(command, tmp_path, monkeypatch, arguments, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.html").mkdir()
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_the_old_report(command, store, monkeypatch):
    (store / "report.html").write_text("old", encoding="utf-8")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = command("--store", store)
    assert code == 3
    assert "disk is full" in err
    assert (store / "report.html").read_text(encoding="utf-8") == "old"
    assert not list(store.glob("*.tmp")) + list(store.glob(".*.tmp"))


def test_importing_the_report_loads_no_torch():
    code = "import sys, retrodict.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pictures_never_go_into_a_store(command, store, tmp_path):
    shutil.copytree(store, tmp_path / "mine-figures")
    code, _, error = command("--store", store, "--out", tmp_path / "mine.md")
    assert code == 2
    assert "mine-figures, which is a store" in error
    assert not (tmp_path / "mine.md").exists()
