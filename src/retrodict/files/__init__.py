"""Files of a store: written whole or not at all, read with distrust, locked while in use.

Arrays are in `files.tensors`, which loads NumPy.
"""

from retrodict.files._atomic import (
    DISK_FULL,
    DISK_FULL_ADVICE,
    atomic,
    atomic_text,
    make_anew,
    patiently,
    put_names_on_disk,
    put_on_disk,
)
from retrodict.files._formats import (
    FIGURE_FORMAT,
    LEADERBOARD_FORMAT,
    PUBLISHED_FORMAT,
    STATEMENTS_FORMAT,
    Newer,
    require_format,
)
from retrodict.files._json import dumps, jsonable
from retrodict.files._lock import Lock, Unlockable, is_taken, take
from retrodict.files._safe_read import (
    MISREAD,
    MISSING,
    a_number,
    digest_of,
    in_a_line,
    is_plain_name,
    is_there,
    names_in,
    null_as_nan,
    read_json,
    require_plain_file,
    unreadable,
)

__all__ = [
    "DISK_FULL",
    "DISK_FULL_ADVICE",
    "FIGURE_FORMAT",
    "LEADERBOARD_FORMAT",
    "MISREAD",
    "MISSING",
    "PUBLISHED_FORMAT",
    "STATEMENTS_FORMAT",
    "Lock",
    "Newer",
    "Unlockable",
    "a_number",
    "atomic",
    "atomic_text",
    "digest_of",
    "dumps",
    "in_a_line",
    "is_plain_name",
    "is_taken",
    "is_there",
    "jsonable",
    "make_anew",
    "names_in",
    "null_as_nan",
    "patiently",
    "put_names_on_disk",
    "put_on_disk",
    "read_json",
    "require_format",
    "require_plain_file",
    "take",
    "unreadable",
]
