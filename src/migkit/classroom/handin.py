"""Collecting: find returned notebooks however they come, say whose they are, keep every one of them.

A hand-in is one of: taken, unchanged, replaced (a second one; the first is kept), older (not used, kept), damaged,
unknown (kept in inbox/quarantine with the reason), refused (never opened). Nothing is ever taken out of the folder
or zip that was given.

:func:`accept` is the one road in, for the network too. The notebook is safe on the disk first, then its receipt,
then the line of the journal; only then does nbgrader see it, and only then is it acknowledged. Whatever cuts this
short, :func:`settle` brings the rest in line with the receipts at the next command.
"""

import contextlib
import io
import json
import logging
import re
import shutil
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

from migkit.classroom import files, notebooks, receipts
from migkit.classroom.course import Course
from migkit.classroom.notebooks import grade_id
from migkit.classroom.receipts import Receipt
from migkit.classroom.roster import Person, Roster, plain
from migkit.reference import KitError, _
from migkit.reference.files import write_bytes, write_text

LOG = logging.getLogger("migkit")

Status = Literal["taken", "unchanged", "replaced", "older", "damaged", "unknown", "refused"]

MAX_NOTEBOOK = 20 * 1024 * 1024
MAX_ZIP = 1024 * 1024 * 1024
MAX_FILES = 20_000
MAX_DEPTH = 4
#: Bytes of all files of one collection together, which are in memory at once.
MAX_TOGETHER = 1024 * 1024 * 1024
#: Letters of a name in a zip; on a disk no system allows that many.
MAX_NAME = 500
#: How deep a notebook may be nested: those that Jupyter writes have about ten levels.
MAX_LEVELS = 100
#: Lists and dictionaries in a notebook; each takes a hundred times its two brackets in memory.
MAX_PARTS = 500_000
#: What operating systems and editors leave behind.
JUNK = re.compile(
    r"^(__MACOSX|\.ipynb_checkpoints|\.Trash.*|\$RECYCLE\.BIN|System Volume Information|\._.*|~\$.*)$", re.I
)
#: What people's computers put around a file name when they copy it, in English, French and Portuguese.
COPY_MARKS = re.compile(
    r"^(copy|copie|c[oó]pia) (\(\d+\) )?(of|de|d') *|([ _-]+(copy|copie|c[oó]pia)[ _]*\d*|-checkpoint| *\(\d+\))$",
    re.I,
)
#: What the browser edition calls a learner's whole work; its list of contents is what tells it from other zips.
WORK_FILE = re.compile(r"^migration_kit_work_\d{4}-\d{2}-\d{2}")
WORK_LIST = "work.json"
ID_CELL = re.compile(r"""(?:participant|student)(?:_id| id)?\s*[=:]\s*["'`]?([^\s"'`*]+)""", re.I)


@dataclass(frozen=True)
class Found:
    """A file that may be a hand-in. ``path`` names it for people, through zips; if refused it has no content.

    ``part_of_work`` says that it lay in a learner's whole work, where most notebooks are no hand-ins.
    """

    path: PurePosixPath
    content: bytes
    modified: datetime
    refused: str = ""
    part_of_work: bool = False


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


@dataclass
class _Room:
    """How many bytes of found files there is still room for."""

    left: int = MAX_TOGETHER

    def take(self, content: bytes) -> bool:
        """Whether the content finds room."""
        self.left -= len(content)
        return self.left >= 0


def find_files(place: Path) -> Iterator[Found]:
    """All notebooks under ``place``: a folder, a zip, zips within, or one notebook.

    Zips are read in memory, member by member, so a name such as ``../../x`` leads nowhere; it is still refused.

    Raises:
        KitError: if ``place`` is none of these, or holds more files than any class hands in.
    """
    room = _Room()
    if not place.exists():
        raise KitError(_("There is no folder or zip at {path}; is the USB stick plugged in?").format(path=place))
    if place.is_file():
        if place.suffix.lower() not in (".zip", ".ipynb"):
            raise KitError(_("{path} is neither a folder nor a zip nor a notebook.").format(path=place))
        yield from _open_file(place, _named(place.name), room)
        return
    for number, path in enumerate(_walk(place)):
        if number > MAX_FILES:
            raise KitError(
                _("{path} holds more than {n} files; give the folder of the hand-ins only.").format(
                    path=place, n=MAX_FILES
                )
            )
        yield from _open_file(path, _named(path.relative_to(place).as_posix()), room)


