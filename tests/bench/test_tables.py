"""Tables and the roofline say what the rows say."""

from __future__ import annotations

import dataclasses

from retrodict.bench import SECTIONS, as_markdown, draw, headline, tables
from retrodict.bench._size import Size


def rows(step_row):
    sizes = (Size(2, 4, 128, 80, dropout=0.0), Size(4, 4, 256, 800, dropout=0.0))
    return [
        step_row(variant, learners, ms, size)
        for size in sizes
        for variant, learners, ms in (("peer", 1, 20.0), ("eager", 10, 4.0))
    ]


def test_a_table_holds_one_configuration(step_row):
    found = tables(rows(step_row))
    assert list(found) == ["step"]
    assert list(found["step"]) == ["2x128 V=80, dropout 0", "4x256 V=800, dropout 0"]


def test_cells_are_readable(step_row):
    row = dataclasses.replace(
        step_row("compiled"),
        ratio_to_peer=5.123,
        ratio_range=(4.9, 5.31),
        share_of_floor=0.7,
        compile_seconds=31.4,
        break_even_steps=12345,
    )
    cells = SECTIONS["step"].cells
    told = cells(row)
    assert told["× peer"] == "5.12 (4.9–5.31)"
    assert told["of floor"] == "70.0 %"
    assert (told["compile"], told["pays"]) == ("31.4", "12345")
    assert cells(dataclasses.replace(row, break_even_steps=None))["pays"] == "never"
    assert cells(step_row("eager"))["pays"] == ""


def test_markdown_says_where_and_how(step_row):
    found = rows(step_row)
    text = as_markdown(found, headline(found), "retrodict bench step")
    assert "Made by `retrodict bench step`" in text
    assert (
        "A Processor, 2 threads, torch 2.13.0, float32 products 180 GFLOP/s, memory 40.0 GB/s"
        in text
    )
    assert text.count("### ") == 2
    assert text.count("| peer |") == 2


def test_the_roofline_has_a_point_a_row_under_the_roofs(step_row):
    found = rows(step_row)
    figure = draw(found, "here", "retrodict bench")
    (axes,) = figure.axes
    points = {line.get_label(): line.get_xydata() for line in axes.lines}
    peer = points["the usual script"]
    assert len(peer) == len(points["eager, 10 learners"]) == 2
    assert peer[0][1] == found[0].operations / 0.020 / 1e9
    written = [text.get_text() for text in axes.texts]
    assert {"2x128 V=80", "4x256 V=800", "180 GFLOP/s", "40 GB/s"} <= set(written)


def test_without_training_there_is_no_roofline(step_row):
    theory = dataclasses.replace(step_row(), operations=None)
    assert draw([theory], "here", "retrodict bench") is None
