"""Figures at smoke scale: drawn, checked, and able to fail."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retrodict import train
from retrodict.cli._exit import run_cli
from retrodict.figures import FIGURES, FINDINGS, SCALES, FigureInputs, PaperFigure, reproduce
from retrodict.figures._reproduce import _lost, _shortfall
from retrodict.figures._scales import describe, sweep_experiment
from retrodict.figures.findings._film import FINDING_FILM
from retrodict.figures.findings._identity import FINDING_IDENTITY
from retrodict.figures.findings._identity_cells import UPDATES
from retrodict.figures.findings._identity_weights import FINDING_IDENTITY_WEIGHTS
from retrodict.figures.paper._sweeps import AXES, SWEEPS
from retrodict.launch import Reporter
from retrodict.measures import Interval, diagonal_z
from retrodict.plots import save_film
from retrodict.runs import Store
from retrodict.trace import Trace

pytestmark = pytest.mark.seconds

TRAINED = (*FIGURES, *FINDINGS)
OURS = tuple(figure for figure in FINDINGS if figure.name.startswith("identity-"))
SLOW = {"lr-depth", "chain-entity-length", "reversal-entity-length", "embedding-similarity"}
SLOW |= {"precision", "in-context-reversal", "tied-head", "chain-positions", "reversal-positions"}
SLOW |= {"chain-vocab-sizes", "chain-layers", "chain-heads", "chain-frozen-embeddings"}
SLOW |= {"reversal-layers", "reversal-heads", "reversal-frozen-embeddings"}
SLOW |= {"whole-sequence-loss"}  # their twins, and smaller figures, run every time
SLOW |= {"identity-phase", "identity-chain", "identity-weights"}
every_trained = pytest.mark.parametrize(
    "figure",
    [
        pytest.param(f, marks=[pytest.mark.slow] if f.name in SLOW else [], id=f.name)
        for f in TRAINED
    ],
)


@pytest.fixture(scope="module")
def material_of(inputs_of):
    """A figure's inputs at smoke scale; what several figures share is trained once."""
    trained: dict[str, Trace] = {}

    def make(figure: PaperFigure) -> FigureInputs:
        asked = figure.experiments("smoke")
        digests = {name: one.placed().digest() for name, one in asked.items()}
        for name, digest in digests.items():
            if digest not in trained:
                trained[digest] = train(asked[name])
        return inputs_of({name: trained[digest] for name, digest in digests.items()})

    return make


@every_trained
def test_every_claim_holds_at_smoke_scale_and_the_figure_can_be_drawn(
    figure, material_of, declared
):
    inputs = material_of(figure)
    claims = figure.claims(inputs)
    for claim in claims:
        assert claim.verdict == "holds", claim
    told = {"title": figure.title, "paper": figure.paper, "claims": list(map(asdict, claims))}
    declared(f"figure {figure.name}", told)
    names = [claim.name for claim in claims]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{figure.name}.") for name in names)
    assert figure.draw(inputs).axes


def opposite(trace: Trace) -> Trace:
    """What a model gives that knows what it should not, and does not know what it should."""
    curves = trace.curves.copy(deep=True)
    curves["training_loss"][:] = 3.0
    curves["entity_nll"][:] = 3.0
    asked = {"group": "validation"}
    curves["nll"].loc[asked] = 0.01
    curves["rank"].loc[asked] = 1.0
    curses = float(trace.curves["accuracy"].loc[asked][..., -1].mean()) < 0.5
    curves["accuracy"].loc[asked] = 1.0 if curses else 0.0
    if "echo" in curves:
        rare = float(curves["echo"].loc[asked][..., -1].mean()) < 0.5
        curves["echo"].loc[asked] = 1.0 if rare else 0.0
    rng = np.random.default_rng(0)
    weights = {name: panel.copy(deep=True) for name, panel in trace.weights.items()}
    for name, panel in weights.items():
        known = 5 * np.eye(panel.sizes["source"])
        panel["embedding_cosine"][:] = known
        for variant in ("entity_only", "prompt_matched"):
            matrix = panel[variant]
            matrix[:] = rng.normal(size=matrix.shape)
            z = diagonal_z(trace.weights[name][variant].values).mean(0)
            for at in np.flatnonzero(np.nan_to_num(z) < 1):  # what did not stand out does now
                matrix[:, at] += known
    return Trace(curves, weights)


@every_trained
def test_every_claim_can_fail(figure, material_of, inputs_of):
    good = material_of(figure)
    wrong = {name: opposite(trace) for name, trace in good.traces.items()}
    for claim in figure.claims(inputs_of(wrong)):
        assert claim.verdict == "fails", claim


