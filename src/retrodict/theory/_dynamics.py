"""Gradient dynamics of a model's logits; the model's state is a flat vector.

A system holds its training sentences (input token, target token). For a state it gives the logits
after a token and the rate of change under gradient descent on the mean cross-entropy. Subclasses
choose the coordinates: parameters (`ParameterFlow`, `RelationalFlow`) or Gram coordinates
(`GramFlow`). `follow` integrates the gradient flow; `descend` takes discrete steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.integrate import BDF, DOP853, LSODA, RK45, OdeSolver, Radau

from retrodict.errors import BadInput, CannotFinish, choose
from retrodict.host import own_numpy_settings
from retrodict.models import FACTORS

_MOST_STEPS = 20_000  # of a solver; a flow that needs more would not end
_STIFF_AFTER = 600  # explicit steps; a flow that is not stiff takes 30 to 200 to reach t = 1e8
State = Float[np.ndarray, " state"]

_SOLVERS: dict[str, type[OdeSolver]] = {
    solver.__name__: solver for solver in (RK45, DOP853, BDF, Radau, LSODA)
}


class Dynamics:
    """Base of all systems.

    Attributes:
        m: number of tokens in the vocabulary.
        input_count: number of possible inputs; m, unless an input is more than a token.
        inputs, targets: token ids, one per training sentence.
        rows: the distinct inputs, sorted.
        counts: how often each row is an input.
        wanted: how often each target follows each row, shape (row, m).
        start: the initial state.
        weight_decay: λ; every trained parameter also moves by −λ times itself.
    """

    start: State

    def __init__(
        self,
        m: int,
        inputs: Sequence[int] | Int[np.ndarray, " sentence"],
        targets: Sequence[int] | Int[np.ndarray, " sentence"],
        weight_decay: float = 0.0,
        input_count: int | None = None,
    ) -> None:
        self.m, self.input_count = m, m if input_count is None else input_count
        self.inputs, self.targets = np.asarray(inputs), np.asarray(targets)
        if self.inputs.shape != self.targets.shape or self.inputs.ndim != 1 or not len(self.inputs):
            raise BadInput(
                f"inputs and targets: shapes {self.inputs.shape} and {self.targets.shape}; "
                "each needs one token per sentence, and at least one sentence"
            )
        require_tokens("input", self.inputs, self.input_count)
        require_tokens("target", self.targets, m)
        if not (np.isfinite(weight_decay) and weight_decay >= 0):
            raise BadInput(f"weight_decay: {weight_decay} must be finite and at least 0")
        self.weight_decay = weight_decay
        self.rows, self._row_of = np.unique(self.inputs, return_inverse=True)
        self.counts = np.bincount(self._row_of).astype(float)
        self.wanted = np.zeros((len(self.rows), m))
        np.add.at(self.wanted, (self._row_of, self.targets), 1.0)

    def logits(
        self, state: State, tokens: Int[np.ndarray, " token"]
    ) -> Float[np.ndarray, "token m"]:
        """Return the logits of every token after each of `tokens`."""
        raise NotImplementedError

    def pull(self, state: State, error: Float[np.ndarray, "row m"]) -> State:
        """Pull `error`, a direction of the rows' logits, back to a direction of the state."""
        raise NotImplementedError

    def jacobian(self, state: State) -> Float[np.ndarray, "state state"] | None:
        """Return the derivative of `rate` by the state; None lets the solver estimate it."""
        return None

    @np.errstate(over="ignore", invalid="ignore")  # callers refuse values that are not finite
    def error(
        self, state: State, batch: Int[np.ndarray, " sentence"] | None = None
    ) -> tuple[Float[np.ndarray, "row m"], float]:
        """Return minus the gradient of the mean cross-entropy by the rows' logits, and its value.

        The mean is over the sentences of a batch; None is all of them.
        """
        if batch is None:
            cost = nll(self.logits(state, self.rows))
            error = (self.wanted - self.counts[:, None] * np.exp(-cost)) / len(self.inputs)
            return error, float((self.wanted * cost).sum() / len(self.inputs))
        present, place = np.unique(self._row_of[batch], return_inverse=True)
        wanted = np.zeros((len(present), self.m))
        np.add.at(wanted, (place, self.targets[batch]), 1.0)
        cost = nll(self.logits(state, self.rows[present]))
        error = np.zeros_like(self.wanted)
        error[present] = (wanted - np.bincount(place)[:, None] * np.exp(-cost)) / len(batch)
        return error, float((wanted * cost).sum() / len(batch))

    @np.errstate(over="ignore", invalid="ignore")
    def rate(self, state: State) -> State:
        """Return the velocity of the gradient flow, weight decay included."""
        return self.descent(state, self.error(state)[0])

    def descent(self, state: State, error: Float[np.ndarray, "row m"]) -> State:
        """Return minus the gradient by the state, weight decay included."""
        moved = self.pull(state, error)
        return moved - self.weight_decay * state if self.weight_decay else moved

    def loss_of(self, row_logits: Float[np.ndarray, "row m"]) -> float:
        """Return the mean training cross-entropy from the logits of `rows`."""
        return float((self.wanted * nll(row_logits)).sum() / len(self.inputs))

    def implicit(self, state: State) -> Dynamics | None:
        """Return the same flow, started at `state`, in coordinates with a small exact Jacobian.

        None if there are no such coordinates.
        """
        return None

    @own_numpy_settings
    def follow(
        self,
        times: float | Sequence[float] | Float[np.ndarray, " time"],
        tokens: Int[np.ndarray, " token"] | None = None,
        **options: Any,
    ) -> Iterator[tuple[float, Float[np.ndarray, "token m"]]]:
        """Integrate the gradient flow from t = 0; yield (t, logits after `tokens`).

        Args:
            times: as in `follow_states`.
            tokens: whose logits to yield; None is `rows`, as `loss_of` needs.
            options: every_step, method, rtol and atol of `follow_states`.

        Raises:
            BadInput: unknown tokens; or as `follow_states`.
            CannotFinish: as `follow_states`.
        """
        if tokens is None:
            tokens = self.rows
        else:
            require_tokens("token", tokens, self.input_count)
        for t, system, state in self.follow_states(times, **options):
            yield t, system.logits(state, tokens)

    @own_numpy_settings
    def follow_states(
        self,
        times: float | Sequence[float] | Float[np.ndarray, " time"],
        *,
        every_step: bool = False,
        method: str = "auto",
        rtol: float = 1e-6,
        atol: float = 1e-8,
    ) -> Iterator[tuple[float, Dynamics, State]]:
        """Integrate the gradient flow from t = 0; yield (t, system, its state).

        Integration runs in s = ln(1 + t), in which a flow that slows down like 1/t moves evenly.
        The system is this one or, after a switch to BDF, the one that `implicit` returned.

        Args:
            times: when to yield, at least 0 and not decreasing.
            every_step: also yield at the solver's own steps, in order.
            method: a SciPy solver. `auto` is RK45; where the flow turns out stiff and `implicit`
                gives an exact Jacobian, BDF takes over.
            rtol, atol: the solver's relative and absolute tolerance per step.

        Raises:
            BadInput: negative, missing or unordered times, or an unknown method.
            CannotFinish: the solver failed.
        """
        wanted = np.log1p(_checked_times(times))
        if method != "auto" and method not in _SOLVERS:
            choices = ", ".join(["auto", *_SOLVERS])
            raise BadInput(f"method: {method!r} is not known; choose from {choices}")
        if not np.isfinite(self.rate(self.start)).all():
            raise BadInput("the flow's start has entries that are not finite")
        for system, s, state in _integrate(self, wanted, every_step, method, rtol, atol):
            yield float(np.expm1(s)), system, state

    @own_numpy_settings
    def descend(
        self,
        lr: float,
        batches: Iterable[Int[np.ndarray, "..."] | None],
        momentum: float = 0.0,
    ) -> Iterator[tuple[float, State]]:
        """Take SGD steps from the start; yield (loss before the step, state after it).

        Momentum μ is torch's: v ← μ v − ∇, state ← state + η v. A batch is the sentences of a
        step; None is all of them.
        """
        state, velocity = self.start, np.zeros_like(self.start)
        for batch in batches:
            error, loss = self.error(state, batch)
            velocity = momentum * velocity + self.descent(state, error)
            state = state + lr * velocity
            yield loss, state


