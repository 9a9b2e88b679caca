"""``kit class``: from a roster to results."""

import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from tqdm import tqdm

from migkit.cli import serving
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from migkit.classroom.board import Board
    from migkit.classroom.board_server import Served
    from migkit.classroom.roster import Person

FOLDER = click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Where classes lie [default: classes/ in the kit]."
)
NAME = click.argument("name")


@contextmanager
def people_bar(label: str) -> Iterator[Callable[[int, int, "Person"], None]]:
    """A bar that names whose turn it is and how long is left; it appears with the first person."""
    bars: list[tqdm[NoReturn]] = []

    def report(done: int, everybody: int, person: "Person") -> None:
        if not bars:
            form = "  {desc} {n_fmt}/{total_fmt} {bar:20} {remaining} left {postfix}"
            bars.append(tqdm(total=everybody, bar_format=form, desc=label, leave=False, disable=None))
        bars[0].set_postfix_str(person.name, refresh=False)
        bars[0].update(done - bars[0].n)
        bars[0].refresh()

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def command() -> None:
    """Run a class: roster, hand-out, collection, grading, feedback, results.

    \b
    kit class new banjul --roster roster.csv    make the class, with data of its own
    kit class release banjul                    make the zip to hand out (--individual: own data for each)
    kit class board banjul                      a page for the projector: how far is the room (--demo)
    kit class collect banjul E:\\                take in what comes back (folder, zip, USB stick)
    kit class receipts banjul                   who handed in what, with a code for each version
    kit class grade banjul                      grade what is not graded yet
    kit class formgrader banjul                 give points to written answers, in the browser
    kit class feedback banjul                   a page for each participant, and a zip to hand back
    kit class solutions banjul                  let participants see the solutions, in feedback too
    kit class results banjul                    a page with charts and a workbook (--hide-names: projector)
    kit class export banjul --format moodle     grades for Moodle, or as plain CSV
    kit class similar banjul                    hand-ins that have much in common
    kit class rebuild banjul                    make the gradebook anew, if it is wrong
    kit class demo                              all of it, with forty synthetic participants

    Every step can be repeated: nothing that was handed in is lost or replaced without a copy.
    """


@command.command()
@NAME
@click.option(
    "--roster", required=True, type=click.Path(path_type=Path), help="CSV: student_id, first_name, last_name, ..."
)
@click.option("--module", default="04_census", show_default=True, help="Which exercises.")
@click.option("--country", default="GMB", show_default=True, help="Country of the data (ISO3 code).")
@click.option("--seed", type=int, help="Seed of the class's data [default: one that nobody can guess].")
@click.option("--scale", default=0.01, show_default=True, help="Share of the population in the data.")
@FOLDER
def new(
    name: str, roster: Path, module: str, country: str, seed: int | None, scale: float, folder: Path | None
) -> None:
    """Make a class: its folder, its own synthetic data, the exercises and the gradebook.

    An example of a roster lies in trainer_kit/templates/roster_example.csv.
    """
    from migkit.classroom.course import new_course

    click.echo(_("Making the class and its data ..."))
    course, people = new_course(name, roster, module, country, seed, scale, folder)
    for notice in people.notices:
        click.echo(f"  {notice}")
    click.echo(_("{folder}: {n} participants.").format(folder=course.root, n=len(people.people)))
    click.echo(_("Never hand out the folders source and trainer, nor class.yml: they hold the answers."))
    click.echo(_("Next: kit class release {name}").format(name=name))