@pytest.mark.parametrize(
    "figure", [f for f in TRAINED if f not in OURS], ids=lambda figure: figure.name
)
@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_has_ten_learners_and_the_authors_settings(figure, scale):
    for name, experiment in figure.experiments(scale).items():
        assert experiment.training.learners == 10
        assert experiment.training.epochs in experiment.record.weights_at
        assert experiment.model.dropout == 0.1
        assert experiment.model.tied_head == name.endswith(", tied")
    assert describe(figure.experiments(scale))


@pytest.mark.parametrize("figure", OURS, ids=lambda figure: figure.name)
@pytest.mark.parametrize("scale", SCALES)
def test_identity_figures_compare_at_an_equal_number_of_updates(figure, scale):
    """But for what a whole number of epochs leaves over: half an epoch at paper scale."""
    rest = {"smoke": 0.0, "laptop": 0.0, "paper": 0.5}[scale]
    for experiment in figure.experiments(scale).values():
        steps = experiment.steps_per_epoch
        assert abs(experiment.training.epochs * steps - UPDATES[scale]) <= rest * steps
        assert experiment.training.learners == 10
        assert experiment.training.epochs in experiment.record.weights_at
        assert experiment.record.controls
        assert experiment.model.dropout == 0
    assert describe(figure.experiments(scale))


def test_identity_weights_shares_its_untied_runs_with_identity_phase():
    phase, weights = (
        FINDING_IDENTITY.experiments("smoke"),
        FINDING_IDENTITY_WEIGHTS.experiments("smoke"),
    )
    shared = [one for one in weights.values() if one in phase.values()]
    assert len(shared) == 2


def test_paper_scale_is_the_papers_configuration():
    experiment = FIGURES[0].experiments("paper")["reversal"]
    assert (experiment.model.n_layer, experiment.model.n_head) == (24, 12)
    assert experiment.model.d_model == 768
    assert experiment.task.vocab_size == 800
    assert experiment.training.epochs == 3000


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("task", ["reversal", "chain"])
@pytest.mark.parametrize("axis", AXES, ids=lambda a: a.key)
def test_a_sweep_changes_its_setting_and_nothing_else(axis, task, scale):
    (figure,) = [f for f in FIGURES if f.title == f"{task}: {axis.about}"]
    base = sweep_experiment(task, scale).settings
    found = figure.experiments(scale)
    assert len(found) == len(axis.values[scale])
    for value, (name, experiment) in zip(axis.values[scale], found.items(), strict=True):
        assert name == axis.name(value)
        changed = {key for key, v in experiment.settings.items() if base[key] != v}
        also = axis.changes.get((scale, value), {}).keys()
        assert changed <= {axis.key, *also, *({"record.weights_at"} if also else ())}
        assert experiment.settings[axis.key] == value


def test_figure_5_has_the_papers_sizes():
    sizes = [e.task.sizes for e in SWEEPS[0].experiments("paper").values()]
    sentences = [2 * train + held for train, held in sizes]
    assert sentences == [9, 20, 85, 850]
    assert [held for _, held in sizes] == [1, 4, 15, 150]


def test_a_film_has_a_frame_a_snapshot(tmp_path, material_of):
    frames = FINDING_FILM.film(material_of(FINDING_FILM))
    with Image.open(save_film(frames, tmp_path / "film")) as film:
        assert film.n_frames == len(frames) == 5


@pytest.fixture
def drawn(tiny, tmp_path):
    """A tiny figure, its store, and how often it was drawn."""
    times: list[FigureInputs] = []

    def draw(inputs: FigureInputs) -> Any:
        from matplotlib.figure import Figure

        times.append(inputs)
        return Figure()

    figure = PaperFigure(
        name="tiny",
        title="t",
        grade="O",
        paper="p",
        experiments=lambda scale: {"a": tiny},
        draw=draw,
        check=lambda inputs, caption: caption.at_most(
            "c", "s", Interval(1.0, math.nan, 2.0, 3), 5.0
        ),
    )
    store = Store(tmp_path)
    return (lambda: reproduce(figure, "smoke", store, Reporter())), tmp_path, times


def test_a_figure_of_the_same_runs_and_code_is_not_drawn_again(drawn):
    again, _, times = drawn
    first, second = again(), again()
    assert len(times) == 1
    assert [str(c) for c in first.claims] == [str(c) for c in second.claims]
    assert (first.files, first.runs.keys()) == (second.files, second.runs.keys())


