"""Models: S independent learners in one module. Settings load no torch; `build` does.

A new model is one file with its settings, and one line below. Its learners' class loads torch: it
has a file of its own, or is made in a function.
"""

from typing import TYPE_CHECKING, Any

from retrodict.members import any_of, kinds
from retrodict.models._bilinear_config import SMALL
from retrodict.models._config import ModelConfig, loaded
from retrodict.models._initial import FACTORS, factor_std
from retrodict.models._relational_config import relation_slots
from retrodict.models._transformer_config import WIDE

# isort: off
from retrodict.models._transformer_config import Transformer as Transformer
from retrodict.models._bilinear_config import Bilinear as Bilinear
from retrodict.models._one_layer_config import OneLayer as OneLayer
from retrodict.models._relational_config import Relational as Relational
# isort: on

if TYPE_CHECKING:
    from retrodict.models._population import Population

    Model = ModelConfig
else:
    Model = any_of(ModelConfig, __name__)


def model_named(kind: object) -> type[ModelConfig] | None:
    """Return the class of settings of a kind of model; None if there is no such kind.

    >>> model_named("bilinear").optimizer
    'sgd'
    """
    models = kinds(ModelConfig, __name__)
    return next((model for model in models if model.model_fields["kind"].default == kind), None)


__all__ = [
    "FACTORS",
    "SMALL",
    "WIDE",
    "Model",
    "ModelConfig",
    "Population",
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
