"""Small experiments that several rooms' tests share."""

from __future__ import annotations

import builtins
import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from retrodict import Experiment
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

OF_SHAPES = {"data_recipes", "measures", "models", "objectives", "plots", "recipes", "tasks"}
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


FORMAT_1 = Path(__file__).parent / "data" / "run-format-1"


class Silent:
    """A reporter that says nothing."""

    def note(self, text: str) -> None: ...

    def waiting(self, why: str) -> None: ...

    def training(self, run: Run, epoch: int, epochs: int) -> None: ...

    def working(self, what: str, share: float) -> None: ...

    def cell(self, number: int, of: int, label: str) -> None: ...

    def overview(self, *how_far: object) -> None: ...


def _copied(source: Path, target: Path) -> Path:
    return shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.md"))


@pytest.fixture
def answer():
    """Answer an experiment in a store, silently: from what is there, or by training."""
    from retrodict.launch import execute

    return lambda experiment, root: execute(experiment, Store(root), Silent())


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
    from retrodict.launch import execute

    root = _copied(FORMAT_1, tmp_path_factory.mktemp("resumed") / "store")
    shutil.rmtree(root / "reversal-transformer-0127a5b410a3")
    halted = root / "reversal-transformer-712591977e6e"
    execute(open_run(halted).experiment, Store(root), Silent())
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
