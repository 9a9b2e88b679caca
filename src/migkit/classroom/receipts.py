"""Receipts: what was handed in, by whom, when, in which version, and which version counts.

``inbox/receipts.jsonl`` gets one line for each version that was accepted, and nothing is ever taken out of it;
the notebooks lie in ``inbox/versions/ID/`` under their fingerprint. What nbgrader finds in ``submitted/`` follows
from these two.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from migkit.classroom import files, pages
from migkit.classroom.course import Course
from migkit.reference import KitError, _
from migkit.reference.files import write_text

#: Where a hand-in came from, if a trainer collected it; its time is then that of the file, not of this computer.
COLLECTED = "collected"
#: Likewise, if it lay in submitted/ without a receipt: plain nbgrader or the trainer put it there.
FOUND = "found in submitted/"


@dataclass(frozen=True)
class Receipt:
    """One accepted version of one participant's notebook.

    Attributes:
        student_id: whose it is.
        module: of which exercises.
        version: 1 for the first, then 2, ...; the highest one counts.
        sha256: fingerprint of the file, bit by bit.
        at: when it was handed in (or saved, if it came on a stick), in UTC.
        received: when the kit had it safely on the disk, in UTC.
        origin: the road by which it came: :data:`COLLECTED`, :data:`FOUND` or a word of the caller's.
        size: of the file, in bytes.
        file: its name as it came, if it had one.
    """

    student_id: str
    module: str
    version: int
    sha256: str
    at: str
    received: str
    origin: str
    size: int
    file: str = ""

    @property
    def code(self) -> str:
        """The fingerprint's first signs in groups, short enough to read aloud."""
        return code_of(self.sha256)

    def as_record(self) -> dict[str, Any]:
        """For a JSON file; ``Receipt(**record)`` reads it back."""
        return asdict(self)


def code_of(sha256: str) -> str:
    """Sixteen signs of a fingerprint in groups of four. Any program that knows SHA-256 shows the same signs.

    >>> code_of("3f2a91bc0d4e77a1ffff")
    '3F2A-91BC-0D4E-77A1'
    """
    return "-".join(sha256[start : start + 4] for start in range(0, 16, 4)).upper()


def receipts_file(course: Course) -> Path:
    """The journal of receipts."""
    return course.root / "inbox" / "receipts.jsonl"


def kept_file(course: Course, student_id: str, sha256: str) -> Path:
    """Where a version is kept. Half the fingerprint names it: Windows wants short paths."""
    return course.root / "inbox" / "versions" / student_id / f"{sha256[:32]}.ipynb"


def read(course: Course) -> list[Receipt]:
    """All receipts, the first one first."""
    found = []
    for record in files.read_lines(receipts_file(course)):
        try:
            found.append(Receipt(**record))
        except TypeError:
            continue
    return found


def counting(course: Course) -> dict[str, Receipt]:
    """Of each participant the receipt of the version that counts: the last one of this module."""
    return {receipt.student_id: receipt for receipt in read(course) if receipt.module == course.module}


def content(course: Course, receipt: Receipt) -> bytes:
    """The notebook of a receipt, as it was handed in.

    Raises:
        KitError: if the kept file is gone or was changed.
    """
    path = kept_file(course, receipt.student_id, receipt.sha256)
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        kept = b""
    if files.sha256(kept) != receipt.sha256:
        raise KitError(
            _(
                "Version {n} of {student} is damaged on the disk ({path}): collect that person's notebook again, "
                "its code must be {code}."
            ).format(n=receipt.version, student=receipt.student_id, path=path, code=receipt.code)
        )
    return kept


def look_up(course: Course, wanted: str | Path) -> list[tuple[Receipt, bool]]:
    """The receipts of a file or a code, each with whether it is the version that counts.

    Args:
        course: the class.
        wanted: path of a notebook, or a code as it stands on a receipt (any spelling).

    Raises:
        KitError: if it is neither.
    """
    path = Path(wanted)
    if path.is_file():
        start = files.sha256(path.read_bytes())
    else:
        start = re.sub(r"[\s-]", "", str(wanted)).lower()
        if not re.fullmatch(r"[0-9a-f]{16,64}", start):
            raise KitError(
                _("{text} is neither a file nor a code such as 3F2A-91BC-0D4E-77A1.").format(text=wanted)
            )
    counts = counting(course)
    found = [receipt for receipt in read(course) if receipt.sha256.startswith(start)]
    return [(receipt, counts.get(receipt.student_id) == receipt) for receipt in found]


def shown_time(moment: str) -> str:
    """A moment of a receipt as the clock on the wall shows it."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def text_of(course: Course, receipt: Receipt, counts: bool = True) -> str:
    """The receipt for its owner, as plain text: to print, to read aloud, to keep."""
    name = course.roster().find(receipt.student_id).name
    lines = [
        _("Receipt: {title}").format(title=course.title),
        _("Participant: {name} ({student})").format(name=name, student=receipt.student_id),
        _("Handed in: {time}, version {n}").format(time=shown_time(receipt.at), n=receipt.version),
        _("Code: {code}").format(code=receipt.code),
        _("This version counts.") if counts else _("A later version counts, not this one."),
        "",
        _("Keep your file. It is the one on this receipt if its SHA-256 begins with the same signs:"),
        _("  Windows: certutil -hashfile {module}.ipynb SHA256").format(module=course.module),
        _("  macOS:   shasum -a 256 {module}.ipynb").format(module=course.module),
        _("  Linux:   sha256sum {module}.ipynb").format(module=course.module),
        _("Whole SHA-256: {hash}").format(hash=receipt.sha256),
    ]
    return "\n".join(lines) + "\n"


def rows(course: Course) -> list[list[str]]:
    """Name, version, time, code and what it counts for: a line for each receipt, in the order of the roster."""
    counts = counting(course)
    everything = read(course)
    found = []
    for person in course.roster().people:
        own = [r for r in everything if (r.student_id, r.module) == (person.student_id, course.module)]
        for receipt in own:
            standing = _("counts") if counts[person.student_id] == receipt else _("kept")
            found.append([person.name, str(receipt.version), shown_time(receipt.at), receipt.code, standing])
        if not own:
            found.append([person.name, "-", "-", "-", _("nothing handed in")])
    return found


def heading() -> list[str]:
    """What the columns of :func:`rows` are called."""
    return [_("participant"), _("version"), _("handed in"), _("code"), _("standing")]


def write(course: Course) -> tuple[Path, list[Path]]:
    """Write the page of all receipts, and for each participant the one that counts as a text.

    Returns:
        The page, and the texts; all in ``reports/receipts/``.
    """
    folder = course.reports / "receipts"
    explanation = _(
        "The code is the beginning of the file's SHA-256 fingerprint. A file with the same code is the same file, "
        "to the last sign. Every version is kept; the last one counts."
    )
    table = pages.table(
        heading(), [[pages.text(cell) for cell in row] for row in rows(course)], numbers=frozenset({1})
    )
    page = folder / "receipts.html"
    title = _("Receipts: {title}").format(title=course.title)
    write_text(page, pages.document(title, pages.paragraph(explanation) + table))
    counts = counting(course)
    texts = []
    for person in course.roster().people:
        if person.student_id in counts:
            texts.append(folder / f"{person.student_id}.txt")
            write_text(texts[-1], text_of(course, counts[person.student_id]))
    return page, texts
