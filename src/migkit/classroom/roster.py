"""The roster: who is in the class, read from the CSV that a trainer saved in a spreadsheet program."""

import csv
import io
import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

from migkit.reference import KitError, _
from migkit.reference.files import write_bytes

COLUMNS = ("student_id", "first_name", "last_name", "email", "institution", "country", "sex", "language")
#: Headings that people write, after :func:`plain`, in English, French and Portuguese.
ALIASES = {
    "id": "student_id",
    "participant_id": "student_id",
    "participant": "student_id",
    "identifiant": "student_id",
    "identificador": "student_id",
    "firstname": "first_name",
    "given_name": "first_name",
    "prenom": "first_name",
    "nome": "first_name",
    "lastname": "last_name",
    "surname": "last_name",
    "family_name": "last_name",
    "nom": "last_name",
    "apelido": "last_name",
    "e_mail": "email",
    "courriel": "email",
    "mail": "email",
    "office": "institution",
    "agency": "institution",
    "organisation": "institution",
    "instituicao": "institution",
    "pays": "country",
    "pais": "country",
    "gender": "sex",
    "sexe": "sex",
    "sexo": "sex",
    "genre": "sex",
    "langue": "language",
    "lingua": "language",
    "idioma": "language",
}
#: How people write the values of two columns, after :func:`plain`; anything else stands as it is.
WORDS = {
    "sex": {
        "F": {"f", "female", "woman", "w", "femme", "feminin", "feminino", "mulher"},
        "M": {"m", "male", "man", "homme", "h", "masculin", "masculino", "homem"},
    },
    "language": {
        "en": {"en", "eng", "english", "anglais", "ingles"},
        "fr": {"fr", "fra", "french", "francais", "frances"},
        "pt": {"pt", "por", "portuguese", "portugais", "portugues"},
    },
}
#: Names that Windows keeps for devices, so no folder can have them.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Person:
    """One participant; ``student_id`` is safe as a folder name on every system.

    All but id and name may be empty. ``institution`` is the agency; ``sex`` is F or M, ``language`` en, fr or
    pt, or else what the trainer wrote there.
    """

    student_id: str
    first_name: str
    last_name: str
    email: str = ""
    institution: str = ""
    country: str = ""
    sex: str = ""
    language: str = ""

    @property
    def name(self) -> str:
        """First and last name, as people say it."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Roster:
    """The people of a class, and what had to be changed in what the trainer gave (``notices``)."""

    people: tuple[Person, ...]
    notices: tuple[str, ...] = ()

    def find(self, student_id: str) -> Person:
        """The person with that id.

        Raises:
            KitError: if nobody has it.
        """
        for person in self.people:
            if person.student_id == student_id:
                return person
        raise KitError(_("Nobody in the roster has the id {student}.").format(student=student_id))


def plain(text: str) -> str:
    """``text`` in small letters without accents, every other sign a single ``_``: for comparing names."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return re.sub(r"[^0-9a-z]+", "_", letters).strip("_")


def safe_id(text: str) -> str:
    """``text`` as a folder name that works on Linux, macOS and Windows; empty if nothing is left of it."""
    decomposed = unicodedata.normalize("NFKD", text.strip())
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    safe = re.sub(r"[^0-9A-Za-z._+-]+", "_", letters).strip("._")[:60].rstrip("._")
    return f"{safe}_" if safe.casefold().split(".")[0] in RESERVED else safe


def _text(path: Path) -> str:
    """The file's text, whichever of the usual encodings it was saved in."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise KitError(_("There is no roster at {path}; give the path of a CSV file.").format(path=path)) from None
    except OSError as trouble:
        raise KitError(
            _("The roster {path} cannot be read: {why}.").format(path=path, why=trouble.strerror)
        ) from trouble
    if raw.startswith(b"PK"):
        raise KitError(
            _("{path} is a spreadsheet file, not CSV: in the spreadsheet choose “Save as”, then CSV.").format(
                path=path
            )
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _columns(heading: list[str], path: Path) -> dict[str, int]:
    """Where each column stands."""
    found: dict[str, int] = {}
    for place, title in enumerate(heading):
        key = ALIASES.get(plain(title), plain(title))
        if key in COLUMNS:
            found.setdefault(key, place)
    for needed in ("student_id", "last_name"):
        if needed not in found:
            raise KitError(
                _("The roster {path} has no column {column} in its first line, which reads: {heading}.").format(
                    path=path, column=needed, heading=", ".join(heading)
                )
            )
    return found


def read_roster(path: Path) -> Roster:
    """Read a roster: comma, semicolon or tab between the columns; UTF-8, UTF-16 or Excel's Windows code page.

    Raises:
        KitError: naming file, row and column, if a column, an id or a name is missing or an id stands there twice.
    """
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = [
        (number, [field.strip() for field in row])
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1)
        if any(field.strip() for field in row)
    ]
    if len(rows) < 2:
        raise KitError(
            _("The roster {path} names nobody; its first line must be {columns}.").format(
                path=path, columns=",".join(COLUMNS)
            )
        )
    columns = _columns(rows[0][1], path)
    people: list[Person] = []
    notices: list[str] = []
    row_of: dict[str, int] = {}
    for number, row in rows[1:]:
        person, notice = _person(number, row, columns, path)
        key = person.student_id.casefold()  # Windows and macOS do not tell capital letters apart
        if key in row_of:
            raise KitError(
                _(
                    "{path}, row {row}, column student_id: {student} is in row {other} too; "
                    "give each person an id of their own."
                ).format(path=path, row=number, student=person.student_id, other=row_of[key])
            )
        row_of[key] = number
        people.append(person)
        notices += notice
    return Roster(tuple(people), tuple(notices))


def _value(column: str, text: str) -> str:
    """A cell of the roster, in the kit's own word for it where there is one."""
    known = WORDS.get(column, {})
    return next((code for code, words in known.items() if plain(text) in words), text)


def _person(number: int, row: list[str], columns: dict[str, int], path: Path) -> tuple[Person, list[str]]:
    """The person in row ``number``, and a notice if the id had to be changed."""
    values = {column: _value(column, row[place]) if place < len(row) else "" for column, place in columns.items()}
    given = values["student_id"]
    values["student_id"] = safe_id(given)
    if not values["student_id"]:
        raise KitError(
            _("{path}, row {row}, column student_id: there is no id; each person needs one, such as p01.").format(
                path=path, row=number
            )
        )
    if not values["last_name"] and not values.get("first_name"):
        raise KitError(
            _("{path}, row {row}, column last_name: {student} has no name.").format(
                path=path, row=number, student=given
            )
        )
    person = Person(**{"first_name": "", **values})
    if person.student_id == given:
        return person, []
    notice = _("{name}: the id “{given}” became {student}, because it is also the name of a folder.")
    return person, [notice.format(name=person.name, given=given, student=person.student_id)]


def write_roster(roster: Roster, path: Path) -> None:
    """Write the roster in the kit's own form (UTF-8 with a mark that Excel understands, commas)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(person) for person in roster.people)
    write_bytes(path, text.getvalue().encode("utf-8-sig"))
