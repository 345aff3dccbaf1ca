"""submitit's jobs, on this machine: one killed, one whose time is up; and Slurm's settings."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from retrodict import BadInput
from retrodict.launch import launcher_named
from retrodict.launch._slurm import read_settings

FAKE = Path(__file__).parent / "fake_slurm.py"
LOCAL = ("--launcher", "slurm", "--slurm", "cluster=local")


@pytest.mark.slow
def test_a_killed_job_is_a_failed_cell_and_the_same_command_goes_on(
    slow_grid, start, see, tmp_path
):
    path, out = slow_grid(300), tmp_path / "out"
    command = ("on_slurm.py", "run", path, "--out", out, "--json", *LOCAL)
    process = start(*command)
    lost, *_ = see.wait_until(lambda: see.begun(out), process)
    os.kill(see.trainer_of(lost), signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=200)
    assert process.returncode == 0, stderr
    cells = {cell["status"]: cell for cell in json.loads(stdout)["cells"]}
    assert sorted(cells) == ["failed", "finished"]
    assert "was lost; the same command goes on from its checkpoint" in cells["failed"]["problem"]
    again = start(*command)
    stdout, stderr = again.communicate(timeout=200)
    assert again.returncode == 0, stderr
    assert [cell["status"] for cell in json.loads(stdout)["cells"]] == ["finished"] * 3
    assert see.events_of(lost) == ["started", "resumed", "finished"]
    assert see.have_the_bits_of_training(see.runs_of(path, out), tmp_path)
    assert list((out / ".submitit").glob("*result*")) == []


@pytest.mark.slow
def test_a_job_that_is_preempted_is_queued_anew_and_goes_on(slow_grid, start, see, tmp_path):
    path, out = slow_grid(300), tmp_path / "out"
    process = start("on_slurm.py", "run", path, "--out", out, *LOCAL)
    first, *_ = see.wait_until(lambda: see.begun(out), process)
    os.kill(see.trainer_of(first), signal.SIGUSR2)  # as Slurm does, on request of submitit
    _, stderr = process.communicate(timeout=200)
    assert process.returncode == 0, stderr
    assert see.events_of(first) == ["started", "resumed", "finished"]
    assert see.have_the_bits_of_training([first], tmp_path)


@pytest.fixture
def slurm(tmp_path) -> dict[str, str]:
    """An environment with the commands of a Slurm that begins every job at once."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "state").mkdir()
    for name in ("sbatch", "srun", "sacct", "scancel", "scontrol"):
        script = tmp_path / "bin" / name
        script.write_text(f"#!{sys.executable}\n" + FAKE.read_text(encoding="utf-8"))
        script.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return {"PATH": path, "FAKE_SLURM": str(tmp_path / "state")}


@pytest.mark.slow
def test_an_array_one_job_preempted_one_killed(slow_grid, start, see, slurm, tmp_path):
    path, out = slow_grid(300), tmp_path / "out"
    command = ("on_slurm.py", "run", path, "--out", out, "--json", "--launcher", "slurm")
    process = start(*command, **slurm)
    preempted, killed = see.wait_until(lambda: see.begun(out)[:2], process, least=2)
    os.kill(see.trainer_of(killed), signal.SIGKILL)
    os.kill(see.trainer_of(preempted), signal.SIGUSR2)
    stdout, stderr = process.communicate(timeout=200)
    assert process.returncode == 0, stderr
    cells = json.loads(stdout)["cells"]
    (problem,) = (cell["problem"] for cell in cells if cell["status"] == "failed")
    assert problem.startswith(f"{killed.folder.name}: its job 1_")
    assert "was lost (FAILED)" in problem
    assert see.events_of(preempted) == ["started", "resumed", "finished"]
    assert see.have_the_bits_of_training([preempted], tmp_path)


@pytest.mark.slow
def test_ctrl_c_cancels_jobs_which_write_checkpoints(slow_grid, start, see, slurm, tmp_path):
    path, out = slow_grid(300), tmp_path / "out"
    command = ("on_slurm.py", "run", path, "--out", out, "--launcher", "slurm")
    process = start(*command, **slurm)
    run, *_ = see.wait_until(lambda: see.begun(out), process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    see.wait_until(lambda: see.events_of(run) == ["started", "interrupted"], None)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("partition", "expected KEY=VALUE, e.g. partition=gpu"),
        ("partition=", "expected KEY=VALUE"),
        ("partitoin=gpu", "unknown setting; did you mean 'partition'?"),
        ("timeout_min=soon", "expected a whole number above 0"),
        ("array_parallelism=0", "expected a whole number above 0"),
        ("cluster=slurn", "no such cluster; did you mean 'slurm'?"),
    ],
)
def test_a_bad_setting_is_refused(setting, says):
    with pytest.raises(BadInput, match=r"^--slurm ") as caught:
        read_settings([setting])
    assert says in str(caught.value)


def test_a_setting_that_is_given_twice_is_refused():
    with pytest.raises(BadInput, match="qos is given twice"):
        read_settings(["qos=low", "qos=high"])


def test_where_there_is_no_slurm_nothing_is_written(tiny, tmp_path, monkeypatch):
    from retrodict.launch import execute_on
    from retrodict.launch._remote import _Notes
    from retrodict.runs import Store

    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="there is no Slurm here"):
        execute_on(launcher_named("slurm"), tiny, Store(tmp_path / "store"), _Notes())
    assert not (tmp_path / "store").exists()
