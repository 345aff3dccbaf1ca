"""`retrodict runs` and what `show` says of where a run was made."""

from __future__ import annotations

import json

import pytest


def test_list_prints_a_row_a_run(command, old, halted):
    (old.folder.parent / "mine").mkdir()
    (halted.folder / "run.json").write_text("{")
    code, out, err = command("runs", "list", "--out", old.folder.parent)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "finished" in lines[old.folder.name]
    assert "3/3" in lines[old.folder.name]
    assert "damaged" in lines[halted.folder.name]
    assert "foreign" in lines["mine"]
    assert "run.json: damaged" in out
    assert out.rstrip().splitlines()[-1].startswith("1 damaged, 1 finished, 1 foreign; 1")


def test_every_json_is_one_document(command, old, halted, tmp_path, at_home):
    root = old.folder.parent
    at_home(old)
    _, listing, _ = command("runs", "list", "--out", root, "--json")
    assert [run["status"] for run in json.loads(listing)["runs"]] == ["finished", "interrupted"]
    _, checked, _ = command("runs", "verify", "--out", root, "--json")
    assert json.loads(checked)["sound"] is True
    _, pruned, _ = command("runs", "prune", "--unfinished", "--out", root, "--json")
    assert json.loads(pruned)["deleted"] is False
    assert json.loads(pruned)["selected"][0]["path"] == str(halted.folder)
    _, exported, _ = command("runs", "export", "--to", tmp_path / "e", "--out", root, "--json")
    assert json.loads(exported)["runs"] == [str(old.folder)]
    assert json.loads(exported)["left_out"][0]["run"] == halted.folder.name
    _, shown, _ = command("show", old.folder, "--json")
    assert json.loads(shown)["differences"] == []
    assert json.loads(shown)["made_by"][0]["python"]


def test_verify_counts_one_remark_as_one(command, old):
    _, out, _ = command("runs", "verify", old.folder)
    assert "1 run checked, 1 remark: nothing is damaged" in out


def test_verify_names_damage_in_one_line_and_ends_with_3(command, old):
    code, out, err = command("runs", "verify", "--out", old.folder.parent)
    assert (code, err) == (0, "")
    (old.folder / "trace.nc").write_text("no trace")
    for arguments in ([], ["0127a5b410a3"], [old.folder], ["--json"]):
        code, out, err = command("runs", "verify", *arguments, "--out", old.folder.parent)
        assert code == 3
        assert "trace.nc" in out
        assert err.count("\n") == 1
        assert "trace.nc: damaged: fails its checksum; move the folder away" in err


def test_prune_without_a_choice_says_what_there_is_to_choose(command, old, content):
    before = content(old.folder.parent)
    code, out, err = command("runs", "prune", "--yes", "--out", old.folder.parent)
    assert (code, out) == (2, "")
    for choice in ("--leftovers", "--unfinished", "--outdated", "--damaged", "--weights"):
        assert choice in err
    assert content(old.folder.parent) == before


def test_prune_deletes_with_yes_alone(command, old, halted):
    arguments = ("runs", "prune", "--unfinished", "--out", old.folder.parent)
    code, out, _ = command(*arguments)
    assert code == 0
    assert "1 would be deleted, which frees 37.0 kB" in out
    assert halted.folder.exists()
    code, out, _ = command(*arguments, "--yes")
    assert code == 0
    assert "1 deleted" in out
    assert not halted.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["list", "--out", "nowhere"], "nowhere: no such folder"),
        (["verify", "--out", "nowhere"], "nowhere: no such folder"),
        (["prune", "--weights", "--out", "nowhere"], "nowhere: no such folder"),
        (
            ["verify", "reversal-transformer-0127a5b410a4"],
            "did you mean 'reversal-transformer-0127",
        ),
        (["export", "712591977e6e", "--to", "e"], "is interrupted and not finished"),
        (["export", "--to", "."], "exists and is not empty"),
        (["export", "--to", "e", "--format", "xls"], "'xls' is not one of 'csv', 'parquet'"),
    ],
)
def test_bad_input_is_one_line(command, old, monkeypatch, content, arguments, says):
    monkeypatch.chdir(old.folder.parent.parent)
    old.folder.parent.rename("runs")
    before = content(old.folder.parent.parent)
    code, out, err = command("runs", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
    assert content(old.folder.parent.parent) == before


def test_show_says_by_what_a_run_was_made_and_what_would_differ(
    command, fresh, edited, monkeypatch
):
    code, out, _ = command("show", fresh.folder)
    told = " ".join(out.split())
    assert code == 0
    assert told.count("made by retrodict 0.1.0") == 2
    assert "seeds 5 to 6" in told
    edited(fresh)
    _, out, _ = command("show", fresh.folder)
    assert "trained again here" not in out
    monkeypatch.setattr("retrodict.runs._environment.processor", lambda: "abacus")
    _, out, _ = command("show", fresh.folder)
    assert "trained again here, bits may differ: processor" in " ".join(out.split())


def test_a_run_of_an_older_results_version_is_compared_with_a_warning(command, old, monkeypatch):
    monkeypatch.setattr("retrodict.cli._provenance.RESULTS_VERSION", 3)
    code, out, _ = command("compare", old.folder)
    assert code == 0
    assert "has results version 2, this code 3: trained again, its numbers would differ" in out


def test_a_newer_run_is_said_to_be_newer(command, old):
    path = old.folder / "run.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 7'))
    code, out, err = command("show", old.folder)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "format 7 was written by a newer retrodict" in err
