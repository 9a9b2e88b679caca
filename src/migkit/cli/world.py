"""``kit world``: what the synthetic world is like, beside published figures."""

from pathlib import Path

import click

from migkit.cli.progress import step
from migkit.cli.scale import Scale
from migkit.reference import ROOT, KitError, _, countries


@click.group(name="world", short_help=_("Compare the synthetic world with published figures."))
def command() -> None:
    """Look at the synthetic world itself, before any source records it."""


@command.command(name="report")
@click.option(
    "--scale",
    type=Scale(),
    default=0.001,
    show_default=True,
    help=_("Share of the real population, up to 1; 1:1000 is also understood."),
)
@click.option("--seed", type=int, default=1, show_default=True, help=_("Another seed gives other people."))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "_build" / "world",
    help=_("Folder for the report. Default: _build/world."),
)
def report(scale: float, seed: int, out: Path) -> None:
    """Compare the world of all sixteen countries with published figures.

    Writes one page with tables and charts (world_report.html) and all compared figures (world_report.csv).

    \b
    kit world report                     at 1:1000, seconds
    kit world report --scale 0.01        ten times as many persons
    kit world report --seed 7 --out FOLDER
    """
    from migkit.editions.world_report import write_report
    from migkit.world import make_chunk, number_of_chunks
    from migkit.world.calibration import add_up, compare, counts, published_figures

    if not 0 < scale <= 1:
        raise KitError(_("The scale must lie above 0 and be at most 1, not {scale}.").format(scale=scale))
    codes = [one.iso3 for one in countries(training_only=True)]
    parts = [(iso3, chunk) for iso3 in codes for chunk in range(number_of_chunks(iso3, scale))]
    with step(_("world")) as tell:
        counted = []
        for done, (iso3, chunk) in enumerate(parts):
            tell(done / (len(parts) + 1), iso3)
            counted.append(counts(make_chunk(iso3, scale, seed, chunk)))
        tell(len(parts) / (len(parts) + 1), _("page"))
        found = compare(published_figures(), add_up(counted), scale)
        page, table = write_report(found, scale, seed, out)
    judged = found[found["within"].notna()]
    click.echo(
        _("  {inside} of {judged} judged figures are within their tolerance. The data are synthetic.").format(
            inside=int(judged["within"].sum()), judged=len(judged)
        )
    )
    click.echo(f"  {page}\n  {table}")
