"""``python -m migkit.cli``: what kit.py hands over to."""

from migkit.cli import main

main()
