"""Collecting: find returned notebooks however they come, say whose they are, keep every one of them.

A hand-in is one of: taken, unchanged, replaced (a second one; the first lies in backups/), older (not used,
kept), damaged, unknown (kept in inbox/quarantine with the reason), refused (never opened). Nothing is ever taken
out of the folder or zip that was given.
"""

import contextlib
import io
import json
import re
import stat
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from nbformat import NotebookNode

from migkit.classroom import files, notebooks
from migkit.classroom.course import Course
from migkit.classroom.roster import Person, Roster, plain
from migkit.reference import KitError, _
from migkit.reference.files import write_bytes, write_text

Status = Literal["taken", "unchanged", "replaced", "older", "damaged", "unknown", "refused"]

MAX_NOTEBOOK = 20 * 1024 * 1024
MAX_ZIP = 1024 * 1024 * 1024
MAX_FILES = 20_000
MAX_DEPTH = 4
#: What operating systems and editors leave behind.
JUNK = re.compile(
    r"^(__MACOSX|\.ipynb_checkpoints|\.Trash.*|\$RECYCLE\.BIN|System Volume Information|\._.*|~\$.*)$", re.I
)
#: What people's computers put around a file name when they copy it, in English, French and Portuguese.
COPY_MARKS = re.compile(
    r"^(copy|copie|c[oó]pia) (\(\d+\) )?(of|de|d') *|([ _-]+(copy|copie|c[oó]pia)[ _]*\d*|-checkpoint| *\(\d+\))$",
    re.I,
)
ID_CELL = re.compile(r"""(?:participant|student)(?:_id| id)?\s*[=:]\s*["'`]?([^\s"'`*]+)""", re.I)


@dataclass(frozen=True)
class Found:
    """A file that may be a hand-in. ``path`` names it for people, through zips; if refused it has no content."""

    path: PurePosixPath
    content: bytes
    modified: datetime
    refused: str = ""


@dataclass(frozen=True)
class Entry:
    """What became of one found file: a line of the journal and of the table."""

    status: Status
    file: str
    student_id: str = ""
    reason: str = ""
    sha256: str = ""
    kept: str = ""
    at: str = field(default_factory=lambda: files.now().isoformat())


def find_files(place: Path) -> Iterator[Found]:
    """All notebooks under ``place``: a folder, a zip, zips within, or one notebook.

    Zips are read in memory, member by member, so a name such as ``../../x`` leads nowhere; it is still refused.

    Raises:
        KitError: if ``place`` is none of these, or holds more files than any class hands in.
    """
    if not place.exists():
        raise KitError(_("There is no folder or zip at {path}; is the USB stick plugged in?").format(path=place))
    if place.is_file():
        if place.suffix.lower() not in (".zip", ".ipynb"):
            raise KitError(_("{path} is neither a folder nor a zip nor a notebook.").format(path=place))
        yield from _open_file(place, PurePosixPath(place.name))
        return
    for number, path in enumerate(_walk(place)):
        if number > MAX_FILES:
            raise KitError(
                _("{path} holds more than {n} files; give the folder of the hand-ins only.").format(
                    path=place, n=MAX_FILES
                )
            )
        yield from _open_file(path, PurePosixPath(path.relative_to(place).as_posix()))


def _walk(folder: Path) -> Iterator[Path]:
    """Notebooks, zips and links under ``folder``, sorted; links are not followed, junk is left out."""
    try:
        items = sorted(folder.iterdir())
    except OSError:
        return
    for item in items:
        if JUNK.match(item.name):
            continue
        if item.is_dir() and not item.is_symlink():
            yield from _walk(item)
        elif item.suffix.lower() in (".zip", ".ipynb"):
            yield item


def _open_file(path: Path, name: PurePosixPath) -> Iterator[Found]:
    never = datetime.fromtimestamp(0, UTC)
    if path.is_symlink():
        yield Found(name, b"", never, _("it is a link to another file"))
        return
    modified = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    zipped = path.suffix.lower() == ".zip"
    if path.stat().st_size > (MAX_ZIP if zipped else MAX_NOTEBOOK):
        yield Found(name, b"", modified, _too_big(MAX_ZIP if zipped else MAX_NOTEBOOK))
        return
    try:
        if zipped:
            with path.open("rb") as file:
                yield from _open_zip(file, name, modified, 1)
        else:
            yield Found(name, path.read_bytes(), modified)
    except OSError as trouble:
        yield Found(name, b"", modified, _("it cannot be read ({why})").format(why=trouble.strerror))


