"""Published claims about what breaks the reversal curse, and what does not, as checks.

Those here need no training run of ours; `retrodict.paper` has those that do.
"""

from retrodict.claims.published._identity_bridge import IDENTITY_ALONE, IDENTITY_BRIDGE
from retrodict.claims.published._kept import KeptPublished
from retrodict.claims.published._masked_encoder import MASKED_ENCODER
from retrodict.claims.published._out_of_context import (
    OUT_OF_CONTEXT_FACTORISED,
    OUT_OF_CONTEXT_MERGED,
)
from retrodict.claims.published._published import (
    Compared,
    Judged,
    Outcome,
    Published,
    PublishedFinding,
    exactly,
    less,
    more,
)
from retrodict.claims.published._symmetric_value_output import SYMMETRIC_VALUE_OUTPUT
from retrodict.claims.published._tables import HEAD, as_html, as_markdown, body_html, cells, said

SELF_CONTAINED: tuple[Published, ...] = (
    OUT_OF_CONTEXT_FACTORISED,
    OUT_OF_CONTEXT_MERGED,
    IDENTITY_BRIDGE,
    IDENTITY_ALONE,
    MASKED_ENCODER,
    SYMMETRIC_VALUE_OUTPUT,
)
"""Claims that are checked by themselves. A new one is one file and one name here."""

__all__ = [
    "HEAD",
    "SELF_CONTAINED",
    "Compared",
    "Judged",
    "KeptPublished",
    "Outcome",
    "Published",
    "PublishedFinding",
    "as_html",
    "as_markdown",
    "body_html",
    "cells",
    "exactly",
    "less",
    "more",
    "said",
]
