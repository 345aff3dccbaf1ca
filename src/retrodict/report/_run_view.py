"""What the report shows of one run: small, so that traces need not stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Experiment
from retrodict.measures import Final, Interval, diagonal_z, final_values, indices, over_learners
from retrodict.report._encoding import Matrices, pack_curve, pack_matrices, rounded, thinned
from retrodict.runs import Provenance, Run
from retrodict.trace import Trace

_THEORY_SECONDS = 2.0


@dataclass(frozen=True)
class RunView:
    """A finished run, without its arrays.

    Attributes:
        name: the name of its folder.
        experiment: its settings.
        finals: every measure at the last epoch, group by group.
        training_loss: at the last epoch.
        uniform_nll, alphabet_nll: the baselines (nats).
        indices: `measures.indices`, over learners.
        z: panel → how far the diagonal stands out at the last snapshot.
        diverged: seeds of the learners that became non-finite.
        seconds: training time, summed over interruptions; None if the log does not say.
        provenance: when it was trained, and whether by this code.
        machine: processor, platform and versions, in words; "unknown" if not recorded.
        chart: curves, packed for the page.
        theory: why theory is not drawn; "" if it is, or if there is none for this model.
        matrices: effective weights over time, if there is more than one snapshot.
    """

    name: str
    experiment: Experiment
    finals: Sequence[Final]
    training_loss: Interval
    uniform_nll: float
    alphabet_nll: float
    indices: Mapping[str, Interval]
    z: Mapping[str, Interval]
    diverged: Sequence[int]
    seconds: float | None
    provenance: Provenance
    machine: tuple[str, str, str]
    chart: Mapping[str, Any]
    theory: str
    matrices: Matrices | None


def view(run: Run) -> RunView:
    """Read a finished run.

    Raises:
        CannotFinish: it is not finished, damaged, or of another version; the message says which.
    """
    try:
        return _view(run)
    except CannotFinish:
        raise
    except Exception as error:  # a trace from elsewhere can be wrong in any way
        raise CannotFinish(f"{run.folder.name}: not a trace of this version: {error!r}") from error


def _view(run: Run) -> RunView:
    experiment, trace = run.experiment, run.trace
    ended = trace.curves["diverged_at"].dropna("learner")
    theory, why = _theory(experiment, trace)
    has_weights = all(panel.sizes["snapshot"] for panel in trace.weights.values())
    last = {
        name: panel["entity_only"].isel(snapshot=-1).values
        for name, panel in trace.weights.items()
        if has_weights and panel.sizes["source"] == panel.sizes["target"]
    }
    return RunView(
        name=run.folder.name,
        experiment=experiment,
        finals=final_values(trace),
        training_loss=over_learners(trace.curves["training_loss"].isel(epoch=-1).values),
        uniform_nll=float(trace.attrs["uniform_nll"]),
        alphabet_nll=float(trace.held_out()["alphabet_nll"]),
        indices={n: over_learners(v) for n, v in indices(trace).items()} if has_weights else {},
        z={name: over_learners(diagonal_z(matrix)) for name, matrix in last.items()},
        diverged=[int(seed) for seed in ended["seed"].values],
        seconds=run.seconds,
        provenance=Provenance.of(run),
        machine=_machine(run),
        chart=_chart(trace, theory),
        theory=why,
        matrices=pack_matrices(trace),
    )


def _machine(run: Run) -> tuple[str, str, str]:
    """Return processor, platform and versions, as far as the run records them as text."""
    try:
        found = run.made_by[-1]
    except (CannotFinish, RecursionError):
        found = {}

    def word(name: str) -> str:
        text = found.get(name)
        return text if isinstance(text, str) else "unknown"

    versions = found.get("versions")
    told = {"Python": word("python"), **(versions if isinstance(versions, dict) else {})}
    written = [f"{name} {text}" for name, text in told.items() if isinstance(text, str)]
    return word("processor"), word("platform"), ", ".join(written)


def _chart(trace: Trace, theory: Trace | None) -> dict[str, Any]:
    """Return the curves, of shape (learner, epoch), in a few hundred bytes per learner."""
    epochs = trace.curves["epoch"].values
    first = next(iter(trace.weights.values()), None)
    snapshots: Sequence[int] = [] if first is None else first["snapshot"].values.tolist()
    at = thinned(len(epochs), [int(np.abs(epochs - epoch).argmin()) for epoch in snapshots])
    several = not np.allclose(trace.curves["entity_nll"], trace.curves["nll"], equal_nan=True)
    measures = ["nll", *(["entity_nll"] if several else []), "accuracy"]
    loss = {"nll": pack_curve(trace.curves["training_loss"].values[:, at])}
    curves: list[dict[str, Any]] = [{"label": "training loss, as recorded", "kind": "loss", **loss}]
    titles = {name: panel.attrs.get("title") for name, panel in trace.weights.items()}
    for group in map(str, trace.curves["group"].values):
        values = trace.curves.sel(group=group)
        curves.append(
            {
                "label": str(titles.get(group) or group.replace("_", " ")),
                "kind": "taught" if bool(values["trained"]) else "held out",
                **{name: pack_curve(values[name].values[:, at]) for name in measures},
            }
        )
    return {
        "epochs": [int(epoch) for epoch in epochs[at]],
        "seeds": [int(seed) for seed in trace.curves["seed"].values],
        "measures": measures,
        "uniform": float(trace.attrs["uniform_nll"]),
        "alphabet": float(trace.held_out()["alphabet_nll"]),
        "curves": curves,
        "theory": None if theory is None else _theory_curves(theory, at),
    }


def _theory_curves(theory: Trace, at: np.ndarray) -> list[list[float | None]]:
    """Return means over learners, one line per curve of the chart."""
    lines = [theory.curves["training_loss"].values[:, at]]
    lines += [theory.curves["nll"].sel(group=g).values[:, at] for g in theory.curves["group"]]
    return [[rounded(over_learners(column).mean) for column in line.T] for line in lines]


def _theory(experiment: Experiment, trace: Trace) -> tuple[Trace | None, str]:
    """Predict a run of an analysed model if that is quick; else return why not."""
    if not experiment.model.has_theory:
        return None, ""
    from retrodict.theory import predict

    corpus, each = experiment.corpus(), experiment.model.flow_seconds
    cost = experiment.training.learners * len(corpus.tokens) * corpus.vocab_size * each
    if cost > _THEORY_SECONDS:
        return None, "theory is not drawn: computing it would take long"
    try:
        found = predict(experiment.changed({"record.weights_at": []}))
    except (BadInput, CannotFinish) as error:
        return None, f"theory is not drawn: {error}"
    same = found.curves["epoch"].equals(trace.curves["epoch"])
    return (found, "") if same else (None, "theory is not drawn: other epochs")
