"""Make a launcher from its name and options."""

from __future__ import annotations

from collections.abc import Sequence

from retrodict.errors import BadInput, choose
from retrodict.launch._launcher import LOCAL, Launcher
from retrodict.launch._remote import Remote

LAUNCHERS = ("local", "ray", "slurm")


def launcher_named(
    name: str,
    cpus: int | None = None,
    gpus: int | None = None,
    slurm: Sequence[str] = (),
) -> Launcher:
    """Return a launcher.

    Args:
        name: `local`, `ray` or `slurm`.
        cpus: threads of a population whose `training.threads` is `auto`; by default 1.
        gpus: GPUs per population, 0 or 1; by default 0.
        slurm: settings of Slurm, e.g. `"partition=gpu"`.

    Raises:
        BadInput: an unknown launcher, an option that it does not have, or a missing package.
    """
    choose([name], LAUNCHERS, "--launcher {}: no such launcher")
    if slurm and name != "slurm":
        raise BadInput(f"--slurm {slurm[0]}: is for --launcher slurm")
    if name == "local":
        for option, value in (("--cpus", cpus), ("--gpus", gpus)):
            if value is not None:
                raise BadInput(
                    f"{option} {value}: is for --launcher ray or slurm; on this machine "
                    "set training.threads and training.device"
                )
        return LOCAL
    if cpus is not None and cpus < 1:
        raise BadInput(f"--cpus {cpus}: a population needs at least one core")
    if gpus not in (None, 0, 1):
        raise BadInput(f"--gpus {gpus}: a population uses one GPU or none; choose 0 or 1")
    if name == "ray":
        from retrodict.launch._ray import RayPool

        return Remote(RayPool(gpus or 0), cpus, gpus or 0)
    from retrodict.launch._slurm import SlurmPool, read_settings

    return Remote(SlurmPool(gpus or 0, read_settings(slurm)), cpus, gpus or 0)
