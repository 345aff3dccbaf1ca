"""The paper's figures and tables. A new one is one file, and one line below."""

from retrodict.figures._figure import PaperFigure
from retrodict.figures._table import PaperTable
from retrodict.members import members

# isort: off
from retrodict.figures.paper._figures_1_to_4 import FIG1, FIG2, FIG3, FIG4
from retrodict.figures.paper._sweeps import SWEEPS
from retrodict.figures.paper._embedding_similarity import EMBEDDING_SIMILARITY
from retrodict.figures.paper._in_context_reversal import IN_CONTEXT_REVERSAL
from retrodict.figures.paper._related_chain import RELATED_CHAIN
from retrodict.figures.paper._sweeps import WHOLE_SEQUENCE_LOSS
from retrodict.figures.paper._table1 import TABLE1
from retrodict.figures.paper._table2 import TABLE2
from retrodict.figures.paper._table3 import TABLE3
# isort: on

FIGURES = members(PaperFigure, __name__)
TABLES = members(PaperTable, __name__)

ALIASES = {"fig5": "reversal-vocab-sizes"}
"""Other names of figures: the paper's own numbers, where they are known."""
