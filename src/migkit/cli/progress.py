"""The one progress bar of the command line."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from tqdm import tqdm

from migkit.reference import _


@contextmanager
def step(label: str) -> Iterator[Callable[[float, str], None]]:
    """Show a bar while a long step runs; afterwards one line with its time.

    Yields:
        A function to call with the share that is done (0 to 1) and what is being done now.
    """
    began = time.monotonic()
    with tqdm(
        total=100,
        bar_format="  {desc:<18} {bar:24} {percentage:3.0f}% {postfix}",
        desc=label,
        leave=False,
        disable=None,
    ) as bar:

        def report(share: float, text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update(round(share * 100) - bar.n)

        yield report
    click.echo(
        _("  {label} ready ({seconds:.1f} s)").format(label=label.ljust(18), seconds=time.monotonic() - began)
    )
