"""``kit own``: an office's own file, mapped, checked and turned into tables, for those who write no Python."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migkit.cli.groups import ensure
from migkit.cli.progress import step
from migkit.reference import KitError, _, country

if TYPE_CHECKING:
    from migkit.own import Map, OwnFile

FILE = click.argument("file", type=click.Path(path_type=Path))
SHEET = click.option("--sheet", default=None, help=_("For Excel: the name of the sheet. Default: the first."))
MAP = click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path),
    help=_("The map of the file (kit own map), corrected. Without it the kit goes by its own proposal."),
)
TABLE = click.option(
    "--as", "table", default="census", show_default=True, metavar="TABLE",
    help=_("What the file is like: a source (census, labour_force...) or a table of it."),
)  # fmt: skip
COUNTRY = click.option("--country", "iso3", default="GMB", show_default=True, help=_("Whose file it is."))


class _Own(click.Group):
    """A group in which a file that is locked, or a folder that is closed, is one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.ENOSPC or not error.filename:
                raise
            raise KitError(
                _("{path} cannot be read or written ({why}); close it where it is open, or name another.").format(
                    path=error.filename, why=error.strerror
                )
            ) from error


@click.group(name="own", cls=_Own, short_help=_("Your own file: map its columns, check it, make tables of it."))
def command() -> None:
    """Your office's own file: CSV, Parquet, Excel, SPSS or Stata.

    \b
    1. kit own map persons.sav --country SEN      proposes what each column and code means
    2. correct the map persons.map.yml in a text editor
    3. kit own check persons.sav --map persons.map.yml
    4. kit own tables persons.sav --map persons.map.yml --out tables

    The file is only read. Nothing is sent anywhere, nothing is copied outside the folder that you name, and no
    name, number or address of a person is written: outputs hold counts, codes and row numbers.
    """
    ensure("office")


def _read(file: Path, sheet: str | None, columns: list[str] | None = None) -> "OwnFile":
    from migkit.own import read

    return read(file, columns, sheet if sheet is not None else 0)


def _mapped(
    file: Path, sheet: str | None, map_file: Path | None, table: str, iso3: str
) -> tuple["OwnFile", "Map"]:
    """The file and its map: the corrected one, or a proposal; with a map only its columns are read."""
    from migkit.own import propose, read_map

    if map_file is None:
        whose = country(iso3).iso3
        own = _read(file, sheet)
        return own, propose(own, table, whose)
    mapping = read_map(map_file)
    return _read(file, sheet, [each.source for each in mapping.columns.values()]), mapping


@command.command(
    name="map",
    short_help=_("Propose what each column and code of a file means."),
    epilog="""\b
Examples:
  kit own map persons.csv --country SEN
  kit own map HR.SAV --country GMB --out maps/hr.map.yml
""",
)
@FILE
@SHEET
@TABLE
@COUNTRY
@click.option("--out", type=click.Path(path_type=Path), help=_("The map. Default: FILE.map.yml beside you."))
@click.option("--force", is_flag=True, help=_("Write over a map that is there already."))
def map_(file: Path, sheet: str | None, table: str, iso3: str, out: Path | None, force: bool) -> None:
    """Propose the map of FILE: which column is which, and what its codes mean.

    Names of columns are understood in English, French and Portuguese, as are the layouts of IPUMS and DHS files;
    codes go by the value labels of SPSS and Stata, or by their words. What is only guessed is marked.
    """
    from migkit.own import propose, write_map

    where = out or Path.cwd() / f"{file.stem}.map.yml"
    if where.exists() and not force:
        raise KitError(
            _("{path} is there already, perhaps corrected; name another with --out, or use --force.").format(
                path=where
            )
        )
    whose = country(iso3).iso3
    with step(_("map")) as tell:
        tell(0.1, _("reading"))
        own = _read(file, sheet)
        mapping = propose(own, table, whose, lambda share, text: tell(0.4 + 0.5 * share, text))
        tell(0.9, _("writing"))
        write_map(mapping, own, where)
    guessed = [each.source for each in mapping.columns.values() if not each.sure]
    open_codes = sum(len(codes) for codes in mapping.open_codes.values())
    click.echo(
        _("{file}: {n} of {all} columns are recognised as columns of {table}.").format(
            file=own.name, n=len(mapping.columns), all=len(own.rows.columns), table=mapping.table
        )
    )
    for each in mapping.columns.values():
        click.echo(f"  {each.name:<22} {each.source}" + ("" if each.sure else "   ?"))
    if guessed or open_codes:
        click.echo(
            _("To look at: {guessed} guessed columns (marked ?), {codes} codes that were not understood.").format(
                guessed=len(guessed), codes=open_codes
            )
        )
    click.echo(_("Map: {path}").format(path=where))


