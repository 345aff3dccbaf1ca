"""Models: S independent learners in one module. Configurations are torch-free; `build` is not."""

from typing import TYPE_CHECKING, Any

from retrodict.models._config import Transformer

if TYPE_CHECKING:
    from retrodict.models._population import Population

Model = Transformer
"""Any model; becomes a union over `kind` with the second one."""

__all__ = ["Model", "Population", "Transformer"]


def __getattr__(name: str) -> Any:
    if name == "Population":  # loads torch
        from retrodict.models._population import Population

        return Population
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
