"""Sizes of a benchmarked experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retrodict.bench._contest import PLANNED_EPOCHS
from retrodict.experiment import Experiment, Placed


@dataclass(frozen=True)
class Size:
    """A reversal experiment's sizes; batch 64, AdamW at 0.001, evaluated after every epoch.

    Attributes:
        n_layer, n_head, d_model, dropout: see `Transformer`.
        vocab_size, entity_length: see `Reversal`.
        precision: see `Training`.
    """

    n_layer: int
    n_head: int
    d_model: int
    vocab_size: int
    entity_length: int = 1
    dropout: float = 0.1
    precision: str = "float32"

    @property
    def label(self) -> str:
        """The sizes in short.

        >>> Size(2, 4, 128, 80).label
        '2x128 V=80'
        """
        longer = f" k={self.entity_length}" if self.entity_length > 1 else ""
        return f"{self.n_layer}x{self.d_model} V={self.vocab_size}{longer}"

    def experiment(self, learners: int = 1, execution: str = "eager") -> Placed:
        """Return the experiment on this machine, `eager` or `compiled`."""
        return Experiment.model_validate(
            {
                "task": {"kind": "reversal", **self._of("vocab_size", "entity_length")},
                "model": self._of("n_layer", "n_head", "d_model", "dropout"),
                "optimizer": {"kind": "adamw", "lr": 0.001},
                "training": {
                    "epochs": PLANNED_EPOCHS,
                    "learners": learners,
                    "precision": self.precision,
                    "execution": execution,
                },
                "record": {"every": 1, "weights_at": ()},
            }
        ).placed()

    def _of(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}
