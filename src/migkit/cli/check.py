"""``kit check``: what is wrong with an office's own file, for those who do not write Python."""

from pathlib import Path

import click

from migkit.reference import _, country


@click.command(
    name="check",
    short_help=_("Check your own file, CSV or Excel, against a table of the data dictionary."),
    epilog="""\b
Examples:
  kit check persons.xlsx --as census
      persons of a census; regions and codes of the Gambia
  kit check entries.csv --as border --country SEN
      border crossings, with the regions of Senegal
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "name",
    required=True,
    metavar="TABLE",
    help=_("The table it should be: a source (census, border...) or a table of it (census_households)."),
)
@click.option("--country", "iso3", default="GMB", show_default=True, help=_("Whose regions are meant."))
def command(file: Path, name: str, iso3: str) -> int:
    """Check FILE, CSV or Excel, against the columns and codes of a table.

    Says what is wrong, with row and column as a spreadsheet shows them. The file may have fewer and further
    columns; it is only read, never changed, and nothing leaves this computer. Ends with 1 if something is wrong.
    """
    from migkit.lesson.data import load_own
    from migkit.lesson.schemas import problems, table_called

    described = table_called(name)
    code = country(iso3.upper()).iso3
    rows = load_own(file)
    found = problems(rows, described.name, code, own=True, file=file.name)
    for problem in found:
        click.echo(str(problem))
    judged = [str(column) for column in rows.columns if column in described.columns]
    others = [str(column) for column in rows.columns if column not in described.columns]
    if judged and others:
        click.echo(
            _("{file}: not checked, because {table} has no such column: {columns}.").format(
                file=file.name, table=described.name, columns=", ".join(others)
            )
        )
    if not found:
        click.echo(
            _("{file}: {rows} rows and {columns} columns agree with {table}.").format(
                file=file.name, rows=len(rows), columns=len(judged), table=described.name
            )
        )
    return int(bool(found))
