"""Examine what this process can use: processor, cores, memory, GPU, compiler."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from retrodict import limits
from retrodict.doctor._line import Found, Looks
from retrodict.processor import cpu_features, processor

_PROC = Path("/proc")
_DEV = Path("/dev")
_SCARCE = 2**30  # bytes of memory; torch alone takes a quarter
_CONTAINERS = {"/.dockerenv": "Docker", "/run/.containerenv": "Podman"}
_CONTAINER_VARIABLES = {
    "container": "a container",
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
    "APPTAINER_CONTAINER": "Apptainer",
    "SINGULARITY_CONTAINER": "Singularity",
    "COLAB_RELEASE_TAG": "Colab",
    "SLURM_JOB_ID": "a Slurm job",
}


def _inside() -> Found:
    found = [name for path, name in _CONTAINERS.items() if os.path.exists(path)]
    found += [name for key, name in _CONTAINER_VARIABLES.items() if key in os.environ]
    if "microsoft" in platform.release().lower():
        found.append("WSL")
    value = ", ".join(found) or "no container or job detected"
    return Found(value, "cores and memory below are within its limits")


def _processor() -> Found:
    units, asked = cpu_features(), os.environ.get("ATEN_CPU_CAPABILITY")
    value = f"{processor()} ({platform.machine()}): {' '.join(units) or 'vector units unknown'}"
    if asked:
        cannot = "512" in asked and bool(units) and "avx512f" not in units
        follows = "but the processor cannot" if cannot else "bits may differ from the default's"
        told = f"torch is told to use {asked} (ATEN_CPU_CAPABILITY)"
        return Found(value, f"{told}, {follows}", cannot)
    if "avx512f" in units:
        return Found(value, "torch uses AVX512; bits may differ on a processor without it")
    if {"avx2", "fma"} <= set(units):
        return Found(value, "torch uses AVX2; bits may differ on a processor with AVX512")
    return Found(value, "bits may differ on another processor")


def _cores() -> Found:
    mine, count, limit = limits.cores(), limits.core_count(), limits.core_limit()
    value = f"{count} of {os.cpu_count()}, limited by {limit}; numbers {_ranges(mine)}"
    return Found(value, f"training.threads: auto is {count}")


def _ranges(numbers: tuple[int, ...]) -> str:
    """Abbreviate a sorted list of numbers.

    >>> _ranges((0, 1, 2, 5))
    '0-2,5'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def _memory() -> Found:
    available = limits.available_bytes()
    if available is None:
        return Found("unknown", "retrodict cannot check in advance what fits")
    value = f"{limits.gib(available)} free, limited by {limits.memory_limit()}"
    follows = "a population that needs more is trained in parts"
    return Found(value, follows, problem=available < _SCARCE)


def _gpu() -> Found:
    names: list[object] = [
        _gpu_name(path) for path in sorted(_PROC.glob("driver/nvidia/gpus/*/information"))
    ]
    nvidia = names or [*_DEV.glob("nvidia[0-9]*"), *_DEV.glob("dxg")]
    amd = (_DEV / "kfd").exists()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not nvidia and not amd:
        return Found("no NVIDIA driver, no AMD driver", "training.device: auto is cpu")
    value = ", ".join(map(str, names)) or f"an {'NVIDIA' if nvidia else 'AMD'} driver"
    if metadata.version("torch").endswith("+cpu"):
        needed = "CUDA" if nvidia else "ROCm"
        follows = f"torch is a build for CPUs, so auto is cpu; install a build with {needed}"
        return Found(value, follows, True)
    if visible is not None and visible.strip() in ("", "-1", "NoDevFiles"):
        return Found(f"{value}, hidden by CUDA_VISIBLE_DEVICES", "training.device: auto is cpu")
    return Found(value, "training.device: auto is cuda:0 if torch sees it (see doctor --torch)")


def _gpu_name(information: Path) -> str:
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if "Model" in line), "unknown")


def _compiler() -> Found:
    """Find what torch.compile needs: a C++ compiler; on a GPU also a C compiler and Python.h."""
    usual = ("clang++", "clang") if sys.platform == "darwin" else ("g++", "gcc")
    cxx, cc = (os.environ.get(name) or usual[i] for i, name in enumerate(("CXX", "CC")))
    cxx_version, cc_version = _version(cxx), _version(cc)
    headers = os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))
    found = [cxx_version or f"no {cxx}", cc_version or f"no {cc}"]
    value = "; ".join([*found, *([] if headers else ["no Python.h"])])
    if not cxx_version:
        return Found(value, "training.execution: compiled is impossible; steps run eager")
    gpu = "" if cc_version and headers else ", but not on a GPU, where steps run eager"
    return Found(value, f"training.execution: compiled is possible{gpu}")


def _version(command: str) -> str | None:
    words = command.split()
    if not words or shutil.which(words[0]) is None:
        return None
    done = subprocess.run(
        [*words, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=1
    )
    lines = done.stdout.decode(errors="replace").splitlines()
    if done.returncode or not lines:
        return None
    name = os.path.basename(words[0])
    return lines[0] if lines[0].startswith(name) else f"{name}: {lines[0]}"


LOOKS: Looks = {
    "inside": _inside,
    "processor": _processor,
    "cores": _cores,
    "memory": _memory,
    "GPU": _gpu,
    "compiler": _compiler,
}