def _too_big(limit: int) -> str:
    return _("it is larger than {n} MB").format(n=limit // 1024 // 1024)


def _open_zip(file: Any, name: PurePosixPath, modified: datetime, depth: int) -> Iterator[Found]:
    """The notebooks in a zip; everything that smells is refused by name and not opened."""
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield Found(name, b"", modified, _("the zip is damaged"))
        return
    if len(members) > MAX_FILES:
        yield Found(name, b"", modified, _("the zip holds more than {n} files").format(n=MAX_FILES))
        return
    for member in members:
        inner = name / PurePosixPath(member.filename.replace("\\", "/").lstrip("/"))
        if inner.suffix.lower() not in (".zip", ".ipynb") or any(JUNK.match(part) for part in inner.parts):
            continue
        yield from _open_member(archive, member, inner, modified, depth)


def _open_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, inner: PurePosixPath, modified: datetime, depth: int
) -> Iterator[Found]:
    zipped = inner.suffix.lower() == ".zip"
    refused = _suspicious(member, zipped, depth)
    with contextlib.suppress(ValueError, OverflowError, OSError):
        # In a zip times have no zone: the clock of the computer that packed it, most often this room's.
        modified = datetime(*member.date_time).astimezone(UTC)
    if refused:
        yield Found(inner, b"", modified, refused)
        return
    limit = 5 * MAX_NOTEBOOK if zipped else MAX_NOTEBOOK
    try:
        with archive.open(member) as opened:
            content = opened.read(limit + 1)  # the size that a zip states may be a lie
    except (
        zipfile.BadZipFile,
        OSError,
        RuntimeError,
        EOFError,
        NotImplementedError,
        ValueError,
        zlib.error,
    ):
        yield Found(inner, b"", modified, _("it is damaged inside the zip"))
        return
    if len(content) > limit:
        yield Found(inner, b"", modified, _too_big(limit))
    elif zipped:
        yield from _open_zip(io.BytesIO(content), inner, modified, depth + 1)
    else:
        yield Found(inner, content, modified)


def _suspicious(member: zipfile.ZipInfo, zipped: bool, depth: int) -> str:
    """Why a member of a zip is not opened, or nothing."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if ".." in parts or member.filename.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:", member.filename):
        return _("its name leads out of the zip")
    if stat.S_ISLNK(member.external_attr >> 16):
        return _("it is a link to another file")
    if member.flag_bits & 1:
        return _("the zip has a password")
    if zipped and depth >= MAX_DEPTH:
        return _("it is a zip in a zip in a zip, too deep")
    return ""


def clean_stem(stem: str) -> str:
    """A file's stem without what copying adds: ``Copy of x (1)`` becomes ``x``."""
    before = None
    while stem != before:
        before, stem = stem, COPY_MARKS.sub("", stem).strip()
    return stem


class Owners:
    """Finds the participant to whom a file belongs, by names and by what the notebook says itself."""

    def __init__(self, roster: Roster, module: str) -> None:
        """Learn the names of the people in ``roster``; ``module`` is the word that all file names share."""
        self._module = plain(module)
        self._keys: dict[str, set[str]] = defaultdict(set)
        for person in roster.people:
            for text in (
                person.student_id,
                f"{person.first_name} {person.last_name}",
                f"{person.last_name} {person.first_name}",
                person.email,
            ):
                if plain(text):
                    self._keys[plain(text)].add(person.student_id)

    def named(self, text: str) -> set[str]:
        """Who is meant by a file's or folder's name; empty if nobody, several if it fits several."""
        words = self._without_module(plain(clean_stem(text)))
        if words in self._keys:
            return self._keys[words]
        padded = f"_{words}_"
        inside = [key for key in self._keys if f"_{key}_" in padded and len(key) >= 2]
        longest = max((len(key) for key in inside), default=0)
        return {owner for key in inside if len(key) == longest for owner in self._keys[key]}

    def _without_module(self, words: str) -> str:
        return f"_{words}_".replace(f"_{self._module}_", "_").strip("_")

    def by_path(self, path: PurePosixPath) -> set[str]:
        """Whom the file name means, else the folder or zip nearest to it."""
        for text in (path.stem, *(PurePosixPath(part).stem for part in reversed(path.parts[:-1]))):
            owners = self.named(text)
            if owners:
                return owners
        return set()

    def by_content(self, notebook: NotebookNode) -> set[str]:
        """Whom the notebook itself names, in its metadata or in a cell such as ``participant_id = "p01"``."""
        said = [str((notebook.metadata.get("kit") or {}).get("participant") or "")]
        for cell in notebook.cells[:10]:
            match = ID_CELL.search(cell.source)
            said.append(match.group(1) if match else "")
        for text in said:
            if plain(text) in self._keys:
                return self._keys[plain(text)]
        return set()


