"""Where experiments run: placing, choosing, sharing work between processes, gathering answers."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from retrodict import BadInput, CannotFinish, Experiment
from retrodict.cli import _progress
from retrodict.launch import (
    LOCAL,
    Job,
    Running,
    _local,
    _remote,
    execute,
    execute_on,
    launcher_named,
    train,
)
from retrodict.launch._overview import Overview
from retrodict.launch._remote import JobResult, Remote, RemoteJob
from retrodict.runs import Run, Store

pytestmark = pytest.mark.seconds


@pytest.fixture
def tiny() -> Experiment:
    return Experiment.from_text(
        "task: {kind: reversal, vocab_size: 24}\nmodel: {n_layer: 1, n_head: 2, d_model: 16}\n"
        "training: {epochs: 2, batch_size: 8, learners: 2, device: cpu}\n"
        "record: {every: 1, weights_at: [0, 99]}"
    )


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def seeds(experiment: Experiment, launcher, *values: int) -> list[Job]:
    changed = [experiment.with_overrides(f"training.seed={seed}") for seed in values]
    return [Job(launcher.place(one), f"seed={one.training.seed}") for one in changed]


@pytest.mark.parametrize(
    ("change", "cpus", "gpus", "device", "threads"),
    [
        ("training.device=auto", None, 0, "cpu", 1),
        ("training.device=auto", 4, 0, "cpu", 4),
        ("training.device=auto", None, 1, "cuda:0", 1),
        ("training.device=cuda", 2, 1, "cuda:0", 2),
        ("training.device=cpu", 2, 1, "cpu", 2),
        ("training.threads=64", 2, 0, "cpu", 64),
    ],
)
def test_a_place_elsewhere_does_not_ask_this_machine(
    tiny, change, cpus, gpus, device, threads, pool
):
    placed = Remote(pool, cpus, gpus).place(tiny.with_overrides(change))
    assert (placed.training.device, placed.training.threads) == (device, threads)
    assert placed.record.weights_at == (0,)


def test_a_placed_experiment_is_resolved_by_its_worker_to_itself(tiny, pool):
    placed = Remote(pool, 1, 0).place(tiny)
    assert placed.placed() == placed
    assert placed.name == placed.placed().name


def test_a_gpu_needs_its_option(tiny, pool):
    with pytest.raises(BadInput, match="give --gpus 1"):
        Remote(pool, 1, 0).place(tiny.with_overrides("training.device=cuda"))
    with pytest.raises(BadInput, match="tf32 needs a GPU"):
        Remote(pool, 1, 0).place(
            tiny.with_overrides("training.device=auto", "training.precision=tf32")
        )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "slrm"}, "did you mean 'slurm'"),
        ({"name": "local", "cpus": 2}, "--cpus 2: is for --launcher ray or slurm"),
        ({"name": "local", "gpus": 1}, "--gpus 1: is for"),
        ({"name": "ray", "slurm": ["qos=low"]}, "--slurm qos=low: is for --launcher slurm"),
        ({"name": "ray", "gpus": 2}, "choose 0 or 1"),
        ({"name": "slurm", "cpus": 0}, "at least one core"),
    ],
)
def test_impossible_options_of_launchers_are_refused(options, says):
    with pytest.raises(BadInput) as caught:
        launcher_named(**options)
    assert says in str(caught.value)


@pytest.mark.parametrize(("extra", "module"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_missing_extra_is_one_line(monkeypatch, extra, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BadInput) as caught:
        launcher_named(extra)
    assert str(caught.value) == f"--launcher {extra} needs: pip install 'retrodict[{extra}]'"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--launcher", "ray"], "needs: pip install"),
        (["--launcher", "slurm", "--slurm", "qos"], "expected KEY=VALUE"),
        (["--cpus", "2"], "is for --launcher ray or slurm"),
        (["--launcher", "slrm"], "slrm"),
        (["--launcher", "ray", "--gpus", "2"], "choose 0 or 1"),
    ],
)
@pytest.mark.parametrize("name", ["run", "reproduce"])
def test_bad_options_are_one_line_and_exit_2(
    tiny_yaml, tmp_path, monkeypatch, refused, name, options, says
):
    monkeypatch.setitem(sys.modules, "ray", None)
    what = tiny_yaml if name == "run" else "table1"
    assert says in refused(name, what, "--out", tmp_path / "s", *options)
    assert not (tmp_path / "s").exists()


HOLD = """
import sys, time
from pathlib import Path
from retrodict.runs import Run
run = Run(Path(sys.argv[1]))
run.folder.mkdir(parents=True)
with run.lock(0.0) as mine:
    run.log("started", host="elsewhere", pid=7)
    run.write_progress(1, 2)
    print(mine, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def claimed():
    """Let another process claim a run; it is killed by `kill`, or with the test."""
    holders = []

    def claim(run: Run) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLD, str(run.folder)]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        holders.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        return holder

    yield claim
    for holder in holders:
        holder.kill()
        holder.communicate()


