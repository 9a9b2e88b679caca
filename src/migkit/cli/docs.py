"""``kit docs``: session plans, slides, handouts, cards, tests and agendas, ready to print and to project."""

from pathlib import Path

import click
from tqdm import tqdm

from migkit.reference import ROOT, _


@click.command(name="docs")
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--format",
    "formats",
    default="docx,pptx,pdf",
    help=_("Which formats, separated by commas. Default: docx,pptx,pdf."),
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "documents",
    help=_("Folder for the documents. Default: documents."),
)
def command(modules: tuple[str, ...], formats: str, out: Path) -> None:
    """Make session plans, slides, handouts, cards and tests: DOCX, PPTX, PDF.

    \b
    kit docs                        all modules, manual, agendas, forms
    kit docs 04_census              one module
    kit docs general --format pdf   manual, agendas and forms, for printing

    No LaTeX and no internet are needed. The first call installs the document makers (once, with internet).
    """
    wanted = tuple(part.strip().lower() for part in formats.split(",") if part.strip())
    _check_formats(wanted)
    from migkit.editions.documents import jobs

    todo = jobs(modules, wanted, out)
    _install()
    with tqdm(total=len(todo), desc=_("Documents"), leave=False) as bar:
        for job in todo:
            bar.set_postfix_str(job.target.name)
            job.target.parent.mkdir(parents=True, exist_ok=True)
            job.make(job.target)
            bar.update()
    folders: dict[Path, int] = {}
    for job in todo:
        folders[job.target.parent] = folders.get(job.target.parent, 0) + 1
    for folder, number in folders.items():
        click.echo(_("{n} files in {folder}").format(n=number, folder=folder))


def _check_formats(wanted: tuple[str, ...]) -> None:
    known = ("docx", "pptx", "pdf")
    odd = [name for name in wanted if name not in known]
    if odd or not wanted:
        raise click.BadParameter(
            _("{odd} is no format of the kit; use some of {known}.").format(
                odd=", ".join(odd) or "''", known=", ".join(known)
            ),
            param_hint="--format",
        )


def _install() -> None:
    """Install the document makers if they are missing, and make the data that the figures show."""
    from migkit.editions import documents

    if documents.missing_packages():
        from migkit.cli.groups import ensure

        click.echo(_("The document makers are not installed yet: this is done once."))
        ensure("docs")
    from migkit.cli.progress import step
    from migkit.sources import write_teaching_data

    with step(_("teaching data")):
        write_teaching_data()
