"""The paper's figures and tables, one file each."""

from retrodict.figures._figure import PaperFigure
from retrodict.figures._table import PaperTable
from retrodict.figures.paper._chain_entity_length import CHAIN_ENTITY_LENGTH
from retrodict.figures.paper._chain_frozen_embeddings import CHAIN_FROZEN_EMBEDDINGS
from retrodict.figures.paper._chain_heads import CHAIN_HEADS
from retrodict.figures.paper._chain_layers import CHAIN_LAYERS
from retrodict.figures.paper._chain_positions import CHAIN_POSITIONS
from retrodict.figures.paper._chain_vocab_sizes import CHAIN_VOCAB_SIZES
from retrodict.figures.paper._embedding_similarity import EMBEDDING_SIMILARITY
from retrodict.figures.paper._fig1 import FIG1
from retrodict.figures.paper._fig2 import FIG2
from retrodict.figures.paper._fig3 import FIG3
from retrodict.figures.paper._fig4 import FIG4
from retrodict.figures.paper._in_context_reversal import IN_CONTEXT_REVERSAL
from retrodict.figures.paper._related_chain import RELATED_CHAIN
from retrodict.figures.paper._reversal_entity_length import REVERSAL_ENTITY_LENGTH
from retrodict.figures.paper._reversal_frozen_embeddings import REVERSAL_FROZEN_EMBEDDINGS
from retrodict.figures.paper._reversal_heads import REVERSAL_HEADS
from retrodict.figures.paper._reversal_layers import REVERSAL_LAYERS
from retrodict.figures.paper._reversal_positions import REVERSAL_POSITIONS
from retrodict.figures.paper._reversal_vocab_sizes import REVERSAL_VOCAB_SIZES
from retrodict.figures.paper._table1 import TABLE1
from retrodict.figures.paper._table2 import TABLE2
from retrodict.figures.paper._table3 import TABLE3
from retrodict.figures.paper._whole_sequence_loss import WHOLE_SEQUENCE_LOSS

FIGURES: tuple[PaperFigure, ...] = (
    FIG1,
    FIG2,
    FIG3,
    FIG4,
    REVERSAL_VOCAB_SIZES,
    CHAIN_VOCAB_SIZES,
    REVERSAL_LAYERS,
    CHAIN_LAYERS,
    REVERSAL_HEADS,
    CHAIN_HEADS,
    REVERSAL_POSITIONS,
    CHAIN_POSITIONS,
    REVERSAL_ENTITY_LENGTH,
    CHAIN_ENTITY_LENGTH,
    REVERSAL_FROZEN_EMBEDDINGS,
    CHAIN_FROZEN_EMBEDDINGS,
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