HARMS = {
    "no drawing": lambda folder: (folder / "tiny.png").unlink(),
    "an empty drawing": lambda folder: (folder / "tiny.png").write_bytes(b""),
    "another drawing": lambda folder: (folder / "tiny.pdf").write_bytes(b"garbage"),
    "an empty record": lambda folder: (folder / "tiny.json").write_text("{}"),
    "a record that is a list": lambda folder: (folder / "tiny.json").write_text("[1]"),
    "a record that is no text": lambda folder: (folder / "tiny.json").write_bytes(b"\xff"),
    "a record of other code": lambda folder: (folder / "tiny.json").write_text(
        (folder / "tiny.json").read_text().replace('"code": "', '"code": "0')
    ),
}


def test_a_figure_is_drawn_again_where_its_record_does_not_fit(drawn):
    again, folder, times = drawn
    again()
    for number, (what, harm) in enumerate(HARMS.items(), start=2):
        harm(folder)
        again()
        assert len(times) == number, what
    again()
    assert len(times) == number


def test_a_drawing_whose_record_was_not_written_is_made_again(drawn, monkeypatch):
    """Ended between drawing and record: the old record must not speak of the new drawing."""
    again, folder, times = drawn
    again()
    (folder / "tiny.png").unlink()
    with monkeypatch.context() as broken:
        broken.setattr("retrodict.figures._reproduce.DrawingRecord.write", None)
        with pytest.raises(TypeError):
            again()
    assert not (folder / "tiny.json").exists()
    again()
    assert len(times) == 3


def test_the_small_print_says_what_was_run_and_what_differs(tiny):
    other = tiny.with_overrides("training.epochs=9")
    assert describe({"a": tiny, "b": tiny, "c": other}) == (
        "1 layer, 2 heads, width 16, V = 24, lr 0.01, 6 epochs (9 epochs: c), 3 learners"
    )
    wider = tiny.with_overrides("task.vocab_size=50")
    assert "V" not in describe({"V = 24": tiny, "V = 50": wider})  # the names say it
    many = {str(i): tiny.with_overrides(f"optimizer.lr={i}.0") for i in range(1, 6)}
    assert describe(many).endswith("; several lr: retrodict show RUN")


def test_lost_learners_are_told_in_the_figure(material_of, inputs_of):
    trace = material_of(FIGURES[0]).trace
    curves = trace.curves.copy(deep=True)
    curves["diverged_at"][:3] = 5.0
    lost = inputs_of({"": Trace(curves, trace.weights)})
    assert _lost(lost) == "3 of 10 learners became non-finite and are left out"


def test_a_claim_that_fails_is_named_in_the_figure(material_of, monkeypatch, tmp_path):
    monkeypatch.setattr("retrodict.figures._figure.UNTRAINED_Z", -1.0)
    claims = FIGURES[1].claims(material_of(FIGURES[1]))
    assert "does not hold at this scale: fig2.validation" in _shortfall(claims)


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """Figures 1 and 2 in a store: (the command, exit code, its JSON document, the store)."""
    root = tmp_path_factory.mktemp("reproduced")
    arguments = ["reproduce", "fig1", "fig2", "--scale", "smoke", "--out", str(root), "--json"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run_cli(arguments)
    return arguments, code, json.loads(printed.getvalue()), root


def test_reproduce_writes_figures_and_one_json_document(reproduced, monkeypatch):
    """Figures 1 and 2 share their run; asked again, all comes from the store."""
    arguments, code, found, root = reproduced
    assert code == 0
    assert [f["name"] for f in found["figures"]] == ["fig1", "fig2"]
    assert len(Store(root).runs()) == 1
    for name in ("fig1", "fig2"):
        assert (root / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (root / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert {c["verdict"] for f in found["figures"] for c in f["claims"]} == {"holds"}
    monkeypatch.setattr("retrodict.training.train", None)
    assert run_cli(arguments) == 0


def test_the_document_and_the_records_are_as_they_were(reproduced, pinned_documents):
    _, _, found, root = reproduced
    records = [(path.name, json.loads(path.read_text("utf-8"))) for path in root.glob("fig?.json")]
    pinned_documents("reproduce", [("--json", found), *records])


def test_a_claim_that_fails_gives_exit_code_1(reproduced, tmp_path, capsys, monkeypatch):
    run = next(path for path in reproduced[-1].iterdir() if path.is_dir())
    shutil.copytree(run, tmp_path / run.name)
    monkeypatch.setattr("retrodict.figures.paper._figures_1_to_4.MEMORISED", 1e-9)
    code = run_cli(["reproduce", "fig1", "--scale", "smoke", "--out", str(tmp_path)])
    assert code == 1
    assert "fails" in capsys.readouterr().out
