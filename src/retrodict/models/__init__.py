"""Models: S independent learners in one module. Configurations are torch-free; `build` is not."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from retrodict.models._bilinear_config import FACTORS, SMALL, Bilinear, OneLayer, factor_std
from retrodict.models._flops import step_operations
from retrodict.models._relational_config import Relational, relation_slots
from retrodict.models._transformer_config import WIDE, Transformer

if TYPE_CHECKING:
    from retrodict.models._population import Population

Model = Annotated[Transformer | Bilinear | OneLayer | Relational, Field(discriminator="kind")]
"""Any model; `kind` says which. A new model is a configuration, a population and a name here."""

__all__ = [
    "FACTORS",
    "SMALL",
    "WIDE",
    "Bilinear",
    "Model",
    "OneLayer",
    "Population",
    "Relational",
    "Transformer",
    "factor_std",
    "relation_slots",
    "step_operations",
]


def __getattr__(name: str) -> Any:
    if name == "Population":  # loads torch
        from retrodict.models._population import Population

        return Population
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
