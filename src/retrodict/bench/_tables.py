"""Present the results: one table per section, for the screen and Markdown, and the roofline."""

from __future__ import annotations

from collections.abc import Sequence

from retrodict.bench._row import Row
from retrodict.bench.sections import SECTIONS
from retrodict.markdown import markdown_table
from retrodict.plots import Roofline, footer, plot_roofline
from retrodict.plots._drawing import Figure

KEY_COLUMNS = ("× peer", "of floor", "ratio", "seconds")
"""The most important columns, printed in bold."""


def tables(rows: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
    """Return section → heading of a table → its rows, in order."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        common = SECTIONS[row.section].common(row)
        found.setdefault(row.section, {}).setdefault(common, []).append(row)
    return found


def as_markdown(rows: Sequence[Row], machine: str, command: str) -> str:
    """Write all tables, with the machine in a line and the command that made them."""
    lines = ["# Benchmark", "", f"Made by `{command}`.", "", machine, ""]
    for section, parts in tables(rows).items():
        known = SECTIONS[section]
        lines += [f"## {known.title.capitalize()}", "", known.legend, ""]
        for common, part in parts.items():
            table = list(map(known.cells, part))
            lines += [f"### {common}", ""] if common else []
            lines += [markdown_table(list(table[0]), [line.values() for line in table]), ""]
    return "\n".join(lines)


def headline(rows: Sequence[Row]) -> str:
    """Describe in one line where the rows were measured, and how fast that machine is."""
    row = rows[0]
    words = [row.device, f"{row.threads} threads", f"torch {row.torch}"]
    bandwidth = max(r.machine_bandwidth or 0.0 for r in rows)
    for precision in dict.fromkeys(r.precision for r in rows if r.precision):
        rate = max(r.machine_operations or 0.0 for r in rows if r.precision == precision)
        words.append(f"{precision} products {rate / 1e9:.0f} GFLOP/s")
    return ", ".join([*words, f"memory {bandwidth / 1e9:.1f} GB/s"] if bandwidth else words)


def draw(rows: Sequence[Row], machine: str, command: str) -> Figure | None:
    """Draw the roofline of all training rows, one panel per setting; None if there are none."""
    panels: dict[str, list[Row]] = {}
    for row in rows:
        if row.roofline_point:
            panels.setdefault(SECTIONS[row.section].point(row)[0], []).append(row)
    if not panels:
        return None
    title = "How close a training step comes to the machine"
    figure = plot_roofline({name: _roofline(part) for name, part in panels.items()}, title)
    footer(figure, f"{machine}. Solid: the machine's limits. Made by: {command}")
    return figure


def _roofline(rows: Sequence[Row]) -> Roofline:
    points: dict[str, list[tuple[float, float]]] = {}
    marks: dict[str, float] = {}
    for row in rows:
        if point := row.roofline_point:
            _, label, mark = SECTIONS[row.section].point(row)
            points.setdefault(label, []).append(point)
            marks |= {mark: point[0]} if mark else {}
    operations = max(row.machine_operations or 0.0 for row in rows)
    bandwidth = max(row.machine_bandwidth or 0.0 for row in rows)
    return Roofline(points, marks, operations, bandwidth)
