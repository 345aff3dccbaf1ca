"""`python -m retrodict` runs the command `retrodict`."""

from retrodict.cli import main

main()
