"""Published claims about what breaks the reversal curse, one file a source.

`retrodict verify --published` checks them. A claim either checks itself, or says which experiments
are run (`experiments`, fast or not) and judges their traces (`judge`).
"""

from retrodict.claims import Published
from retrodict.literature._huang_2025 import OUT_OF_CONTEXT_FACTORISED, OUT_OF_CONTEXT_MERGED
from retrodict.literature._jeon_2026 import MASKED_ENCODER
from retrodict.literature._kitouni_2024 import PLAIN_RETRIEVAL
from retrodict.literature._ma_2026 import IDENTITY_ALONE, IDENTITY_BRIDGE
from retrodict.literature._ours_symmetric import SYMMETRIC_VALUE_OUTPUT
from retrodict.literature._ours_tied_head import TIED_HEAD
from retrodict.literature._recipes import RECIPE_CLAIMS
from retrodict.literature._zhu_2024 import CHAIN_WITHOUT_MIDDLE
from retrodict.literature._zhu_2024_in_context import IN_CONTEXT_REVERSAL

PUBLISHED: tuple[Published, ...] = (
    PLAIN_RETRIEVAL,
    CHAIN_WITHOUT_MIDDLE,
    IN_CONTEXT_REVERSAL,
    *RECIPE_CLAIMS,
    OUT_OF_CONTEXT_FACTORISED,
    OUT_OF_CONTEXT_MERGED,
    IDENTITY_BRIDGE,
    IDENTITY_ALONE,
    MASKED_ENCODER,
    SYMMETRIC_VALUE_OUTPUT,
    TIED_HEAD,
)
"""In the order of the table, ours last. A new one is one file and one name here."""
