"""Exported runs: every number survives, and the folder is whole or not there."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import pandas as pd
import pytest

from retrodict import BadInput, CannotFinish, Experiment
from retrodict.measures import final_values
from retrodict.runs import export, open_run

EXACT = {} if int(pd.__version__.split(".")[0]) > 2 else {"float_precision": "round_trip"}


def exported(runs, folder, kind="csv", weights=True) -> dict[str, pd.DataFrame]:
    """Export runs and read the tables back."""
    export(runs, folder, kind, weights, "the command")
    if kind == "parquet":
        return {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}
    return {path.stem: pd.read_csv(path, **EXACT) for path in folder.glob("*.csv")}


def of_run(table: pd.DataFrame, run) -> pd.DataFrame:
    return table[table["run"] == run.folder.name]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_number_survives(old, fresh, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    tables = exported([old, fresh], tmp_path / "out", kind)
    for run in (old, fresh):
        curves = of_run(tables["curves"], run)
        shape = run.trace.nll.shape
        for name in ("nll", "entity_nll", "accuracy", "wrong_probability", "rank"):
            np.testing.assert_array_equal(
                curves[name].to_numpy().reshape(shape), run.trace[name].values
            )
        losses = of_run(tables["training"], run)["training_loss"].to_numpy().reshape(shape[:2])
        np.testing.assert_array_equal(losses, run.trace.training_loss.values)
        matrices = of_run(tables["effective_weights"], run)
        for panel, values in run.trace.weights.items():
            rows = matrices[matrices["panel"] == panel]
            for name, found in values.items():
                flat = rows[name].to_numpy().astype("float32")
                np.testing.assert_array_equal(flat, found.values.ravel())
        assert sorted(set(curves["seed"])) == list(run.experiment.training.seeds)


def test_a_row_of_runs_has_every_setting_and_where_it_was_made(old, fresh, tmp_path):
    rows = exported([old, fresh], tmp_path / "out")["runs"].set_index("run")
    for run in (old, fresh):
        row = rows.loc[run.folder.name]
        settings = run.experiment.settings
        assert settings.keys() <= set(rows.columns)
        assert row["training.seed"] == settings["training.seed"]
        assert row["record.weights_at"] == "[0, 3]"
        assert row["digest"] == run.state["digest"]
        assert row["torch_version"] == run.made_by[-1]["versions"]["torch"]
        assert row["results_version"] == 2
    assert rows["environments"].tolist() == [1, 2]


@pytest.mark.slow
def test_the_curves_give_the_numbers_that_show_gives(old, tmp_path):
    curves = exported([old], tmp_path / "out")["curves"]
    last = curves[curves["epoch"] == curves["epoch"].max()]
    for final in final_values(old.trace):
        mean = last[last["group"] == final.group]["nll"].mean()
        assert mean == pytest.approx(final.nll.mean, rel=1e-12)


def test_the_folder_explains_and_checks_itself(old, tmp_path):
    out = tmp_path / "deep" / "out"
    tables = exported([old], out)
    for line in (out / "checksums.sha256").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    again = Experiment.from_yaml(out / "experiments" / f"{old.folder.name}.yaml")
    assert again == old.experiment
    said = (out / "README.md").read_text()
    assert "    the command\n" in said
    for table in tables.values():
        for column in table.columns:
            assert "." in column or f"`{column}`" in said


@pytest.mark.slow
def test_runs_of_different_kinds_share_a_table(old, answer, tmp_path):
    other = Experiment.from_text("""
        task: {kind: pairs, n: 4, m: 8}
        model: {kind: bilinear, d: 4}
        training: {epochs: 1, learners: 1, device: cpu, threads: 1}
    """)
    run = answer(other, old.folder.parent)
    rows = exported([old, run], tmp_path / "out")["runs"].set_index("run")
    assert rows.loc[run.folder.name, "training.batch_size"] == "all"
    assert rows.loc[old.folder.name, "training.batch_size"] == "64"
    assert np.isnan(rows.loc[run.folder.name, "model.n_layer"])


def test_a_target_that_exists_is_refused(old, tmp_path, content):
    before = content(old.folder)
    for taken in (old.folder, old.folder / "run.json"):
        with pytest.raises(BadInput, match="give another name"):
            exported([old], taken)
    (tmp_path / "empty").mkdir()
    assert exported([old], tmp_path / "empty")
    assert content(old.folder) == before


def test_a_failing_export_leaves_nothing(old, fresh, tmp_path):
    (fresh.folder / "trace.nc").write_text("no trace")
    with pytest.raises(CannotFinish, match=r"trace\.nc: damaged"):
        exported([old, open_run(fresh.folder)], tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_a_missing_parquet_writer_is_refused_before_anything_is_written(old, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(BadInput, match=r"pip install 'retrodict\[parquet\]', or choose csv"):
        exported([old], tmp_path / "out", "parquet")
    assert not (tmp_path / "out").exists()


def test_a_read_only_store_is_exported(old, tmp_path, read_only):
    read_only(old.folder.parent)
    assert exported([old], tmp_path / "out", weights=False).keys() == {"runs", "curves", "training"}
