"""The paper: one file a figure or table, with experiments at three scales, drawing and claims."""

from retrodict.paper._chain_entity_length import CHAIN_ENTITY_LENGTH
from retrodict.paper._chain_frozen_embeddings import CHAIN_FROZEN_EMBEDDINGS
from retrodict.paper._chain_heads import CHAIN_HEADS
from retrodict.paper._chain_layers import CHAIN_LAYERS
from retrodict.paper._chain_positions import CHAIN_POSITIONS
from retrodict.paper._chain_vocab_sizes import CHAIN_VOCAB_SIZES
from retrodict.paper._embedding_similarity import EMBEDDING_SIMILARITY
from retrodict.paper._fig1 import FIG1
from retrodict.paper._fig2 import FIG2
from retrodict.paper._fig3 import FIG3
from retrodict.paper._fig4 import FIG4
from retrodict.paper._figure import (
    Material,
    PaperFigure,
    Reproduction,
    command,
    reproduce,
    run_experiments,
)
from retrodict.paper._finding_film import FINDING_FILM
from retrodict.paper._finding_identity import FINDING_IDENTITY
from retrodict.paper._finding_identity_chain import FINDING_IDENTITY_CHAIN
from retrodict.paper._finding_identity_weights import FINDING_IDENTITY_WEIGHTS
from retrodict.paper._finding_lr_depth import FINDING_LR_DEPTH
from retrodict.paper._finding_precision import FINDING_PRECISION
from retrodict.paper._finding_prompt import FINDING_PROMPT
from retrodict.paper._finding_tied_head import FINDING_TIED_HEAD
from retrodict.paper._in_context_reversal import IN_CONTEXT_REVERSAL
from retrodict.paper._record import Record, code_version, fits
from retrodict.paper._related_chain import RELATED_CHAIN
from retrodict.paper._reversal_entity_length import REVERSAL_ENTITY_LENGTH
from retrodict.paper._reversal_frozen_embeddings import REVERSAL_FROZEN_EMBEDDINGS
from retrodict.paper._reversal_heads import REVERSAL_HEADS
from retrodict.paper._reversal_layers import REVERSAL_LAYERS
from retrodict.paper._reversal_positions import REVERSAL_POSITIONS
from retrodict.paper._reversal_vocab_sizes import REVERSAL_VOCAB_SIZES
from retrodict.paper._scales import SCALES, Scale, default_experiment, describe
from retrodict.paper._table import PaperTable
from retrodict.paper._table1 import TABLE1
from retrodict.paper._table2 import TABLE2
from retrodict.paper._table3 import TABLE3
from retrodict.paper._theory_indices import THEORY_INDICES
from retrodict.paper._theory_parametrisations import THEORY_PARAMETRISATIONS
from retrodict.paper._theory_phase import THEORY_PHASE
from retrodict.paper._theory_time import THEORY_TIME
from retrodict.paper._theory_value_output import THEORY_VALUE_OUTPUT
from retrodict.paper._whole_sequence_loss import WHOLE_SEQUENCE_LOSS

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

FINDINGS: tuple[PaperFigure, ...] = (
    FINDING_TIED_HEAD,
    FINDING_LR_DEPTH,
    FINDING_PROMPT,
    FINDING_PRECISION,
    FINDING_FILM,
    FINDING_IDENTITY,
    FINDING_IDENTITY_CHAIN,
    FINDING_IDENTITY_WEIGHTS,
)
"""What we found on the way: ours, outside `all`."""

THEORY_FIGURES: tuple[PaperFigure, ...] = (
    THEORY_PHASE,
    THEORY_PARAMETRISATIONS,
    THEORY_VALUE_OUTPUT,
    THEORY_TIME,
    THEORY_INDICES,
)
"""What the theory is good for: ours, outside `all`."""

ALIASES = {"fig5": "reversal-vocab-sizes"}
"""Other names of figures: the paper's own numbers, where they are known."""

__all__ = [
    "ALIASES",
    "FIGURES",
    "FINDINGS",
    "SCALES",
    "TABLES",
    "THEORY_FIGURES",
    "Material",
    "PaperFigure",
    "PaperTable",
    "Record",
    "Reproduction",
    "Scale",
    "code_version",
    "command",
    "default_experiment",
    "describe",
    "fits",
    "reproduce",
    "run_experiments",
]
