"""Results from the store say when and by which code they were trained; `--again` trains them anew
and compares."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest

from retrodict import open_run
from retrodict import source as code
from retrodict.errors import Interrupted
from retrodict.launch import LOCAL, Asked, Job, Reporter, _local
from retrodict.runs import Provenance, Run, Store, check_run

pytestmark = pytest.mark.seconds

ONE = ("--set", "training.threads=1", "--set", "training.epochs=2", "--set", "record.weights_at=[]")


@pytest.fixture
def command(command):
    def run(*arguments: object) -> tuple[int, str, str]:
        code, out, err = command(*arguments)
        return code, " ".join(out.split()), err

    return run


@pytest.fixture
def kept(small, answer, tmp_path) -> Run:
    return answer(small, tmp_path / "store")


def by_other_code(run: Run) -> Run:
    """Make the code that trained it another."""
    path = run.folder / "environment.json"
    path.write_text(path.read_text().replace(code.training_code(), "0" * 16))
    state = run.folder / "run.json"
    said = json.loads(state.read_text())
    said["sha256"].pop("environment.json", None)
    state.write_text(json.dumps(said))
    return open_run(run.folder)


def test_a_run_says_how_it_was_answered_when_and_by_which_code(command, tiny_yaml, tmp_path):
    asked = ("run", tiny_yaml, *ONE, "--out", tmp_path / "s")
    _, out, _ = command(*asked, "--json")
    first = json.loads(out)
    assert first["answered"] == "trained"
    _, out, err = command(*asked, "--json")
    told = json.loads(out)
    assert (told["answered"], told["code_changed"], err) == ("store", False, "")
    assert told["code"] == code.training_code()
    assert told["trained_at"] == first["trained_at"]
    _, out, _ = command(*asked)
    day = told["trained_at"][:10]
    assert f"from the store: trained {day}" in out
    assert f"code {code.training_code()}" in out
    assert "has changed" not in out


def test_changed_code_is_reported_in_a_line_by_every_command(command, kept, tmp_path):
    by_other_code(kept)
    yaml, root = kept.folder / "experiment.yaml", kept.folder.parent
    line = f"the training code has changed since {kept.folder.name} was trained"
    for asked in (("run", yaml, "--out", root), ("compare", kept.folder)):
        _, out, _ = command(*asked)
        assert out.count(line) == 1
        assert "--again" in out
        _, out, err = command(*asked, "--json")
        assert err.count(line) == 1
        told = json.loads(out)
        assert (told["runs"][0] if "runs" in told else told)["code_changed"] is True
    grid = ("run", yaml, "--out", root, "--set", "grid.training.seed=[0]")
    assert command(*grid)[1].count(line) == 1
    _, out, _ = command("show", kept.folder)
    assert "trained again here, bits should agree: the training code has changed" in out
    assert "differ" not in out.split("trained again here")[1].split("NLL")[0]


def test_a_run_that_other_code_began_is_named_when_resumed_and_ever_after(
    command, begin, small, tmp_path
):
    run = begin(small.placed(), tmp_path, stopped=True)
    by_other_code(run)
    go_on = ("run", run.folder / "experiment.yaml", "--out", tmp_path)
    _, out, err = command(*go_on)
    assert f"{run.folder.name} continues from a checkpoint of other code" in err
    line = f"{run.folder.name} was partly trained by other code; add --again"
    assert line in out
    _, out, err = command(*go_on)
    assert line in out
    assert "has changed since" not in out + err


def test_a_report_says_that_code_has_changed(kept, tmp_path):
    from retrodict.report import as_html, as_markdown, collect, facts

    by_other_code(kept)
    found = collect(kept.folder.parent)
    line = f"the training code has changed since {kept.folder.name} was trained"
    assert f"<strong>{line}" in as_html(found, None, _no_answers())
    assert f"**{line.replace('_', chr(92) + '_')}" in as_markdown(
        found, None, _no_answers(), "x", {}
    )
    told = facts(found, None, _no_answers(), tmp_path / "x.html", 0)
    assert told["code_changed"] == [kept.folder.name]


def _no_answers():
    from retrodict.report import Answer

    blank = dict.fromkeys(Answer.__dataclass_fields__, "")
    return [Answer(**{**blank, "lines": (), "links": ("x",), "verdict": "not measured"})] * 6


def test_code_that_is_not_known_is_not_called_changed(old):
    found = Provenance.of(old)
    assert found.code_changed is None
    assert "code not known" in str(found)


def test_again_trains_anew_and_finds_the_same_bits(kept, small, answered, content):
    before = content(kept.folder)
    os.utime(kept.folder / "trace.nc", ns=(0, 0))
    run, how = answered(small, kept.folder.parent)
    assert run.folder == kept.folder
    found = how.again
    assert (found.same_bits, found.max_nll_difference, found.before) == (True, 0.0, None)
    assert [path.name for path in kept.folder.parent.iterdir()] == [kept.folder.name]
    assert content(kept.folder)["trace.nc"] == before["trace.nc"]
    assert (kept.folder / "trace.nc").stat().st_mtime_ns != 0
    assert how.how == "trained"
    assert check_run(kept.folder) == []


def test_again_keeps_the_old_run_where_numbers_differ(kept, small, answered, other_numbers):
    other_numbers(kept)
    root, before = kept.folder.parent, Run(kept.folder).trace
    (root / "fig1.png").write_bytes(b"")
    record = {"format": 2, "runs": {"a": kept.folder.name}, "files": {}}
    (root / "fig1.json").write_text(json.dumps(record))
    run, how = answered(small, root)
    found = how.again
    assert found.same_bits is False
    assert found.max_nll_difference == pytest.approx(0.25)
    assert open_run(found.before).trace.identical(before)
    assert [problem.kind for problem in check_run(found.before)] == ["note"]
    assert not run.trace.identical(before)
    assert check_run(run.folder) == []
    assert found.undrawn == ("fig1",)
    assert not (root / "fig1.json").exists()


def test_again_works_without_hard_links(kept, small, answered, other_numbers, monkeypatch):
    def refused(*_, **__):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    other_numbers(kept)
    run, how = answered(small, kept.folder.parent)
    assert check_run(run.folder) == []
    assert open_run(how.again.before).trace.nll.size


def test_interrupted_it_keeps_the_old_run_and_continues_later(
    kept, small, answered, monkeypatch, content
):
    before, root = content(kept.folder), kept.folder.parent
    with monkeypatch.context() as patch:
        patch.setattr(_local.Stop, "asked", property(lambda self: True, lambda self, value: None))
        with pytest.raises(Interrupted):
            answered(small, root)
    assert content(kept.folder) == before
    (hidden,) = root.glob(".again/*/*/run.json")
    assert Run(hidden.parent).has_checkpoint
    log = hidden.with_name("log.jsonl").read_text()
    answered(small, root)
    assert "interrupted" in log
    assert [event["event"] for event in Run(kept.folder).events()][:2] == ["started", "interrupted"]
    assert content(kept.folder)["trace.nc"] == before["trace.nc"]
    assert not (root / ".again").exists()


def test_interrupted_while_it_replaces_the_old_run_it_finishes_later(
    kept, small, answered, other_numbers, monkeypatch
):
    from retrodict.runs import _again

    other_numbers(kept)
    root, plain = kept.folder.parent, _again._copy
    with monkeypatch.context() as patch:
        calls = []

        def dying(source, target):
            calls.append(source)
            if len(calls) == 2:
                raise KeyboardInterrupt
            plain(source, target)

        patch.setattr(_again, "_copy", dying)
        with pytest.raises(KeyboardInterrupt):
            answered(small, root)
    run, _ = answered(small, root)
    assert check_run(run.folder) == []
    assert len(list(root.glob("*.before-*/run.json"))) == 1
    assert not (root / ".again").exists()


def test_what_was_trained_before_an_interruption_is_not_trained_again(small, answer, tmp_path):
    root = tmp_path / "store"
    other = small.with_overrides("training.seed=50")
    for one in (small, other):
        answer(one, root)
    asked = Asked(LOCAL, again=True)
    jobs = [Job(asked.place(one)) for one in (small, other)]
    first = next(iter(asked.execute_all(jobs, Store(root), Reporter())))
    assert first.index == 0
    resumed = Asked(LOCAL, again=True)
    ended = list(resumed.execute_all(jobs, Store(root), Reporter()))
    assert {one.index for one in ended} == {0, 1}
    how = [resumed.answers[job.experiment.name].how for job in jobs]
    assert how == ["store", "trained"]
    assert not (root / ".again").exists()


def test_two_names_of_one_run_train_it_once_again(kept, small):
    asked = Asked(LOCAL, again=True)
    job = Job(asked.place(small))
    ended = list(asked.execute_all([job, job], Store(kept.folder.parent), Reporter()))
    assert sorted(one.index for one in ended) == [0, 1]
    assert all(one.run.trace.nll.size for one in ended)


def test_again_through_the_command_line(command, kept, other_numbers):
    yaml, root = kept.folder / "experiment.yaml", kept.folder.parent
    _, out, _ = command("run", yaml, "--out", root, "--again")
    assert "trained again: the same bits as before" in out
    other_numbers(kept)
    _, out, err = command("run", yaml, "--out", root, "--again", "--json")
    told = json.loads(out)["again"]
    assert told["same_bits"] is False
    assert told["max_nll_difference"] == pytest.approx(0.25)
    assert told["before"] in err
    assert err.count("\n") == 1
    assert command("verify", "--fast", "--again")[0] == 2


LOOK_ON = {
    "errors.py",
    "experiment/_compatibility.py",  # refusing
    "experiment/_defaults.py",  # settings, which are hashed themselves
    "experiment/_empty_sections.py",  # reading YAML
    "experiment/_explain.py",
    "experiment/_grid.py",
    "experiment/_overrides.py",
    "experiment/_yaml.py",
    "files/_atomic.py",  # writing
    "files/_documents.py",
    "files/_json.py",
    "files/_lock.py",
    "files/_safe_read.py",
    "files/hdf5.py",
    "limits.py",  # how many cores and how much memory there are
    "members.py",  # gathering kinds, which are hashed themselves
    "signals.py",  # stopping
    "trace/_misfit.py",  # comparing
}


LISTS = {code.ROOT / name / "__init__.py" for name in (".", "experiment", "files", "trace")}
"""Public lists of names from several modules: all of these count."""


def _modules_of(path: Path) -> set[Path]:
    """Return the modules of the package that a module imports, those behind `LISTS` included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            parts = {_module(f"{node.module}.{alias.name}") for alias in node.names}
            found |= parts if None not in parts else {*parts, _module(node.module)}
    found.discard(None)
    return found - LISTS | {one for each in found & LISTS for one in _modules_of(each)}


def _module(name: str) -> Path | None:
    """Return the file of a module of the package; None if it is no such module."""
    package, *parts = name.split(".")
    path = code.ROOT.joinpath(*parts)
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((one for one in files if package == "retrodict" and one.is_file()), None)


@pytest.mark.parametrize(
    "text",
    [
        "from retrodict import seeds",
        "from retrodict import seeds as streams, __version__",
        "import retrodict.seeds",
        "from retrodict.seeds import stream",
    ],
)
def test_an_import_is_found_however_it_is_written(tmp_path, text):
    (tmp_path / "x.py").write_text(text)
    assert code.ROOT / "seeds.py" in _modules_of(tmp_path / "x.py")


def test_imports_of_the_code_that_trains_are_hashed_or_decide_no_bit():
    modules = {path: path.relative_to(code.ROOT).as_posix() for path in code.ROOT.rglob("*.py")}
    hashed = [path for path, name in modules.items() if name.startswith(code.TRAINING_CODE)]
    used = {modules[path] for path in set().union(*map(_modules_of, hashed))}
    assert {name for name in used if not name.startswith(code.TRAINING_CODE)} == LOOK_ON
