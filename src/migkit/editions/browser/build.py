"""Build the browser edition, step by step; a step whose sources have not changed is left alone."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkit.editions import Progress
from migkit.editions import book as book_edition
from migkit.editions.alone import alone
from migkit.editions.browser import contents, lite, packages, packing, pyodide_files
from migkit.editions.browser.home import write_home
from migkit.editions.browser.layout import BOOK, DATA, KIT, LITE, MANIFEST, NOTEBOOK_PAGE
from migkit.editions.browser.stick import write_launchers
from migkit.editions.browser.trees import put_in_place
from migkit.editions.fingerprint import BEHIND_NOTEBOOKS, fingerprint
from migkit.reference import ROOT, KitError, _
from migkit.reference.files import write_text

#: Where an edition lies unless another folder is named.
OUT: Path = ROOT / "_build" / "browser"

#: Languages in which the kit's texts exist.
LANGUAGES: tuple[str, ...] = ("en",)

#: An edition, its packed copies and what is written on the way, in bytes.
NEEDED = 400_000_000

#: Which step was made from what.
_STATE = ".kit-build.json"
#: Held while a build runs; in the folder itself, because the place beside it may be somebody else's.
_LOCK = ".kit-build.lock"

_HERE = "src/migkit/editions/browser"


@dataclass(frozen=True)
class Built:
    """A built edition: its folder, its manifest, and the names of the steps that had something to do."""

    out: Path
    manifest: Mapping[str, Any]
    changed: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class _Step:
    """One step: what it says, what it depends on, what it makes, and its share of the time.

    ``gather`` brings what comes from elsewhere; it may fail, so it comes before anything is taken away.
    """

    name: str
    text: str
    state: str
    makes: tuple[str, ...]
    run: Callable[[Progress], None]
    share: float
    gather: Callable[[Progress], object] = lambda say: None


def build(
    country: str = "GMB",
    lang: str = "en",
    out: Path | None = None,
    archive: Path | None = None,
    exercises: Callable[[], Mapping[str, bytes]] = dict,
    progress: Progress | None = None,
) -> Built:
    """Build the edition for one country and language into a folder that any web server can show.

    Args:
        country: ISO 3166-1 alpha-3 code of the country of the teaching data.
        lang: ``"en"``; French and Portuguese follow with the translations.
        out: the folder; by default ``_build/browser/GMB-en``.
        archive: the official archive of Pyodide, if it was fetched by hand.
        exercises: gives the participants' notebook of each module, by slug; asked only if exercises changed.
        progress: told now and then how far the work is.

    Raises:
        KitError: if country or language are not there, the folder holds something else, the disk is too small,
            Pyodide cannot be had or is not what was published, or a part of the edition has a fault.
    """
    begun = time.monotonic()
    say = progress or (lambda share, text: None)
    country = country.upper()
    data = contents.teaching_data(country)
    if lang not in LANGUAGES:
        raise KitError(
            _("The kit's texts are not translated to {lang!r} yet; there is: {have}.").format(
                lang=lang, have=", ".join(LANGUAGES)
            )
        )
    folder = (out or OUT / f"{country}-{lang}").resolve()
    _check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / _LOCK, lambda: say(0.0, _("waiting for another build to end"))):
        _mend(folder)
        changed = _run(_steps(folder, country, lang, data, archive, exercises), folder, say)
        # The manifest goes before anything is changed and comes back last: an edition without it is not whole.
        if not (folder / MANIFEST).is_file():
            _pack(folder, lambda share, text: say(0.76 + 0.24 * share, _("packing: {name}").format(name=text)))
            about = {"country": country, "lang": lang, "pyodide": pyodide_files.VERSION}
            packing.write_manifest(folder, about)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    say(1.0, _("done"))
    return Built(folder, manifest, changed, time.monotonic() - begun)


def _check_folder(folder: Path) -> None:
    """Refuse a folder of somebody's own and a disk that is too small, before anything is written."""
    begun = (folder / _STATE).is_file()
    held = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    if folder.is_file() or (not begun and set(held) - {_LOCK}):
        raise KitError(
            _(
                "{folder} holds other things; give --out a new folder, so that nothing of yours is replaced."
            ).format(folder=folder)
        )
    disk = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(disk).free
    if not begun and free < NEEDED:
        raise KitError(
            _("Not enough room: the edition needs about {need} MB and {free} MB are free at {disk}.").format(
                need=NEEDED // 10**6, free=free // 10**6, disk=disk
            )
        )


