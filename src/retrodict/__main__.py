"""`python -m retrodict` is `retrodict`."""

from retrodict.cli import main

main()