def _named(name: str) -> PurePosixPath:
    """A name as it can be written down and shown: some hold bytes that are no letters, or move the cursor."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    return PurePosixPath("".join(letter if letter.isprintable() else "?" for letter in text))


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


def _open_file(path: Path, name: PurePosixPath, room: _Room) -> Iterator[Found]:
    never = datetime.fromtimestamp(0, UTC)
    if path.is_symlink():
        yield Found(name, b"", never, _("it is a link to another file"))
        return
    if not path.is_file():  # a pipe or a device: reading it might never end
        yield Found(name, b"", never, _("it is no ordinary file"))
        return
    modified = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    zipped = path.suffix.lower() == ".zip"
    if path.stat().st_size > (MAX_ZIP if zipped else MAX_NOTEBOOK):
        yield Found(name, b"", modified, _too_big(MAX_ZIP if zipped else MAX_NOTEBOOK))
        return
    try:
        if zipped:
            with path.open("rb") as file:
                yield from _open_zip(file, name, modified, 1, room)
        else:
            yield _found(name, path.read_bytes(), modified, room)
    except OSError as trouble:
        yield Found(name, b"", modified, _("it cannot be read ({why})").format(why=trouble.strerror))


def _found(name: PurePosixPath, content: bytes, modified: datetime, room: _Room) -> Found:
    """A file that was read, if all together are not too much."""
    if room.take(content):
        return Found(name, content, modified)
    reason = _("with the files before it, it is more than {n} MB; give the hand-ins in parts")
    return Found(name, b"", modified, reason.format(n=MAX_TOGETHER // 1024 // 1024))


def _too_big(limit: int) -> str:
    return _("it is larger than {n} MB").format(n=limit // 1024 // 1024)


def _open_zip(file: Any, name: PurePosixPath, modified: datetime, depth: int, room: _Room) -> Iterator[Found]:
    """The notebooks in a zip; everything that smells is refused by name and not opened."""
    if _directory_size(file) > MAX_FILES * MAX_NAME:
        yield Found(name, b"", modified, _("the zip holds more than {n} files").format(n=MAX_FILES))
        return
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield Found(name, b"", modified, _("the zip is damaged"))
        return
    if len(members) > MAX_FILES:
        yield Found(name, b"", modified, _("the zip holds more than {n} files").format(n=MAX_FILES))
        return
    work = any(member.filename == WORK_LIST for member in members)
    for member in members:
        inner = name / _named(member.filename[-MAX_NAME:].replace("\\", "/").lstrip("/"))
        if inner.suffix.lower() not in (".zip", ".ipynb") or any(JUNK.match(part) for part in inner.parts):
            continue
        for found in _open_member(archive, member, inner, modified, depth, room):
            yield replace(found, part_of_work=True) if work else found
    if work:  # told only if that is so
        yield Found(name, b"", modified, _no_exercise(), part_of_work=True)


def _no_exercise() -> str:
    return _("this work file holds no exercise of this class")


def _directory_size(file: Any) -> int:
    """The bytes of a zip's table of contents, as its end states; reading the table takes a multiple in memory."""
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - 66_000))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0


def _open_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    inner: PurePosixPath,
    modified: datetime,
    depth: int,
    room: _Room,
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
        yield from _open_zip(io.BytesIO(content), inner, modified, depth + 1, room)
    else:
        yield _found(inner, content, modified, room)


def _suspicious(member: zipfile.ZipInfo, zipped: bool, depth: int) -> str:
    """Why a member of a zip is not opened, or nothing."""
    if len(member.filename) > MAX_NAME:
        return _("its name is too long")
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
    """A file's stem without what says nothing: ``Copy of x (1)`` becomes ``x``, a work file's date goes."""
    before = None
    stem = WORK_FILE.sub("", stem)
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
        kit = notebook.metadata.get("kit")
        said = [str(kit.get("participant") or "")[:MAX_NAME] if isinstance(kit, dict) else ""]
        for cell in notebook.cells[:10]:
            match = ID_CELL.search(cell.source)
            said.append(match.group(1)[:MAX_NAME] if match else "")
        for text in said:
            if plain(text) in self._keys:
                return self._keys[plain(text)]
        return set()


