"""Time theory against brute force: Gram coordinates or d × d parameters, closed form or ODE."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from retrodict.bench._duel import Duel
from retrodict.bench._row import Row
from retrodict.bench._section import Plan, Section, milliseconds, number
from retrodict.limits import core_count
from retrodict.progress import Tick
from retrodict.theory import Dynamics, GramFlow, ParameterFlow, row_nll

_REPEATS = 5
_SIGMA = 0.01
_TIME = 30.0  # until which a flow is followed


_TOKENS, _VOCAB_SIZE, _TIMES = 40, 800, 200
_DIMENSIONS = {"velocity": (64, 256, 1024, 4096), "flow": (64, 256, 1024)}


def measure_theory(plan: Plan, tick: Tick) -> list[Row]:
    """Time theory and brute force in turn, and compare their results."""
    total = 1 + sum(map(len, _DIMENSIONS.values()))
    rows: list[Row] = []
    for tokens, dimension, duel in _duels(plan.quick):
        difference = np.abs(duel.ours() - duel.other()).max()
        shown = f"m={tokens} d={dimension}" if dimension else f"m={tokens}"
        rows.append(
            duel.row(
                plan.repeats or _REPEATS,
                core_count(),
                section="theory",
                config=shown + plan.note,
                dimension=dimension,
                tokens=tokens,
                max_difference=float(difference),
            )
        )
        tick(len(rows) / total)
    return rows


def _duels(quick: bool) -> Iterator[tuple[int, int | None, Duel]]:
    """Yield (tokens, dimension, duel) one after another, since the large ones need memory."""
    m = 6 if quick else _TOKENS
    for name, dimensions in _DIMENSIONS.items():
        for d in (8, 16) if quick else dimensions:
            yield m, d, _rates(m, d) if name == "velocity" else _flows(m, d)
    tokens, times = (10, 5) if quick else (_VOCAB_SIZE, _TIMES)
    yield tokens, None, _closed_form(times, tokens)


def _rates(m: int, d: int) -> Duel:
    """The flow's velocity, as the velocity of the logits of all input tokens."""
    drawn = _draw(m, d)
    gram, brute = GramFlow.from_embeddings(*drawn), ParameterFlow(*drawn)
    return Duel(
        "velocity",
        lambda: gram.logits(gram.rate(gram.start), gram.rows),
        lambda: brute.logits(brute.rate(brute.start), brute.rows),
    )


def _flows(m: int, d: int) -> Duel:
    """The flow until a time, from embeddings to logits; ours includes the reduction."""
    drawn = _draw(m, d)
    return Duel(
        "flow",
        lambda: _end(GramFlow.from_embeddings(*drawn)),
        lambda: _end(ParameterFlow(*drawn)),
    )


def _closed_form(times: int, m: int) -> Duel:
    """The NLL of one row of weights at many times."""
    wanted = np.geomspace(0.01, 1000.0, times)

    def solved() -> np.ndarray:
        flow = GramFlow(None, inputs=[0], targets=[1], m=m)
        return np.array([flow.loss_of(logits) for logits in _follow(flow, wanted)])

    return Duel("closed form", lambda: np.asarray(row_nll(wanted, m)), solved)


def _draw(m: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Draw embeddings and a start; half the tokens are inputs, each with its own target."""
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((m, d)) / np.sqrt(d)
    theta = _SIGMA * rng.standard_normal((d, d))
    inputs, targets = np.split(rng.permutation(m), 2)
    return embeddings, inputs, targets, [theta]


def _end(flow: Dynamics) -> np.ndarray:
    *_, logits = _follow(flow, np.array([_TIME]))
    return logits


def _follow(flow: Dynamics, times: np.ndarray) -> list[np.ndarray]:
    """Return the logits at these times; both sides use the same solver and tolerance."""
    return [z for _, z in flow.follow(times, method="RK45", rtol=1e-8, atol=1e-10)]


def _cells(row: Row) -> dict[str, str]:
    return {
        "config": row.config,
        "what": row.variant,
        "ours ms": milliseconds(row.seconds_ours),
        "brute force ms": milliseconds(row.seconds_brute_force),
        "ratio": number(row.ratio),
        "largest difference": number(row.max_difference, 1),
    }


SECTION = Section(
    name="theory",
    title="theory and brute force",
    legend="velocity: of the flow; flow: its solution to t = 30; closed form: one row of weights "
    "against its differential equation. ratio: brute force over ours.",
    seconds=60.0,
    measure=measure_theory,
    cells=_cells,
)
