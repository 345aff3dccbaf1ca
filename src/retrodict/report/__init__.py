"""The report: one HTML file, or one Markdown document, that is a view of a store.

Nothing is trained here, and nothing of a store is trusted.
"""

from retrodict.report._collect import Collected, FigureSection, collect, holds_something
from retrodict.report._facts import facts, something_failed
from retrodict.report._headline import Answer, answers, headline
from retrodict.report._leaderboard import board_as_html, write_board_pages
from retrodict.report._page import as_html, as_markdown, thumbnail_folder, thumbnails
from retrodict.report._run_view import RunView, view
from retrodict.report._statements import Sheet, sheet_of, write_findings

__all__ = [
    "Answer",
    "Collected",
    "FigureSection",
    "RunView",
    "Sheet",
    "answers",
    "as_html",
    "as_markdown",
    "board_as_html",
    "collect",
    "facts",
    "headline",
    "holds_something",
    "sheet_of",
    "something_failed",
    "thumbnail_folder",
    "thumbnails",
    "view",
    "write_board_pages",
    "write_findings",
]
