"""Models: S independent learners in one module. Configurations are torch-free; `build` is not."""

from retrodict.models._config import Transformer

Model = Transformer
"""Any model; becomes a union over `kind` with the second one."""

__all__ = ["Model", "Transformer"]
