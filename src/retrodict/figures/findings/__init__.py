"""What we found on the way: ours, outside `all`. One file a figure."""

from retrodict.figures._figure import PaperFigure
from retrodict.figures.findings._film import FINDING_FILM
from retrodict.figures.findings._identity import FINDING_IDENTITY
from retrodict.figures.findings._identity_chain import FINDING_IDENTITY_CHAIN
from retrodict.figures.findings._identity_weights import FINDING_IDENTITY_WEIGHTS
from retrodict.figures.findings._lr_depth import FINDING_LR_DEPTH
from retrodict.figures.findings._precision import FINDING_PRECISION
from retrodict.figures.findings._prompt import FINDING_PROMPT
from retrodict.figures.findings._tied_head import FINDING_TIED_HEAD

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

__all__ = ["FINDINGS"]
