"""Grids on real Ray clusters of this machine: a node that is killed, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import tempfile

import pytest

from retrodict.runs import Run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def cluster(monkeypatch):
    """A Ray cluster of two nodes with a core each.

    Names of its sockets may be 107 bytes long, too few for a folder within pytest's.
    """
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        monkeypatch.setenv("RAY_TMPDIR", short)
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        cluster.second = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster
        cluster.shutdown()


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def test_what_a_killed_node_trained_is_resumed_elsewhere_with_the_same_bits(
    cluster, slow_grid, start, see, tmp_path
):
    path, out = slow_grid(300), tmp_path / "out"
    process = start(
        "on_ray.py", "run", path, "--out", out, "--json", "--launcher", "ray",
        RAY_ADDRESS=cluster.address,
    )  # fmt: skip
    (raylet,) = (one.process for one in cluster.second.all_processes["raylet"])

    def on_second() -> list[Run]:
        return [run for run in see.begun(out) if parent_of(see.trainer_of(run)) == raylet.pid]

    (lost,) = see.wait_until(on_second, process)
    before = see.trainer_of(lost)
    raylet.kill()
    raylet.wait()  # its workers see that it is gone, and end
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    cells = json.loads(stdout)["cells"]
    assert [cell["settings"]["training.seed"] for cell in cells] == [0, 10, 20]
    assert [cell["status"] for cell in cells] == ["finished"] * 3
    assert see.events_of(lost) == ["started", "resumed", "finished"]
    assert see.trainer_of(lost) != before
    assert see.have_the_bits_of_training(see.runs_of(path, out), tmp_path)


def test_ctrl_c_lets_workers_write_checkpoints_and_the_same_command_continues(
    cluster, slow_grid, start, see, tmp_path
):
    path, out = slow_grid(300), tmp_path / "out"
    command = ("on_ray.py", "run", path, "--out", out, "--launcher", "ray")
    rare = {"RAY_ADDRESS": cluster.address, "CHECKPOINT_SECONDS": "1000"}
    process = start(*command, **rare)

    def two_are_trained() -> bool:
        far = [run.progress for run in see.runs_of(path, out)]
        return sum(one is not None and one.epoch > 0 for one in far) == 2

    see.wait_until(two_are_trained, process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "the same command continues" in stderr
    stopped = [run for run in see.runs_of(path, out) if run.exists]
    assert [see.events_of(run) for run in stopped] == [["started", "interrupted"]] * 2
    assert all(run.has_checkpoint for run in stopped)
    again = start(*command, **rare)
    _, stderr = again.communicate(timeout=200)
    assert again.returncode == 0, stderr
    assert all("resumed" in see.events_of(run) for run in stopped)
    assert see.have_the_bits_of_training(see.runs_of(path, out), tmp_path)