def require_tokens(what: str, tokens: np.ndarray, m: int) -> None:
    """Refuse numbers that are not tokens of a vocabulary of m.

    Raises:
        BadInput: a token outside the vocabulary, or numbers that are not integers.
    """
    if not np.issubdtype(tokens.dtype, np.integer):
        raise BadInput(f"{what}: tokens are whole numbers, 0 to {m - 1}, got {tokens.dtype}")
    outside = tokens[(tokens < 0) | (tokens >= m)]
    if len(outside):
        raise BadInput(f"{what} {outside[0]} is outside the vocabulary; tokens are 0 to {m - 1}")


def require_matrix(what: str, matrix: np.ndarray, shape: tuple[int | None, ...]) -> None:
    """Refuse an array of another shape (None is any size) or with entries that are not finite.

    Raises:
        BadInput: the array does not fit.
    """
    fits = matrix.ndim == len(shape) and all(
        want in (None, size) for want, size in zip(shape, matrix.shape, strict=True)
    )
    if not fits:
        wanted = " × ".join("any" if size is None else str(size) for size in shape)
        raise BadInput(f"{what}: shape {matrix.shape} does not fit; it must be {wanted}")
    if not np.isfinite(matrix).all():
        raise BadInput(f"{what}: has entries that are not finite")


