"""`retrodict leaderboard`: what it trains, writes, finds again and refuses; its budgets."""

from __future__ import annotations

import csv
import dataclasses
import json

import pytest

from retrodict.cli._exit import run_cli
from retrodict.leaderboard import COLUMNS, HEAD, Board, cells, held_out_in_words, read
from retrodict.report import board_as_html
from retrodict.runs import Store, open_run

pytestmark = pytest.mark.seconds

ASKED = ("leaderboard", "--scale", "smoke", "plain", "both_ways", "--task", "reversal")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("board") / "store"
    assert run_cli([*ASKED, "--out", str(path)]) == 0
    return path


def test_it_writes_a_table_for_machines_and_one_for_people(store):
    lines = list(
        csv.DictReader((store / "leaderboard.csv").read_text(encoding="utf-8").splitlines())
    )
    found = {(line["recipe"], line["at"]) for line in lines}
    assert found == {(r, at) for r in ("plain", "both_ways") for at in ("updates", "compute")}
    content = json.loads((store / "leaderboard.json").read_text(encoding="utf-8"))
    assert [row["recipe"] for row in content["rows"]] == [line["recipe"] for line in lines]
    assert content["command"] == "retrodict " + " ".join([ASKED[0], *ASKED[3:], *ASKED[1:3]])
    page = (store / "leaderboard.html").read_text(encoding="utf-8")
    assert page.count("<table>") == 2
    assert all(f'<th scope="col">{name}</th>' in page for name in HEAD)


def test_it_is_found_again_without_training(store, capsys, monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("it trains")

    monkeypatch.setattr("retrodict.training.train", refuse)
    monkeypatch.setattr("retrodict.training._loop.Trainer", refuse)
    before = (store / "leaderboard.json").read_bytes()
    assert run_cli([*ASKED, "--out", str(store), "--at", "compute", "--sort", "echo"]) == 0
    out = capsys.readouterr().out
    assert "plain" in out
    assert "both_ways*" in out
    assert (store / "leaderboard.json").read_bytes() == before


def test_json_is_one_document(store, capsys):
    assert run_cli([*ASKED, "--out", str(store), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["verdict"] for row in found["rows"]} <= {"broken", "partly", "cursed"}
    assert len(found["files"]) == 4
    assert {row["run"] for row in found["rows"]} == {r.folder.name for r in Store(store).runs()}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan"], "no recipe 'plan'; did you mean 'plain'"),
        (["--task", "revesal"], "no task 'revesal'; did you mean 'reversal'"),
        (["--sort", "ecco"], "--sort: 'ecco' is not known; did you mean 'echo'"),
        (["relations"], "relations needs long training; add --full"),
        (["zero_hop", "--task", "reversal"], "zero_hop makes no sense on reversal"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line_with_nothing_written(
    arguments, says, tmp_path, refused
):
    assert says in refused("leaderboard", "--scale", "smoke", *arguments, "--out", tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_at_equal_compute_no_row_is_read_past_the_budget(store):
    rows = json.loads((store / "leaderboard.json").read_text(encoding="utf-8"))["rows"]
    budgets = {c.recipe.name: c for c in cells(["plain", "both_ways"], ["reversal"], "smoke")}
    for row in rows:
        cell = budgets[row["recipe"]]
        if row["at"] == "compute":
            assert row["operations"] <= cell.budget
        else:
            epochs = cell.experiment.training.epochs
            assert row["steps"] == epochs * cell.steps
            assert row["tokens"] == epochs * cell.tokens
    plain = [row for row in rows if row["recipe"] == "plain"]
    assert plain[0]["operations"] == plain[1]["operations"] == budgets["plain"].budget


def test_every_recipe_gets_the_same_steps_but_for_less_than_one_epoch():
    for cell in cells(columns=["reversal", "chain"], scale="smoke"):
        spent = cell.experiment.training.epochs * cell.steps
        assert abs(spent - 4) <= max(cell.steps / 2, cell.steps - 4)
        assert cell.experiment.record.controls
        assert cell.experiment.training.learners == 2


def test_full_adds_long_recipes_and_five_times_the_steps():
    few = {c.recipe.name: c for c in cells(columns=["reversal"], scale="smoke")}
    more = {c.recipe.name: c for c in cells(columns=["reversal"], scale="smoke", full=True)}
    assert {name for name in more if name not in few} == {"relations", "relations_decay"}
    assert more["plain"].budget == 5 * few["plain"].budget


def test_every_column_has_the_plain_recipe_to_compare_with():
    columns = {c.column.name for c in cells(["plain"], scale="smoke", full=True)}
    assert columns == {column.name for column in COLUMNS}


def test_a_column_that_is_compared_by_name_stands_there_only_if_asked_for():
    unasked = {c.column.name for c in cells(["plain"], scale="smoke")}
    assert unasked == {column.name for column in COLUMNS if not column.by_name}
    (cell,) = cells(["plain"], ["reversal-2"], "smoke")
    assert cell.column.by_name


def test_learners_that_split_are_counted_and_what_is_not_taught_is_marked(store):
    row = read(store / "leaderboard.json").rows[0]
    taught = dataclasses.replace(row.forward_accuracy, mean=1.0)
    row = dataclasses.replace(row, verdict="partly", is_split=False, forward_accuracy=taught)
    assert row.said == "partly"
    assert "≤" not in held_out_in_words(row)
    row = dataclasses.replace(
        row,
        is_split=True,
        accuracies=(1.0, 0.95, 0.5, 0.1),
        forward_accuracy=dataclasses.replace(taught, mean=0.5),
    )
    assert row.said == "split†"
    assert held_out_in_words(row) == "2≥0.9 1≤0.1"
    assert row.said in board_as_html(Board([row], "x"))


def test_what_a_recipe_loses_is_compared_on_what_both_teach(tmp_path):
    asked = ["leaderboard", "--scale", "smoke", "plain", "one_way", "--task", "reversal"]
    assert run_cli([*asked, "--out", str(tmp_path)]) == 0
    rows = {row.recipe: row for row in read(tmp_path / "leaderboard.json").rows}
    lost, traces = rows["one_way"].forward_lost.mean, {}
    for name in ("plain", "one_way"):
        curves = Store(tmp_path).root / rows[name].run
        final = open_run(curves).trace.curves.isel(epoch=-1)
        both = final.sel(group=["train_forward", "train_seen"])  # train_backward is held out there
        mean = both["accuracy"].weighted(both["questions"]).mean("group")
        traces[name] = float(mean.mean())
    assert lost == pytest.approx(traces["plain"] - traces["one_way"])