def read_notebook(content: bytes, wanted: set[str], module: str) -> tuple[NotebookNode | None, str]:
    """The notebook, or why it cannot be used. ``wanted`` are nbgrader's ids of the assignment's cells."""
    if not content.strip():
        return None, _("the file is empty")
    try:
        text = content.decode("utf-8-sig")
        raw = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError):
        cut = content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") and not content.rstrip().endswith(b"}")
        return None, _("the file is cut off in the middle") if cut else _("the file is not a notebook")
    try:
        notebook = notebooks.parse(text)
        ids = {str((cell.metadata.get("nbgrader") or {}).get("grade_id")) for cell in notebook.cells}
        for cell in notebook.cells:
            if not isinstance(cell.source, str):
                raise TypeError
    except Exception:  # nbformat raises anything on a notebook of the wrong shape
        kind = "" if isinstance(raw, dict) and "cells" in raw else _("the file is not a notebook")
        return None, kind or _("the notebook's structure is damaged")
    if not ids & wanted:
        return None, _("no cell of {module} is in it: it is another notebook").format(module=module)
    return notebook, ""


@dataclass(frozen=True)
class _HandIn:
    """A readable notebook with one owner."""

    found: Found
    student_id: str
    notebook: NotebookNode


def collect(course: Course, place: Path) -> list[Entry]:
    """Take in what participants handed in from ``place`` (folder, zip, USB stick or one notebook).

    Returns:
        What became of each file, in the order in which it was found.

    Raises:
        KitError: if there is nothing to collect, or nothing was released yet.
    """
    if not course.release_notebook.is_file():
        raise KitError(_("This class has no assignment yet; run kit class release first."))
    found = list(find_files(place))
    if not found:
        raise KitError(_("No notebook was found in {path}, nor in zips in it.").format(path=place))
    released = notebooks.read(course.release_notebook)
    wanted = {str(cell.metadata.nbgrader.grade_id) for cell in released.cells if "nbgrader" in cell.metadata}
    owners = Owners(course.roster(), course.module)
    with course.change("collect"):
        known = journal(course)
        entries: list[Entry] = []
        usable: dict[str, list[_HandIn]] = defaultdict(list)
        for item in found:
            result = _judge(item, owners, wanted, course.module)
            if isinstance(result, Entry):
                entries.append(_keep(course, item, result))
            else:
                usable[result.student_id].append(result)
        for hand_ins in usable.values():
            entries += _choose(course, hand_ins, known)
        for entry in entries:
            if entry.status != "unchanged" and not any(_same(entry, old) for old in known):
                files.append_line(course.journal, json.dumps(asdict(entry), ensure_ascii=False))
    place_of = {str(item.path): number for number, item in enumerate(found)}
    return sorted(entries, key=lambda entry: place_of[entry.file])


def _same(entry: Entry, other: Entry) -> bool:
    """Whether the journal says so already: the same thing about the same notebook of the same person."""
    if (entry.status, entry.student_id, entry.sha256) != (other.status, other.student_id, other.sha256):
        return False
    return bool(entry.sha256) or entry.file == other.file


