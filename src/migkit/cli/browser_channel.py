"""``kit browser kolibri`` and ``kit browser quizzes``: the kit for other platforms."""

from pathlib import Path

import click

from migkit.cli.progress import step
from migkit.reference import _, curriculum


@click.command(
    epilog="Examples:\n\n  kit browser kolibri _build/browser/GMB-en --out channel\n\n"
    "  kit browser kolibri _build/browser/GMB-en --out E:\\KOLIBRI_DATA"
)
@click.argument("edition", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help=_(
        "Folder for the channel. Kolibri finds it by itself if it is called KOLIBRI_DATA, at the top of a stick."
    ),
)
@click.option(
    "--version",
    "number",
    type=click.IntRange(1, 2**31 - 1),
    help=_(
        "Number of the version; Kolibri takes in only a higher one [default: grows with the time of the build]."
    ),
)
def kolibri(edition: Path, out: Path, number: int | None) -> None:
    """Write a built browser edition as a channel for Kolibri.

    The kit as a whole, a folder for each module, and its questions, whose results Kolibri records. What other
    channels OUT holds stays.
    """
    from migkit.cli.browser_serve import check_edition
    from migkit.editions.browser.kolibri import write_channel

    check_edition(edition)
    with step(_("channel")) as report:
        channel = write_channel(edition, out, number, report)
    click.echo(
        _("  {n} resources, {size} MB, version {version}").format(
            n=channel.resources, size=channel.bytes // 10**6, version=channel.version
        )
    )
    click.echo(_("  Take it into Kolibri:"))
    click.echo(f"    kolibri manage importchannel disk {channel.id} {out}")
    click.echo(f"    kolibri manage importcontent disk {channel.id} {out}")


@click.command(
    epilog="Examples:\n\n  kit browser quizzes --out quizzes\n\n"
    "  kit browser quizzes --out quizzes --module 04_census --use pre --use post"
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help=_("Folder for the files.")
)
@click.option(
    "--module", "slugs", multiple=True, help=_("Only this module; may be given again [default: all ready].")
)
@click.option(
    "--use",
    "uses",
    multiple=True,
    type=click.Choice(["quiz", "pre", "post"]),
    help=_("Only the quiz, the test before or the test after; may be given again [default: all three]."),
)
def quizzes(out: Path, slugs: tuple[str, ...], uses: tuple[str, ...]) -> None:
    """Write the questions for other platforms: GIFT, Moodle XML and SCORM 1.2.

    For each module and use three files with the same name: .gift.txt and .moodle.xml go into a question bank,
    .scorm.zip is a page that the platform plays and whose result it records.
    """
    from migkit.evaluation import USES, gift, items, moodle_xml, quiz, scorm
    from migkit.reference.files import write_bytes, write_text

    chosen = slugs or [module.slug for module in curriculum(ready_only=True) if "evaluation" in module.rooms]
    wanted = [(slug, use) for slug in chosen for use in uses or USES if uses or items(slug, use)]
    with step(_("questions")) as report:
        for number, (slug, use) in enumerate(wanted):
            asked = quiz(slug, use)
            report(number / len(wanted), asked.title)
            write_text(out / f"{asked.name}.gift.txt", gift(asked))
            write_text(out / f"{asked.name}.moodle.xml", moodle_xml(asked))
            write_bytes(out / f"{asked.name}.scorm.zip", scorm(asked))
    click.echo(_("  {n} files in {out}").format(n=3 * len(wanted), out=out))