def _mend(folder: Path) -> None:
    """Take away what is not as it was built (a copy cut short, a file deleted), so that it is made again."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return
    try:
        wrong = packing.wrong(folder, json.loads(manifest.read_text(encoding="utf-8"))["files"])
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong = [MANIFEST]
    for name in wrong:
        (folder / name).unlink(missing_ok=True)
    if wrong:
        write_text(folder / _STATE, "{}")


def _steps(
    out: Path,
    country: str,
    lang: str,
    data: Path,
    archive: Path | None,
    exercises: Callable[[], Mapping[str, bytes]],
) -> list[_Step]:
    """The steps in their order; the last ones see what the first ones made."""
    code = fingerprint(ROOT, (*BEHIND_NOTEBOOKS, "curriculum.yml", f"{_HERE}/packages.py", f"{_HERE}/wheels.py"))
    locks = fingerprint(ROOT, ("requirements.txt", "requirements/browser.txt"))
    notebooks = ("notebooks/*.ipynb", "exercises/**/*", "curriculum.yml")
    assets = (f"{_HERE}/*.py", f"{_HERE}/assets/**/*", f"{_HERE}/templates/**/*")
    teaching = fingerprint(data, ("*.csv", "*.parquet"))
    python = out / LITE / lite.PYODIDE
    return [
        _Step(
            "python",
            _("Python for the page"),
            f"{code}{locks}{archive and archive.resolve()}",
            (f"{LITE}/{lite.PYODIDE}/pyodide.js",),
            lambda say: _write_python(python, say),
            0.2,
            lambda say: _fetch_python(archive, say),
        ),
        _Step(
            "lite",
            _("notebooks in the page"),
            fingerprint(ROOT, (*notebooks, *assets)) + code + locks,
            (NOTEBOOK_PAGE,),
            lambda say: _write_lite(out, exercises(), say),
            0.1,
        ),
        _Step(
            "data",
            _("teaching data"),
            teaching + country,
            (f"{DATA}/index.json",),
            lambda say: contents.write_data(data, out / DATA, say),
            0.05,
        ),
        _Step(
            "book",
            _("book"),
            book_edition.state_of(),
            (f"{BOOK}/index.html",),
            lambda say: _copy_book(out, say),
            0.4,
        ),
        _Step(
            "pages",
            _("home page and launchers"),
            fingerprint(ROOT, ("curriculum.yml", "trainer_kit/evaluation/*.yml", *assets)) + country + lang,
            ("index.html",),
            lambda say: _write_pages(out, country, lang),
            0.01,
        ),
    ]


def _run(steps: list[_Step], out: Path, say: Progress) -> tuple[str, ...]:
    """Run the steps that have something to do; what was finished is written down at once."""
    state = _read_state(out)
    changed = []
    begin = 0.0
    for step in steps:
        report = _part(say, begin, step)
        if state.get(step.name) != step.state or not all((out / made).exists() for made in step.makes):
            report(0.0, "")
            step.gather(report)
            (out / MANIFEST).unlink(missing_ok=True)
            write_text(out / _STATE, json.dumps({**state, step.name: ""}))
            step.run(report)
            state[step.name] = step.state
            write_text(out / _STATE, json.dumps(state))
            changed.append(step.name)
        begin += step.share
    return tuple(changed)


def _part(say: Progress, begin: float, step: _Step) -> Progress:
    """The progress of one step as a part of the whole."""
    return lambda share, text: say(begin + step.share * share, f"{step.text}: {text}" if text else step.text)


def _read_state(out: Path) -> dict[str, str]:
    try:
        loaded: dict[str, str] = json.loads((out / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded


def _fetch_python(archive: Path | None, say: Progress) -> None:
    """Pyodide as it was published; builds of several editions share it."""
    kept = pyodide_files.KEPT
    with alone(kept.with_name(f"{kept.name}.lock"), lambda: say(0.0, _("waiting for another build to end"))):
        pyodide_files.provide(packages.upstream_packages, archive, progress=lambda s, t: say(0.5 * s, t))


def _write_python(target: Path, say: Progress) -> None:
    """Pyodide, slim, with the kit; made elsewhere and put in place at the end."""
    with tempfile.TemporaryDirectory(prefix="kit-python-") as scratch:
        fresh = Path(scratch) / "pyodide"
        fresh.mkdir()
        packages.fill(fresh, pyodide_files.KEPT, lambda s, t: say(0.5 + 0.5 * s, t))
        put_in_place(fresh, target)


def _write_lite(out: Path, exercises: Mapping[str, bytes], say: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix="kit-contents-") as scratch:
        contents.write_notebooks(Path(scratch), exercises)
        say(0.1, "JupyterLite")
        lite.build(out / LITE, Path(scratch))


def _copy_book(out: Path, say: Progress) -> None:
    html = book_edition.build(progress=say).html
    with tempfile.TemporaryDirectory(prefix="kit-book-") as scratch:
        copy = Path(scratch) / "book"
        shutil.copytree(html, copy, ignore=shutil.ignore_patterns("*.map", ".buildinfo"))
        opens = {"open": f"../{NOTEBOOK_PAGE}?path=", "label": _("Open and run it here")}
        # The pages ask here what can open a notebook (book/_static/kit.js).
        write_text(copy / "kit.json", json.dumps({"lab": True, **opens}))
        put_in_place(copy, out / BOOK)


def _write_pages(out: Path, country: str, lang: str) -> None:
    (out / KIT).mkdir(exist_ok=True)
    write_home(out, country, lang)
    write_launchers(out, lang)


def _pack(out: Path, say: Progress) -> None:
    packing.pack(out, say)
    # The loading screen counts what travels, so it comes when everything is packed.
    lite.write_loading(out / LITE, out / KIT)
    packing.pack(out, say)