def _judge(item: Found, owners: Owners, wanted: set[str], module: str) -> Entry | _HandIn:
    """Whose it is and whether it can be used."""
    named = owners.by_path(item.path)
    entry = Entry("damaged", str(item.path), next(iter(named)) if len(named) == 1 else "")
    if item.refused:
        return replace(entry, status="refused", reason=item.refused)
    entry = replace(entry, sha256=files.sha256(item.content))
    notebook, trouble = read_notebook(item.content, wanted, module)
    if notebook is None:
        return replace(entry, reason=trouble)
    said = owners.by_content(notebook)
    if said and named and not said & named:
        reason = _("the file name says {named}, the notebook says {said}; rename the file and collect it again")
        both = {"named": ", ".join(sorted(named)), "said": ", ".join(sorted(said))}
        return replace(entry, status="unknown", student_id="", reason=reason.format(**both))
    who = (named & said) or named or said
    if len(who) == 1:
        return _HandIn(item, next(iter(who)), notebook)
    if who:
        reason = _("the name fits {people}; rename the file to {module}_ID.ipynb").format(
            people=", ".join(sorted(who)), module=module
        )
    else:
        reason = _("nobody in the roster has this name; rename the file to {module}_ID.ipynb").format(
            module=module
        )
    return replace(entry, status="unknown", student_id="", reason=reason)


def _keep(course: Course, item: Found, entry: Entry) -> Entry:
    """Put what cannot be used into quarantine, with the reason beside it; the same file only once."""
    if not item.content and entry.status == "refused":
        return entry
    name = re.sub(r"[^0-9A-Za-z._-]+", "_", item.path.name)[-80:]
    target = course.quarantine / f"{files.sha256(item.content)[:10]}_{name}"
    if not target.exists():
        write_bytes(target, item.content)
    text = _("{file}\n{reason}\nseen {at}\n").format(file=entry.file, reason=entry.reason, at=entry.at)
    write_text(target.with_name(target.name + ".reason.txt"), text)
    return replace(entry, kept=target.relative_to(course.root).as_posix())


def _choose(course: Course, hand_ins: list[_HandIn], known: list[Entry]) -> list[Entry]:
    """Of one participant's notebooks use the newest; the others are kept."""
    ordered = sorted(hand_ins, key=lambda one: (one.found.modified, str(one.found.path)))
    newest = ordered[-1]
    entries = [_take(course, newest, known)]
    for other in ordered[:-1]:
        entry = Entry("older", str(other.found.path), other.student_id, sha256=files.sha256(other.found.content))
        if entry.sha256 == entries[0].sha256:
            entries.append(replace(entry, status="unchanged", reason=_("the same notebook twice")))
        else:
            reason = _("{file} is newer and was used").format(file=newest.found.path)
            entries.append(_keep(course, other.found, replace(entry, reason=reason)))
    return entries


def _take(course: Course, hand_in: _HandIn, known: list[Entry]) -> Entry:
    """Put a hand-in where nbgrader looks for it; one that is there already moves to backups/ first."""
    target = course.submitted(hand_in.student_id)
    present = target / f"{course.module}.ipynb"
    content = hand_in.found.content
    entry = Entry("taken", str(hand_in.found.path), hand_in.student_id, sha256=files.sha256(content))
    if present.is_file():
        old = files.sha256(present.read_bytes())
        if old == entry.sha256:
            return replace(entry, status="unchanged", reason=_("collected before"))
        if any(_same(replace(entry, status=used), old) for used in ("taken", "replaced") for old in known):
            return replace(
                entry, status="older", reason=_("collected before, and replaced by a newer hand-in since")
            )
    building = course.root / "submitted" / hand_in.student_id / f".{course.module}.new"
    when = hand_in.found.modified.strftime("%Y-%m-%d %H:%M:%S UTC")
    write_bytes(building / f"{course.module}.ipynb", content)
    write_text(building / "timestamp.txt", when)
    if not target.exists():
        building.replace(target)
        return entry
    backup = files.free_name(course.root / "backups" / "hand_ins" / hand_in.student_id / files.stamp())
    backup.parent.mkdir(parents=True, exist_ok=True)
    target.replace(backup)
    building.replace(target)
    where = backup.relative_to(course.root).as_posix()
    return replace(
        entry, status="replaced", reason=_("the earlier hand-in lies in {where}").format(where=where), kept=where
    )


def journal(course: Course) -> list[Entry]:
    """All that was ever collected; a line that a power cut left half-written is left out."""
    entries = []
    try:
        lines = course.journal.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            entries.append(Entry(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return entries


def missing(course: Course) -> list[Person]:
    """Who has nothing that can be graded yet."""
    return [
        person
        for person in course.roster().people
        if not (course.submitted(person.student_id) / f"{course.module}.ipynb").is_file()
    ]