def read_notebook(content: bytes, wanted: set[str], module: str) -> tuple[NotebookNode | None, str]:
    """The notebook, or why it cannot be used. ``wanted`` are nbgrader's ids of the assignment's cells."""
    if not content.strip():
        return None, _("the file is empty")
    if content.count(b"[") + content.count(b"{") > MAX_PARTS:
        return None, _("it holds too much to be read: clear the outputs of its cells and save it")
    try:
        text = content.decode("utf-8-sig")
        raw = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError):
        cut = content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{") and not content.rstrip().endswith(b"}")
        return None, _("the file is cut off in the middle") if cut else _("the file is not a notebook")
    if _too_deep(raw):
        return None, _("the notebook's structure is damaged")
    try:
        notebook = notebooks.parse(text)
        ids = {grade_id(cell) for cell in notebook.cells}
        for cell in notebook.cells:
            if not isinstance(cell.source, str):
                raise TypeError
    except Exception:  # nbformat raises anything on a notebook of the wrong shape
        kind = "" if isinstance(raw, dict) and "cells" in raw else _("the file is not a notebook")
        return None, kind or _("the notebook's structure is damaged")
    if not ids & wanted:
        return None, _("no cell of {module} is in it: it is another notebook").format(module=module)
    return notebook, ""


def _too_deep(raw: Any) -> bool:
    """Whether lists and dictionaries lie in one another deeper than any program writes."""
    level = [raw] if isinstance(raw, (dict, list)) else []
    for _number in range(MAX_LEVELS):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [each for items in inner for each in items if isinstance(each, (dict, list))]
        if not level:
            return False
    return True


@dataclass(frozen=True)
class _HandIn:
    """A readable notebook with one owner."""

    found: Found
    student_id: str


def wanted_cells(course: Course) -> set[str]:
    """nbgrader's ids of the cells of the assignment.

    Raises:
        KitError: if nothing was released yet.
    """
    if not course.release_notebook.is_file():
        raise KitError(_("This class has no assignment yet; run kit class release first."))
    released = notebooks.read(course.release_notebook)
    return {str(cell.metadata.nbgrader.grade_id) for cell in released.cells if "nbgrader" in cell.metadata}


def accept(
    course: Course, student_id: str, content: bytes, origin: str, at: datetime | None = None, file: str = ""
) -> Receipt:
    """Take in one notebook of one participant; when this returns, no power cut takes it away any more.

    May be called from any thread, also while the class is being graded. The notebook that counts already gives
    the receipt that it has; another one, be it an earlier one, becomes the next version, which counts.

    Args:
        course: the class.
        student_id: whose it is.
        content: the notebook's file, as it came.
        origin: the road by which it came, in a word, such as ``network``.
        at: when it was handed in, by default now.
        file: its name as it came.

    Raises:
        KitError: if it is damaged, too big, another notebook or another person's, nothing was released, nobody
            has that id, or the disk is full or read-only. Then it is not handed in.
    """
    roster = course.roster()
    roster.find(student_id)
    if len(content) > MAX_NOTEBOOK:
        raise KitError(_("Not handed in: {why}.").format(why=_too_big(MAX_NOTEBOOK)))
    notebook, trouble = read_notebook(content, wanted_cells(course), course.module)
    if notebook is None:
        raise KitError(_("Not handed in: {why}. Save the notebook and try again.").format(why=trouble))
    said = Owners(roster, course.module).by_content(notebook)
    if said and student_id not in said:
        raise KitError(
            _("Not handed in: the notebook says that it is {said}'s, not {student}'s.").format(
                said=", ".join(sorted(said)), student=student_id
            )
        )
    with _inbox(course):
        return _accept(course, student_id, content, origin, at or files.now(), file)


@contextlib.contextmanager
def _inbox(course: Course) -> Iterator[None]:
    """Take in alone; others wait. Not the lock of the class: a hand-in does not wait for the grading."""
    with files.explained(course.root), files.only_one(course.root / "inbox" / ".lock", wait=120):
        yield


def _accept(course: Course, student_id: str, content: bytes, origin: str, at: datetime, file: str = "") -> Receipt:
    """:func:`accept` without its doubts, by whoever has the inbox."""
    before = receipts.counting(course).get(student_id)
    sha256 = files.sha256(content)
    if before and before.sha256 == sha256:
        receipt = before
    else:
        version = before.version + 1 if before else 1
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        when = at.astimezone(UTC).isoformat()
        receipt = Receipt(student_id, course.module, version, sha256, when, received, origin, len(content), file)
        files.keep(receipts.kept_file(course, student_id, sha256), content)
        files.append_line(receipts.receipts_file(course), json.dumps(receipt.as_record(), ensure_ascii=False))
    if _key(receipt) not in _noted(course):
        _note(course, _entry_of(course, receipt))
    with contextlib.suppress(PermissionError):  # Windows, while nbgrader reads it; settled at the next command
        _put_in_place(course, receipt)
    return receipt


