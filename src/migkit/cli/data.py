"""``kit data``: make a true population and what its sources record of it."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from migkit.cli.scale import Scale
from migkit.reference import KitError, _, countries, fact
from migkit.sources import write_dataset, write_datasets, write_teaching_data
from migkit.sources.dataset import usable_workers
from migkit.sources.files import FORMATS
from migkit.sources.records import LEVELS
from migkit.sources.registry import ALL, SOURCES, TRUTH_ONLY
from migkit.world.parameters import SMALLEST_POPULATION, check_request


def _rates(texts: tuple[str, ...]) -> dict[str, float]:
    """Single rates, written SOURCE.DEFECT=RATE or SOURCE.DEFECT.GROUP=RATE."""
    found = {}
    for text in texts:
        name, _equals, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise KitError(
                _("{text!r} sets no rate; write for example --rate census.omitted_person=0.1.").format(text=text)
            ) from None
    return found


def _scale_for(persons: int, codes: list[str]) -> float:
    """The scale at which the countries together have that many residents."""
    if persons <= 0:
        raise KitError(_("The number of persons must be above 0, not {persons}.").format(persons=persons))
    for code in codes:
        check_request(code, 1.0)
    real = [fact(code, "population_midyear", 2024).value * 1000 for code in codes]
    fewest = math.ceil(SMALLEST_POPULATION * sum(real) / min(real) * 1.01)
    if not fewest <= persons <= sum(real):
        raise KitError(
            _("{persons} persons are out of range; give a number from {fewest} to {most}.").format(
                persons=persons, fewest=fewest, most=int(sum(real))
            )
        )
    return persons / sum(real)


def _countries(given: tuple[str, ...], every: bool) -> list[str]:
    training = [each.iso3 for each in countries(training_only=True)]
    if bool(given) == every:
        raise KitError(_("Name one or more countries, for example GMB SEN, or give --all for the sixteen."))
    return training if every else list(dict.fromkeys(code.upper() for code in given))


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar that says what is being made and how long is left."""
    shape = "{desc:<36} {bar} {n_fmt}/{total_fmt} {remaining}"
    with tqdm(total=1, unit="step", bar_format=shape, leave=False, disable=None, desc=_("beginning")) as bar:

        def progress(name: str, done: int, steps: int) -> None:
            bar.total, bar.n = steps, done
            bar.set_description_str(name.replace(" (synthetic)", "")[:36])  # all are: room for the name

        yield progress


@click.command(
    name="data",
    short_help="Make synthetic data: a true population and its sources.",
    epilog="""\b
Examples:
  kit data GMB --out class-data
      the Gambia at 1:100, about 27,600 residents, every source
  kit data GMB SEN --scale 0.001 --seed 7 --out small
      two countries of one world, small, with another seed
  kit data GMB --defects none --out perfect
      sources without errors: they see the truth
  kit data GMB --sources border,residence_permits --rate border.outage=0.3 --out posts
      two sources, posts closed on three days of ten
  kit data --all --scale 0.001 --out region
      all sixteen countries
""",
)
@click.argument("country", metavar="[COUNTRY]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All sixteen countries.")
@click.option(
    "--scale",
    type=Scale(),
    default=None,
    help="Share of the real population, up to 1; 1:100 is also understood. [default: 0.01]",
)
@click.option("--persons", type=int, default=None, help="Number of residents, instead of --scale.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another seed gives other people with the same totals."
)
@click.option("--out", metavar="FOLDER", default=None, help="Folder to write to; it is made if needed.")
@click.option(
    "--sources",
    default=ALL,
    show_default=True,
    metavar="NAMES",
    help=f"Sources, with commas between, or {TRUTH_ONLY} for the truth alone: "
    + ", ".join(each.name for each in SOURCES)
    + ".",
)
@click.option(
    "--defects",
    type=click.Choice(LEVELS),
    default="typical",
    show_default=True,
    help="How bad the errors of the sources are.",
)
@click.option(
    "--rate",
    "single",
    multiple=True,
    metavar="NAME=RATE",
    help="A single rate of error, SOURCE.DEFECT=RATE; may be repeated.",
)
@click.option(
    "--reveal", is_flag=True, help="Also give participants the true totals. For lessons, never for exercises."
)
@click.option(
    "--format", "formats", type=click.Choice(FORMATS), default="both", show_default=True, help="File formats."
)
@click.option(
    "--workers", type=click.IntRange(1), default=None, help="Parts made at a time. [default: 2, or 1 on one core]"
)
@click.option("--teaching", is_flag=True, help="Make the teaching data of the kit again (datasets/sample).")
def command(
    country: tuple[str, ...],
    every: bool,
    scale: float | None,
    persons: int | None,
    seed: int,
    out: str | None,
    sources: str,
    defects: str,
    single: tuple[str, ...],
    reveal: bool,
    formats: str,
    workers: int | None,
    teaching: bool,
) -> None:
    """Make a synthetic population of each COUNTRY and what its sources record of it.

    COUNTRY is a three-letter code (GMB). The folder "participants" is for the class. The folder "trainer"
    holds the truth and a ledger of every error: keep it from participants. The same options give the same
    bytes; what is there already is not made again, and an interrupted run goes on where it stopped. A folder
    holds one data set: other options put theirs in its place. Your own files are left alone.
    """
    if teaching and (country or every or out or scale or persons):
        raise KitError(_("--teaching makes the data of the lessons as they are; give no country, scale or --out."))
    if teaching:
        with _bar() as progress:
            manifest = write_teaching_data(progress, again=True)
        click.echo(
            _("Wrote {n} files to {folder}. The data are synthetic.").format(
                n=len(manifest.files), folder=manifest.folder
            )
        )
        return
    codes = _countries(country, every)
    if out is None or not out.strip():
        raise KitError(_("Say where to write: add --out and the name of a folder."))
    if persons is not None and scale is not None:
        raise KitError(_("Give --scale or --persons, not both."))
    share = _scale_for(persons, codes) if persons is not None else 0.01 if scale is None else scale
    options: dict[str, Any] = {
        "reveal": reveal,
        "defects": defects,
        "formats": formats,
        "sources": sources.split(","),
        "rates": _rates(single),
        "workers": workers or usable_workers(),
    }
    folder = Path(out).expanduser()
    with _bar() as progress:
        if len(codes) == 1:
            manifests = [write_dataset(codes[0], share, seed, folder, progress=progress, **options)]
        else:
            manifests = write_datasets(codes, share, seed, folder, progress=progress, **options)
    files = sum(len(manifest.files) for manifest in manifests)
    if any(manifest.fresh for manifest in manifests):
        message = _("Wrote {n} files to {folder}. The data are synthetic.")
    else:
        message = _("{folder} already holds these {n} files. The data are synthetic.")
    click.echo(message.format(n=files, folder=out))
