"""A Trace: what was measured, or predicted, over time. Training and theory both give one.

Curves live in one xarray Dataset with dimensions (learner, epoch, group); effective weights in one
Dataset per panel with dimensions (learner, snapshot, source, target). On disk both are one NetCDF
file: `xarray.open_dataset("trace.nc")` gives the curves, and
`xarray.open_dataset("trace.nc", group="effective_weights/validation")` a panel.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import xarray as xr

from retrodict.errors import CannotFinish
from retrodict.experiment import Experiment
from retrodict.files import require_format
from retrodict.host import own_settings
from retrodict.tasks import Role

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
"""Version of the layout of a trace file."""

_WEIGHTS_GROUP = "effective_weights"
_INHERITED = ("epoch", "group")  # coordinates of the curves that xarray repeats in every panel
_COMPRESSED = {"zlib": True, "complevel": 4, "shuffle": True}


@dataclass(frozen=True, eq=False)
class Trace:
    """Curves and effective weights of one experiment, learner by learner.

    Everything a Dataset of curves can do, a trace does: `trace.nll.sel(group="validation")`,
    `trace["accuracy"].mean("learner")`, `trace.attrs`.

    Attributes:
        curves: `nll`, `entity_nll`, `accuracy`, `wrong_probability`, `rank` over
            (learner, epoch, group), `training_loss` over (learner, epoch), `diverged_at` over
            (learner,). NLL in nats. Epoch 0 is before the first step.
        weights: panel name → Dataset with `entity_only`, `prompt_matched` (logits) and
            `embedding_cosine` over (learner, snapshot, source, target).
    """

    curves: xr.Dataset
    weights: Mapping[str, xr.Dataset] = field(default_factory=dict)

    def __getitem__(self, name: str) -> xr.DataArray:
        return self.curves[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("curves", "weights"):
            raise AttributeError(name)
        return getattr(self.curves, name)

    @property
    def experiment(self) -> Experiment:
        """What was trained or predicted; the number of threads is left to the machine.

        Raises:
            BadInput: it is of a version that this one does not read.
        """
        return _experiment(str(self.curves.attrs["experiment"]))

    @property
    def roles(self) -> dict[str, Role]:
        """What the task does with each group, and so with each panel: taught, or held out.

        It is the task's own plan: a recipe may teach what is held out, or leave out what is taught.
        Groups that a recipe adds are taught.
        """
        groups = self.experiment.task.groups
        names = map(str, self.curves["group"].values)
        return {name: groups[name].role if name in groups else "taught" for name in names}

    def held_out(self) -> xr.Dataset:
        """Return the curves of the held-out questions, over (learner, epoch).

        They are the last group's, if the task holds nothing out.
        """
        roles = self.roles
        name = next((name for name, role in roles.items() if role == "held_out"), [*roles][-1])
        return self.curves.sel(group=name)

    def taught(self) -> xr.Dataset:
        """Return the curves of the groups whose sentences were trained on."""
        return self.curves.isel(group=np.flatnonzero(self.curves["trained"].values))

    @own_settings()
    def to_dataframe(self) -> pd.DataFrame:
        """Return the curves as a table, one row per (learner, epoch, group)."""
        return self.curves.to_dataframe()

    @own_settings()
    def identical(self, other: Trace) -> bool:
        """Whether both hold the same bits, attributes included."""
        return (
            self.curves.identical(other.curves)
            and self.weights.keys() == other.weights.keys()
            and all(panel.identical(other.weights[name]) for name, panel in self.weights.items())
        )

    @own_settings()
    def save(self, path: str | Path) -> None:
        """Write one NetCDF file.

        It is put together in memory: HDF5 can crash when a disk runs full under it.

        Raises:
            OSError: the file cannot be written.
        """
        panels = {f"/{_WEIGHTS_GROUP}/{name}": panel for name, panel in self.weights.items()}
        tree = xr.DataTree.from_dict({"/": self.curves, **panels})
        encoding = {
            group: dict.fromkeys(panel.data_vars, _COMPRESSED) for group, panel in panels.items()
        }
        content = tree.to_netcdf(
            None, engine="h5netcdf", encoding=encoding, write_inherited_coords=True
        )
        Path(path).write_bytes(content)

    @classmethod
    @own_settings()
    def load(cls, path: str | Path) -> Trace:
        """Read a trace, wholly into memory.

        A file that refers to other files, or unpacks to more than it holds, is not read.

        Raises:
            OSError: the file cannot be read or is not a trace.
            MemoryError: it does not fit into memory.
            CannotFinish: it has a format that this version does not read.
        """
        from retrodict.files.hdf5 import content_of

        return cls.of(content_of(Path(path)), path)

    @classmethod
    def of(cls, content: bytes, where: str | Path) -> Trace:
        """Read a trace from the content of a file; raises as `load` does.

        HDF5 is given no file: where it cannot lock one, or a viewer has it open, it would refuse.
        """
        import h5netcdf  # noqa: F401 - xarray would call its want a file of an unknown kind

        from retrodict.files.hdf5 import require_harmless

        try:
            require_harmless(content)
            return cls._of(content, where)
        except (OSError, MemoryError, ImportError, CannotFinish):
            raise
        except Exception as error:  # a file from elsewhere can be wrong in any way
            raise OSError(f"not a trace: {error}") from error

    @classmethod
    def _of(cls, content: bytes, where: str | Path) -> Trace:
        from retrodict.files.hdf5 import Foreign, groups_in

        curves = xr.load_dataset(io.BytesIO(content), engine="h5netcdf")
        require_format(curves.attrs.get("format"), FORMAT, where)
        if not isinstance(named := curves.attrs.get("panels"), str):
            raise Foreign("it does not name its panels")
        weights, there = {}, groups_in(content, _WEIGHTS_GROUP)
        for name in named.split():
            if name not in there:
                raise Foreign(f"its panel {name:.60} is missing")
            group = f"{_WEIGHTS_GROUP}/{name}"
            panel = xr.load_dataset(io.BytesIO(content), engine="h5netcdf", group=group)
            weights[name] = panel.drop_vars(_INHERITED, errors="ignore")
        return cls(curves, weights)


@runtime_checkable
class Recorded(Protocol):
    """An experiment and its trace: a finished run, or what stands for one."""

    @property
    def experiment(self) -> Experiment:
        """The experiment."""

    @property
    def trace(self) -> Trace:
        """Its trace."""


@lru_cache(maxsize=64)
def _experiment(text: str) -> Experiment:
    return Experiment.from_text(text)
