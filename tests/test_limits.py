"""What this process may use: made-up trees of control groups, and real ones where there are."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrodict import limits
from retrodict.errors import BadInput

GIB = 2**30
V1_NONE = "9223372036854771712"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    """Without the variables of Slurm and OpenMP that the tests were started with."""
    for name in os.environ:
        if name.startswith(("SLURM_", "OMP_", "GOMP_", "KMP_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr("retrodict.limits._mask", lambda: tuple(range(8)))
    monkeypatch.setattr("os.cpu_count", lambda: 8)


def tree(root: Path, files: dict[str, str]) -> Path:
    """Write files, `{root}` in them being their folder; return the made-up /proc among them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{root}", str(root)))
    return root / "proc"


MEMINFO = {"proc/meminfo": f"MemTotal: {64 * 2**20} kB\nMemAvailable:   {32 * 2**20} kB\n"}
V2 = {
    **MEMINFO,
    "proc/self/cgroup": "0::/user.slice/job\n",
    "proc/self/mountinfo": "31 23 0:28 / {root}/cg rw - cgroup2 cgroup2 rw,nsdelegate\n",
    "cg/user.slice/job/cgroup.procs": "1\n",
}
V1 = {
    **MEMINFO,
    "proc/self/cgroup": "4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n1:name=systemd:/\n0::/\n",
    "proc/self/mountinfo": (
        "30 23 0:27 / {root}/cg/unified rw - cgroup2 cgroup2 rw\n"
        "31 23 0:28 / {root}/cg/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct\n"
        "32 23 0:29 / {root}/cg/memory rw shared:8 master:2 - cgroup cgroup rw,memory\n"
    ),
    "cg/memory/docker/ab/cgroup.procs": "1\n",
    "cg/cpu,cpuacct/docker/ab/cgroup.procs": "1\n",
    "cg/unified/cgroup.procs": "",
}


QUOTAS = {
    "version 2": ({**V2, "cg/user.slice/job/cpu.max": "150000 100000\n"}, 2, 1.5),
    "version 2, a level above": ({**V2, "cg/user.slice/cpu.max": "50000 100000\n"}, 1, 0.5),
    "version 2, the root of a container": ({**V2, "cg/cpu.max": "300000 100000\n"}, 3, 3.0),
    "version 1": (
        {
            **V1,
            "cg/cpu,cpuacct/docker/ab/cpu.cfs_quota_us": "200000\n",
            "cg/cpu,cpuacct/docker/ab/cpu.cfs_period_us": "100000\n",
        },
        2,
        2.0,
    ),
    "version 1, a level above": (
        {
            **V1,
            "cg/cpu,cpuacct/docker/ab/cpu.cfs_quota_us": "-1\n",
            "cg/cpu,cpuacct/docker/ab/cpu.cfs_period_us": "100000\n",
            "cg/cpu,cpuacct/docker/cpu.cfs_quota_us": "110000\n",
            "cg/cpu,cpuacct/docker/cpu.cfs_period_us": "100000\n",
        },
        2,
        1.1,
    ),
}


@pytest.mark.parametrize(("files", "count", "quota"), QUOTAS.values(), ids=QUOTAS)
def test_a_quota_of_any_level_limits_threads_rounded_up(tmp_path, files, count, quota):
    proc = tree(tmp_path, files)
    assert limits.core_count(proc) == count
    assert limits.core_limit(proc) == f"cgroup quota of {quota} CPUs"


NO_QUOTA = {
    "version 2": {**V2, "cg/user.slice/job/cpu.max": "max 100000\n"},
    "a quota larger than the machine": {**V2, "cg/cpu.max": "6400000 100000\n"},
    "version 1": {
        **V1,
        "cg/cpu,cpuacct/docker/ab/cpu.cfs_quota_us": "-1\n",
        "cg/cpu,cpuacct/docker/ab/cpu.cfs_period_us": "100000\n",
    },
    "no proc": {},
    "nonsense": {**V2, "cg/cpu.max": "a lot\n", "proc/self/mountinfo": "\n- - -\n31\n"},
}


@pytest.mark.parametrize("files", NO_QUOTA.values(), ids=NO_QUOTA)
def test_without_a_quota_every_core_of_the_machine_counts(tmp_path, files):
    proc = tree(tmp_path, files)
    assert (limits.core_count(proc), limits.core_limit(proc)) == (8, "machine")


def test_an_affinity_mask_says_which_cores_and_limits_threads(monkeypatch, tmp_path):
    monkeypatch.setattr("retrodict.limits._mask", lambda: (2, 5))
    assert limits.cores() == (2, 5)
    assert (limits.core_count(tmp_path), limits.core_limit(tmp_path)) == (2, "affinity")


