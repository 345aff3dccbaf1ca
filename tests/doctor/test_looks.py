"""What `doctor` shows of simulated machines: no test here depends on the machine it runs on."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from pathlib import Path

import pytest

from retrodict.doctor import _disk, _machine, _software, _terminal, examine
from retrodict.doctor._line import Found, lines_of


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A machine that is busy just now is no file system that hangs."""
    monkeypatch.setattr(_disk, "_PATIENCE_SECONDS", 60)


@pytest.fixture
def store(tmp_path):
    """What is told of a store, by the line's name."""

    def look(folder=tmp_path):
        (name, look), *_ = _disk.looks_at_store(folder).items()
        return {line.name: line for line in lines_of(name, look)}

    return look


def one(found):
    return found if isinstance(found, Found) else next(iter(found))


def test_a_look_that_fails_says_so_on_its_line():
    def look():
        raise RuntimeError("a surprise")

    (line,) = lines_of("clock", look)
    assert line.name == "clock"
    assert line.value == "unknown (RuntimeError: a surprise)"


def test_what_is_told_cannot_steer_the_terminal():
    (line,) = lines_of("x", lambda: Found("a\x1b[31m\nb" + "c" * 1000))
    assert line.value.startswith("a\\x1b[31m b")
    assert len(line.value) == 300


def test_a_plain_folder_can_do_what_matters(store):
    found = store()
    assert [found[name].value for name in ("locks", "rename over", "fsync")] == ["yes"] * 3


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, 524])
def test_locks_that_are_refused_are_a_problem(store, monkeypatch, number):
    def refuse(descriptor, shared):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("retrodict.files._lock._lock", refuse)
    line = store()["locks"]
    assert line.value == f"no ({os.strerror(number)})"
    assert line.problem


def test_locks_that_keep_nobody_out_are_a_problem(store, monkeypatch):
    monkeypatch.setattr("retrodict.files._lock._lock", lambda descriptor, shared: None)
    line = store()["locks"]
    assert line.value == "no (two processes got it at once)"
    assert line.problem


@pytest.mark.parametrize(
    ("function", "line", "problem"),
    [
        ("replace", "rename over", True),
        ("fsync", "fsync", True),
        ("chmod", "links, chmod", False),
        ("symlink", "links, chmod", False),
        ("link", "links, chmod", False),
    ],
)
def test_what_a_file_system_refuses_is_shown(store, monkeypatch, tmp_path, function, line, problem):
    def refuse(*arguments, **more):
        raise PermissionError(errno.EPERM, "refused")

    monkeypatch.setattr(os, function, refuse)
    found = store()[line]
    assert "no (refused)" in found.value
    assert found.problem == problem
    assert list(tmp_path.iterdir()) == []


def test_chmod_without_effect_is_shown(store, monkeypatch):
    monkeypatch.setattr(os, "chmod", lambda *arguments, **more: None)
    assert "chmod: no (it is ignored)" in store()["links, chmod"].value


def test_a_store_that_cannot_be_written_is_a_problem(store, tmp_path, read_only):
    read_only(tmp_path)
    line = store()["tried"]
    assert line.value == "nothing can be written (Read-only file system)"
    assert line.problem


def test_a_store_that_is_not_there_is_tried_where_it_would_be_made(store, tmp_path):
    found = store(tmp_path / "deep" / "runs")
    assert f"does not exist yet: tried in {tmp_path}" in found["folder"].value
    assert found["locks"].value == "yes"


