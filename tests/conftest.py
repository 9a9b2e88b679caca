"""What several test files share. Tests never reach the network and never touch the user's own files."""

import os
import shutil
from pathlib import Path

import pytest

CI = os.environ.get("CI") == "true"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


#: Files whose tests watch the clock, the processes or the processors of the machine: nothing runs beside them.
ALONE = (
    "classroom_attacks",
    "classroom_board",
    "classroom_grading",
    "launcher",
    "sandbox",
    "spark",
)


def no_chromium() -> str:
    """Why browser tests cannot run here, or nothing."""
    return "" if CHROMIUM else "no Chromium on this machine (Debian, Ubuntu: apt install chromium)"


def no_sandbox() -> str:
    """Why sandbox tests cannot run here, or nothing."""
    from migkit.classroom import sandbox

    if sandbox.find_mode() != "none":
        return ""
    return "no bubblewrap (Linux only: apt install bubblewrap), or user namespaces are forbidden"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot run, and say why. In CI nothing is left out: there it fails instead."""
    for item in items:
        if item.path.stem.removeprefix("test_").startswith(ALONE):
            item.add_marker(pytest.mark.alone)
    if CI:
        return
    for marker, why_not in (("browser", no_chromium), ("sandbox", no_sandbox)):
        marked = [item for item in items if item.get_closest_marker(marker)]
        reason = why_not() if marked else ""
        for item in marked if reason else []:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium, shared by the browser tests."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def teaching_data() -> Path:
    """The folder of the lesson's data, made if it is not there."""
    from migkit.reference import ROOT
    from migkit.sources import write_teaching_data

    write_teaching_data()
    return ROOT / "datasets" / "sample" / "GMB"


@pytest.fixture(scope="session")
def built_book(teaching_data: Path) -> Path:
    """The folder of the built book; an unchanged book is not built again."""
    from migkit.editions import book

    return book.build().html


@pytest.fixture(scope="session")
def browser_edition(teaching_data: Path) -> Path:
    """The folder of the built browser edition; what has not changed is not built again."""
    from migkit.cli.browser_build import exercises
    from migkit.editions.browser.build import build

    return build(exercises=exercises).out
