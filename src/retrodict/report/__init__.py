"""The report: one HTML file, or one Markdown document, that is a view of a store.

Nothing is trained here, and nothing of a store is trusted.
"""

from retrodict.report._collect import Collected, FigureSection, collect, holds_something
from retrodict.report._facts import facts, something_failed
from retrodict.report._headline import Answer, answers, headline
from retrodict.report._markdown import as_markdown, thumbnail_folder, thumbnails
from retrodict.report._page import as_html
from retrodict.report._run_view import RunView, view

__all__ = [
    "Answer",
    "Collected",
    "FigureSection",
    "RunView",
    "answers",
    "as_html",
    "as_markdown",
    "collect",
    "facts",
    "headline",
    "holds_something",
    "something_failed",
    "thumbnail_folder",
    "thumbnails",
    "view",
]
