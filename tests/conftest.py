"""Small experiments that several rooms' tests share."""

from __future__ import annotations

import builtins
import contextlib
import difflib
import errno
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from retrodict import Experiment
from retrodict.cli._exit import run_cli
from retrodict.errors import Interrupted
from retrodict.experiment import Placed
from retrodict.runs import Run, Store, _environment, open_run
from retrodict.trace import Trace, _trace

TINY = """
task: {kind: reversal, vocab_size: 24}
model: {n_layer: 1, n_head: 2, d_model: 16}
optimizer: {lr: 0.01}
training: {epochs: 6, batch_size: 4, learners: 3}
record: {every: 2, weights_at: [0, 6]}
"""


# Few examples each time; they differ from run to run, so that in the end many are seen.
hypothesis.settings.register_profile("few", max_examples=30, deadline=None)
hypothesis.settings.load_profile("few")

OF_SHAPES = {"data", "measures", "models", "objectives", "plots", "recipes", "tasks"}
OF_SHAPES |= {"theory", "training"}
"""Rooms whose tests `make test` runs with shapes and types checked at every call of the package.

That costs small steps twenty times their arithmetic. What other rooms compute is computed by these;
there tests are of commands, files and pictures.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that are run with shapes checked."""
    for item in items:
        if item.path.parent.name in OF_SHAPES and not item.get_closest_marker("bits"):
            item.add_marker("shapes")


@pytest.fixture(scope="session", autouse=True)
def _cores_of_its_own(tmp_path_factory):
    """Tests do not queue for the cores with trainings that run outside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.getbasetemp()))
        patch.setattr("tempfile.tempdir", None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _traces_are_read_once():
    """Reading one takes a third of a second; the same bytes give the same trace."""
    read, known = Trace._of.__func__, {}

    def of(cls, content, where):
        key = hashlib.sha256(content).digest(), _trace.FORMAT
        if key not in known:
            known[key] = read(cls, content, where)
        panels = {name: panel.copy(deep=True) for name, panel in known[key].weights.items()}
        return cls(known[key].curves.copy(deep=True), panels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trace, "_of", classmethod(of))
        yield


@pytest.fixture(autouse=True, scope="session")
def _warnings_are_errors():
    """Here a warning is an error while we compute, too: see `host.calm_warnings`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrodict.host.calm_warnings", contextlib.nullcontext)
        yield


@pytest.fixture
def tiny() -> Experiment:
    return Experiment.from_text(TINY)