def _noted(course: Course) -> set[tuple[str, str, str]]:
    """What the journal tells of accepted notebooks: whose, which, and when (or empty: at any time)."""
    taken = [entry for entry in journal(course) if entry.status in ("taken", "replaced")]
    return {(entry.student_id, entry.sha256, at) for entry in taken for at in (entry.at, "")}


def _key(receipt: Receipt) -> tuple[str, str, str]:
    """A receipt's line in :func:`_noted`; a hand-in that was found may have been noted before."""
    at = "" if receipt.origin == receipts.FOUND else receipt.received
    return receipt.student_id, receipt.sha256, at


def _entry_of(course: Course, receipt: Receipt) -> Entry:
    """The line of the journal for a receipt; a second version says where the one before is."""
    entry = Entry(
        "taken",
        receipt.file or receipt.origin,
        receipt.student_id,
        sha256=receipt.sha256,
        at=receipt.received,
    )
    if receipt.version == 1:
        return entry
    earlier = next(
        each
        for each in reversed(receipts.read(course))
        if (each.student_id, each.module, each.version)
        == (receipt.student_id, receipt.module, receipt.version - 1)
    )
    kept = receipts.kept_file(course, earlier.student_id, earlier.sha256).relative_to(course.root).as_posix()
    reason = _("the earlier hand-in lies in {where}").format(where=kept)
    return replace(entry, status="replaced", reason=reason, kept=kept)


def _put_in_place(course: Course, receipt: Receipt) -> None:
    """Let nbgrader see the version that counts; at every moment a whole notebook lies there, or none yet."""
    target = course.submitted(receipt.student_id)
    notebook, clock = target / f"{course.module}.ipynb", target / "timestamp.txt"
    when = datetime.fromisoformat(receipt.at).strftime("%Y-%m-%d %H:%M:%S UTC").encode("ascii")
    kept = receipts.kept_file(course, receipt.student_id, receipt.sha256)
    if target.is_dir():
        present = notebook.read_bytes() if notebook.is_file() else b""
        if files.sha256(present) != receipt.sha256:
            files.keep(notebook, receipts.content(course, receipt))
        elif not kept.is_file() or kept.stat().st_size != receipt.size:
            files.keep(kept, present)  # somebody tidied up
        if not clock.is_file() or clock.read_bytes() != when:
            files.keep(clock, when)
        return
    building = target.with_name(f".{course.module}.new")
    shutil.rmtree(building, ignore_errors=True)
    files.keep(building / clock.name, when)
    files.keep(building / notebook.name, receipts.content(course, receipt))
    building.replace(target)
    files.sync_folder(target.parent)


def settle(course: Course) -> None:
    """Bring journal and submitted/ in line with the receipts, after an interruption or a hand from outside.

    A notebook in submitted/ that has no receipt was put there by plain nbgrader or by the trainer: it gets one.
    """
    with _inbox(course):
        given = receipts.read(course)
        known = {(receipt.student_id, receipt.sha256) for receipt in given}
        noted = _noted(course)
        for receipt in given:
            if _key(receipt) not in noted:
                _note(course, _entry_of(course, receipt))
        counts = receipts.counting(course)
        for person in course.roster().people:
            place = course.submitted(person.student_id) / f"{course.module}.ipynb"
            present = place.read_bytes() if place.is_file() else b""
            if present and (person.student_id, files.sha256(present)) not in known:
                at = datetime.fromtimestamp(int(place.stat().st_mtime), UTC)
                _accept(course, person.student_id, present, receipts.FOUND, _handed_in_at(place, at))
            elif person.student_id in counts:
                try:
                    _put_in_place(course, counts[person.student_id])
                except KitError as trouble:  # one damaged file must not stop the class
                    LOG.warning("%s", trouble)


def _handed_in_at(place: Path, otherwise: datetime) -> datetime:
    """What nbgrader's timestamp beside a notebook says, if one is there that can be read."""
    with contextlib.suppress(OSError, ValueError):
        text = place.with_name("timestamp.txt").read_text(encoding="utf-8").strip().removesuffix(" UTC")
        return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    return otherwise