SLURM = {
    "a task's cores": (
        {"SLURM_JOB_ID": "1", "SLURM_CPUS_PER_TASK": "3"},
        3,
        "SLURM_CPUS_PER_TASK=3",
    ),
    "left in a shell": ({"SLURM_CPUS_PER_TASK": "3", "SLURM_CPUS_ON_NODE": "3"}, 8, "machine"),
    "a job that asked for none": (
        {"SLURM_JOB_ID": "1", "SLURM_CPUS_ON_NODE": "2"},
        2,
        "SLURM_CPUS_ON_NODE=2",
    ),
    "more than the mask": ({"SLURM_JOB_ID": "1", "SLURM_CPUS_PER_TASK": "99"}, 8, "machine"),
    "nonsense": ({"SLURM_JOB_ID": "1", "SLURM_CPUS_PER_TASK": "many"}, 8, "machine"),
}


@pytest.mark.parametrize(("given", "count", "limit"), SLURM.values(), ids=SLURM)
def test_slurms_allocation_limits_threads_where_the_mask_is_wider(
    monkeypatch, tmp_path, given, count, limit
):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert (limits.core_count(tmp_path), limits.core_limit(tmp_path)) == (count, limit)


MEMORY = {
    "the machine": (V2, 32.0, "machine"),
    "version 2": (
        {
            **V2,
            "cg/user.slice/job/memory.max": f"{4 * GIB}\n",
            "cg/user.slice/job/memory.current": f"{3 * GIB}\n",
            "cg/user.slice/job/memory.stat": (
                f"anon {2 * GIB}\ninactive_file {GIB // 2}\nactive_file {GIB}\n"
                f"file_mapped {GIB // 2}\nslab_reclaimable {GIB // 4}\n"
            ),
        },
        2.25,
        "cgroup limit of 4.0 GiB",
    ),
    "version 2, memory.high of a level above": (
        {
            **V2,
            "cg/user.slice/job/memory.max": "max\n",
            "cg/user.slice/memory.max": "max\n",
            "cg/user.slice/memory.high": f"{2 * GIB}\n",
            "cg/user.slice/memory.current": f"{GIB}\n",
        },
        1.0,
        "cgroup limit of 2.0 GiB",
    ),
    "version 1, with what is used below": (
        {
            **V1,
            "cg/memory/memory.limit_in_bytes": V1_NONE,
            "cg/memory/docker/ab/memory.limit_in_bytes": f"{8 * GIB}\n",
            "cg/memory/docker/ab/memory.usage_in_bytes": f"{3 * GIB}\n",
            "cg/memory/docker/ab/memory.stat": (
                f"inactive_file 0\nactive_file 0\nhierarchical_memory_limit {8 * GIB}\n"
                f"total_inactive_file {GIB}\ntotal_active_file 0\ntotal_mapped_file 0\n"
            ),
        },
        6.0,
        "cgroup limit of 8.0 GiB",
    ),
    "version 1, a level above that is not seen": (
        {
            **V1,
            "cg/memory/docker/ab/memory.limit_in_bytes": V1_NONE,
            "cg/memory/docker/ab/memory.usage_in_bytes": "0",
            "cg/memory/docker/ab/memory.stat": f"hierarchical_memory_limit {5 * GIB}\n",
        },
        5.0,
        "cgroup limit of 5.0 GiB",
    ),
    "version 1, nothing limited": (
        {**V1, "cg/memory/docker/ab/memory.limit_in_bytes": V1_NONE},
        32.0,
        "machine",
    ),
    "a ulimit": (
        {
            **V2,
            "proc/self/limits": (
                "Limit                     Soft Limit           Hard Limit           Units     \n"
                f"Max data size             unlimited            unlimited            bytes     \n"
                f"Max address space         {GIB:<20} unlimited            bytes     \n"
            ),
            "proc/self/statm": "0 0 0 0 0 0 0\n",
        },
        1.0,
        "ulimit -v of 1.0 GiB",
    ),
    "used up": (
        {
            **V2,
            "cg/user.slice/job/memory.max": f"{GIB}\n",
            "cg/user.slice/job/memory.current": f"{GIB + 5}\n",
        },
        0.0,
        "cgroup limit of 1.0 GiB",
    ),
}


@pytest.mark.parametrize(("files", "gib", "limit"), MEMORY.values(), ids=MEMORY)
def test_free_memory_is_the_least_that_any_level_has_left(tmp_path, files, gib, limit):
    proc = tree(tmp_path, files)
    assert (limits.available_bytes(proc), limits.memory_limit(proc)) == (int(gib * GIB), limit)


def test_unknown_memory_is_not_reported(tmp_path):
    assert limits.available_bytes(tmp_path) is None
    assert limits.memory_limit(tmp_path) == "unknown"