def test_a_folder_named_tilde_is_not_the_home(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert store(Path("~"))["folder"].value.startswith(str(tmp_path / "~"))


def test_a_file_system_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(_disk, "_PATIENCE_SECONDS", 0.05)

    def look():
        yield Found("seen")
        time.sleep(0.5)

    first, last = _disk._patiently(look)()
    assert first.value == "seen"
    assert last.value == "no answer in 0.05 s"
    assert last.problem


@pytest.mark.parametrize(
    ("kind", "follows", "problem"),
    [
        ("ext4", "local to this machine", False),
        ("nfs4", "locks must work across machines", False),
        ("fuse.sshfs", "locks must work across machines", False),
        ("tmpfs", "lost when the machine restarts", True),
    ],
)
def test_the_kind_of_file_system_is_that_of_the_nearest_mount(
    store, monkeypatch, tmp_path, kind, follows, problem
):
    folder = tmp_path / "a b"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    escaped = str(folder.resolve()).replace(" ", "\\040")
    mounts.write_text(f"x / xfs rw 0 0\nserver:/a {escaped} {kind} rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(_disk, "_MOUNTS", mounts)
    line = store(folder)["file system"]
    assert line.value == kind
    assert follows in line.follows
    assert line.problem == problem


def test_without_a_list_of_mounts_the_kind_is_unknown(store, monkeypatch, tmp_path):
    monkeypatch.setattr(_disk, "_MOUNTS", tmp_path / "nowhere")
    assert store()["file system"].value == "unknown"


@pytest.mark.parametrize(
    ("units", "asked", "follows", "problem"),
    [
        (["avx2", "fma", "avx512f"], None, "torch uses AVX512", False),
        (["avx2", "fma"], None, "torch uses AVX2", False),
        ([], None, "", False),
        (["avx2", "fma"], "default", "torch is told to use default", False),
        (["avx2", "fma"], "avx512", "the processor cannot", True),
    ],
)
def test_the_code_that_torch_chooses_for_a_processor(monkeypatch, units, asked, follows, problem):
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    if asked:
        monkeypatch.setenv("ATEN_CPU_CAPABILITY", asked)
    monkeypatch.setattr(_machine, "cpu_features", lambda: units)
    found = one(_machine.LOOKS["processor"]())
    assert follows in found.follows
    assert found.problem == problem


def test_cores_and_memory_are_those_of_limits(monkeypatch):
    for name, value in (
        ("cores", (0, 1, 2, 7)),
        ("core_count", 2),
        ("core_limit", "cgroup quota of 2.0 CPUs"),
        ("available_bytes", 2**29),
        ("memory_limit", "cgroup limit of 1.0 GiB"),
    ):
        monkeypatch.setattr(f"retrodict.limits.{name}", lambda value=value: value)
    cores, memory = (one(_machine.LOOKS[name]()) for name in ("cores", "memory"))
    assert "limited by cgroup quota of 2.0 CPUs; numbers 0-2,7" in cores.value
    assert cores.follows == "training.threads: auto is 2"
    assert memory.value == "0.5 GiB free, limited by cgroup limit of 1.0 GiB"
    assert memory.problem


@pytest.fixture
def gpu(monkeypatch, tmp_path):
    """A driver that is there, or not, beside a build of torch."""

    def look(there: bool, build: str):
        folder = tmp_path / "driver" / "nvidia" / "gpus" / "0"
        if there:
            folder.mkdir(parents=True)
            (folder / "information").write_text("Model: \t Abacus 9\nIRQ: 1\n", encoding="utf-8")
        monkeypatch.setattr(_machine, "_PROC", tmp_path)
        monkeypatch.setattr(_machine, "_DEV", tmp_path / "dev")
        monkeypatch.setattr("importlib.metadata.version", lambda package: build)
        return one(_machine.LOOKS["GPU"]())

    return look


@pytest.mark.parametrize(
    ("there", "build", "hidden", "value", "follows", "problem"),
    [
        (False, "2.0+cpu", None, "no NVIDIA driver", "auto is cpu", False),
        (True, "2.0+cu126", None, "Abacus 9", "cuda:0 if torch sees it", False),
        (True, "2.0+cpu", None, "Abacus 9", "a build for CPUs", True),
        (True, "2.0", "", "hidden by CUDA_VISIBLE_DEVICES", "auto is cpu", False),
    ],
)
def test_what_follows_from_a_driver(
    gpu, monkeypatch, there, build, hidden, value, follows, problem
):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    found = gpu(there, build)
    assert value in found.value
    assert follows in found.follows
    assert found.problem == problem


@pytest.mark.parametrize(
    ("build", "follows"), [("2.0+rocm6", "cuda:0 if torch sees it"), ("2.0+cpu", "with ROCm")]
)
def test_a_driver_of_amd_is_found(gpu, monkeypatch, tmp_path, build, follows):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "kfd").touch()
    found = gpu(False, build)
    assert found.value == "an AMD driver"
    assert follows in found.follows


def test_something_follows_from_every_line(tmp_path):
    sections = dict(examine(tmp_path))
    del sections["variables"]
    assert [one.name for lines in sections.values() for one in lines if not one.follows] == []


def test_without_a_compiler_steps_run_eager(monkeypatch):
    monkeypatch.setenv("CXX", "compiler-of-nobody")
    found = one(_machine.LOOKS["compiler"]())
    assert "no compiler-of-nobody" in found.value
    assert "eager" in found.follows


def test_a_compiler_that_is_there_tells_its_version(monkeypatch, tmp_path):
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\necho c++ 99\n", encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    found = one(_machine.LOOKS["compiler"]())
    assert found.value.startswith("c++ 99; ")
    assert found.follows.startswith("training.execution: compiled is possible")


@pytest.mark.parametrize(
    ("encoding", "follows"),
    [("utf-8", "it can show → ±"), ("latin-1", "in ASCII"), ("ascii", "in ASCII")],
)
def test_the_encoding_of_a_stream_is_shown(monkeypatch, encoding, follows):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    found = one(_terminal.LOOKS["stdout"]())
    assert found.value == f"in memory, {encoding}"
    assert follows in found.follows


def test_a_closed_stream_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert one(_terminal.LOOKS["stderr"]()).value == "closed"


def test_relevant_variables_are_shown_without_secrets(monkeypatch):
    for name, value in (
        ("OMP_PROC_BIND", "close"),
        ("TORCH_HUB_TOKEN", "hush"),
        ("TORCH_HOME", "https://me:hush@host/x"),
        ("SLURM_JOB_USER", "somebody"),
        ("UNRELATED", "hush"),
    ):
        monkeypatch.setenv(name, value)
    found = {line.name: line.value for line in lines_of("set", _terminal.VARIABLES["set"])}
    assert found["OMP_PROC_BIND"] == "close"
    assert found["TORCH_HUB_TOKEN"] == "(hidden)"
    assert found["TORCH_HOME"] == "https://***@host/x"
    assert not {"SLURM_JOB_USER", "UNRELATED"} & set(found)


def test_a_package_that_is_missing_is_a_problem(monkeypatch):
    plain = _software.version_of
    monkeypatch.setattr(
        _software, "version_of", lambda name: None if name == "h5py" else plain(name)
    )
    found = one(_software.looks(False)["needed"]())
    assert "h5py MISSING" in found.value
    assert found.follows == "install h5py"
    assert found.problem


def test_an_extra_that_is_missing_says_what_does_not_work(monkeypatch):
    monkeypatch.setattr(_software, "version_of", lambda name: None)
    found = list(_software.looks(False)["optional"]())
    assert ["--launcher ray" in one.follows for one in found] == [True, False, False, False]
    assert not any(one.problem for one in found)


@pytest.mark.parametrize(
    ("code", "value", "problem"),
    [
        ("print('noise'); print('[\"AVX2\", 3, [\"Abacus\"]]')", "AVX2, 3 threads, Abacus", False),
        ("import torch_of_nobody", "No module named 'torch_of_nobody'", True),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "ended by SIGILL", True),
    ],
)
def test_torch_is_examined_in_its_own_process(monkeypatch, code, value, problem):
    monkeypatch.setattr(_software, "_ASK_TORCH", code)
    found = one(_software.looks(load_torch=True)["torch, loaded"]())
    assert value in found.value
    assert found.problem == problem


def test_a_machine_without_home_or_temporary_folder_is_examined(monkeypatch, tmp_path):
    """Neither a home, nor a folder for temporary files, nor Linux's process files."""
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))

    def none():
        raise FileNotFoundError(errno.ENOENT, "no usable temporary directory")

    monkeypatch.setattr("tempfile.gettempdir", none)
    for module, name in ((_machine, "_PROC"), (_disk, "_MOUNTS")):
        monkeypatch.setattr(module, name, tmp_path / "nowhere")
    found = dict(examine(tmp_path))
    (line,) = found["temporary folder"]
    assert "no usable temporary directory" in line.value
    assert "cannot be written" in next(x for x in found["terminal"] if x.name == "home").value
