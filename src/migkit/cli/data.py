"""``kit data``: make a synthetic population, its census and its post-enumeration survey."""

from pathlib import Path

import click
from tqdm import tqdm

from migkit.reference import KitError, _
from migkit.sources import write_dataset
from migkit.sources.files import FORMATS
from migkit.sources.old_records import LEVELS


class _Scale(click.ParamType[float]):
    """A number between 0 and 1, also written as 1:100 or 1/100."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).replace(" ", "").replace(":", "/")
        try:
            top, _slash, bottom = text.partition("/")
            return float(top) / float(bottom or 1)
        except (ValueError, ZeroDivisionError):
            raise KitError(
                _("The scale {value!r} is not a number; write 0.01 or 1:100.").format(value=str(value))
            ) from None


@click.command(
    name="data",
    short_help="Make synthetic data: census and post-enumeration survey.",
    epilog="""\b
Examples:
  kit data GMB --out class-data
      the Gambia at 1:100, about 27,600 residents
  kit data GMB --scale 0.001 --seed 7 --out small
      a small world with another seed
  kit data GMB --defects none --out perfect
      a census without errors, equal to the truth
""",
)
@click.argument("country", metavar="COUNTRY")
@click.option(
    "--scale",
    type=_Scale(),
    default=0.01,
    show_default=True,
    help="Share of the real population, 0.0007 to 1; 1:100 is also understood.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another seed gives other people with the same totals."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder to write to; it is made if needed."
)
@click.option(
    "--defects",
    type=click.Choice(LEVELS),
    default="typical",
    show_default=True,
    help="How bad the errors of census and survey are.",
)
@click.option(
    "--reveal", is_flag=True, help="Also give participants the true totals. For lessons, never for exercises."
)
@click.option(
    "--format", "formats", type=click.Choice(FORMATS), default="both", show_default=True, help="File formats."
)
def command(country: str, scale: float, seed: int, out: Path, defects: str, reveal: bool, formats: str) -> None:
    """Make a synthetic population of COUNTRY, its census and its post-enumeration survey.

    COUNTRY is a three-letter code (GMB). The folder "participants" is for the class. The folder "trainer"
    holds the truth and a ledger of every error: keep it from participants. The same options give the same
    bytes; what is there already is not made again.
    """
    with tqdm(
        total=1, unit="step", bar_format="{desc:<28} {bar} {n_fmt}/{total_fmt}", leave=False, disable=None
    ) as bar:

        def progress(name: str, done: int, steps: int) -> None:
            bar.total, bar.n = steps, done
            bar.set_description_str(name)

        manifest = write_dataset(
            country, scale, seed, out, reveal=reveal, progress=progress, defects=defects, formats=formats
        )
    if manifest.fresh:
        message = _("Wrote {n} files to {folder}. The data are synthetic.")
    else:
        message = _("{folder} already holds these {n} files. The data are synthetic.")
    click.echo(message.format(n=len(manifest.files), folder=manifest.folder))
