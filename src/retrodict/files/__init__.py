"""Files of a store: written atomically, read as untrusted input, locked while in use.

`files.tensors`, `files.hdf5` and `files.yaml` read formats that need another library.
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
    reason,
    unwritten,
)
from retrodict.files._documents import (
    BENCH,
    DOCUMENTS,
    DRAWING,
    LEADERBOARD,
    VERIFY,
    VERIFY_PUBLISHED,
    Document,
    PlainName,
    in_a_line,
)
from retrodict.files._json import dumps, jsonable, read_object
from retrodict.files._lock import Lock, Unlockable, is_taken, take
from retrodict.files._safe_read import (
    CHECKPOINT_FORMAT,
    digest_of,
    is_plain_name,
    is_there,
    names_in,
    read_bytes,
    reading,
    refuse_link,
    require_format,
    require_plain_file,
    unreadable,
)

__all__ = [
    "BENCH",
    "CHECKPOINT_FORMAT",
    "DISK_FULL",
    "DISK_FULL_ADVICE",
    "DOCUMENTS",
    "DRAWING",
    "LEADERBOARD",
    "VERIFY",
    "VERIFY_PUBLISHED",
    "Document",
    "Lock",
    "PlainName",
    "Unlockable",
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
    "patiently",
    "put_names_on_disk",
    "put_on_disk",
    "read_bytes",
    "read_object",
    "reading",
    "reason",
    "refuse_link",
    "require_format",
    "require_plain_file",
    "take",
    "unreadable",
    "unwritten",
]
