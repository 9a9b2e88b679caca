"""The browser edition as a channel for Kolibri, the learning platform that many schools and offices run offline.

What Kolibri takes in from a disk is a folder: ``content/databases/CHANNEL.sqlite3`` says what there is, and
``content/storage/a/b/MD5.zip`` holds it. The whole edition is one zip. Lessons, exercises and chapters are entries
into that same zip; the questions are pages of their own, whose results Kolibri records (by SCORM 1.2).

Kolibri shows all this in a frame without rights (allow-scripts, allow-same-origin) under a second port: workers,
WebAssembly and IndexedDB work; downloads, dialogs, new windows and forms do not. See assets/kolibri/in_kolibri.js.
"""

import base64
import hashlib
import io
import json
import shutil
import sqlite3
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from migkit.editions import Progress
from migkit.editions.browser.kolibri_pictures import picture
from migkit.editions.browser.layout import (
    BOOK,
    FOR_THE_STICK,
    LITE,
    MANIFEST,
    NOTEBOOK_PAGE,
    PACKED,
    exercise,
    lesson,
)
from migkit.evaluation import items, quiz, quiz_page
from migkit.reference import ROOT, KitError, Module, _, country, curriculum
from migkit.reference.curriculum import curriculum_title
from migkit.reference.files import ZIP_DATE, read_yaml, replacing
from migkit.reference.palette import BRICK, INK, SAND

_ASSETS = Path(__file__).parent / "assets" / "kolibri"
_SCHEMA_VERSION = "5"
#: Ids made from names in here are the same on every machine, so that an update finds what learners have done.
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:migkit:kolibri")
#: Kolibri's own codes (le_utils): subject statistics, level professional.
_STATISTICS, _PROFESSIONAL = "d&WXdXWF.qs0Xlaxq.jNm15RLB", "ZrgBU73s"
_PACKED_ALREADY = {".whl", ".zip", ".png", ".jpg", ".gz", ".br", ".woff", ".woff2", ".parquet"}


@dataclass(frozen=True)
class Channel:
    """A channel that was written: its id, its folder, its version, how many things it offers, and its bytes."""

    id: str
    out: Path
    version: int
    resources: int
    bytes: int


@dataclass(frozen=True)
class _Stored:
    """A file in the channel's storage."""

    md5: str
    extension: str
    bytes: int

    @property
    def name(self) -> str:
        return f"{self.md5}.{self.extension}"


@dataclass(frozen=True)
class _Node:
    """A topic with its children, or an HTML5 app with its file and the page of it that opens first."""

    key: str
    title: str
    description: str
    thumbnail: _Stored
    file: _Stored | None = None
    entry: str = ""
    children: tuple["_Node", ...] = field(default=())

    @property
    def kind(self) -> str:
        return "html5" if self.file else "topic"

    def files(self) -> Iterator[tuple[_Stored, str, bool]]:
        """Each file with Kolibri's name for its use, and whether it is the thumbnail."""
        yield self.thumbnail, f"{self.kind}_thumbnail", True
        if self.file:
            yield self.file, "html5_zip", False

    def all(self) -> Iterator["_Node"]:
        """This node and everything below it."""
        yield self
        for child in self.children:
            yield from child.all()


def write_channel(
    edition: Path, out: Path, version: int | None = None, progress: Progress = lambda share, text: None
) -> Channel:
    """Write the channel of a built edition.

    Args:
        edition: the folder of the edition.
        out: the folder that Kolibri imports from; other channels in it are left alone.
        version: Kolibri takes in only a higher one than it has. By default the minutes from 2020 to the moment
            at which the edition was built.
        progress: told now and then how far the work is.

    Raises:
        KitError: if ``edition`` is no edition, ``out`` holds other things, or the disk is too small.
    """
    about = _about(edition)
    files = sorted(_files(edition), key=lambda file: file[0])
    _check_out(out, sum(path.stat().st_size for _name, path in files))
    version = version or _minutes(edition)
    channel = uuid.uuid5(_NAMES, f"{about['country']}-{about['lang']}").hex
    database = out / "content" / "databases" / f"{channel}.sqlite3"
    storage = out / "content" / "storage"
    whole = _store_edition(files, storage, progress)
    progress(0.95, _("contents"))
    root = _tree(about, whole, {name for name, _path in files}, storage)
    before = _held(database) or set()
    with replacing(database) as part:
        _write_database(part, channel, root, about, version)
    _forget(before, out)
    stored = {file.md5: file.bytes for node in root.all() for file, _use, _picture in node.files()}
    return Channel(channel, out, version, sum(node.kind == "html5" for node in root.all()), sum(stored.values()))


# --------------------------------------------------------------------------------------------- the edition


def _about(edition: Path) -> dict[str, str]:
    """Country and language, from the edition's manifest."""
    if not (edition / "index.html").is_file() or not (edition / MANIFEST).is_file():
        raise KitError(
            _("{folder} holds no browser edition; make one with: kit browser build --out {folder}").format(
                folder=edition
            )
        )
    manifest: dict[str, Any] = json.loads((edition / MANIFEST).read_text(encoding="utf-8"))
    return {"country": str(manifest["country"]), "lang": str(manifest["lang"])}