PLACES = {
    "a container that sees its own group as the root": (
        "0::/\n",
        "31 23 0:28 / {root}/cg rw - cgroup2 cgroup2 rw\n",
        "cg",
    ),
    "docker's bind of the group below": (
        "0::/docker/ab/inner\n",
        "31 23 0:28 /docker/ab {root}/cg rw - cgroup2 cgroup2 rw\n",
        "cg/inner",
    ),
    "a path that is not there inside": (
        "0::/kubepods/pod1/ab\n",
        "31 23 0:28 / {root}/cg rw - cgroup2 cgroup2 rw\n",
        "cg",
    ),
    "a root above the namespace": (
        "0::/../../other\n",
        "31 23 0:28 /../.. {root}/cg rw - cgroup2 cgroup2 rw\n",
        "cg",
    ),
    "two mounts, of which one has the group": (
        "0::/a/b\n",
        "31 23 0:28 / {root}/empty rw - cgroup2 cgroup2 rw\n"
        "32 23 0:28 / {root}/cg rw - cgroup2 cgroup2 rw\n",
        "cg/a/b",
    ),
    "a mount point with a space": (
        "0::/a\n",
        "31 23 0:28 / {root}/c\\040g rw - cgroup2 cgroup2 rw\n",
        "c g/a",
    ),
    "a named tree beside": (
        "2:name=memory:/x\n0::/a\n",
        "31 23 0:28 / {root}/cg rw - cgroup2 cgroup2 rw\n",
        "cg/a",
    ),
}


@pytest.mark.parametrize(("said", "mounts", "folder"), PLACES.values(), ids=PLACES)
def test_the_group_is_found_wherever_its_tree_is_mounted(tmp_path, said, mounts, folder):
    proc = tree(
        tmp_path,
        {
            "proc/self/cgroup": said,
            "proc/self/mountinfo": mounts,
            f"{folder}/memory.max": f"{GIB}\n",
            f"{folder}/memory.current": "0\n",
        },
    )
    assert limits.available_bytes(proc) == GIB


def test_slurms_memory_limits_parts_where_no_group_does(monkeypatch, tmp_path):
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "1024")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "2")
    proc = tree(tmp_path, {**V2, "proc/self/statm": "9 0 0 0 0 0 0\n"})
    assert limits.available_bytes(proc) == 2 * GIB
    assert limits.memory_limit(proc) == "Slurm's allocation of 2.0 GiB"


def test_what_does_not_fit_is_refused_with_what_limits_it(monkeypatch):
    monkeypatch.setattr("retrodict.limits.available_bytes", lambda: GIB)
    monkeypatch.setattr("retrodict.limits.memory_limit", lambda: "cgroup limit of 2.0 GiB")
    limits.require_memory(GIB, "model: it", "make it smaller")
    with pytest.raises(BadInput) as refused:
        limits.require_memory(2 * GIB, "model: it", "make it smaller")
    assert str(refused.value) == (
        "model: it needs 2.0 GiB and there are 1.0 GiB free (cgroup limit of 2.0 GiB); "
        "make it smaller"
    )


@contextmanager
def _group(controller, **settings):
    """A real control group, with settings of both versions; skips where none can be made."""
    for root in (Path("/sys/fs/cgroup") / controller, Path("/sys/fs/cgroup")):
        folder = root / f"retrodict-test-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            names = [name for name in settings if (folder / name.replace("__", ".")).exists()]
            for name in names:
                (folder / name.replace("__", ".")).write_text(settings[name])
            if names:
                yield folder
                return
        except OSError:
            pass
        finally:
            folder.rmdir()
    pytest.skip("no control group can be made here")


def _inside(folder: Path, question: str) -> str:
    code = (
        f"import os, pathlib; pathlib.Path({str(folder / 'cgroup.procs')!r})"
        f".write_text(str(os.getpid())); from retrodict import limits; print({question})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_real_quota_is_seen_from_inside():
    settings = {
        "cpu__cfs_period_us": "100000",
        "cpu__cfs_quota_us": "100000",
        "cpu__max": "100000 100000",
    }
    with _group("cpu", **settings) as folder:
        assert _inside(folder, "limits.core_count()") == "1"


def test_a_real_memory_limit_is_seen_from_inside():
    settings = {"memory__limit_in_bytes": str(GIB // 2), "memory__max": str(GIB // 2)}
    with _group("memory", **settings) as folder:
        left = _inside(folder, "limits.available_bytes()")
        assert 0.3 * GIB < int(left) < 0.5 * GIB


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no masks of cores here")
def test_openmp_that_binds_threads_leaves_the_cores_as_they_were():
    code = (
        "import os, retrodict; from retrodict import limits; before = limits.cores(); import torch;"
        "assert limits.cores() == before, limits.cores(); found = os.sched_getaffinity(0)\n"
        "with limits.on_all_cores(): assert os.sched_getaffinity(0) == set(before)\n"
        "assert os.sched_getaffinity(0) == found"
    )
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "OMP_PROC_BIND": "true"}, check=True
    )