def test_claimed_runs_come_last_and_are_taken_over_from_a_killed_process(
    tiny, store, claimed, told
):
    jobs = seeds(tiny, LOCAL, 0, 10)
    holder = claimed(store.run(jobs[0].experiment))
    ends = LOCAL.execute_all(jobs, store, told)
    assert next(ends).index == 1
    holder.kill()
    (last,) = ends
    assert last.index == 0
    assert last.run is not None
    assert last.run.finished
    assert [one.partition(" ")[2] for one in told.cells] == ["seed=0", "seed=10", "seed=0"]


def test_a_waiting_process_shows_the_progress_of_the_one_it_waits_for(tiny, store, claimed, told):
    experiment = tiny.placed()
    run = store.run(experiment)
    holder = claimed(run)
    run.begin(experiment)
    waiting = told.waiting

    def kill_when_waited_for(why: str) -> None:
        waiting(why)
        if len(told.waited) == 2:
            holder.kill()

    told.waiting = kill_when_waited_for
    execute(experiment, store, told)
    assert set(told.waited) == {f"process 7 on elsewhere trains {run.folder.name}"}
    assert told.epochs[0] == 1


def test_the_progress_of_a_training_is_in_its_folder_until_it_ends(tiny, store, monkeypatch, told):
    monkeypatch.setattr(_local, "_PROGRESS_SECONDS", 0.0)
    seen, experiment = [], tiny.placed()
    run = store.run(experiment)
    told.training = lambda run, epoch, epochs: seen.append(run.progress[:2])
    execute(experiment, store, told)
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert run.progress is None
    assert [event.get("pid") is not None for event in run.events()] == [True, False]


@pytest.mark.parametrize("text", ["", "[1", "[1]", "3", "[null, 2]", "{}"])
def test_a_torn_progress_file_says_nothing(tmp_path, text):
    (tmp_path / ".progress").write_text(text)
    assert Run(tmp_path).progress is None


def test_progress_that_cannot_be_written_is_no_harm(tmp_path):
    run = Run(tmp_path / "nowhere")
    run.write_progress(1, 2)
    run.clear_progress()
    assert run.progress is None


def test_an_overview_counts_other_trainings_and_no_dead_ones(tiny, store, told):
    jobs = seeds(tiny, LOCAL, 0, 10, 20, 30)
    runs = [store.prepare(job.experiment) for job in jobs]
    runs[1].write_progress(1, 2)  # lost
    overview = Overview(jobs, store, told)
    overview.ended(0)
    overview.refresh()
    runs[2].write_progress(1, 2)
    overview._next = 0.0
    overview.refresh()
    assert told.overviews == [
        (1, 4, 0.375, []),
        (1, 4, 0.5, [Running("seed=20", 1, 2)]),
    ]
    overview.refresh()  # only now and then
    assert len(told.overviews) == 2


def test_what_is_finished_is_not_submitted_and_one_run_is_one_remote_job(tiny, store, told, pool):
    launcher = Remote(pool, 1, 0)
    jobs = seeds(tiny, launcher, 0, 10, 10)
    execute(jobs[0].experiment, store, told)
    ends = launcher.execute_all(jobs, store, told)
    assert next(ends).index == 0
    assert pool.submitted == {}
    assert sorted(one.index for one in ends) == [1, 2]
    again = list(launcher.execute_all(jobs, store, told))
    assert [one.index for one in again] == [0, 1, 2]
    assert all(one.run is not None and one.run.finished for one in again)