def _files(edition: Path) -> Iterator[tuple[str, Path]]:
    """What goes into the zip, by its name there; what opens an edition from a stick has no use in it."""
    for path in edition.rglob("*"):
        name = path.relative_to(edition).as_posix()
        hidden = any(part.startswith(".") for part in name.split("/"))
        if path.is_file() and not hidden and path.suffix not in PACKED and not name.startswith(FOR_THE_STICK):
            yield name, path


def _minutes(edition: Path) -> int:
    built = datetime.fromtimestamp((edition / MANIFEST).stat().st_mtime, UTC)
    return int((built - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() // 60)


def _check_out(out: Path, needed: int) -> None:
    if out.is_file() or (out.is_dir() and any(path.name != "content" for path in out.iterdir())):
        raise KitError(
            _(
                "{folder} holds other things; give --out a new folder, so that nothing of yours is replaced."
            ).format(folder=out)
        )
    disk = next(place for place in (out, *out.absolute().parents) if place.exists())
    free = shutil.disk_usage(disk).free
    if free < needed:
        raise KitError(
            _("Not enough room: the channel needs about {need} MB and {free} MB are free at {disk}.").format(
                need=needed // 10**6 + 1, free=free // 10**6, disk=disk
            )
        )


# --------------------------------------------------------------------------------------------- the storage


def _store_edition(files: list[tuple[str, Path]], storage: Path, progress: Progress) -> _Stored:
    """The whole edition as one zip, always the same for the same files."""
    total = sum(path.stat().st_size for _name, path in files) or 1
    done = 0
    script = _script()
    new = storage / "new.zip"
    with replacing(new) as part, zipfile.ZipFile(part, "w") as package:
        for name, path in files:
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED_ALREADY else zipfile.ZIP_DEFLATED
            with _content(name, path, script) as source, package.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
            done += path.stat().st_size
            progress(0.95 * done / total, name)
    with new.open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    stored = _Stored(md5, "zip", new.stat().st_size)
    target_path = _place(storage, stored.name)
    target_path.parent.mkdir(parents=True, exist_ok=True)
    new.replace(target_path)
    return stored


def _content(name: str, path: Path, script: str) -> BinaryIO:
    """A file as it goes into the zip: in pages that keep work, Kolibri's script stands before all others."""
    if name != "index.html" and not (name.startswith(f"{LITE}/") and name.endswith("/index.html")):
        return path.open("rb")
    return io.BytesIO(path.read_text(encoding="utf-8").replace("<head>", f"<head>{script}", 1).encode("utf-8"))


def _script() -> str:
    sentences = {
        "blocked": _(
            "Nothing was saved: Kolibri does not let a page save files. Copy this address into a new tab of the "
            "browser. Your work is there too, and there it can be saved."
        ),
        "address": _("Address for a new tab"),
        "close": _("Close"),
    }
    code = (_ASSETS / "in_kolibri.js").read_text(encoding="utf-8").replace("SENTENCES", json.dumps(sentences))
    for name, colour in (("INK", INK), ("SAND", SAND), ("BRICK", BRICK)):
        code = code.replace(name, colour)
    return f"<script>{code}</script>"


def _store(content: bytes, extension: str, storage: Path) -> _Stored:
    stored = _Stored(hashlib.md5(content, usedforsecurity=False).hexdigest(), extension, len(content))
    with replacing(_place(storage, stored.name)) as part:
        part.write_bytes(content)
    return stored


def _place(storage: Path, name: str) -> Path:
    return storage / name[0] / name[1] / name


def _page_zip(html: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("index.html", ZIP_DATE), html.encode("utf-8"), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _held(database: Path) -> set[str] | None:
    """The names of the files that a channel holds; None if it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT id, extension FROM content_localfile").fetchall()
    except sqlite3.Error:
        return None
    return {f"{md5}.{kind}" for md5, kind in rows}


def _forget(before: set[str], out: Path) -> None:
    """Remove what this channel held ``before`` and none in the folder holds now; nobody else's files."""
    held = [_held(database) for database in (out / "content" / "databases").glob("*.sqlite3")]
    if None in held:
        return  # a channel that we cannot read may need any of them
    for name in before.difference(*filter(None, held)):
        _place(out / "content" / "storage", name).unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------ the tree


def _tree(about: dict[str, str], whole: _Stored, pages: set[str], storage: Path) -> _Node:
    """The channel: the kit as a whole, then a topic for each module."""

    def thumbnail(title: str, line: str) -> _Stored:
        return _store(picture(title, line), "png", storage)

    place = country(about["country"]).name[about["lang"]]
    kit = _Node(
        "kit",
        _("The whole kit: path, lessons, book and tests"),
        _("Everything in one place, with your path through the modules. Python runs in the page."),
        thumbnail(_("The whole kit"), curriculum_title()),
        whole,
        "index.html",
    )
    topics = [_topic(module, whole, pages, storage) for module in curriculum(ready_only=True)]
    return _Node(
        "",
        _("{kit} ({country})").format(kit=curriculum_title(), country=place),
        _("Lessons with synthetic data, exercises, a book and tests on migration statistics in West Africa."),
        thumbnail(curriculum_title(), place),
        children=(kit, *topics),
    )


def _topic(module: Module, whole: _Stored, pages: set[str], storage: Path) -> _Node:
    thumbnail = _store(picture(module.title, _("Module {code}").format(code=module.code)), "png", storage)
    doors = [
        (
            "lesson",
            _("Lesson"),
            _("A notebook: question, guess, data, truth."),
            NOTEBOOK_PAGE,
            lesson(module.slug),
        ),
        ("exercise", _("Exercises"), _("A notebook with checks that help."), NOTEBOOK_PAGE, exercise(module.slug)),
        ("chapter", _("Chapter of the book"), module.question, f"{BOOK}/book/{module.slug}.html", ""),
    ]
    children = [
        _Node(
            f"{module.slug}/{key}",
            f"{module.code} {title}",
            words,
            thumbnail,
            whole,
            page + (path and f"?path={path}"),
        )
        for key, title, words, page, path in doors
        if page in pages
    ]
    return _Node(
        module.slug,
        f"{module.code} {module.title}",
        module.question,
        thumbnail,
        children=(
            *_questions(module.slug, "pre", thumbnail, storage),
            *children,
            *_questions(module.slug, "quiz", thumbnail, storage),
            *_questions(module.slug, "post", thumbnail, storage),
        ),
    )


def _questions(slug: str, use: str, thumbnail: _Stored, storage: Path) -> Iterator[_Node]:
    """The page of questions for ``use``, if the module has any."""
    if items(slug, use):
        asked = quiz(slug, use)
        page = _store(_page_zip(quiz_page(asked)), "zip", storage)
        words = _("{n} questions.").format(n=len(asked.items))
        yield _Node(f"{slug}/{use}", asked.title, words, thumbnail, page, "index.html")


# -------------------------------------------------------------------------------------------- the database


def _write_database(path: Path, channel: str, root: _Node, about: dict[str, str], version: int) -> None:
    author = str(read_yaml(ROOT / "CITATION.cff")["authors"][0]["name"])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((_ASSETS / "schema_5.sql").read_text(encoding="utf-8"))
        names = {"en": "English", "fr": "Français", "pt": "Português"}
        lang = about["lang"]
        _insert(connection, "language", id=lang, lang_code=lang, lang_name=names[lang], lang_direction="ltr")
        for stored in dict.fromkeys(file for node in root.all() for file, _use, _picture in node.files()):
            _insert(
                connection,
                "localfile",
                id=stored.md5,
                extension=stored.extension,
                available=0,
                file_size=stored.bytes,
            )
        _Rows(connection, channel, author, lang).node(root, None, 0, 1, 1)
        _insert(
            connection,
            "channelmetadata",
            id=channel,
            name=root.title,
            description=root.description,
            tagline=root.description[:150],
            author=author,
            version=version,
            thumbnail=_data_uri(picture(curriculum_title(), country(about["country"]).name[lang])),
            min_schema_version=_SCHEMA_VERSION,
            root_id=channel,
        )
        connection.commit()


class _Rows:
    """Writes the tree: each node with the numbers of a nested set, by which Kolibri reads it."""

    def __init__(self, connection: sqlite3.Connection, channel: str, author: str, lang: str) -> None:
        self.connection = connection
        self.channel = channel
        self.author = author
        self.lang = lang

    def node(self, node: _Node, parent: str | None, level: int, order: int, left: int) -> int:
        """Write ``node`` and all below it; gives its right number."""
        own_id = uuid.uuid5(uuid.UUID(self.channel), node.key).hex if node.key else self.channel
        right = left + 1
        for number, child in enumerate(node.children, start=1):
            right = self.node(child, own_id, level + 1, number, right) + 1
        _insert(
            self.connection,
            "contentnode",
            id=own_id,
            content_id=uuid.uuid5(_NAMES, f"{self.channel}/{node.key}").hex,
            channel_id=self.channel,
            parent_id=parent,
            title=node.title[:200],
            description=node.description,
            kind=node.kind,
            options=json.dumps({"entry": node.entry} if node.entry else {}),
            license_name="CC BY",
            license_owner=self.author,
            author=self.author,
            lang_id=self.lang,
            categories=_STATISTICS,
            grade_levels=_PROFESSIONAL,
            coach_content=0,
            available=0,
            sort_order=order,
            lft=left,
            rght=right,
            tree_id=1,
            level=level,
        )
        for stored, use, is_thumbnail in node.files():
            _insert(
                self.connection,
                "file",
                id=uuid.uuid5(uuid.UUID(own_id), use).hex,
                preset=use,
                supplementary=is_thumbnail,
                thumbnail=is_thumbnail,
                priority=1,
                contentnode_id=own_id,
                lang_id=self.lang,
                local_file_id=stored.md5,
            )
        return right


def _insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO content_{table} ({names}) VALUES ({marks})", tuple(values.values()))


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