def factors_of(parametrisation: str) -> int:
    """Return the number of factors of a parametrisation.

    Raises:
        BadInput: it is not known.
    """
    choose([parametrisation], FACTORS, "parametrisation: {!r} is not known")
    return FACTORS[parametrisation]


def flat(parts: Iterable[np.ndarray]) -> State:
    """Write arrays as one flat vector."""
    return np.concatenate([part.ravel() for part in parts])


def unflatten(state: State, shapes: Iterable[tuple[int, ...]]) -> list[np.ndarray]:
    """Undo `flat`; the arrays are views."""
    shapes = list(shapes)
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(s) for part, s in zip(np.split(state, ends), shapes, strict=True)]


def nll(logits: Float[np.ndarray, "*shape m"]) -> Float[np.ndarray, "*shape m"]:
    """Return −log softmax over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    with np.errstate(under="ignore"):
        found: np.ndarray = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    return found


def _checked_times(times: float | Sequence[float] | np.ndarray) -> np.ndarray:
    wanted = np.atleast_1d(np.asarray(times, dtype=float))
    if not len(wanted) or not np.all(wanted >= 0) or not np.all(np.isfinite(wanted)):
        negative = wanted[wanted < 0]
        what = f"{negative[0]:g} is negative" if len(negative) else "they must be given and finite"
        raise BadInput(f"times: {what}; times start at 0")
    if np.any(np.diff(wanted) < 0):
        raise BadInput("times: they must not decrease")
    return wanted


def _integrate(
    system: Dynamics, wanted: np.ndarray, every_step: bool, method: str, rtol: float, atol: float
) -> Iterator[tuple[Dynamics, float, State]]:
    """Yield (system, s, its state) at each wanted s, and at every step if asked to."""
    due = 0
    while due < len(wanted) and wanted[due] == 0:
        yield system, 0.0, system.start
        due += 1
    solver = _solver("RK45" if method == "auto" else method, system, 0.0, wanted[-1], rtol, atol)
    steps = 0
    while due < len(wanted):
        if method == "auto" and steps == _STIFF_AFTER:
            implicit = system.implicit(solver.y)
            if implicit is not None:
                system = implicit
                solver = _solver("BDF", system, solver.t, wanted[-1], rtol, atol)
        if steps == _MOST_STEPS:
            reached = float(np.expm1(solver.t))
            raise CannotFinish(
                f"the flow is too stiff to follow past t = {reached:.3g} ({steps} steps); "
                "ask for earlier times"
            )
        failure = solver.step()
        steps += 1
        if solver.status == "failed":
            reached = float(np.expm1(solver.t))
            raise CannotFinish(f"the flow cannot be followed past t = {reached:g}: {failure}")
        while due < len(wanted) and wanted[due] < solver.t:
            yield system, float(wanted[due]), solver.dense_output()(wanted[due])
            due += 1
        ends = int((wanted[due:] == solver.t).sum())
        for _ in range(max(ends, int(every_step))):
            yield system, float(solver.t), solver.y
        due += ends


def _solver(
    method: str, system: Dynamics, start: float, end: float, rtol: float, atol: float
) -> OdeSolver:
    options: dict[str, Any] = {"rtol": rtol, "atol": atol}
    if method in ("BDF", "Radau") and system.jacobian(system.start) is not None:
        options["jac"] = lambda s, y: np.exp(s) * system.jacobian(y)
    return _SOLVERS[method](
        lambda s, y: np.exp(s) * system.rate(y), start, system.start, end, **options
    )
