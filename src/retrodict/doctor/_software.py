"""Versions of retrodict, Python and the packages that are needed or optional."""

from __future__ import annotations

import json
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata

from retrodict.doctor._line import Found, Looks
from retrodict.source import ROOT, commit, training_code, version_of

_OPTIONAL = {
    "ray": "no --launcher ray (pip install 'retrodict[ray]')",
    "submitit": "no --launcher slurm (pip install 'retrodict[slurm]')",
    "transformers": "bench compares with no other software (pip install 'retrodict[bench]')",
    "pyarrow": "runs export cannot write Parquet (pip install 'retrodict[parquet]')",
}
_NEEDED = (
    *("torch", "numpy", "scipy", "xarray", "h5netcdf", "h5py", "pydantic"),
    *("matplotlib", "rich", "typer", "ruamel.yaml", "jaxtyping", "beartype", "jinja2"),
)
"""Needed packages, used if retrodict is not installed and so has no metadata that list them."""

_ASK_TORCH = """
import json, torch
print(json.dumps([torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(),
    [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]]))
"""
_PATIENCE_SECONDS = 60


def looks(load_torch: bool) -> Looks:
    """Return the looks at software; one of them loads torch if `load_torch`."""
    asked = {"torch, loaded": _torch} if load_torch else {}
    return {
        "retrodict": _retrodict,
        "Python": _python,
        "system": _system,
        "needed": _needed,
        "optional": _optional,
        **asked,
    }


def _retrodict() -> Found:
    made_of = f"code {training_code()}" + (f", commit {found[:12]}" if (found := commit()) else "")
    version = sys.modules[ROOT.name].__version__  # of this code; another may be installed
    return Found(f"{version}, {made_of}, in {ROOT}", "each run records the code that made it")


def _python() -> Found:
    kind = "a virtual environment" if sys.prefix != sys.base_prefix else "no virtual environment"
    what = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    unsafe = bool(sys.flags.optimize)
    follows = "asserts are off (-O)" if unsafe else "install packages for this Python"
    return Found(f"{what} ({kind})", follows, problem=unsafe)


def _system() -> Found:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except (OSError, AttributeError):
        name = " ".join(platform.mac_ver()[:1])
    what = ", ".join(filter(None, (platform.platform(), name)))
    return Found(what, "bits may differ on another system")


def _needed() -> Found:
    versions = {name: version_of(name) for name in _requirements()}
    missing = [name for name, version in versions.items() if not version]
    what = ", ".join(f"{name} {version or 'MISSING'}" for name, version in versions.items())
    complete = "all installed; another version of torch or NumPy may give other bits"
    follows = f"install {', '.join(missing)}" if missing else complete
    return Found(what, follows, problem=bool(missing))


def _requirements() -> list[str]:
    """List the packages that are needed, torch and NumPy first."""
    try:
        lines = [line for line in metadata.requires("retrodict") or () if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        lines = []
    names = [found[0] for line in lines if (found := re.match(r"[\w.-]+", line))]
    return list(dict.fromkeys(("torch", "numpy", *(names or _NEEDED))))


def _optional() -> Iterator[Found]:
    versions = {name: version_of(name) for name in _OPTIONAL}
    installed = [f"{name} {version}" for name, version in versions.items() if version]
    if installed:
        yield Found(", ".join(installed), "commands and options that need them work")
    for name, version in versions.items():
        if not version:
            yield Found(f"{name} is not installed", _OPTIONAL[name])


def _torch() -> Found:
    """Ask torch in a separate process, since a build for another processor would kill it."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK_TORCH],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=_PATIENCE_SECONDS,
    )
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return Found(f"ended by {name}", "install a torch for this processor", problem=True)
    if done.returncode:
        error = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Found(error, "nothing can be trained: reinstall torch", problem=True)
    capability, threads, gpus = json.loads(done.stdout.splitlines()[-1])
    seen = ", ".join(gpus) or "no GPU"
    device = "cuda:0" if gpus else "cpu"
    return Found(f"{capability}, {threads} threads, {seen}", f"training.device: auto is {device}")
