"""The result in words: one table a section, for the screen and for Markdown; and the roofline."""

from __future__ import annotations

from collections.abc import Sequence

from retrodict.bench._plan import QUICK
from retrodict.bench._row import Row
from retrodict.markdown import markdown_table
from retrodict.plots import Roofline, footer, plot_roofline
from retrodict.plots._drawing import Figure

TITLES = {
    "step": "training step: forward, backward, optimiser",
    "scaling": "cost of a learner-step as one size changes",
    "pieces": "parts of the step, and what was not kept",
    "theory": "theory beside brute force",
    "figure1": "figure 1, end to end",
}
KEY_COLUMNS = ("× peer", "of floor", "ratio", "seconds")
"""What matters most; printed in bold."""

LEGEND = {
    "step": "ms/step: milliseconds a learner-step. × peer: the usual script's time over this "
    "one's, median and range over rounds; whole: the same of whole epochs, evaluated once. of "
    "floor: the least possible time over this one's. compile: seconds that the first epoch takes "
    "longer; pays: after so many steps of the population. peak: growth of memory in MB.",
    "scaling": "Eager, 10 learners, 2x128, V = 200, entity length 1, dropout 0.1, but for what is "
    "varied. evaluation: milliseconds a learner and evaluation. peak: growth of memory in MB.",
    "pieces": "Milliseconds of the kept way and of the other; ratio: other over kept.",
    "theory": "velocity: of the flow; flow: its solution to t = 30; closed form: one row of "
    "weights beside its differential equation. ratio: brute force over ours.",
    "figure1": "cold: from an empty store; warm: again from the full one. A fresh process each.",
}


def tables(rows: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
    """Return section → what the rows of a table have in common → the rows, in order."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(row.section, {}).setdefault(_common(row), []).append(row)
    return found


def _common(row: Row) -> str:
    match row.section:
        case "step":
            return f"{row.config}, {_setting(row)}"
        case "scaling":
            return f"{row.swept} varied"
        case _:
            return ""


def cells(row: Row) -> dict[str, str]:
    """Return one row of its table: column → text."""
    match row.section:
        case "step":
            return _step(row)
        case "scaling":
            return _scaling(row)
        case "pieces":
            return {
                "what": row.variant,
                "kept ms": _number(_thousandfold(row.seconds_ours)),
                "other ms": _number(_thousandfold(row.seconds_brute_force)),
                "ratio": _number(row.ratio),
            }
        case "theory":
            return {
                "config": row.config,
                "what": row.variant,
                "ours ms": _number(_thousandfold(row.seconds_ours)),
                "brute force ms": _number(_thousandfold(row.seconds_brute_force)),
                "ratio": _number(row.ratio),
                "largest difference": _number(row.max_difference, 1),
            }
        case _:
            return {"config": row.config, "what": row.variant, "seconds": _number(row.seconds)}


def as_markdown(rows: Sequence[Row], machine: str, command: str) -> str:
    """Write all tables.

    Args:
        rows: of any sections.
        machine: what it ran on, in a line.
        command: what made them.
    """
    lines = ["# Benchmark", "", f"Made by `{command}`.", "", machine, ""]
    for section, parts in tables(rows).items():
        lines += [f"## {TITLES[section].capitalize()}", "", LEGEND[section], ""]
        for common, part in parts.items():
            table = [cells(row) for row in part]
            lines += [f"### {common}", ""] if common else []
            lines += [markdown_table(list(table[0]), [line.values() for line in table]), ""]
    return "\n".join(lines)


def headline(rows: Sequence[Row]) -> str:
    """Say in one line where the rows were measured, and how fast that machine is."""
    row = rows[0]
    words = [row.device, f"{row.threads} threads", f"torch {row.torch}"]
    products: dict[str, float] = {}
    bandwidth = 0.0
    for r in rows:
        if r.precision and r.machine_operations and r.machine_bandwidth:
            before = products.get(r.precision, 0.0)
            products[r.precision] = max(before, r.machine_operations)
            bandwidth = max(bandwidth, r.machine_bandwidth)
    words += [f"{name} products {rate / 1e9:.0f} GFLOP/s" for name, rate in products.items()]
    return ", ".join([*words, f"memory {bandwidth / 1e9:.1f} GB/s"] if products else words)


def draw(rows: Sequence[Row], machine: str, command: str) -> Figure | None:
    """Draw the roofline of all training rows, a panel a setting; None without any.

    Args:
        rows, machine, command: as `as_markdown`.
    """
    panels: dict[str, list[Row]] = {}
    for row in rows:
        if row.roofline_point:
            title = _setting(row) if row.section == "step" else "eager, one size varied"
            panels.setdefault(title, []).append(row)
    if not panels:
        return None
    title = "How close a training step comes to the machine"
    figure = plot_roofline({name: _roofline(part) for name, part in panels.items()}, title)
    footer(figure, f"{machine}. Solid: the machine's limits. Made by: {command}")
    return figure


def _roofline(rows: Sequence[Row]) -> Roofline:
    points: dict[str, list[tuple[float, float]]] = {}
    marks = {}
    for row in rows:
        if row.roofline_point:
            label = _contestant(row) if row.swept is None else row.swept
            points.setdefault(label, []).append(row.roofline_point)
            if row.swept is None:
                marks[row.config.removesuffix(QUICK)] = row.roofline_point[0]
    operations = max(row.machine_operations or 0.0 for row in rows)
    bandwidth = max(row.machine_bandwidth or 0.0 for row in rows)
    return Roofline(points, marks, operations, bandwidth)


def _setting(row: Row) -> str:
    """Return what a contest has in common besides sizes."""
    lower = "" if row.precision == "float32" else f", {row.precision}"
    return f"dropout {row.dropout:g}{lower}"


def _step(row: Row) -> dict[str, str]:
    return {
        "variant": row.variant,
        "learners": str(row.learners),
        "ms/step": _number(row.ms_per_learner_step),
        "× peer": _number(row.ratio_to_peer) + _range(row.ratio_range),
        "whole": _number(row.ratio_with_evaluation),
        "of floor": _percent(row.share_of_floor),
        "compile": _number(row.compile_seconds),
        "pays": _pays(row),
        "peak": _number(row.peak_memory_mb),
    }


def _scaling(row: Row) -> dict[str, str]:
    return {
        "value": str(getattr(row, str(row.swept))),
        "ms/step": _number(row.ms_per_learner_step),
        "range": _range(row.ms_range).strip(" ()"),
        "of floor": _percent(row.share_of_floor),
        "evaluation": _number(row.ms_evaluation_per_learner_epoch),
        "peak": _number(row.peak_memory_mb),
    }


def _contestant(row: Row) -> str:
    if row.variant == "peer":
        return "the usual script"
    return f"{row.variant}, {row.learners} learner{'s' if row.learners != 1 else ''}"


def _pays(row: Row) -> str:
    if row.compile_seconds is None:
        return ""
    return "never" if row.break_even_steps is None else f"{row.break_even_steps}"


def _thousandfold(value: float | None) -> float | None:
    return None if value is None else 1000 * value


def _number(value: float | None, digits: int = 3) -> str:
    """Write a number in so many digits; none is nothing.

    >>> _number(1234.5), _number(0.012345), _number(None)
    ('1230', '0.0123', '')
    """
    if value is None:
        return ""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:.0f}" if 10 ** (digits - 1) <= abs(rounded) < 1e6 else f"{rounded:.{digits}g}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _range(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f" ({_number(ends[0])}–{_number(ends[1])})"
