"""What this process may use: processor, cores, memory, GPU, compiler."""

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
    value = ", ".join(found) or "no container or job that shows"
    return Found(value, "what limits it is counted in cores and memory")


def _processor() -> Found:
    units, asked = cpu_features(), os.environ.get("ATEN_CPU_CAPABILITY")
    value = f"{processor()} ({platform.machine()}): {' '.join(units) or 'vector units unknown'}"
    if asked:
        cannot = "512" in asked and bool(units) and "avx512f" not in units
        said = "but the processor cannot" if cannot else "others' bits may differ"
        return Found(value, f"torch is told to use {asked} (ATEN_CPU_CAPABILITY), {said}", cannot)
    if "avx512f" in units:
        return Found(value, "torch uses AVX512; bits may differ from a processor's without")
    if {"avx2", "fma"} <= set(units):
        return Found(value, "torch uses AVX2; bits may differ from a processor's with AVX512")
    return Found(value, "bits may differ from another processor's")


def _cores() -> Found:
    mine, count, limit = limits.cores(), limits.core_count(), limits.core_limit()
    value = f"{count} of {os.cpu_count()}, limited by {limit}; numbers {_ranges(mine)}"
    return Found(value, f"training.threads: auto is {count}")


def _ranges(numbers: tuple[int, ...]) -> str:
    """Write numbers in short.

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
        return Found("unknown", "what does not fit is not noticed before it is tried")
    value = f"{limits.gib(available)} free, limited by {limits.memory_limit()}"
    return Found(
        value, "a population that needs more is trained in parts", problem=available < _SCARCE
    )


def _gpu() -> Found:
    names: list[object] = [
        _gpu_name(path) for path in sorted(_PROC.glob("driver/nvidia/gpus/*/information"))
    ]
    nvidia = names or [*_DEV.glob("nvidia[0-9]*"), *_DEV.glob("dxg")]
    amd = (_DEV / "kfd").exists()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not nvidia and not amd:
        return Found("no NVIDIA driver, none of AMD", "training.device: auto is cpu")
    value = ", ".join(map(str, names)) or f"an {'NVIDIA' if nvidia else 'AMD'} driver"
    if metadata.version("torch").endswith("+cpu"):
        right = "CUDA" if nvidia else "ROCm"
        said = f"torch is a build for CPUs: auto is cpu; install one with {right}"
        return Found(value, said, True)
    if visible is not None and visible.strip() in ("", "-1", "NoDevFiles"):
        return Found(f"{value}, hidden by CUDA_VISIBLE_DEVICES", "training.device: auto is cpu")
    return Found(value, "training.device: auto is cuda:0 if torch sees it (doctor --torch asks)")


def _gpu_name(information: Path) -> str:
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if "Model" in line), "unknown")


def _compiler() -> Found:
    """Find what torch.compile calls: on a CPU a C++ compiler, on a GPU a C compiler as well."""
    usual = ("clang++", "clang") if sys.platform == "darwin" else ("g++", "gcc")
    asked = [os.environ.get(name) or usual[i] for i, name in enumerate(("CXX", "CC"))]
    there = [_version(command) for command in asked]
    headers = os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))
    said = [v or f"no {command}" for command, v in zip(asked, there, strict=True)]
    value = "; ".join([*said, *([] if headers else ["no Python.h"])])
    if not there[0]:
        return Found(value, "training.execution: compiled cannot; steps run eager")
    gpu = "" if there[1] and headers else "; not on a GPU, whose steps run eager"
    return Found(value, f"training.execution: compiled can{gpu}")


def _version(command: str) -> str | None:
    words = command.split()
    if not words or shutil.which(words[0]) is None:
        return None
    done = subprocess.run(
        [*words, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=1
    )
    said = done.stdout.decode(errors="replace").splitlines()
    if done.returncode or not said:
        return None
    name = os.path.basename(words[0])
    return said[0] if said[0].startswith(name) else f"{name}: {said[0]}"


LOOKS: Looks = {
    "inside": _inside,
    "processor": _processor,
    "cores": _cores,
    "memory": _memory,
    "GPU": _gpu,
    "compiler": _compiler,
}
