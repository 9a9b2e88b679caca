"""``kit test``: one command runs every check that CI runs."""

import os
import subprocess
import sys
import time

import click

from migkit.cli.groups import ensure
from migkit.reference import ROOT, _

#: What runs before the tests, cheapest first: name -> arguments of `python -m`.
CHECKS: dict[str, list[str]] = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
}


def _run(name: str, arguments: list[str]) -> bool:
    began = time.monotonic()
    click.secho(f"\n== {name}", bold=True)
    code = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=_environment(), check=False).returncode
    click.echo(
        _("{name}: {verdict} ({seconds:.0f} s)").format(
            name=name, verdict=_("fine") if code == 0 else _("FAILED"), seconds=time.monotonic() - began
        )
    )
    return code == 0


def _environment() -> dict[str, str]:
    return dict(os.environ, KIT_HOME=str(ROOT), PYTHONUTF8="1")


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Examples:\n\n  kit test\n\n  kit test --quick\n\n  kit test tests/test_world.py -k calibration",
)
@click.option(
    "--quick", is_flag=True, help="Leave out what takes minutes: the book, the lessons, the class, browsers."
)
@click.option("--coverage", is_flag=True, help="Also say which lines no test runs; takes a third longer.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(quick: bool, coverage: bool, pytest_arguments: tuple[str, ...]) -> None:
    """Run style and type checks, then every test. With further arguments only pytest runs, with these.

    The first run installs the test tools. Tests that need Chromium or bubblewrap say so when these are
    missing; in CI they must not be missing.
    """
    ensure("test")
    ensure("docs")  # the documents are tested as well
    ensure("office")  # and so are the engines
    ensure("browser")  # and the edition that runs in the browser
    if pytest_arguments:
        quick_only = ["-m", "not slow and not browser"] if quick else []
        fine = _run("tests", ["pytest", *pytest_arguments, *quick_only])
    else:
        verdicts = [_run(name, check) for name, check in CHECKS.items()]  # all of them, also after a failure
        verdicts += [_run(name, ["pytest", *part]) for name, part in _parts(quick, coverage).items()]
        fine = all(verdicts)
    if not fine:
        raise click.exceptions.Exit(1)


def _parts(quick: bool, coverage: bool = False) -> dict[str, list[str]]:
    """The tests in two parts: most run two files at a time; those that watch the clock run alone."""
    left_out = " and not slow and not browser" if quick else ""
    cover = ["--cov", "--cov-report="] if coverage else []
    report = ["--cov", "--cov-append", "--cov-report=term:skip-covered"] if coverage else []
    # A file stays with one worker: its tests share what is slow to make.
    together = ["--numprocesses=2", "--dist=loadfile", "--durations=15", "-m", f"not alone{left_out}", *cover]
    alone = ["--durations=15", "-m", f"alone{left_out}", *report]
    return {"tests": together, "tests that run alone": alone}
