"""Every published claim that `retrodict verify --published` checks.

Those about training runs are here, one file each: `experiments`, from fast or not to what is run
through the store, and `judge`, from traces to what was found. The others are in `retrodict.claims`.
"""

from retrodict.claims.published import SELF_CONTAINED, Published
from retrodict.paper.published._chain import CHAIN_WITHOUT_MIDDLE
from retrodict.paper.published._in_context import IN_CONTEXT_REVERSAL
from retrodict.paper.published._recipes import RECIPE_CLAIMS
from retrodict.paper.published._retrieval import PLAIN_RETRIEVAL
from retrodict.paper.published._tied_head import TIED_HEAD

PUBLISHED: tuple[Published, ...] = (
    PLAIN_RETRIEVAL,
    CHAIN_WITHOUT_MIDDLE,
    IN_CONTEXT_REVERSAL,
    *RECIPE_CLAIMS,
    *SELF_CONTAINED,
    TIED_HEAD,
)
"""In the order of the table, ours last. A new one is one file and one name here."""
