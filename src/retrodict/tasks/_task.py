"""The base of every task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from retrodict.config import FrozenConfig
from retrodict.limits import require_memory
from retrodict.tasks._corpus import Corpus, Group


class TaskConfig(FrozenConfig):
    """Base of every task: a frozen record that refuses unknown keys and wrong types.

    Attributes:
        kind: which task it is.
        vocab_size: how many entity tokens there are.
        groups: the probe groups of its corpora by name, in order; some may have no questions.
    """

    kind: str
    groups: ClassVar[Mapping[str, Group]]

    def corpus(self, seed: int) -> Corpus:
        """Draw a corpus."""
        raise NotImplementedError

    if TYPE_CHECKING:  # a setting in some tasks, derived in others

        @property
        def vocab_size(self) -> int:
            """How many entity tokens there are."""

    def require_memory(self, vocab_size: int, questions: int, length: int, candidates: int) -> None:
        """Refuse a corpus that would not fit into memory, before it is drawn.

        Args:
            vocab_size: names, of about eight numbers' size each.
            questions: sentences of all probe groups together.
            length: tokens of each.
            candidates: of each.

        Raises:
            BadInput: it would not.
        """
        numbers = 2 * questions * (length + candidates) + 8 * vocab_size  # twice: while drawn
        require_memory(8 * numbers, "task: its corpus", "make the task smaller")
