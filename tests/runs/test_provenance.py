"""What a run says of where it was made, and what it would differ in if it were made again here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from retrodict import CannotFinish
from retrodict import source as code
from retrodict.experiment import RESULTS_VERSION
from retrodict.runs import Store
from retrodict.runs._environment import differences


def test_every_environment_that_trained_a_part_is_named(fresh):
    before, now = fresh.made_by
    assert "code" not in before  # format 1 did not say it
    assert now["versions"]["torch"] == torch.__version__
    assert now["results_version"] == RESULTS_VERSION
    assert now["code"] == code.training_code()
    assert now["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert now["gpu"] is None
    assert fresh.made_by[-1] == now


def test_the_same_environment_is_named_once(tiny, begin, tmp_path):
    run = begin(tiny.placed(), tmp_path)
    run.begin(tiny.placed())
    assert len(run.made_by) == 1


def test_a_training_continues_without_its_environment_file(halted):
    (halted.folder / "environment.json").write_text("{")
    halted.begin(halted.experiment)
    assert [one["versions"] != {} for one in halted.made_by] == [False, True]


def test_the_same_environment_has_no_differences(edited, fresh):
    assert edited(fresh).differences() == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"code": "0" * 16}, "training code has changed since .* bits should agree"),
        ({"versions": {"torch": "1.0", "numpy": "2"}}, r"torch 1\.0, here .*: bits may differ"),
        ({"processor": "abacus"}, "processor abacus, here .*: bits may differ"),
        ({"cpu_features": ["mmx"]}, "vector units mmx, here"),
        ({"cpu_capability": "MMX"}, "torch's CPU code MMX, here"),
    ],
)
def test_differences_are_listed(edited, fresh, changes, says, monkeypatch):
    units = fresh.made_by[-1]["cpu_features"] or ["avx"]  # some processors do not say
    monkeypatch.setattr("retrodict.runs._environment.cpu_features", lambda: units)
    found = edited(fresh, **changes).differences()
    assert re.search(says, "\n".join(map(str, found)))


def test_differences_that_alter_no_bit_are_not_listed(edited, fresh):
    told = {**fresh.made_by[-1]["versions"], "pydantic": "1.0"}
    run = edited(fresh, versions=told, python="3.0", platform="elsewhere", commit="0" * 40)
    assert run.differences() == []


@pytest.mark.parametrize(("width", "lines"), [(512, 1), (8, 0)])
def test_missing_threads_are_listed_where_they_can_alter_a_bit(fresh, monkeypatch, width, lines):
    made = fresh.experiment.with_overrides(f"model.d_model={width}").placed_on("cpu", 2)
    monkeypatch.setattr("retrodict.experiment._experiment.core_count", lambda: 1)
    said = [str(one) for one in differences([], made, RESULTS_VERSION)]
    assert len(said) == lines
    assert not said or said[0].startswith(
        "this machine cannot run it as it was: training.threads: 2 is more than the 1 core there is"
    )


def test_a_run_of_an_older_results_version_is_read_with_a_warning(edited, fresh, monkeypatch):
    run = edited(fresh)
    monkeypatch.setattr("retrodict.experiment._identity.RESULTS_VERSION", 3)
    monkeypatch.setattr("retrodict.runs._run.RESULTS_VERSION", 3)
    monkeypatch.setattr("retrodict.runs._environment.RESULTS_VERSION", 3)
    assert run.results_version == 2
    assert run.trace.nll.size
    assert "it has results version 2, this code 3: numbers differ" in map(str, run.differences())
    assert not Store(run.folder.parent).run(run.experiment).exists  # it answers nothing


def test_a_run_of_format_1_of_an_older_results_version_is_recognised(old, monkeypatch):
    monkeypatch.setattr("retrodict.runs._run.RESULTS_VERSION", 3)
    monkeypatch.setattr("retrodict.experiment._identity.RESULTS_VERSION", 3)
    assert old.results_version == 2


def test_a_run_under_the_name_of_another_answers_nothing(fresh, answer):
    other = fresh.experiment.with_overrides("training.seed=77").placed()
    fresh.folder.rename(fresh.folder.parent / other.name)
    with pytest.raises(CannotFinish, match="holds another experiment than its name says"):
        answer(other, fresh.folder.parent)


def test_a_changed_environment_is_damage(fresh):
    path = fresh.folder / "environment.json"
    path.write_text(path.read_text().replace("AVX", "BVX") + " ")
    with pytest.raises(CannotFinish, match=r"environment\.json: damaged: fails its checksum; move"):
        _ = fresh.made_by


def test_the_code_that_trains_is_hashed_and_no_other():
    assert code.training_code() == code.source_hash(
        lambda path: path.startswith(code.TRAINING_CODE)
    )
    assert code.source_hash(lambda path: path.startswith("cli/")) != code.training_code()
    assert code.source_hash(lambda path: False) == "unknown"
    assert all((code.ROOT / name).exists() for name in code.TRAINING_CODE)


def test_the_page_about_the_store_names_the_code_that_trains():
    page = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")
    (paragraph,) = re.findall(r"^\*Training code\* is .*?\n\n", page, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"`(.+?)`", paragraph)) == sorted(code.TRAINING_CODE)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git to make checkouts with")
def test_the_commit_is_read_from_every_kind_of_checkout(tmp_path):
    def git(*words: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("worktree", "add", "-q", "other")
    expected = git("rev-parse", "HEAD")
    assert code._head(tmp_path / ".git") == expected
    assert code._head(tmp_path / "other" / ".git") == expected
    git("pack-refs", "--all")
    assert code._head(tmp_path / ".git") == expected
    git("checkout", "-q", "--detach")
    assert code._head(tmp_path / ".git") == expected


def test_differences_are_found_without_loading_torch(fresh):
    program = (
        "import sys, retrodict; retrodict.open_run(sys.argv[1]).differences(); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(fresh.folder)], check=True)