def test_workers_get_an_absolute_store_and_their_notes_come_back(
    tiny, tmp_path, monkeypatch, told, pool
):
    monkeypatch.chdir(tmp_path)
    launcher = Remote(pool, 1, 0)
    name = launcher.place(tiny).name
    roots = []

    def work(job: RemoteJob) -> JobResult:
        roots.append(job.root)
        execute(job.experiment, Store(job.root), told)
        return JobResult(name, notes=("in parts",))

    monkeypatch.setattr(RemoteJob, "__call__", work)
    assert execute_on(launcher, tiny, Store("runs"), told).finished
    assert roots == [tmp_path / "runs"]
    assert told.notes == [f"{name}: in parts"]


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (lambda n: JobResult(n, CannotFinish("was lost")), CannotFinish, "was lost"),
        (lambda n: JobResult(n, BadInput("too large")), BadInput, "too large"),
        (lambda n: JobResult("other"), CannotFinish, "has another version of retrodict"),
        (lambda n: JobResult(n), CannotFinish, "on a file system that workers share"),
    ],
)
def test_failures_of_workers_are_reported(
    tiny, store, monkeypatch, answer, error, says, told, pool
):
    monkeypatch.setattr(_remote, "_SETTLE_SECONDS", 0.0)
    launcher = Remote(pool, 1, 0)
    name = launcher.place(tiny).name
    pool.answers[name] = answer(name)
    with pytest.raises(error, match=says):
        execute_on(launcher, tiny, store, told)


def test_errors_of_a_worker_are_data(tiny, store, monkeypatch, pool):
    def fail(*asked: object, **more: object) -> Run:
        raise MemoryError

    monkeypatch.setattr(_remote, "execute", fail)
    placed = Remote(pool, 1, 0).place(tiny)
    answer = RemoteJob(placed, store.root, True)()
    assert isinstance(answer.error, BadInput)
    assert "does not fit into memory" in str(answer.error)


def test_a_full_disk_ends_everything_and_stops_the_rest(tiny, store, told, pool):
    launcher = Remote(pool, 1, 0)
    jobs = seeds(tiny, launcher, 0, 10)
    full = CannotFinish("x: the disk is full; free some space and run the same command again")
    pool.answers = {job.experiment.name: JobResult(job.experiment.name, full) for job in jobs}
    with pytest.raises(CannotFinish, match="disk is full"):
        list(launcher.execute_all(jobs, store, told))
    assert pool.stopped


def test_lines_about_several_trainings_say_how_far_all_of_it_is(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_LINE_SECONDS", -1.0)
    with _progress.Progress() as progress:
        progress.overview(0, 4, 0.0, [])
        time.sleep(0.01)
        progress.overview(1, 4, 0.5, [Running(f"seed={s}", s, 9) for s in range(10)])
    first, second = capsys.readouterr().err.splitlines()
    assert first == "0 of 4 runs done, 0% of all epochs"
    assert second.startswith("1 of 4 runs done, 50% of all epochs, about 0 s left; running: seed=0")
    assert second.endswith("seed=7 7/9 and 2 more")


def test_on_a_terminal_there_is_a_bar_for_all_and_one_each(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with _progress.Progress() as progress:
        progress.overview(1, 3, 0.25, [Running("seed=10", 3, 9)])
        shown = [(task.description, task.completed, task.total) for task in progress._bar.tasks]
        assert shown == [("1/3 runs", 25, 100), ("seed=10", 3, 9)]
        progress.overview(2, 3, 0.75, [Running("seed=20", 1, 9)])
        shown = [(task.description, task.completed, task.total) for task in progress._bar.tasks]
        assert shown == [("2/3 runs", 75, 100), ("seed=20", 1, 9)]


def test_ray_forbids_forks(monkeypatch):
    from types import SimpleNamespace

    from retrodict.training import _workers

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))
    could = _workers.can_fork()
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True))
    assert (could, _workers.can_fork()) == (sys.platform == "linux", False)


def test_what_is_no_experiment_is_not_trained():
    with pytest.raises(BadInput, match=r"^train: expected an Experiment, got a str; "):
        train("experiment.yaml")
