"""Tables say what the code does, in three formats."""

from __future__ import annotations

import csv
import json

import pytest

from retrodict.cli._exit import run_cli
from retrodict.figures import FIGURES, TABLES, default_experiment
from retrodict.figures.paper._sweeps import AXES


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_row_fits_its_head_and_no_cell_is_empty(table):
    rows = table.rows()
    assert rows
    for row in rows:
        assert len(row) == len(table.head)
        assert all(row)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_markdown_and_csv_hold_the_same_cells(table):
    rows = list(csv.reader(table.csv().splitlines()))
    assert rows == [list(table.head), *map(list, table.rows())]
    lines = [line for line in table.markdown().splitlines() if line.startswith("|")]
    assert len(lines) == len(rows) + 1
    assert lines[2] == "| " + " | ".join(rows[1]) + " |"


def cells(name: str) -> dict[str, tuple[str, ...]]:
    (table,) = [t for t in TABLES if t.name == name]
    return {row[0]: row[1:] for row in table.rows()}


def test_table_1_counts_the_default_corpora():
    (table,) = [t for t in TABLES if t.name == "table1"]
    found = {(row[0], row[2]): row[3] for row in table.rows()}
    assert found["M", "reversal"] == found["M", "chain"] == "802"
    assert (found["N", "reversal"], found["N", "chain"]) == ("340", "540")
    assert found["A_i", "reversal"] == "200 tokens"
    assert (found["→", "reversal"], found["⇝", "chain"]) == ("id 0", "id 1")


def test_table_2_is_what_the_figures_run():
    found = cells("table2")
    for column, scale in ((0, "paper"), (1, "laptop"), (3, "smoke")):
        experiment = FIGURES[0].experiments(scale)["reversal"]
        assert experiment == default_experiment("reversal", scale)
        assert float(found["optimizer.lr"][column]) == experiment.optimizer.lr
        assert int(found["model.n_layer"][column]) == experiment.model.n_layer
        assert int(found["training.epochs"][column]) == experiment.training.epochs


def test_table_3_has_a_row_an_axis():
    (table,) = [t for t in TABLES if t.name == "table3"]
    assert [row[0] for row in table.rows()] == [axis.key for axis in AXES]
    assert cells("table3")["task.vocab_size"][1] == "20, 50, 200, 2000"
    assert cells("table3")["task.vocab_size"][2].endswith("2000; at 2000: training.epochs=45")


def test_reproduce_writes_tables(tmp_path, capsys):
    assert run_cli(["reproduce", "table1", "table3", "--out", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [t["name"] for t in found["tables"]] == ["table1", "table3"]
    assert found["figures"] == []
    for table in found["tables"]:
        assert all(tmp_path.joinpath(f).exists() for f in table["files"])
    assert {p.suffix for p in tmp_path.iterdir()} == {".md", ".csv"}


def test_reproduce_prints_a_table(tmp_path, capsys):
    assert run_cli(["reproduce", "table2", "--out", str(tmp_path)]) == 0
    assert "model.n_layer" in capsys.readouterr().out


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path, capsys):
    assert run_cli(["reproduce", "reversal-layer", "--out", str(tmp_path / "new")]) == 2
    assert "reversal-layers" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_fig5_is_another_name():
    from retrodict.cli.commands._reproduce import chosen

    assert [one.name for one in chosen(["fig5", "reversal-vocab-sizes"])] == [
        "reversal-vocab-sizes"
    ]
    assert len(chosen(["all"])) == len(FIGURES) + 3
