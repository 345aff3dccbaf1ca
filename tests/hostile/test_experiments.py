"""Every experiment runs to its end or is refused in one line, with nothing written.

Experiments are made from the schema itself: a new task, model, objective or setting is asked for
here without a change of this file.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import math
import shutil
import tempfile
import types
import typing
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from retrodict import BadInput, CannotFinish, Experiment
from retrodict.cli._exit import run_cli
from retrodict.experiment import models_in
from retrodict.runs import Store
from retrodict.tasks import Pairs
from retrodict.theory import predict

pytestmark = pytest.mark.seconds

SMALL = {"vocab_size": 40, "m": 24, "d": 40, "d_model": 16, "seed": 2**62, "corpus_seed": 2**62}
SMALL |= {"epochs": 2, "learners": 2, "n_layer": 2, "threads": 1, "index_tokens": 9}
USUALLY = 6
"""What a number of a setting is at most in a run of seconds; `SMALL` names the exceptions."""
SLOW = ("compiled", "cuda")
"""Choices that take minutes, or are not on every machine."""
MOST_WORK = 20_000_000
"""Steps times learners times parameters that a test trains."""


def numbers(bounds: dict[str, Any], kind: type, most: float) -> st.SearchStrategy[Any]:
    """Numbers within a setting's bounds, the bounds themselves among them."""
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if kind is int:
        return st.integers(low, min(most, math.inf if high is None else high))
    open_ends = {"exclude_min": "gt" in bounds, "exclude_max": "lt" in bounds}
    drawn = st.floats(low, high, allow_nan=False, allow_infinity=False, **open_ends)
    usual = [x for x in (0.0, 0.01, 0.5, 0.9) if (low is None or low < x) and (high or 1) > x]
    return st.sampled_from(usual) | drawn


def bounds_of(metadata: typing.Iterable[Any]) -> dict[str, Any]:
    """Read `ge`, `lt`, … off annotations."""
    found: dict[str, Any] = {}
    for part in metadata:
        found |= bounds_of(getattr(part, "metadata", ()))
        found |= {key: getattr(part, key) for key in ("ge", "gt", "le", "lt") if hasattr(part, key)}
    return found


def values(annotation: Any, metadata: Any, name: str) -> st.SearchStrategy[Any]:
    """Values that a setting may have, small ones."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if models_in(annotation):
        return st.one_of(*map(sections, models_in(annotation)))
    if origin is typing.Annotated:
        return values(parts[0], [*parts[1:], *metadata], name)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values(part, metadata, name) for part in parts))
    if origin is typing.Literal:
        return st.sampled_from([part for part in parts if part not in SLOW])
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(values(parts[0], [], name), max_size=4)
    if origin is tuple:
        return st.tuples(*(values(part, [], name) for part in parts)).map(list)
    if annotation is type(None):
        return st.none()
    if annotation is bool:
        return st.booleans()
    if annotation in (int, float):
        return numbers(bounds_of(metadata), annotation, SMALL.get(name, USUALLY))
    assert annotation is str, f"tests know no values of {annotation}"
    return st.sampled_from(["auto", "cpu"])


def sections(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """A section, in which what would take long by default is never left out."""
    always, sometimes = {}, {}
    for name, field in model.model_fields.items():
        drawn = values(field.annotation, field.metadata, name)
        large = type(field.default) is int and field.default > SMALL.get(name, USUALLY)
        kept = large or name in ("kind", "threads") or (models_in(field) and field.default)
        (always if kept else sometimes)[name] = drawn
    return st.fixed_dictionaries(always, optional=sometimes)


def fitted(experiment: dict[str, Any]) -> dict[str, Any]:
    """Change settings that seldom fit each other by chance, until they do."""
    other = {"causal": "bidirectional", "bidirectional": "causal"}
    model = dict(experiment["model"])
    turned = {**model, "attention": other[model.get("attention", "causal")]}
    datas = [experiment.get("data", {}), *({k: v} for k, v in experiment.get("data", {}).items())]
    for data in [*datas, {}]:
        for attempt in (model, turned):
            changed = {**experiment, "model": attempt, "data": data}
            if valid(changed):
                return changed
    plain = {**experiment, "model": {k: v for k, v in model.items() if k != "attention"}}
    return {key: part for key, part in plain.items() if key not in ("data", "objective")}


def valid(experiment: dict[str, Any]) -> bool:
    """Whether an experiment's values fit each other."""
    try:
        Experiment.model_validate(experiment)
    except (ValidationError, BadInput):
        return False
    return True


EXPERIMENTS, PAIRS = sections(Experiment).map(fitted), sections(Pairs)
"""Made once: the types' checks of this suite use random numbers, which no strategy may."""