def collect(course: Course, place: Path) -> list[Entry]:
    """Take in what participants handed in from ``place`` (folder, zip, USB stick or one notebook).

    Interrupted at any moment and repeated, it comes to the same.

    Returns:
        What became of each file, in the order in which it was found.

    Raises:
        KitError: if there is nothing to collect, or nothing was released yet.
    """
    wanted = wanted_cells(course)
    found = _hand_ins(list(find_files(place)), course.module)
    if not found:
        raise KitError(_("No notebook was found in {path}, nor in zips in it.").format(path=place))
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
            entries += _choose(course, hand_ins)
        for entry in entries:
            accepted = entry.status in ("taken", "unchanged", "replaced")  # in the journal by now
            if not accepted and not any(_same(entry, old) for old in known):
                _note(course, entry)
    place_of = {str(item.path): number for number, item in enumerate(found)}
    return sorted(entries, key=lambda entry: place_of[entry.file])


def _hand_ins(items: list[Found], module: str) -> list[Found]:
    """The files to look at; of a learner's whole work without this module's exercise, that it has none."""
    wanted = [_may_be_hand_in(item, module) for item in items]
    held = {parent for item, want in zip(items, wanted, strict=True) if want for parent in item.path.parents}
    return [
        item
        for item, want in zip(items, wanted, strict=True)
        if want or (item.refused == _no_exercise() and item.path not in held)
    ]


def _may_be_hand_in(item: Found, module: str) -> bool:
    """Whether to look at a file: in a learner's whole work only at this module's exercise, not at the lesson."""
    return not item.part_of_work or ("exercises" in item.path.parts and clean_stem(item.path.stem) == module)


def _note(course: Course, entry: Entry) -> None:
    """Add a line to the journal."""
    files.append_line(course.journal, json.dumps(asdict(entry), ensure_ascii=False))


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
        return _HandIn(item, next(iter(who)))
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


def _choose(course: Course, hand_ins: list[_HandIn]) -> list[Entry]:
    """Of one participant's notebooks use the newest; the others are kept."""
    ordered = sorted(hand_ins, key=lambda one: (one.found.modified, str(one.found.path)))
    newest = ordered[-1]
    entries = [_take(course, newest)]
    for other in ordered[:-1]:
        entry = Entry("older", str(other.found.path), other.student_id, sha256=files.sha256(other.found.content))
        if entry.sha256 == entries[0].sha256:
            entries.append(replace(entry, status="unchanged", reason=_("the same notebook twice")))
        else:
            reason = _("{file} is newer and was used").format(file=newest.found.path)
            entries.append(_keep(course, other.found, replace(entry, reason=reason)))
    return entries


def _take(course: Course, hand_in: _HandIn) -> Entry:
    """Accept a notebook, unless it or a later one was handed in before: an old stick must undo nothing."""
    found = hand_in.found
    entry = Entry("unchanged", str(found.path), hand_in.student_id, sha256=files.sha256(found.content))
    own = [r for r in receipts.read(course) if (r.student_id, r.module) == (hand_in.student_id, course.module)]
    if own and own[-1].sha256 == entry.sha256:
        return replace(entry, reason=_("collected before"))
    if any(receipt.sha256 == entry.sha256 for receipt in own):
        return replace(entry, status="older", reason=_("collected before, and replaced by a newer hand-in since"))
    # Two files' times may come from two wrong clocks, and the one collected last counts; but this computer knows
    # when a notebook came over the network.
    if own and own[-1].origin != receipts.COLLECTED and found.modified < datetime.fromisoformat(own[-1].at):
        reason = _("a newer one was handed in without a stick; version {n} counts").format(n=own[-1].version)
        return _keep(course, found, replace(entry, status="older", reason=reason))
    with _inbox(course):
        receipt = _accept(
            course, hand_in.student_id, found.content, receipts.COLLECTED, found.modified, entry.file
        )
    return _entry_of(course, receipt)


def journal(course: Course) -> list[Entry]:
    """All that ever came in; a line that a power cut left half-written is left out."""
    entries = []
    for record in files.read_lines(course.journal):
        try:
            entries.append(Entry(**record))
        except TypeError:
            continue
    return entries


def missing(course: Course) -> list[Person]:
    """Who has nothing that can be graded yet."""
    return [
        person
        for person in course.roster().people
        if not (course.submitted(person.student_id) / f"{course.module}.ipynb").is_file()
    ]
