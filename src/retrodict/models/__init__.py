"""Models: S independent learners in one module. Settings load no torch; `build` does."""

from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field

from retrodict.models._bilinear_config import SMALL, Bilinear
from retrodict.models._config import ModelConfig, loaded
from retrodict.models._initial import FACTORS, factor_std
from retrodict.models._one_layer_config import OneLayer
from retrodict.models._relational_config import Relational, relation_slots
from retrodict.models._transformer_config import WIDE, Transformer

if TYPE_CHECKING:
    from retrodict.models._population import Population

Model = Annotated[Transformer | Bilinear | OneLayer | Relational, Field(discriminator="kind")]
"""Any model, told apart by `kind`. A new one is its settings, its population and a name here."""


def model_named(kind: object) -> type[ModelConfig] | None:
    """Return the class of settings of a kind of model; None if there is no such kind.

    >>> model_named("bilinear").optimizer
    'sgd'
    """
    models = get_args(get_args(Model)[0])
    return next((model for model in models if model.model_fields["kind"].default == kind), None)


__all__ = [
    "FACTORS",
    "SMALL",
    "WIDE",
    "Bilinear",
    "Model",
    "ModelConfig",
    "OneLayer",
    "Population",
    "Relational",
    "Transformer",
    "factor_std",
    "loaded",
    "model_named",
    "relation_slots",
]


def __getattr__(name: str) -> Any:
    if name == "Population":  # loads torch
        from retrodict.models._population import Population

        return Population
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
