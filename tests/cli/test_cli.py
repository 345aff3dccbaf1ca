"""Commands: what they print, what they write, and the exit codes."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest


def test_run_prints_a_table_and_stores_the_run(command, tiny_yaml, tmp_path):
    code, out, _ = command("run", tiny_yaml, "--out", tmp_path / "s")
    assert code == 0
    assert "validation" in out
    assert "±" in out
    assert len(list((tmp_path / "s").glob("reversal-transformer-*/trace.nc"))) == 1


def test_json_is_one_document_with_intervals(command, tiny_yaml, tmp_path):
    code, out, _ = command("run", tiny_yaml, "--out", tmp_path, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["status"] == "finished"
    assert found["experiment"]["task"]["vocab_size"] == 24
    nll = found["final"]["validation"]["nll"]
    assert nll["low"] < nll["mean"] < nll["high"]
    assert nll["learners"] == 3


def test_json_has_null_where_there_is_no_number(command, tiny_yaml, tmp_path):
    _, out, _ = command(
        "run", tiny_yaml, "--out", tmp_path, "--json", "--set", "training.learners=1"
    )
    assert json.loads(out)["final"]["validation"]["nll"]["low"] is None


def test_set_changes_a_setting(command, tiny_yaml, tmp_path):
    _, out, _ = command(
        "run", tiny_yaml, "--out", tmp_path, "--json", "--set", "task.vocab_size=16"
    )
    assert json.loads(out)["experiment"]["task"]["vocab_size"] == 16


def test_a_dry_run_shows_the_corpus_and_writes_nothing(command, tiny_yaml, tmp_path):
    code, out, _ = command("run", tiny_yaml, "--out", tmp_path / "s", "--dry-run")
    assert code == 0
    assert "A" in out
    assert "→" in out
    assert "train_backward" in out
    assert not (tmp_path / "s").exists()
    _, out, _ = command("run", tiny_yaml, "--dry-run", "--json")
    found = json.loads(out)
    assert found["training_sentences"] == 10
    assert [group["questions"] for group in found["groups"]] == [4, 4, 2, 2]


def test_a_dry_run_shows_the_snapshots_that_will_be_taken(command, tiny_yaml):
    change = ["--set", "training.epochs=2", "--set", "record.weights_at=[0, 2, 3]"]
    assert "weights_at: [0, 2]}" in command("run", tiny_yaml, "--dry-run", *change)[1]


def test_show_and_compare(command, tiny_yaml, tmp_path):
    for lr in ("0.01", "0.02"):
        command("run", tiny_yaml, "--out", tmp_path, "--set", f"optimizer.lr={lr}")
    folders = sorted(tmp_path.glob("reversal-*"))
    code, out, _ = command("show", folders[0])
    assert code == 0
    assert "finished" in out
    assert "vocab_size: 24" in out
    code, out, _ = command("show", folders[0], "--json")
    assert json.loads(out)["status"] == "finished"
    code, out, _ = command("compare", *folders)
    assert code == 0
    assert "lr" in out
    assert "±" in out
    code, out, _ = command("compare", *folders, "--json")
    assert json.loads(out)["differ"] == ["optimizer.lr"]


def test_list_names_everything(command):
    code, out, _ = command("list")
    assert code == 0
    for name in (
        "fig1",
        "fig4",
        "fig5",
        "theory-phase",
        "theorem-1",
        "one_layer",
        "pairs",
        "reversal",
        "related_chain",
        "transformer",
        "next_token",
    ):
        assert name in out
    _, out, _ = command("list", "--json")
    found = json.loads(out)
    assert [f["name"] for f in found["figures"]][:4] == ["fig1", "fig2", "fig3", "fig4"]
    assert {"theorem-1", "lemma-2", "proposition-4.1"} <= {s["name"] for s in found["statements"]}


BAD = {
    "unknown command": (["trai"], "No such command"),
    "unknown option": (["run", "YAML", "--sett", "a=b"], "No such option"),
    "missing file": (["run", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    "unknown key": (["run", "YAML", "--set", "task.vocab_siz=3"], "mean 'vocab_size'"),
    "no validation pair": (["run", "YAML", "--set", "task.vocab_size=5"], "smallest vocab_size"),
    "entity length": (["run", "YAML", "--set", "task.entity_length=0"], "task.entity_length"),
    "heads": (["run", "YAML", "--set", "model.n_head=3"], "n_head 3 does not divide"),
    "negative lr": (["run", "YAML", "--set", "optimizer.lr=-1"], "optimizer.lr"),
    "no device": (["run", "YAML", "--set", "training.device=cuda:99"], "does not exist here"),
    "unknown figure": (["reproduce", "fig11"], "did you mean 'fig1'"),
    "unknown scale": (["reproduce", "fig1", "--scale", "huge"], "huge"),
    "no run": (["show", "nowhere"], "no run there"),
    "unwritable": (["run", "YAML", "--out", "FILE/x"], "cannot be written to"),
    "store is a file": (
        ["run", "YAML", "--out", "FILE"],
        "FILE: cannot be written to: it is a file",
    ),
    "unwritable for figures": (
        ["reproduce", "fig1", "--scale", "smoke", "--out", "FILE/x"],
        "cannot be written to",
    ),
}


@pytest.mark.parametrize(("arguments", "says"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_exit_2_and_writes_nothing(
    command, tiny_yaml, tmp_path, monkeypatch, arguments, says
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("in the way")
    before = sorted(tmp_path.iterdir())
    code, out, err = command(*(str(tiny_yaml) if a == "YAML" else a for a in arguments))
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert says in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_damaged_run_is_one_line_and_exit_3(command, tiny_yaml, tmp_path):
    command("run", tiny_yaml, "--out", tmp_path)
    (trace,) = tmp_path.glob("*/trace.nc")
    trace.write_bytes(b"")
    code, out, err = command("run", tiny_yaml, "--out", tmp_path)
    assert code == 3
    assert out == ""
    assert err.count("\n") == 1
    assert "damaged" in err


def test_when_every_learner_is_non_finite_the_exit_code_is_3(command, tiny_yaml, tmp_path):
    code, _, err = command("run", tiny_yaml, "--out", tmp_path, "--set", "optimizer.lr=1e30")
    assert code == 3
    assert "all 3 learners became non-finite, the first at epoch 1" in err


def test_what_does_not_fit_into_memory_is_one_line_and_exit_2(command, tiny_yaml, monkeypatch):
    def full(*args):
        raise MemoryError

    monkeypatch.setattr("retrodict.tasks.Reversal.corpus", full)
    code, _, err = command("run", tiny_yaml, "--dry-run")
    assert code == 2
    assert err.count("\n") == 1
    assert "does not fit into memory" in err


def test_no_arguments_prints_help(command):
    _, out, err = command()
    assert "retrodict reproduce fig1" in out + err


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_no_name_is_cut_on_a_narrow_terminal(command, monkeypatch, tmp_path, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    _, listed, _ = command("list")
    assert {"reversal-frozen-embeddings", "theorem-3-rate-mended"} <= {*listed.split()}
    _, verified, _ = command("verify", "lemma-1", "--fast", "--out", tmp_path)
    _, dry, _ = command("run", "examples/reversal.yaml", "--dry-run")
    assert {"train_backward", "validation"} <= {*dry.split()}
    for out in (listed, verified, dry):
        assert "…" not in out
        assert max(map(len, out.splitlines())) <= columns


def test_progress_counts_figures_and_not_tables(command, monkeypatch, tmp_path):
    done = SimpleNamespace(claims=[], runs={}, files=[], fresh=True)
    monkeypatch.setattr("retrodict.figures.reproduce", lambda *arguments: done)
    monkeypatch.setattr("retrodict.cli.commands._reproduce._facts", lambda done: None)
    code, _, err = command("reproduce", "table1", "fig1", "fig2", "--out", tmp_path, "--json")
    assert code == 0
    assert [line.partition(":")[0] for line in err.splitlines()] == ["1/2 fig1", "2/2 fig2"]


def test_verify_prints_every_number_of_a_statement(command, tmp_path):
    code, out, _ = command("verify", "tail", "theorem-3-rate", "--fast", "--out", tmp_path / "s")
    assert code == 0  # a documented failure does not change it
    assert "fails (known)" in out
    assert "τ · NLL" in out
    assert not (tmp_path / "s").exists()


def test_verify_json_is_a_list_of_findings(command):
    code, out, _ = command("verify", "tail", "lemma-1", "--fast", "--json")
    found = json.loads(out)
    assert code == 0
    assert [finding["name"] for finding in found] == ["tail", "lemma-1"]
    keys = {"name", "grade", "predicted", "measured", "margin", "verdict", "seeds"}
    assert all(keys <= set(finding) for finding in found)


def test_verify_exits_with_1_if_a_statement_fails(command, monkeypatch, tmp_path):
    from retrodict import claims
    from retrodict.cli import _checks

    def broken(effort):
        return claims.Evidence([claims.bounded("x", 2.0, 1.0)])

    wrong = claims.Check("broken", "Broken", "says", "O", formula="x", check=broken)
    monkeypatch.setattr(_checks, "STATEMENTS", (wrong,))
    assert command("verify", "--json", "--out", tmp_path)[0] == 1
    assert (tmp_path / "verify.html").exists()


def test_verify_refuses_an_unknown_statement(command, tmp_path):
    code, out, err = command("verify", "theorem-7", "--out", tmp_path / "s")
    assert (code, out) == (2, "")
    assert "theorem-7: no statement of that name; did you mean" in err


def test_a_theory_experiment_is_run_and_listed(command, tmp_path):
    path = tmp_path / "bilinear.yaml"
    path.write_text(
        "task: {kind: pairs, n: 3, m: 8}\nmodel: {kind: bilinear, d: 20}\n"
        "training: {epochs: 5, learners: 2}\n",
        encoding="utf-8",
    )
    code, out, _ = command("run", path, "--out", tmp_path / "s", "--json")
    assert code == 0
    found = json.loads(out)
    assert set(found["final"]) == {"train_forward", "train_backward", "validation"}
    for group, nll in found["theory"].items():  # a small step from the start: first order in lr
        assert found["final"][group]["nll"]["mean"] == pytest.approx(nll, abs=0.01)
    _, out, _ = command("run", path, "--out", tmp_path / "s")
    assert "theory" in out


def test_a_run_without_theory_says_none(command, tiny_yaml, tmp_path):
    _, out, _ = command("run", tiny_yaml, "--out", tmp_path, "--json")
    assert json.loads(out)["theory"] is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("task: {kind: pairs, n: 60}\nmodel: {kind: bilinear}", "m must be at least 120"),
        ("task: {kind: pairs}\nmodel: {kind: bilinear, sigma: .inf}", "finite number"),
        ("task: {kind: pairs}\nmodel: {kind: bilinear, sigma: .nan}", "finite number"),
        ("task: {kind: pairs, backward: [20]}\nmodel: {kind: bilinear}", "pairs are 0 to 19"),
        ("task: {kind: pairs, backward: most}\nmodel: {kind: bilinear}", "all_but_first"),
        ("task: {kind: chain}\nmodel: {kind: bilinear}", "reads a single token"),
        ("task: {kind: pairs}\nmodel: {kind: bilinear, parametrisation: tide}", "mean 'tied'"),
    ],
)
def test_bad_theory_input_is_one_line(command, tmp_path, text, says):
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    code, out, err = command("run", path, "--out", tmp_path / "s")
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()


def test_compare_goes_on_without_a_damaged_run(command, tiny_yaml, tmp_path):
    for lr in ("0.01", "0.02"):
        command("run", tiny_yaml, "--set", f"optimizer.lr={lr}", "--out", tmp_path / "s")
    bad, good = sorted((tmp_path / "s").glob("*/"))
    (bad / "trace.nc").write_bytes(b"")
    code, out, _ = command("compare", bad, good, "--json")
    found = json.loads(out)
    assert code == 0
    assert [len(found["runs"]), len(found["damaged"])] == [1, 1]
    code, out, _ = command("compare", bad, good)
    assert code == 0
    assert "fails its checksum" in out
    assert command("compare", bad)[0] == 3


CONTINUES = "finished runs and checkpoints are kept, and the same command continues"


def test_ctrl_c_outside_a_training_says_so(command, monkeypatch, tmp_path):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("retrodict.cli._checks.check", interrupted)
    code, _, error = command("verify", "lemma-1", "--out", tmp_path)
    assert (code, error) == (130, "retrodict: interrupted; the same command starts over\n")
    code, _, error = command("--", "verify", "lemma-1", "--out", tmp_path)
    assert (code, error) == (130, "retrodict: interrupted; the same command starts over\n")
    code, _, error = command("verify", "lemma-1", "--published", "--out", tmp_path)
    assert code == 2
    code, _, error = command("verify", "identity-facts-alone", "--published", "--out", tmp_path)
    assert (code, error) == (130, f"retrodict: interrupted; {CONTINUES}\n")
