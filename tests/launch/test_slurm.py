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
from retrodict.launch._remote import RemoteJob, _Notes
from retrodict.launch._slurm import SlurmPool, _outside_of_jobs, read_settings

FAKE = Path(__file__).parent / "fake_slurm.py"
LOCAL = ("--launcher", "slurm", "--slurm", "cluster=local")


@pytest.mark.slow
def test_a_killed_job_is_a_failed_cell_and_the_same_command_continues(
    slow_grid, start, see, tmp_path
):
    path, out = slow_grid(300), tmp_path / "out"
    command = ("on_slurm.py", "run", path, "--out", out, "--json", *LOCAL)
    process = start(*command)
    lost, *_ = see.wait_until(lambda: see.begun(out), process)
    os.kill(see.trainer_of(lost), signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=200)
    assert process.returncode == 3, stderr
    cells = {cell["status"]: cell for cell in json.loads(stdout)["cells"]}
    assert sorted(cells) == ["failed", "finished"]
    assert "was lost; the same command continues from its checkpoint" in cells["failed"]["problem"]
    again = start(*command)
    stdout, stderr = again.communicate(timeout=200)
    assert again.returncode == 0, stderr
    assert [cell["status"] for cell in json.loads(stdout)["cells"]] == ["finished"] * 3
    assert see.events_of(lost) == ["started", "resumed", "finished"]
    assert see.have_the_bits_of_training(see.runs_of(path, out), tmp_path)
    assert list((out / ".submitit").glob("*result*")) == []


@pytest.mark.slow
def test_a_preempted_job_is_queued_again_and_continues(slow_grid, start, see, tmp_path):
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
    assert process.returncode == 3, stderr
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


@pytest.fixture
def submitted(tiny, tmp_path, monkeypatch):
    """Submit from inside a job to an sbatch that keeps what it is given: environment and script."""
    script = tmp_path / "bin" / "sbatch"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nenv > {tmp_path}/env\ncp "$1" {tmp_path}/script\necho job 1\n')
    script.chmod(0o755)
    (tmp_path / "bin" / "srun").symlink_to(script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    for name, value in {
        "SLURM_JOB_ID": "7",
        "SLURM_CPU_BIND": "mask_cpu:0x1",
        "SLURM_MEM_PER_NODE": "4000",
        "SLURM_ARRAY_JOB_ID": "7",
        "SBATCH_EXPORT": "NONE",
        "SRUN_CPUS_PER_TASK": "1",
        "PMI_RANK": "0",
        "OMPI_COMM_WORLD_RANK": "0",
        "SLURM_CONF": "/etc/slurm.conf",
        "MINE": "kept",
    }.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    job = RemoteJob(tiny.placed_on("cpu", 3), tmp_path, True)
    SlurmPool(0, {}).submit({"x": job}, _Notes())
    assert dict(os.environ) == before
    return (tmp_path / "env").read_text(), (tmp_path / "script").read_text()


def test_a_job_submitted_inside_a_job_inherits_nothing_of_it(submitted):
    given = dict(line.split("=", 1) for line in submitted[0].splitlines() if "=" in line)
    prefixes = ("SLURM", "SBATCH", "SRUN", "PMI", "OMPI")
    assert [name for name in given if name.startswith(prefixes)] == ["SLURM_CONF"]
    assert given["MINE"] == "kept"


WISHES = {
    **{"SBATCH_ACCOUNT": "lab", "SLURM_ACCOUNT": "lab", "SBATCH_QOS": "long"},
    **{"SBATCH_PARTITION": "cpu", "SBATCH_TIMELIMIT": "60"},
}


def heard(asked: dict[str, str]) -> set[str]:
    """Which of Slurm's variables sbatch gets."""
    with _outside_of_jobs(asked):
        return {name for name in os.environ if name.startswith(("SLURM_", "SBATCH_"))}


@pytest.fixture
def no_slurm(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("SLURM_", "SBATCH_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("job", [{}, {"SLURM_JOB_ID": "7", "SLURM_JOB_ACCOUNT": "lab"}])
def test_variables_for_all_jobs_of_a_user_are_passed_on(no_slurm, monkeypatch, job):
    for name, value in {**WISHES, **job, "SLURM_CPUS_PER_TASK": "1"}.items():
        monkeypatch.setenv(name, value)
    assert heard({}) == set(WISHES)


def test_settings_override_these_variables(no_slurm, monkeypatch):
    for name, value in WISHES.items():
        monkeypatch.setenv(name, value)
    assert set(WISHES) - heard({"partition": "gpu"}) == {"SBATCH_PARTITION"}


def test_outside_of_jobs_sbatch_gets_all_its_variables(no_slurm, monkeypatch):
    monkeypatch.setenv("SBATCH_MAIL_TYPE", "END")
    assert heard({}) == {"SBATCH_MAIL_TYPE"}


def test_a_step_is_given_the_cores_of_its_job(submitted):
    assert "#SBATCH --cpus-per-task=3" in submitted[1]
    (step,) = (line for line in submitted[1].splitlines() if line.startswith("srun "))
    assert " --cpus-per-task=3 " in step


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
    from retrodict.runs import Store

    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="there is no Slurm here"):
        execute_on(launcher_named("slurm"), tiny, Store(tmp_path / "store"), _Notes())
    assert not (tmp_path / "store").exists()
