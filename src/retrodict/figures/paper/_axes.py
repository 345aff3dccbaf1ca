"""What the paper's sweeps vary, and over which values at each scale. Table 3 is made of this.

That the paper varies these settings is known [N]; over which values only for V [S]. The others
are ours [R], as are all values of the smaller scales.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retrodict.figures._scales import Scale


@dataclass(frozen=True)
class Axis:
    """One setting and its values.

    Attributes:
        key: the setting as `--set` writes it.
        about: what it is, in words.
        label: how a value is shown over a panel; `{}` stands for it.
        values: scale → values, in order.
        changes: (scale, value) → what else is changed there so that the facts are memorised at
            no more cost than at the axis's other values.
    """

    key: str
    about: str
    label: str
    values: Mapping[Scale, tuple[Any, ...]]
    changes: Mapping[tuple[Scale, Any], tuple[str, ...]] = field(default_factory=dict)

    def name(self, value: Any) -> str:
        """How a value is shown.

        >>> LAYERS.name(1), LAYERS.name(2), EMBEDDINGS.name(True)
        ('1 layer', '2 layers', 'frozen embeddings')
        """
        said = self.label.format(self.word(value))
        single = type(value) is int and value == 1  # True is no number here
        return said[:-1] if single and said.endswith("s") else said

    def word(self, value: Any) -> str:
        """A value without its unit.

        >>> EMBEDDINGS.word(False)
        'trained'
        """
        if isinstance(value, bool):
            return "frozen" if value else "trained"
        return "no" if value == "none" else str(value)


VOCAB_SIZES = Axis(
    "task.vocab_size",
    "entity tokens V",
    "V = {}",
    {"smoke": (20, 50), "laptop": (20, 50, 200, 2000), "paper": (20, 50, 200, 2000)},
    changes={("laptop", 2000): ("training.epochs=45",)},
)
LAYERS = Axis(
    "model.n_layer",
    "layers",
    "{} layers",
    {"smoke": (1, 2), "laptop": (1, 2, 4), "paper": (6, 12, 24)},
)
HEADS = Axis(
    "model.n_head",
    "attention heads",
    "{} heads",
    {"smoke": (1, 4), "laptop": (1, 4, 8), "paper": (4, 12, 24)},
)
POSITIONS = Axis(
    "model.position",
    "position encoding",
    "{} positions",
    dict.fromkeys(("smoke", "laptop", "paper"), ("none", "absolute", "rotary")),
)
ENTITY_LENGTHS = Axis(
    "task.entity_length",
    "tokens in an entity, k",
    "k = {}",
    {"smoke": (1, 2), "laptop": (1, 2, 3), "paper": (1, 2, 3)},
    changes={("smoke", 2): ("task.vocab_size=200", "optimizer.lr=0.002", "training.epochs=150")},
)
EMBEDDINGS = Axis(
    "model.freeze_embeddings",
    "token and position embeddings",
    "{} embeddings",
    dict.fromkeys(("smoke", "laptop", "paper"), (False, True)),
)
AXES = (VOCAB_SIZES, LAYERS, HEADS, POSITIONS, ENTITY_LENGTHS, EMBEDDINGS)
