#!/usr/bin/env python3
"""Five commands of Slurm, as submitit uses them, by the name this file is called by.

No scheduler: every job starts at once. State is in the folder FAKE_SLURM: `JOB_TASK` holds what
`sacct` says, and `JOB_TASK.requeue` is there once `scontrol requeue` was called.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

STATE = Path(os.environ["FAKE_SLURM"])


def sbatch(script: str) -> None:
    """Begin every task of an array, each in a session of its own."""
    job = len(list(STATE.glob("*.array"))) + 1
    (STATE / f"{job}.array").touch()
    array = re.search(r"--array=0-(\d+)%", Path(script).read_text(encoding="utf-8"))
    tasks = range(int(array[1]) + 1) if array else [None]
    for task in tasks:
        name = str(job) if task is None else f"{job}_{task}"
        (STATE / name).write_text("PENDING", encoding="utf-8")
        command = [sys.executable, __file__, "serve", name, script]
        subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    print(f"Submitted batch job {job}")


def serve(name: str, script: str) -> None:
    """Run one job, once more each time it is queued again."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is for the job, which has its own handler
    (STATE / f"{name}.pid").write_text(str(os.getpid()), encoding="utf-8")
    job, _, task = name.partition("_")
    environment = {
        **os.environ,
        "SLURM_JOB_ID": name.replace("_", "00"),
        "SLURM_JOB_NUM_NODES": "1",
        "SLURM_NTASKS": "1",
        "SLURM_NODEID": "0",
        "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0",
    }
    if task:
        environment |= {"SLURM_ARRAY_JOB_ID": job, "SLURM_ARRAY_TASK_ID": task}
    again = STATE / f"{name}.requeue"
    while True:
        (STATE / name).write_text("RUNNING", encoding="utf-8")
        code = subprocess.run(["bash", script], env=environment, check=False).returncode
        if not again.exists():
            break
        again.unlink()
    (STATE / name).write_text("FAILED" if code else "COMPLETED", encoding="utf-8")


def srun(*arguments: str) -> None:
    """Become the command; its output goes where it says."""
    asked = list(arguments)
    files = {"--output": 1, "--error": 2}
    while asked[0].startswith("--"):
        option = asked.pop(0)
        if option in files:
            name = os.environ["SLURM_JOB_ID"].replace("00", "_")
            path = asked.pop(0).replace("%A_%a", name).replace("%j", name).replace("%t", "0")
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), files[option])
    os.execvp(asked[0], asked)


def sacct(*_: str) -> None:
    """Say how all jobs are."""
    print("JobID|State|NodeList")
    for path in STATE.iterdir():
        if not path.suffix:
            print(f"{path.name}|{path.read_text(encoding='utf-8')}|here")


def scancel(*jobs: str) -> None:
    """Ask all processes of some arrays to end."""
    for path in STATE.glob("*.pid"):
        if path.stem.partition("_")[0] in jobs:
            os.killpg(int(path.read_text(encoding="utf-8")), signal.SIGTERM)


def scontrol(_: str, job: str) -> None:
    """Queue a job again."""
    (STATE / f"{job}.requeue").touch()


if __name__ == "__main__":
    commands = {f.__name__: f for f in (sbatch, serve, srun, sacct, scancel, scontrol)}
    called, *arguments = sys.argv
    if arguments and arguments[0] == "serve":
        called, *arguments = arguments
    commands[Path(called).name](*arguments)
