"""``python -m aikind``."""

from aikind.cli import main

main()