@command.command()
@NAME
@click.option("--per-participant", is_flag=True, help="One zip each, whose notebook carries the participant's id.")
@click.option(
    "--individual/--shared",
    default=None,
    help="Data of their own for each participant, or the same for all [default: as before; at first the same].",
)
@FOLDER
def release(name: str, per_participant: bool, individual: bool | None, folder: Path | None) -> None:
    """Make the hand-out: notebook, data, READ ME. Refuses if a solution or hidden test is left in it.

    With --individual each participant gets the same questions on data of their own, so a copied number is a wrong
    number. That takes two to four seconds for each person. Whoever joins the roster later gets theirs when the
    command is run again; data that are there already stay as they are.
    """
    from migkit.classroom import handout
    from migkit.classroom.rebuild import open_in_order

    course = open_in_order(name, folder)
    with people_bar(_("data")) as progress:
        zips = handout.release(course, per_participant, individual, progress)
    if course.individual:
        click.echo(_("Each zip holds data of one participant's own: give everybody the one with their id."))
    for path in zips[:3]:
        click.echo(_("{path} ({n} kB)").format(path=path, n=path.stat().st_size // 1024))
    if len(zips) > 3:
        click.echo(_("... and {n} more beside them").format(n=len(zips) - 3))
    click.echo(_("Hand this out; it holds no solution and no hidden test."))


@command.command()
@NAME
@click.argument("place", type=click.Path(path_type=Path))
@FOLDER
def collect(name: str, place: Path, folder: Path | None) -> None:
    """Take in returned notebooks from PLACE: a folder, a zip, a USB stick or one notebook.

    Whose a notebook is: its name (04_census_p01.ipynb), the name of its folder or zip (p01, or the person's
    name), or a cell participant_id = "p01". What fits nobody or is damaged is kept in inbox/quarantine with the
    reason.
    """
    from migkit.classroom import handin, receipts
    from migkit.classroom.rebuild import open_in_order
    from migkit.classroom.results import text_table

    course = open_in_order(name, folder)
    entries = handin.collect(course, place)
    names = {person.student_id: person.name for person in course.roster().people}
    rows = [
        [
            names.get(entry.student_id, "?"),
            status_name(entry.status),
            receipts.code_of(entry.sha256) if entry.status in ("taken", "unchanged", "replaced") else "-",
            entry.file,
            entry.reason,
        ]
        for entry in entries
    ]
    click.echo(text_table([_("who"), _("what became of it"), _("receipt"), _("file"), _("why")], rows))
    absent = handin.missing(course)
    if absent:
        click.echo(
            _("\nNothing usable yet from: {names}").format(names=", ".join(person.name for person in absent))
        )
    click.echo(
        _("\nThe files in {place} were not touched. Next: kit class grade {name}").format(place=place, name=name)
    )


def status_name(status: str) -> str:
    """What people call it."""
    return {
        "taken": _("taken"),
        "unchanged": _("had it already"),
        "replaced": _("taken, replaces the earlier one"),
        "older": _("kept, not used"),
        "damaged": _("damaged"),
        "unknown": _("owner unknown"),
        "refused": _("refused"),
    }[status]


@command.command()
@NAME
@click.option("--all", "everybody", is_flag=True, help="Grade again what is graded already.")
@click.option("--only", multiple=True, metavar="ID", help="Only this participant; may be given several times.")
@click.option("--timeout", default=60, show_default=True, help="Seconds that one cell may run.")
@click.option("--notebook-timeout", default=600, show_default=True, help="Seconds that one notebook may run.")
@FOLDER
def grade(
    name: str, everybody: bool, only: tuple[str, ...], timeout: int, notebook_timeout: int, folder: Path | None
) -> None:
    """Grade hand-ins that are not graded yet, each in a sandbox. Go on after an interruption: the same command."""
    from migkit.classroom import grading, sandbox
    from migkit.classroom.rebuild import open_in_order

    course = open_in_order(name, folder)
    warning = sandbox.unprotected(sandbox.find_mode())
    if warning:
        click.echo(warning)
    with people_bar(_("grading")) as progress:
        report = grading.grade(course, everybody, only, timeout, notebook_timeout, progress)
    names = {person.student_id: person.name for person in course.roster().people}
    for outcome in report.outcomes:
        state = _("graded") if outcome.graded else outcome.reason
        click.echo(f"  {names[outcome.student_id]}: {state} ({outcome.seconds:.1f} s)")
        for text in outcome.notes:
            click.echo(f"      {text}")
    if report.unchanged:
        click.echo(_("  {n} had been graded before and have not changed").format(n=len(report.unchanged)))
    click.echo(
        _("{n} graded in {seconds:.0f} s. Next: kit class results {name}").format(
            n=len(report.outcomes), seconds=report.seconds, name=name
        )
    )


@command.command()
@click.argument("name", required=False)
@click.option("--demo", "playing", is_flag=True, help="Show an invented class at work; NAME is not needed.")
@click.option("--host", help="Address of this computer in the room [default: found by itself].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port [default: 8765 or the next free].")
@click.option(
    "--folder",
    "shared",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Without network: show what was collected, and collect what appears in this folder.",
)
@click.option("--release", "freed", metavar="ID", help="Let this id join from another computer, and stop.")
@click.option("--browser/--no-browser", default=True, help="Open the projector's page (default) or not.")
@FOLDER
def board(
    name: str | None,
    playing: bool,
    host: str | None,
    port: int | None,
    shared: Path | None,
    freed: str | None,
    browser: bool,
    folder: Path | None,
) -> None:
    """Show live how far the room is: a page with counts for the projector, one with names for you.

    Participants join with the line that the page shows. Each check then tells this computer the id, the question
    and whether it saw something to look at; never an answer, never code. Hand-ins arrive the same way, each
    answered by a receipt. All of it stays in the folder of the class. Stop with Ctrl+C, start it again any time.
    """
    from migkit.classroom import board_demo
    from migkit.classroom.board import Board
    from migkit.classroom.rebuild import open_in_order

    if playing:
        with tempfile.TemporaryDirectory(prefix="kit-board-") as place:
            course = board_demo.make_class(Path(place))
            _serve_board(Board(course), host or serving.HOST, port, None, browser, board_demo.play)
        return
    if not name:
        raise KitError(
            _("Say which class, for example kit class board banjul; or look at kit class board --demo.")
        )
    live = Board(open_in_order(name, folder))
    if freed:
        click.echo(_("{student} can join from another computer now.").format(student=live.release(freed)))
        return
    _serve_board(live, serving.HOST if shared and not host else host, port, shared, browser)


def _serve_board(
    live: "Board",
    host: str | None,
    port: int | None,
    shared: Path | None,
    browser: bool,
    play: "Callable[[Served, threading.Event], None] | None" = None,
) -> None:
    """Serve until Ctrl+C."""
    from migkit.classroom.board_server import room_addresses, serve
    from migkit.lesson.room import DEFAULT_PORT

    found = room_addresses()
    listen = host or (found[0] if found else serving.HOST)
    if not serving.is_free(0, listen):  # any port: is the address ours at all?
        raise KitError(
            _("This computer has no address {host}; it has: {found}.").format(
                host=listen, found=", ".join([*found, serving.HOST])
            )
        )
    shown = found[0] if listen == "0.0.0.0" and found else listen
    port = serving.choose_port(port, DEFAULT_PORT, "--port", host=listen)
    serving.end_on_signals()
    ended = threading.Event()
    with serve(live, listen, port, shown, shared) as served:
        click.echo(_("  Projector   {address}").format(address=served.pages))
        click.echo(_("  For you     {address}   (names: do not project it)").format(address=served.trainer_page))
        click.echo(_("  Code        {code}").format(code=live.code))
        if not host and not found:
            click.echo(
                _("This computer is in no network: the board shows what was collected. See --folder, --host.")
            )
        if not host and len(found) > 1:
            others = ", ".join(found[1:])
            click.echo(_("If nobody can reach it, try --host with one of: {others}.").format(others=others))
        click.echo(_("Stop with Ctrl+C."))
        if browser:
            webbrowser.open(served.pages)
        if play is not None:
            threading.Thread(target=play, args=(served, ended), daemon=True).start()
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(0.5)
        ended.set()


@command.command()
@NAME
@FOLDER
def feedback(name: str, folder: Path | None) -> None:
    """Make a page for each participant (points, hints, the trainer's comments) and a zip to hand back."""
    from migkit.classroom import solutions
    from migkit.classroom.feedback import give_feedback
    from migkit.classroom.rebuild import open_in_order

    course = open_in_order(name, folder)
    with people_bar(_("feedback")) as progress:
        target, pages = give_feedback(course, progress)
    click.echo(_("{n} pages. To hand back: {path}").format(n=len(pages), path=target))
    click.echo(_("No page holds a hidden test, and none loads anything from the network."))
    if solutions.in_force(course):
        click.echo(_("The pages show solutions and expected answers: these are released."))


@command.command(name="solutions")
@NAME
@click.option("--by", default="", help="Who decides this [default: who is logged in].")
@click.option("--withdraw", is_flag=True, help="Take them back: they vanish from feedback and from release.")
@FOLDER
def solutions_(name: str, by: str, withdraw: bool, folder: Path | None) -> None:
    """Let participants see the solutions, in their feedback and as a notebook; who did so and when is kept.

    Until then no page and no zip holds a line of a solution or an expected answer.
    """
    from migkit.classroom import handin, solutions
    from migkit.classroom.rebuild import open_in_order

    course = open_in_order(name, folder)
    if withdraw:
        act = solutions.withdraw(course, by)
        click.echo(_("Taken back by {who}; the pages that showed them are deleted.").format(who=act.by))
        click.echo(_("What was handed out already is out. Next: kit class feedback {name}").format(name=name))
        return
    act = solutions.release(course, by)
    click.echo(_("Released by {who}. To hand out: {path}").format(who=act.by, path=course.solutions_notebook))
    absent = ", ".join(person.name for person in handin.missing(course))
    if absent:
        click.echo(_("These have not handed in yet and could copy them: {names}").format(names=absent))
    click.echo(_("Next: kit class feedback {name}, which now shows them too.").format(name=name))
    click.echo(_("To take them back: kit class solutions {name} --withdraw").format(name=name))


@command.command()
@NAME
@click.option("--hide-names", is_flag=True, help="Codes instead of names: for the projector.")
@FOLDER
def results(name: str, hide_names: bool, folder: Path | None) -> None:
    """Show who earned what; write a page (debrief, charts, tables) and a workbook (XLSX).

    The page stands alone and prints on A4. With --hide-names it shows each participant by a code that only the
    trainer's computer can trace back, and no file names or notes.
    """
    from migkit.classroom import results as report
    from migkit.classroom.rebuild import open_in_order

    result = report.results(open_in_order(name, folder))
    if hide_names:
        result = report.without_names(result)
    click.echo(report.as_text(result))
    workbook, page = report.write_results(result)
    click.echo(f"\n{workbook}\n{page}")
    if any(row.standing == "waiting" for row in result.rows):
        click.echo(
            _("Written answers (?) wait for your points: kit class formgrader {name}, then this again.").format(
                name=name
            )
        )


@command.command()
@NAME
@click.option("--format", "form", type=click.Choice(["csv", "moodle"]), default="csv", show_default=True)
@FOLDER
def export(name: str, form: str, folder: Path | None) -> None:
    """Write the grades for other programs: plain CSV, or the CSV that Moodle's gradebook imports.

    In Moodle: Grades, Import, CSV file; identify people by ID number or e-mail address; map the last two columns
    to the grade and its feedback. Only final grades go into Moodle's file.
    """
    from migkit.classroom import exports
    from migkit.classroom.rebuild import open_in_order
    from migkit.classroom.results import results as read_results

    result = read_results(open_in_order(name, folder))
    click.echo(exports.write_export(result, form))
    left = [row.person.name for row in result.rows if row.standing != "graded"]
    if form == "moodle" and left:
        click.echo(_("Left out, because their grade is not final: {names}").format(names=", ".join(left)))


@command.command()
@NAME
@FOLDER
def similar(name: str, folder: Path | None) -> None:
    """Show hand-ins that have much in common: rare wrong answers, text, answers right for somebody else's data.

    For the trainer to judge; nothing follows automatically.
    """
    from migkit.classroom import similarity_page as report
    from migkit.classroom.rebuild import open_in_order
    from migkit.classroom.results import results as read_results
    from migkit.classroom.results import text_table
    from migkit.classroom.similarity import similar as compare

    found = compare(read_results(open_in_order(name, folder)))
    if found.pairs:
        rows = [report.in_short(pair) for pair in found.pairs]
        click.echo(text_table(report.headings(), rows, frozenset(range(2, 7))))
    else:
        click.echo(_("No pair stands out."))
    click.echo(report.judgement())
    click.echo("\n".join(map(str, report.write_similarity(found))))


@command.command()
@NAME
@click.option("--check", metavar="FILE or CODE", help="Say what is known of this notebook or code.")
@FOLDER
def receipts(name: str, check: str | None, folder: Path | None) -> None:
    """Show who handed in what and when, with the code of each version; write it as a page and a text for each.

    The code is the beginning of the file's SHA-256, so any computer can tell which version a file is.
    """
    from migkit.classroom import receipts as kept
    from migkit.classroom.rebuild import open_in_order
    from migkit.classroom.results import text_table

    course = open_in_order(name, folder)
    if check:
        found = kept.look_up(course, check)
        if not found:
            click.echo(_("No receipt of this class has {what}; it was not handed in.").format(what=check))
        for receipt, counts in found:
            click.echo(kept.text_of(course, receipt, counts))
        return
    click.echo(text_table(kept.heading(), kept.rows(course), right=frozenset({1})))
    page, texts = kept.write(course)
    click.echo(_("\n{page}\n{n} texts to hand out lie beside it.").format(page=page, n=len(texts)))


@command.command()
@NAME
@click.option("--again", is_flag=True, help="Grade every hand-in again, not only those that need it.")
@FOLDER
def rebuild(name: str, again: bool, folder: Path | None) -> None:
    """Make the gradebook anew from hand-ins, graded notebooks and what people gave; the old one is kept.

    A broken gradebook is put back by itself at the next command. This is for one that is sound, but wrong.
    """
    from migkit.classroom import rebuild as anew
    from migkit.classroom.rebuild import open_in_order

    result = anew.rebuild(open_in_order(name, folder), again)
    if result.graded_again:
        click.echo(_("Graded again: {people}.").format(people=", ".join(result.graded_again)))
    for line in result.differences or (_("The new gradebook and the old one: no difference."),):
        click.echo(f"  {line}")
    click.echo(_("The old gradebook is kept: {path}").format(path=result.kept))


@command.command()
@NAME
@click.option("--port", type=click.IntRange(1, 65535), help="Port [default: 8899 or the next free].")
@click.option("--browser/--no-browser", default=True, help="Open the browser (default) or not.")
@FOLDER
def formgrader(name: str, port: int | None, browser: bool, folder: Path | None) -> None:
    """Give points and comments to written answers in the browser, with nbgrader's formgrader. Stop with Ctrl+C."""
    from migkit.classroom.course import find_tools
    from migkit.classroom.rebuild import open_in_order

    course = open_in_order(name, folder)
    find_tools()
    port = serving.choose_port(port, 8899, "--port")
    token = secrets.token_hex(16)
    environment = dict(
        os.environ,
        JUPYTER_CONFIG_PATH=str(serving.JUPYTER_SETTINGS),
        JUPYTER_PREFER_ENV_PATH="1",
        JUPYTER_TOKEN=token,
    )
    arguments = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--log-level=ERROR"]
    arguments += [f"--ServerApp.ip={serving.HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    # formgrader's pages ask the internet for MathJax; in a room without it they would wait for an answer.
    policy = "script-src 'self' 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'"
    settings = {"headers": {"Content-Security-Policy": policy}}
    arguments += [f"--ServerApp.root_dir={course.root}", f"--ServerApp.tornado_settings={settings!r}"]
    address = f"http://{serving.HOST}:{port}/formgrader?token={token}"
    with course.change("formgrader"):
        pass  # in order and copied; formgrader itself writes each point down before it says “saved”
    log = course.reports / "formgrader.log"
    serving.end_on_signals()
    with log.open("wb") as kept:
        process = subprocess.Popen(
            arguments, cwd=course.root, env=environment, stdout=kept, stderr=subprocess.STDOUT
        )
    try:
        serving.wait_until_it_answers(address, process, log)
        click.echo(_("Formgrader: {address}").format(address=address))
        click.echo(_("Choose Manual Grading. Stop with Ctrl+C, then: kit class results {name}").format(name=name))
        if browser:
            webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            process.wait()
    finally:
        process.terminate()
        process.wait()


@command.command()
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Keep the class here [default: thrown away]."
)
@click.option("--people", type=click.IntRange(8, 40), default=40, show_default=True, help="How many play.")
def demo(folder: Path | None, people: int) -> None:
    """Play a class of forty synthetic participants and compare the results with what each deserves."""
    if folder is not None:
        if (folder / "demo").exists():
            raise KitError(
                _("There is a demo class in {folder} already; choose another --dir.").format(folder=folder)
            )
        _demo(folder, people)
        click.echo(_("The class lies in {folder}.").format(folder=folder / "demo"))
        return
    with tempfile.TemporaryDirectory(prefix="kit-demo-") as place:
        _demo(Path(place), people)


def _demo(folder: Path, people: int) -> None:
    from migkit.classroom import sandbox
    from migkit.classroom.demo import cast, play
    from migkit.classroom.results import as_text, text_table

    warning = sandbox.unprotected(sandbox.find_mode())
    if warning:
        click.echo(warning)
    with people_bar(_("grading")) as progress:
        played = play(folder, lambda text: tqdm.write(f"  {text}", file=sys.stdout), progress, people=people)
    names = {person.student_id: person.name for person in played.course.roster().people}
    stories = [[names[part.student_id], part.story] for part in cast(people)]
    click.echo("\n" + text_table([_("participant"), _("what this one does")], stories))
    click.echo("\n" + as_text(played.results))
    click.echo(_("\nThe whole demo took {n:.0f} seconds.").format(n=sum(played.seconds.values())))
    for text in played.differences:
        click.echo(f"  {text}")
    if played.differences:
        raise KitError(_("The results are not what was deserved; see the lines above."))
    click.echo(_("Everybody got what they deserve."))
