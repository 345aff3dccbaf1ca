"""Where a run was made, and what could differ if it were made on this machine.

Only what can alter a bit of a training is compared: the training code, torch, NumPy, the processor
or the GPU. The rest is only recorded.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, get_args

from retrodict.errors import BadInput
from retrodict.experiment import RESULTS_VERSION, Placed
from retrodict.processor import cpu_features, processor
from retrodict.source import commit, training_code, version_of

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
_DECIDE_BITS = {name: name for name in ("torch", "numpy")}  # other packages do not affect training
_UNITS = {"cpu_features": "vector units", "cpu_capability": "torch's CPU code"}
_GPU = {"name": "GPU", "cuda": "CUDA", "cudnn": "cuDNN"}

Environment = dict[str, Any]

UNKNOWN: Environment = {"versions": {}}
"""What is known if environment.json was lost."""


def here(device: str, load_torch: bool = True) -> Environment:
    """Describe this process and machine; torch may stay unloaded if the device is the CPU."""
    return {
        "versions": {package: version_of(package) or "unknown" for package in PACKAGES},
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
    """A difference between where a run was made and here, and its consequence."""

    what: str
    consequence: Consequence

    def __str__(self) -> str:
        said = [self.what, self.consequence]
        return ": ".join(reversed(said) if self.consequence == _CANNOT else said)


def differences(
    made_by: Sequence[Mapping[str, Any]], experiment: Placed, results_version: int | None
) -> list[Difference]:
    """Compare this machine and code with those that made a run; the worst first."""
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
        told = [*_differing(then.get("versions") or {}, now["versions"], _DECIDE_BITS)]
        if experiment.training.device == "cpu":
            told += _differing(then, now, {"processor": "processor"})
            told += islice(_differing(then, now, _UNITS), 1)
        else:
            told += _differing(then.get("gpu") or {}, now["gpu"] or {}, _GPU)
        found += [Difference(what, "bits may differ") for what in told]
        code = then.get("code")
        known = code and "unknown" not in (code, now["code"])
        if known and code != now["code"] and results_version == RESULTS_VERSION:
            what = f"the training code has changed since ({code}, here {now['code']}), its"
            found.append(Difference(f"{what} results version has not", "bits should agree"))
    return sorted(dict.fromkeys(found), key=lambda one: _WORST.index(one.consequence))


def _differing(
    then: Mapping[str, Any], now: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[str]:
    """List the facts that are known of both and differ."""
    for key, name in names.items():
        if then.get(key) and now.get(key) and then[key] != now[key]:
            yield f"{name} {_words(then[key])}, here {_words(now[key])}"


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cpu_capability(load: bool) -> str | None:
    """Return the instruction set for which torch has chosen its code."""
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
