"""`retrodict bench`: one JSON document, three files, one clear line for a mistake."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import subprocess
import sys

import pytest

from retrodict.bench import Row
from retrodict.cli._exit import run_cli

pytestmark = pytest.mark.seconds


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """All of a quick benchmark but figure 1, once: (exit code, stdout, folder)."""
    out = tmp_path_factory.mktemp("bench")
    sections = ["step", "scaling", "theory"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run_cli(
            ["bench", *sections, "--quick", "--json", "--repeats", "1", "--out", str(out)]
        )
    return code, printed.getvalue(), out


def test_json_is_one_list_of_complete_rows(measured):
    code, printed, _ = measured
    rows = json.loads(printed)
    assert code == 0
    assert {row["section"] for row in rows} == {"step", "scaling", "theory"}
    fields = {field.name for field in dataclasses.fields(Row)}
    assert all(set(row) == fields for row in rows)
    assert all("(quick)" in row["config"] for row in rows)


def test_the_peer_is_compared_with_itself_and_ours_with_it(measured):
    rows = [row for row in json.loads(measured[1]) if row["section"] == "step"]
    assert [(row["variant"], row["learners"]) for row in rows] == 2 * [
        ("peer", 1),
        ("eager", 1),
        ("eager", 3),
    ]
    assert all(row["ratio_to_peer"] == 1.0 for row in rows if row["variant"] == "peer")
    for row in rows:
        low, high = row["ratio_range"]
        assert low <= row["ratio_to_peer"] <= high
        assert row["ms_per_learner_step"] > 0
        assert row["share_of_floor"] > 0
        assert row["compile_seconds"] is row["seconds_ours"] is None


def test_files_hold_what_was_printed(measured):
    _, printed, out = measured
    assert json.loads((out / "bench.json").read_text()) == json.loads(printed)
    assert (out / "bench.md").read_text().startswith("# Benchmark")
    assert (out / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_says_where_it_was_measured(command, tmp_path):
    code, out, _ = command("bench", "theory", "--quick", "--repeats", 1, "--out", tmp_path)
    assert code == 0
    assert "torch" in out.splitlines()[0]
    assert "closed form" in out
    assert "bench.png" not in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bench.json", "bench.md"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["sclaing"], "sclaing: no section of that name; did you mean 'scaling'?"),
        (["step", "--config", "2x129"], "did you mean '2x128'?"),
        (["step", "--repeats", "0"], "--repeats"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(command, tmp_path, arguments, line):
    code, out, err = command("bench", *arguments, "--out", tmp_path / "b")
    assert code == 2
    assert out == ""
    assert line in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "b").exists()


def test_without_transformers_nothing_is_measured(command, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    code, _, err = command("bench", "step", "--out", tmp_path / "b")
    assert code == 2
    assert "pip install 'retrodict[bench]'" in err


def test_help_shows_examples_and_loads_nothing_heavy():
    program = (
        "import sys; from retrodict.cli._exit import run_cli; run_cli(['bench', '--help']); "
        "print(*sorted({'torch', 'numpy', 'matplotlib'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "retrodict bench step --config 2x128" in done.stdout
    assert done.stderr.strip() == ""
