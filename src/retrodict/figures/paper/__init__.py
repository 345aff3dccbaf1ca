"""The paper's figures and tables."""

from retrodict.figures._figure import PaperFigure
from retrodict.figures._table import PaperTable
from retrodict.figures.paper._embedding_similarity import EMBEDDING_SIMILARITY
from retrodict.figures.paper._figures_1_to_4 import FIG1, FIG2, FIG3, FIG4
from retrodict.figures.paper._in_context_reversal import IN_CONTEXT_REVERSAL
from retrodict.figures.paper._related_chain import RELATED_CHAIN
from retrodict.figures.paper._sweeps import SWEEPS
from retrodict.figures.paper._table1 import TABLE1
from retrodict.figures.paper._table2 import TABLE2
from retrodict.figures.paper._table3 import TABLE3
from retrodict.figures.paper._whole_sequence_loss import WHOLE_SEQUENCE_LOSS

FIGURES: tuple[PaperFigure, ...] = (
    FIG1,
    FIG2,
    FIG3,
    FIG4,
    *SWEEPS,
    EMBEDDING_SIMILARITY,
    IN_CONTEXT_REVERSAL,
    RELATED_CHAIN,
    WHOLE_SEQUENCE_LOSS,
)
"""The paper's figures. A new one is one new file and one name here."""

TABLES: tuple[PaperTable, ...] = (TABLE1, TABLE2, TABLE3)
"""The paper's tables, made from this code."""

ALIASES = {"fig5": "reversal-vocab-sizes"}
"""Other names of figures: the paper's own numbers, where they are known."""

__all__ = ["ALIASES", "FIGURES", "TABLES"]
