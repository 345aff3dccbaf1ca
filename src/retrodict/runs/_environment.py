"""Where a run was made: code, versions, processor, GPU; and what would differ if it were made here.

Only what can alter a bit of a training is compared: the code that trains, torch, NumPy, the
processor or the GPU. The rest is written down and not warned of.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal, get_args

from retrodict.errors import BadInput
from retrodict.experiment import RESULTS_VERSION, Placed
from retrodict.processor import cpu_features, processor
from retrodict.source import commit, training_code

PACKAGES = (
    "retrodict",
    "torch",
    "numpy",
    "scipy",
    "xarray",
    "h5netcdf",
    "h5py",
    "safetensors",
    "pydantic",
)
_DECIDE_BITS = ("torch", "numpy")  # the others read and write, and compute nothing that is trained

Environment = dict[str, Any]

UNKNOWN: Environment = {"versions": {}}
"""What is known where environment.json was lost."""


def here(device: str, load_torch: bool = True) -> Environment:
    """Describe this process and machine.

    Args:
        device: such as `cpu` or `cuda:0`.
        load_torch: whether torch may be loaded to ask it; else what it would say is None, unless
            it is loaded already or there is a GPU to ask for.
    """
    return {
        "versions": {package: version(package) for package in PACKAGES},
        "results_version": RESULTS_VERSION,
        "code": training_code(),
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "cpu_features": cpu_features(),
        "cpu_capability": _cpu_capability(load_torch),
        "gpu": None if device == "cpu" else _gpu(device),
    }


Consequence = Literal[
    "this machine cannot run it as it was", "numbers differ", "bits may differ", "bits should agree"
]

_WORST = get_args(Consequence)
_CANNOT: Consequence = "this machine cannot run it as it was"


@dataclass(frozen=True)
class Difference:
    """Something that is not here as it was where a run was made, and what follows from it."""

    what: str
    consequence: Consequence

    def __str__(self) -> str:
        said = [self.what, self.consequence]
        return ": ".join(reversed(said) if self.consequence == _CANNOT else said)


def differences(
    made_by: Sequence[Mapping[str, Any]], experiment: Placed, results_version: int | None
) -> list[Difference]:
    """Say what is not as it was where a run was made; the worst first.

    Args:
        made_by: the environments that made it.
        experiment: what it is of, placed where it was made.
        results_version: of the code that made it; None if that is not known.
    """
    found: list[Difference] = []
    device = experiment.training.device
    try:
        experiment.placed(fewer=True)
    except BadInput as error:
        found.append(Difference(str(error), _CANNOT))
        device = "cpu"
    now = here(device, load_torch=False)
    if results_version != RESULTS_VERSION:
        said = "an unknown results version" if results_version is None else results_version
        what = f"it has results version {said}, this code {RESULTS_VERSION}"
        found.append(Difference(what, "numbers differ"))
    for then in made_by:
        machine = _machine if experiment.training.device == "cpu" else _gpus
        for what in (*_versions(then, now), *machine(then, now)):
            found.append(Difference(what, "bits may differ"))
        found += _code(then, now, results_version)
    return sorted(dict.fromkeys(found), key=lambda one: _WORST.index(one.consequence))


def _code(
    then: Mapping[str, Any], now: Environment, results_version: int | None
) -> Iterator[Difference]:
    code = then.get("code")
    known = code and "unknown" not in (code, now["code"])
    if known and code != now["code"] and results_version == RESULTS_VERSION:
        what = f"the code that trains has changed since ({code}, here {now['code']}), its results"
        yield Difference(f"{what} version has not", "bits should agree")


def _versions(then: Mapping[str, Any], now: Environment) -> Iterator[str]:
    told = then.get("versions")
    for package in _DECIDE_BITS:
        version = told.get(package) if isinstance(told, Mapping) else None
        if version and version != now["versions"][package]:
            yield f"{package} {version}, here {now['versions'][package]}"


def _machine(then: Mapping[str, Any], now: Environment) -> Iterator[str]:
    if then.get("processor") and then["processor"] != now["processor"]:
        yield f"processor {then['processor']}, here {now['processor']}"
    for key, name in (("cpu_features", "vector units"), ("cpu_capability", "torch's CPU code")):
        if then.get(key) and now[key] and then[key] != now[key]:
            yield f"{name} {_words(then[key])}, here {_words(now[key])}"
            return


def _gpus(then: Mapping[str, Any], now: Environment) -> Iterator[str]:
    before, ours = then.get("gpu"), now["gpu"]
    if isinstance(before, Mapping) and isinstance(ours, Mapping):
        for key, name in (("name", "GPU"), ("cuda", "CUDA"), ("cudnn", "cuDNN")):
            if before.get(key) != ours[key]:
                yield f"{name} {before.get(key)}, here {ours[key]}"


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def version(package: str) -> str:
    """Return the version of an installed package, or "unknown"."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _cpu_capability(load: bool) -> str | None:
    """Say for which instructions torch has chosen its code."""
    if not load and "torch" not in sys.modules:
        return os.environ.get("ATEN_CPU_CAPABILITY", "").upper() or None
    import torch

    return str(torch.backends.cpu.get_cpu_capability())


def _gpu(device: str) -> dict[str, Any]:
    import torch

    return {
        "name": torch.cuda.get_device_name(device),
        "compute_capability": ".".join(map(str, torch.cuda.get_device_capability(device))),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }
