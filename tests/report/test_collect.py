"""What is read off a store, and what is refused."""

from __future__ import annotations

import json
import shutil

import pytest

from retrodict import BadInput
from retrodict.claims import Kept
from retrodict.report import collect, holds_something

pytestmark = pytest.mark.seconds


def test_figures_come_in_the_papers_order_with_their_runs_and_drawings(store):
    found = collect(store)
    assert [section.figure.name for section in found.sections] == ["fig1", "fig2", "fig3"]
    first, second, _ = found.sections
    assert first.runs["reversal"] is second.runs["reversal"]
    assert first.verdict == "holds"
    assert first.picture is not None
    assert (first.picture.width, first.picture.height) == (900, 500)
    assert not first.stale
    assert "fig4" in [figure.name for figure in found.missing]
    assert len(found.runs) == 4


def test_a_run_that_no_figure_uses_is_ones_own_with_theory(store):
    own, _ = collect(store).own
    assert own.experiment.model.kind == "bilinear"
    assert own.chart["theory"] is not None
    assert own.theory == ""
    assert own.matrices is None  # one snapshot


def test_weights_are_kept_over_snapshots_and_seconds_are_read(store):
    run = collect(store).sections[0].runs["reversal"]
    assert run.matrices is not None
    assert run.matrices.head["snapshots"] == [0, 6, 12]
    assert [seed for _, seed, _ in run.matrices.learners] == [0, 1, 2]
    assert run.seconds == 1.5


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 99},
        {"name": "fig2"},
        {"scale": "enormous"},
        {"runs": ["a"]},
        {"runs": {"reversal": 3}},
        {"claims": [{"name": "x"}]},
        {"claims": 7},
        {"note": {"a": 1}},
        {"files": None},
    ],
)
def test_a_damaged_record_is_said_and_not_used(store, edit, changes):
    edit("fig1", **changes)
    section = collect(store).sections[0]
    assert section.problem.startswith("fig1.json is damaged")
    assert section.record is None
    assert section.verdict == "not measured"


@pytest.mark.parametrize("field", ["name", "verdict", "margin", "measured", "statement"])
def test_a_claim_of_the_wrong_kind_is_not_used(store, edit, field):
    claims = json.loads((store / "fig1.json").read_text(encoding="utf-8"))["claims"]
    claims[0][field] = ["<b>"]
    edit("fig1", claims=claims)
    assert collect(store).sections[0].problem.startswith("fig1.json is damaged")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00\xff"])
def test_a_record_that_is_no_record_is_said(store, content):
    (store / "fig1.json").write_text(content, encoding="latin-1")
    assert "damaged" in collect(store).sections[0].problem


def test_a_missing_run_is_said_and_the_claims_are_not_used(store, edit):
    edit("fig1", runs={"reversal": "../elsewhere"})
    section = collect(store).sections[0]
    assert section.problem == "run 'reversal': ../elsewhere is not in the store"
    assert section.claims == []
    assert section.verdict == "not measured"


def test_a_damaged_trace_is_said_in_every_figure_that_uses_it(store):
    name = collect(store).sections[0].runs["reversal"].name
    (store / name / "trace.nc").write_bytes(b"no trace")
    first, second, third = collect(store).sections
    assert "checksum" in first.problem
    assert "checksum" in second.problem
    assert third.problem == ""


def test_an_unfinished_run_is_listed_and_not_shown(store):
    folder = store / collect(store).own[0].name
    state = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**state, "state": "started"}), encoding="utf-8")
    found = collect(store)
    assert len(found.own) == 1
    assert found.left_out == [(folder.name, f"{folder.name} is not finished")]


def test_a_drawing_outside_the_store_is_not_embedded(store, edit, tmp_path):
    shutil.copy(store / "fig1.png", tmp_path / "secret.png")
    edit("fig1", files={"../secret.png": "0"})
    assert collect(store).sections[0].picture is None


def test_a_drawing_that_is_none_is_left_out(store):
    (store / "fig1.png").write_text("<svg onload='alert(1)'>", encoding="utf-8")
    assert collect(store).sections[0].picture is None


def test_a_record_of_other_code_is_stale(store, edit):
    edit("fig1", code="0" * 16)
    assert collect(store).sections[0].stale


def test_no_folder_and_an_empty_folder_are_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no such folder; run 'retrodict reproduce fig1"):
        collect(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="holds no finished run; run 'retrodict"):
        collect(tmp_path)
    assert not holds_something(tmp_path)


def test_checked_statements_come_back_as_they_were_kept(store):
    kept = Kept.read(store / "verify.json")
    kept.write(store / "again.json")
    assert Kept.read(store / "again.json") == kept
    assert [finding.verdict for finding in kept.findings] == ["holds", "holds"]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format": 2}', '{"format": 1, "findings": [{}]}', '{"format": 1}']
)
def test_damaged_statements_are_refused(store, content):
    (store / "verify.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="no checked statements"):
        Kept.read(store / "verify.json")