HUGE = [-1, 0, 1, 2**31, 2**53 + 1, 2**62, 2**63, 2**64, 10**6, 10**9, 10**18, 10**400, -(10**400)]
ODD = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308, 1e9, "", "all", "auto", "null", "[red]"]
ODD += ["\x00", "\x1b[31m", "\ud800", "\u202e", "cuda:99", f"cuda:{'9' * 5000}", "x" * 2000, "a\nb"]
SCALARS = st.none() | st.booleans() | st.sampled_from(HUGE + ODD) | st.text(max_size=8)
KEYS = st.text(max_size=6) | st.sampled_from(["kind", "task", "<<", "~", "1", "true", "2020-01-01"])
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> str:
    """Write YAML of one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: ".inf", -math.inf: "-.inf"}.get(value, ".nan")
    return json.dumps(value)


def _key(key: str) -> str:
    return key if key in ("<<", "~", "1", "true", "2020-01-01") else json.dumps(key)


def document(experiment: dict[str, Any]) -> str:
    """Write an experiment with a line a section."""
    return "".join(f"{_key(key)}: {written(part)}\n" for key, part in experiment.items())


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """An experiment of which some settings are replaced, added, renamed or left out."""
    experiment = copy.deepcopy(draw(EXPERIMENTS))
    for _ in range(draw(st.integers(1, 3))):
        place: dict[str, Any] = experiment
        section = draw(st.sampled_from(sorted(experiment)))
        if isinstance(experiment[section], dict) and experiment[section] and draw(st.booleans()):
            place = experiment[section]
        key = draw(st.sampled_from(sorted(place)) | KEYS)
        if draw(st.integers(0, 9)) == 0 and len(experiment) > 1:
            place.pop(key, None)
        else:
            place[key] = draw(JUNK)
        if not experiment:
            break
    return experiment


PIECES = ["\t", "\r\n", "\x00", "\x1b", "\ufeff", "\u2028", "é", "[" * 40, *"{},|>'\"#\\@`=~\n"]
PIECES += ["&a ", "*a", "!!int ", "? ", "- ", "<<: ", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n"]
PIECES += ["9" * 5000, "0x", "1e999", "2020-13-45", "grid: ", ": "]


@st.composite
def scribbled(draw: st.DrawFn) -> bytes:
    """An experiment's text with pieces cut out, doubled or put in; or no text at all."""
    text = document(draw(EXPERIMENTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(st.sampled_from(["", text[start:end] * 2, *PIECES]) | st.text(max_size=4))
        text = text[:start] + middle + text[end:]
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-16", "latin-1"]))
    return text.encode(encoding, errors="replace" if encoding == "latin-1" else "surrogatepass")


SETTINGS = sorted(
    f"{section}.{key}"
    for section, field in Experiment.model_fields.items()
    for model in models_in(field)
    for key in model.model_fields
)
AXES = st.fixed_dictionaries(
    {"optimizer.lr": st.lists(st.floats(0, 1), min_size=1, max_size=2, unique=True)},
    optional={"training.seed": st.lists(st.integers(0, 9), max_size=2), "model.sigma": JUNK},
)
GRIDS = AXES | st.dictionaries(
    st.sampled_from(SETTINGS) | st.sampled_from(["optimizer", "task", "a.b.c"]) | KEYS,
    st.lists(SCALARS | st.integers(0, 20) | st.floats(0, 1) | JUNK, max_size=3) | JUNK,
    max_size=2,
)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for one example."""
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path)


def asked(*arguments: str) -> tuple[int, str, str]:
    """Run a command; return (exit code, stdout, stderr)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_cli(list(arguments))
    return code, out.getvalue(), err.getvalue()


def require_one_line(code: int, err: str, store: Path) -> None:
    """The law of every command that did not end well."""
    assert code in (2, 3), err
    if code == 3:  # it was trained, and on a busy machine that is told from time to time
        err = "".join(line for line in err.splitlines(keepends=True) if " epochs/s, " not in line)
    assert err.startswith("retrodict: "), err
    assert err.count("\n") == 1, err
    assert err.endswith("\n"), err
    assert len(err) < 1500, len(err)
    unseen = {c for c in err[:-1] if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not unseen, (unseen, err)
    assert code == 2 or "became non-finite" in err, err
    assert code == 3 or not store.exists()


def work_of(plan: dict[str, Any]) -> int:
    """How much a training would have to do."""
    if "steps" not in plan:
        return 0
    questions = sum(group["questions"] * group["alphabet"] for group in plan.get("groups", []))
    return int(plan["learners"] * (1 + plan["steps"]) * (plan["parameters"] + 1000 + questions))


def require_law(path: Path, *changes: str) -> int:
    """Ask for a dry run of a file, and if that is small, for a run; return its exit code."""
    store = path.parent / "store"
    options = [part for change in changes for part in ("--set", change)]
    code, out, err = asked("run", str(path), *options, "--out", str(store), "--dry-run", "--json")
    if code:
        require_one_line(code, err, store)
    else:
        assert not store.exists()
        plan = json.loads(out)
        if sum(map(work_of, plan.get("cells", [plan]))) > MOST_WORK:
            return -1
    ran, out, err = asked("run", str(path), *options, "--out", str(store), "--json")
    if ran:
        require_one_line(ran, err, store)
    else:
        assert code == 0, "a dry run refuses what runs"
        json.loads(out)  # read from the traces
        assert all(run.finished for run in Store(store).runs())
    return ran


def require_of_text(text: str | bytes, *changes: str) -> int:
    with folder() as place:
        path = place / "x.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        return require_law(path, *changes)


def of_experiments(experiment: dict[str, Any]) -> None:
    assume(valid(experiment))  # others are refused, as those that are spoilt
    require_of_text(document(experiment))


def of_spoilt(experiment: dict[str, Any]) -> None:
    require_of_text(document(experiment))


def of_text(text: bytes) -> None:
    require_of_text(text)


def of_grids(experiment: dict[str, Any], grid: Any) -> None:
    assume(valid(experiment))
    require_of_text(document({**experiment, "grid": grid}))


def of_changes(experiment: dict[str, Any], changes: list[tuple[str, Any]]) -> None:
    assume(valid(experiment))
    require_of_text(document(experiment), *(f"{key}={value}" for key, value in changes))


def of_theory(experiment: dict[str, Any]) -> None:
    with contextlib.suppress(BadInput, CannotFinish):
        predict(Experiment.from_text(document(experiment)))


@st.composite
def analysed(draw: st.DrawFn) -> dict[str, Any]:
    """An experiment that theory may cover."""
    experiment = draw(EXPERIMENTS.filter(lambda e: e["model"]["kind"] != "transformer"))
    optimizer = {k: v for k, v in experiment["optimizer"].items() if k in ("lr", "weight_decay")}
    experiment = {**experiment, "optimizer": {**optimizer, "kind": "sgd"}}
    if experiment["model"]["kind"] == "bilinear":
        pairs = draw(PAIRS)
        experiment = {**experiment, "task": {**pairs, "m": 2 * pairs["n"] + pairs["m"]}}
    return experiment


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([*SETTINGS, *(f"grid.{s}" for s in SETTINGS)]) | st.text(max_size=6),
        JUNK.map(written) | st.sampled_from(PIECES) | st.integers(0, 9).map(str) | st.text(),
    ),
    min_size=1,
    max_size=2,
) | st.sampled_from([[("training.seed", "3")], [("grid.optimizer.lr", "[0.1, 0.2]")]])
LAWS = {
    "experiments": (of_experiments, (EXPERIMENTS,)),
    "spoilt experiments": (of_spoilt, (spoilt(),)),
    "scribbled text": (of_text, (scribbled(),)),
    "grids": (of_grids, (EXPERIMENTS, GRIDS | JUNK)),
    "changes": (of_changes, (EXPERIMENTS, CHANGES)),
    "theory": (of_theory, (analysed(),)),
}


QUICK = {"experiments": 2, "spoilt experiments": 12, "scribbled text": 12}
QUICK |= {"grids": 1, "changes": 6, "theory": 6}
THOROUGH = {"experiments": 60, "spoilt experiments": 400, "scribbled text": 400}
THOROUGH |= {"grids": 20, "changes": 200, "theory": 200}
"""Examples of each law, few of what trains."""


@pytest.fixture(autouse=True)
def _theory_gives_up_soon(monkeypatch):
    """A stiff flow is refused only after some seconds; here after fewer steps."""
    monkeypatch.setattr("retrodict.theory._dynamics._MOST_STEPS", 200)


def examples_of(law: str, **how: Any) -> None:
    """Draw examples of a law and check each."""
    check, drawn = LAWS[law]
    chosen = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), **how)
    chosen(given(*drawn)(check))()


@pytest.mark.parametrize(("law", "examples"), [*QUICK.items()])
def test_an_experiment_runs_or_is_refused_in_one_line(law, examples):
    examples_of(law, max_examples=examples, derandomize=True)


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_hundreds_of_experiments_run_or_are_refused_in_one_line(law):
    examples_of(law, max_examples=THOROUGH[law])
