"""The Markdown version, and how runs differ from paper scale."""

from __future__ import annotations

import dataclasses
import io

from PIL import Image

from retrodict.claims import Kept
from retrodict.figures import FIGURES
from retrodict.report import answers, as_markdown, collect, thumbnails
from retrodict.report._differences import Difference, _settings, differences
from retrodict.report._page import THUMBNAIL


def written(store) -> str:
    found, kept = collect(store), Kept.read(store / "verify.json")
    return as_markdown(found, kept, answers(found, kept), "small", {"fig1": b""})


def test_every_figure_has_statement_numbers_verdict_scale_command(store):
    text = written(store)
    for part in (
        "## fig1",
        "**The paper:** Sentences of the training set are learned nearly perfectly",
        "**Ours**, at smoke scale: **holds**",
        "| no better than a guess | ≥ 3.5 | 7 ± 0.5 | 3 | S | holds |",
        "    retrodict reproduce fig1 --scale smoke",
        "![fig1: reversal: training and validation NLL over epochs](small/fig1.png)",
        "model.n\\_layer 1 (24)",
        "## Table 2",
        "## Not reproduced here",
        "| theorem-1 |",
    ):
        assert part in text, part
    assert "(small/fig2.png)" not in text  # it has no thumbnail here


def test_hostile_text_is_no_markup(store, edit):
    edit("fig1", note="<img src=x> | [x](javascript:y) `z`\n\n# h")
    text = written(store)
    assert "<img" not in text
    assert "\n# h" not in text
    assert "\\[x\\](javascript:y)" in text


def test_thumbnails_are_small_files(store):
    found = thumbnails(collect(store))
    assert list(found) == ["fig1", "fig2", "fig3"]
    image = Image.open(io.BytesIO(found["fig1"]))
    assert image.width == THUMBNAIL
    assert image.mode == "P"


def test_differences_name_settings_and_leave_out_the_machine(store):
    found = differences(collect(store).sections[0])
    names = [one.setting for one in found.settings]
    assert "model.n_layer" in names
    assert not [name for name in names if name in ("training.device", "training.threads")]
    assert "record.every" in names
    assert "record.every" not in found.in_short()


def test_paper_scale_itself_does_not_differ(store, edit):
    edit("fig1", scale="paper")
    section = collect(store).sections[0]
    paper = {k: v.placed() for k, v in section.figure.experiments("paper").items()}
    runs = {
        label: dataclasses.replace(section.runs["reversal"], experiment=one)
        for label, one in paper.items()
    }
    found = differences(dataclasses.replace(section, runs=runs))
    assert found.in_short() == "none: this is paper scale"


def test_what_a_sweep_varies_is_told_by_its_runs():
    figure = next(f for f in FIGURES if f.name == "reversal-layers")
    here, paper = figure.experiments("laptop"), figure.experiments("paper")
    found = _settings(here, paper)
    assert "model.n_layer" not in [one.setting for one in found]
    assert Difference("task.vocab_size", "200", "800", "") in found