@pytest.fixture
def tiny_yaml(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture
def command(capsys) -> Callable[..., tuple[int, str, str]]:
    """Run a command; return (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_cli([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def refused(command) -> Callable[..., str]:
    """Run a command that must print nothing but one line on stderr; return the line."""

    def run(*arguments: object, code: int = 2) -> str:
        found, out, err = command(*arguments)
        assert (found, out, err.count("\n")) == (code, "", 1), err
        assert err.startswith("retrodict: ")
        return err

    return run


@pytest.fixture
def begin() -> Callable[..., Run]:
    """Begin the run of a placed experiment in a store; `stopped`: interrupt it after an epoch."""
    from retrodict.training import Hooks, train

    def begun(experiment: Placed, root: Path, stopped: bool = False) -> Run:
        run = Store(root).prepare(experiment)
        run.begin(experiment)
        if stopped:
            with pytest.raises(Interrupted):
                train(experiment, Hooks(stop=lambda: True, checkpoint=run.checkpoint))
        return run

    return begun


FORMAT_1 = Path(__file__).parent / "stores" / "run-format-1"


def _copied(source: Path, target: Path) -> Path:
    return shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.md"))


@pytest.fixture
def answer():
    """Answer an experiment in a store, silently: from what is there, or by training."""
    from retrodict.launch import Reporter, execute

    return lambda experiment, root: execute(experiment.placed(fewer=True), Store(root), Reporter())


@pytest.fixture
def old_store(tmp_path) -> Path:
    """A copy of the runs of format 1, as an older version wrote them: `old` and `halted`."""
    return _copied(FORMAT_1, tmp_path / "old")


@pytest.fixture
def old(old_store) -> Run:
    """A finished run of format 1."""
    return open_run(old_store / "reversal-transformer-0127a5b410a3")


@pytest.fixture
def halted(old_store) -> Run:
    """An interrupted run of format 1, with a checkpoint after epoch 2 of 3."""
    return open_run(old_store / "reversal-transformer-712591977e6e")


@pytest.fixture(scope="session")
def _resumed(tmp_path_factory) -> Path:
    from retrodict.launch import Reporter, execute

    root = _copied(FORMAT_1, tmp_path_factory.mktemp("resumed") / "store")
    shutil.rmtree(root / "reversal-transformer-0127a5b410a3")
    halted = root / "reversal-transformer-712591977e6e"
    execute(open_run(halted).experiment.placed(fewer=True), Store(root), Reporter())
    return root


@pytest.fixture
def fresh(_resumed, tmp_path) -> Run:
    """A finished run of the present format, the only one in its store."""
    root = _copied(_resumed, tmp_path / "fresh")
    return open_run(root / "reversal-transformer-712591977e6e")


@pytest.fixture
def edited() -> Callable[..., Run]:
    """Make a run one environment's, the last one's, with changes in what it says of it."""

    def edit(run: Run, **changes: object) -> Run:
        environment, state = run.folder / "environment.json", run.folder / "run.json"
        said = json.loads(environment.read_text())
        made_by = said.get("made_by", [said])
        environment.write_text(json.dumps({**said, "made_by": [{**made_by[-1], **changes}]}))
        known = json.loads(state.read_text())
        known["sha256"].pop("environment.json", None)
        state.write_text(json.dumps(known))
        return open_run(run.folder)

    return edit


@pytest.fixture
def at_home(monkeypatch) -> Callable[[Run], None]:
    """Make this machine the one that made a run, as far as the run says."""

    def pretend(run: Run) -> None:
        then, plain = run.made_by[-1], _environment.here

        def here(device: str, load_torch: bool = True) -> dict[str, object]:
            now = plain(device, load_torch)
            return {**now, **then, "versions": {**now["versions"], **then["versions"]}}

        monkeypatch.setattr(_environment, "here", here)

    return pretend


@pytest.fixture
def content():
    """Read every file below a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read


@pytest.fixture
def read_only(monkeypatch) -> Callable[[Path], None]:
    """Make a folder's files refuse to be written, made or deleted, as a read-only disk does.

    Taking the rights away does not stop root, as whom tests may run.
    """

    def protect(root: Path) -> None:
        def refuse(path: object) -> None:
            inside = not isinstance(path, int) and str(path).startswith(str(root))
            if inside:
                raise OSError(errno.EROFS, "Read-only file system", str(path))

        def guarded_open(file, mode="r", *rest, plain=builtins.open, **more):
            if set(mode) & set("wax+"):
                refuse(file)
            return plain(file, mode, *rest, **more)

        def guarded_os_open(path, flags, *rest, plain=os.open, **more):
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                refuse(path)
            return plain(path, flags, *rest, **more)

        def guarded(plain):
            def call(path, *rest, **more):
                refuse(path)
                return plain(path, *rest, **more)

            return call

        monkeypatch.setattr(builtins, "open", guarded_open)
        monkeypatch.setattr(io, "open", guarded_open)
        monkeypatch.setattr(os, "open", guarded_os_open)
        for name in ("unlink", "remove", "rename", "replace", "mkdir", "rmdir", "chmod", "utime"):
            monkeypatch.setattr(os, name, guarded(getattr(os, name)))

    return protect


_CONTRACT = Path(__file__).parent / "contract"


@pytest.fixture
def pinned() -> Callable[[str, str, object], None]:
    """Require what is found to be what tests/contract/FILE.json says under a key.

    With RETRODICT_PIN set, what is found is written down instead: see tests/contract/README.md.
    """
    pin = os.environ.get("RETRODICT_PIN")
    if pin and os.environ.get("CI"):
        pytest.fail("RETRODICT_PIN is set in CI: nothing would be compared", pytrace=False)

    def require(file: str, key: str, found: object) -> None:
        path = _CONTRACT / f"{file}.json"
        known = _pins(path)
        if pin:
            path.write_text(_dumped({**known, key: found}) + "\n", encoding="utf-8")
        elif key not in known:
            pytest.fail(f"{path.name}, {key}: not pinned yet; see its README.md", pytrace=False)
        else:
            was, now = (_dumped(value).splitlines() for value in (known[key], found))
            if changed := list(difflib.unified_diff(was, now, "as it was", "now", lineterm="")):
                pytest.fail("\n".join([f"{path.name}, {key}:", *changed]), pytrace=False)

    return require


@pytest.fixture
def pinned_documents(pinned) -> Callable[[str, Iterable[tuple[str, object]]], None]:
    """Require documents, each with its name, to be all that tests/contract/documents/FILE says."""

    def require(file: str, found: Iterable[tuple[str, object]]) -> None:
        names = set()
        for name, document in found:
            names.add(name)
            pinned(f"documents/{file}", name, _schema(document))
        if missing := _pins(_CONTRACT / f"documents/{file}.json").keys() - names:
            pytest.fail(f"{file}: no longer written: {', '.join(sorted(missing))}", pytrace=False)

    return require


def _pins(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _dumped(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


@pytest.fixture
def declared(pinned) -> Callable[[str, Mapping[str, Any]], None]:
    """Require what --json says of claims to be as it was: bounds and grades; and the words.

    What is measured is left out of the words: numbers with a point, and which cell is the worst.
    """
    wording = ("title", "paper", "words", "formula", "authors", "year", "arxiv", "source")
    wording += ("setting", "testable", "assumptions", "differs", "known")
    measured = r"-?\d+\.\d+|\d+ of \d+(?= draws)|(?<=worst: )[^)]*|(?<=highest: )[^)]*"

    def require(key: str, found: Mapping[str, Any]) -> None:
        claims = next(found[name] for name in ("claims", "parts", "compared") if name in found)
        said = (claim["statement"] if "statement" in claim else claim["what"] for claim in claims)
        words = {name: found[name] for name in wording if name in found}
        parts = [(one.get("name"), one["predicted"], one.get("grade")) for one in claims]
        pinned("claims", key, [" ".join(filter(None, part)) for part in parts])
        pinned("words", key, {**words, "claims": [re.sub(measured, "#", text) for text in said]})

    return require


_VARIES = {
    "code_changed": ([], ["string"]),
    "commit": ("null", "string"),
    "cpu_features": ([], ["string"]),
    "differences": ([], ["string"]),
}
"""What the machine or the version of the code decides, and what it may be."""


def _schema(value: Any, key: str = "") -> Any:
    """Replace values by their types, a list by one schema that fits all its elements."""
    match value:
        case dict():
            found: Any = {name: _schema(part, name) for name, part in value.items()}
        case list():
            found = [_union([_schema(part) for part in value])] if value else []
        case _:
            names = {bool: "boolean", int: "integer", float: "number", str: "string"}
            found = names.get(type(value), "null")
    may_be = _VARIES.get(key, ())
    if key == "runs" and isinstance(found, dict) and found:
        return {"*": _union(list(found.values()))}  # by the names of runs
    return " or ".join(str(one) for one in may_be) if found in may_be else found


def _union(schemas: list[Any]) -> Any:
    """Return one schema that fits all; a key that some objects lack ends with `?`."""
    if all(isinstance(one, dict) for one in schemas):
        having: dict[str, list[Any]] = {}
        for one in schemas:
            for name, part in one.items():
                having.setdefault(name, []).append(part)
        return {
            name if len(parts) == len(schemas) else f"{name}?": _union(parts)
            for name, parts in having.items()
        }
    if all(isinstance(one, list) for one in schemas):
        parts = [part for one in schemas for part in one]
        return [_union(parts)] if parts else []
    texts = [one if isinstance(one, str) else json.dumps(one) for one in schemas]
    return " | ".join(sorted({part for text in texts for part in text.split(" | ")}))
