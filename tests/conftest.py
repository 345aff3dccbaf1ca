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
from collections.abc import Callable, Iterator
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

pytest_plugins = ["pins"]  # in tests/shared

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
def told() -> Any:
    """A reporter that remembers what it was told."""
    from retrodict.launch import Reporter

    class Told(Reporter):
        def __init__(self) -> None:
            self.notes, self.waited, self.worked = [], [], []
            self.epochs, self.cells, self.overviews = [], [], []

        def note(self, text):
            self.notes.append(text)

        def waiting(self, why):
            self.waited.append(why)

        def working(self, what, share):
            self.worked.append(what)

        def training(self, run, epoch, epochs):
            self.epochs.append(epoch)

        def cell(self, number, of, label):
            self.cells.append(f"{number}/{of} {label}")

        def overview(self, *how_far):
            self.overviews.append(how_far)

    return Told()


@pytest.fixture
def quiet(told) -> Iterator[Any]:
    """A reporter of commands that neither wait nor compute anything but epochs."""
    yield told
    assert (told.waited, told.worked) == ([], [])


@pytest.fixture
def pool() -> Any:
    """Workers of a launcher, all in this process; they give an answer if there is one."""

    class Pool:
        def __init__(self) -> None:
            self.answers, self.submitted, self.stopped = {}, {}, False

        def connected(self):
            return contextlib.nullcontext()

        def submit(self, jobs, reporter) -> None:
            self.submitted = dict(jobs)

        def results(self):
            name, job = self.submitted.popitem()
            return {name: self.answers.get(name) or job()}

        def stop(self) -> None:
            self.stopped = True

    return Pool()


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
