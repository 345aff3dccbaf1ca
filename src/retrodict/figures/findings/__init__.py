"""Our own findings, not part of `all`. A figure is one file, and one line below."""

from retrodict.figures._figure import PaperFigure
from retrodict.members import members

# isort: off
from retrodict.figures.findings._tied_head import FINDING_TIED_HEAD
from retrodict.figures.findings._lr_depth import FINDING_LR_DEPTH
from retrodict.figures.findings._prompt import FINDING_PROMPT
from retrodict.figures.findings._precision import FINDING_PRECISION
from retrodict.figures.findings._film import FINDING_FILM
from retrodict.figures.findings._identity import FINDING_IDENTITY
from retrodict.figures.findings._identity_chain import FINDING_IDENTITY_CHAIN
from retrodict.figures.findings._identity_weights import FINDING_IDENTITY_WEIGHTS
# isort: on

FINDINGS = members(PaperFigure, __name__)
