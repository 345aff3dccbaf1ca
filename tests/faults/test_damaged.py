"""Files that were cut, flipped or swapped: named or harmless, never used, never deleted."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retrodict import CannotFinish, Experiment
from retrodict.cli._exit import run_cli
from retrodict.runs import Run

pytestmark = pytest.mark.seconds

Harm = Callable[[bytes, random.Random], bytes]

HARMS: dict[str, Harm] = {
    "emptied": lambda content, rng: b"",
    "cut": lambda content, rng: content[: rng.randrange(len(content))],
    "flipped": lambda content, rng: _flipped(content, rng.randrange(8 * len(content))),
    "zeroed": lambda content, rng: bytes(len(content)),
    "grown": lambda content, rng: content + b"\0",
    "replaced": lambda content, rng: b"%PDF-1.7 something else",
}


def _flipped(content: bytes, bit: int) -> bytes:
    harmed = bytearray(content)
    harmed[bit // 8] ^= 1 << bit % 8
    return bytes(harmed)


@pytest.fixture
def finished(answer, alone, tmp_path) -> Run:
    return answer(alone, tmp_path / "store")


@pytest.fixture
def interrupted(stopped, alone, tmp_path) -> Run:
    return stopped(alone, tmp_path / "store")


def require_named_or_harmless(
    run: Run, path: Path, answer, require_same, experiment, capsys
) -> bool:
    """Ask again beside a harmed file; return whether it was named."""
    files = [file for file in run.folder.iterdir() if not file.name.startswith(".")]
    before = {file: file.read_bytes() for file in files}
    refusal = ""
    try:
        again = answer(experiment, run.folder.parent)
        require_same(again, experiment)
        _ = again.made_by[-1], again.events(), again.weights()
    except CannotFinish as error:
        refusal = str(error)
    if not refusal:
        return False
    assert path.name in refusal
    assert "\n" not in refusal
    for file, content in before.items():
        assert file.name == "log.jsonl" or file.read_bytes() == content, f"{file} was altered"
    capsys.readouterr()
    code = run_cli(["show", str(run.folder)])
    said = capsys.readouterr().err
    assert (code, said.count("\n")) in ((0, 0), (3, 1)), said
    return True


def harm_every_file(
    run: Run, answer, require_same, experiment: Experiment, capsys, seeds=(0,), ways=tuple(HARMS)
) -> set[str]:
    """Harm each file in each way and ask again; return the names of files that were refused."""
    kept, refused = run.folder.with_name("kept"), set()
    shutil.copytree(run.folder, kept)
    for name in sorted(path.name for path in kept.iterdir() if path.name != ".lock"):
        for how in ways:
            for seed in seeds:
                path, content = run.folder / name, (kept / name).read_bytes()
                harmed = HARMS[how](content, random.Random(f"{name} {how} {seed}"))
                if harmed == content:
                    continue
                path.write_bytes(harmed)
                fresh = Run(run.folder)
                if require_named_or_harmless(fresh, path, answer, require_same, experiment, capsys):
                    refused.add(name)
                shutil.rmtree(run.folder)
                shutil.copytree(kept, run.folder)
    return refused


def test_harm_to_a_finished_run_is_named(answer, require_same, alone, finished, capsys):
    refused = harm_every_file(finished, answer, require_same, alone, capsys, seeds=[0])
    assert refused >= {"experiment.yaml", "run.json", "trace.nc", "weights.safetensors"}
    assert "log.jsonl" not in refused


def test_harm_to_an_interrupted_run_is_named(answer, require_same, alone, interrupted, capsys):
    refused = harm_every_file(interrupted, answer, require_same, alone, capsys, ways=["cut"])
    assert refused >= {"experiment.yaml", "run.json", "checkpoint.safetensors"}


@pytest.mark.slow
def test_any_harm_to_a_finished_run(answer, require_same, alone, finished, capsys):
    harm_every_file(finished, answer, require_same, alone, capsys, seeds=range(6))


@pytest.mark.slow
def test_any_harm_to_an_interrupted_run(answer, require_same, alone, interrupted, capsys):
    harm_every_file(interrupted, answer, require_same, alone, capsys, seeds=range(6))


def test_foreign_files_are_left_alone(answer, require_same, alone, interrupted):
    foreign = [
        interrupted.folder / name
        for name in ("checkpoint-mine.safetensors", "notes.txt", ".hidden", "trace.nc.orig")
    ]
    for path in foreign:
        path.write_bytes(b"mine")
    (interrupted.folder / "folder").mkdir()
    require_same(answer(alone, interrupted.folder.parent), alone)
    assert all(path.read_bytes() == b"mine" for path in foreign)
    assert (interrupted.folder / "folder").is_dir()


def test_a_trace_of_another_run_is_not_used(answer, alone, finished, tmp_path):
    other = answer(alone.with_overrides("training.seed=5"), tmp_path / "other")
    shutil.copy(other.folder / "trace.nc", finished.folder / "trace.nc")
    with pytest.raises(CannotFinish, match=r"trace\.nc: damaged: fails its checksum"):
        _ = Run(finished.folder).trace


def test_a_checkpoint_of_another_run_is_not_used(answer, alone, interrupted, stopped, tmp_path):
    other = stopped(alone.with_overrides("training.seed=5"), tmp_path / "other")
    shutil.copy(other.checkpoint, interrupted.checkpoint)
    with pytest.raises(CannotFinish, match="it belongs to another experiment"):
        answer(alone, interrupted.folder.parent)