@command.command(
    name="check",
    short_help=_("Say what does not fit in a file, by row and column."),
    epilog="""\b
Examples:
  kit own check persons.csv --country SEN
  kit own check persons.sav --map persons.map.yml --out findings
""",
)
@FILE
@SHEET
@MAP
@TABLE
@COUNTRY
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help=_("Also write the findings as check.csv into this folder."))  # fmt: skip
def check_(file: Path, sheet: str | None, map_file: Path | None, table: str, iso3: str, out: Path | None) -> int:
    """Check FILE by its map: codes, numbers, identifiers, and answers that contradict each other.

    Says how many rows are concerned and which come first, as a spreadsheet numbers them. The file is never
    changed. Ends with 1 if something serious was found.
    """
    from migkit.own import check, write_findings

    with step(_("check")) as tell:
        tell(0.1, _("reading"))
        own, mapping = _mapped(file, sheet, map_file, table, iso3)
        findings = check(own, mapping, progress=lambda share, text: tell(0.3 + 0.7 * share, text))
    for finding in findings:
        click.echo(("" if finding.serious else _("to look at: ")) + str(finding))
    serious = sum(finding.serious for finding in findings)
    click.echo(
        _(
            "{file}: {rows} rows, {columns} columns checked; {serious} serious findings, {light} to look at."
        ).format(
            file=own.name,
            rows=f"{len(own.rows):,}",
            columns=len(mapping.columns),
            serious=serious,
            light=len(findings) - serious,
        )
    )
    if out is not None:
        click.echo(_("Findings: {path}").format(path=write_findings(findings, own, out)))
    return int(serious > 0)


@command.command(
    name="tables",
    short_help=_("Make the recommended tables of a file, small cells hidden."),
    epilog="""\b
Examples:
  kit own tables persons.sav --map persons.map.yml --out tables
  kit own tables persons.csv --map persons.map.yml --out tables --minimum 10 --language fr
""",
)
@FILE
@SHEET
@click.option("--map", "map_file", required=True, type=click.Path(path_type=Path),
              help=_("The map of the file (kit own map), corrected."))  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path),
              help=_("Folder for the tables; nothing is written anywhere else."))  # fmt: skip
@click.option("--minimum", type=click.IntRange(min=3), default=5, show_default=True,
              help=_("Cells of fewer persons are hidden."))  # fmt: skip
@click.option("--unprotected", is_flag=True, help=_("Hide nothing: for use inside the office only."))
@click.option("--agency", default="", help=_("The name of your office, for the metadata."))
@click.option("--language", type=click.Choice(["en", "fr", "pt"]), default="en", show_default=True,
              help=_("Language of the words in the workbook; codes stay."))  # fmt: skip
@click.option("--force", is_flag=True, help=_("Write into a folder that holds other files."))
def tables_(
    file: Path,
    sheet: str | None,
    map_file: Path,
    out: Path,
    minimum: int,
    unprotected: bool,
    agency: str,
    language: str,
    force: bool,
) -> None:
    """Make every recommended table that FILE can fill: a workbook, CSV, SDMX, and a page on their quality.

    Small cells are hidden, with as many others as it takes that nobody can work them out.
    """
    from migkit.own import check, harmonise, make_tables, write_quality_page, write_tables

    _refuse_others_folder(out, force)
    with step(_("tables")) as tell:
        tell(0.05, _("reading"))
        own, mapping = _mapped(file, sheet, map_file, "", "")
        tell(0.25, _("harmonising"))
        held = harmonise(own, mapping)
        tell(0.35, _("checking"))
        findings = check(own, mapping, held)
        hide = 0 if unprotected else minimum
        made = make_tables(own, mapping, held, hide, lambda share, text: tell(0.45 + 0.45 * share, text))
        tell(0.92, _("writing"))
        paths = write_tables(made, mapping, out, agency, language, own.synthetic)
        page = write_quality_page(own, mapping, held, findings, made, out)
    hidden, cells = sum(made.hidden.values()), sum(len(table.cells) for table in made.sent)
    click.echo(
        _("{n} tables of {file}; {hidden} of {cells} cells hidden; {left} tables lack columns.").format(
            n=len(made.sent), file=own.name, hidden=f"{hidden:,}", cells=f"{cells:,}", left=len(made.left_out)
        )
    )
    serious = sum(finding.serious for finding in findings)
    if serious:
        click.echo(_("{n} serious findings: see the quality page before you use a figure.").format(n=serious))
    click.echo(_("Quality: {page}\nTables:  {book}").format(page=page, book=paths[0]))


def _refuse_others_folder(out: Path, force: bool) -> None:
    """A folder that holds something else than earlier tables is left alone."""
    ours = {"tables.xlsx", "tables", "sdmx", "quality.html", "check.csv"}
    if out.is_dir() and not force and (others := sorted({each.name for each in out.iterdir()} - ours)):
        raise KitError(
            _("{out} holds other files ({name}...); name a new folder, or use --force.").format(
                out=out, name=others[0]
            )
        )
