"""The making of one country's data set, in a folder where a run may have stopped or the user's files may lie."""

import json
import re
import shutil
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pandas as pd

from migkit.reference import KitError, _, dictionary, tables
from migkit.reference.files import sha256
from migkit.sources import datapackage
from migkit.sources.files import TableWriter, mark, prefix, write_bytes
from migkit.sources.part import Part
from migkit.sources.registry import SOURCES
from migkit.sources.request import Folders, Manifest, Request, are_checksums, files_of, read_manifest
from migkit.world import number_of_chunks
from migkit.world.parameters import population

#: Disk space for one resident (bytes), with room to spare: the truth, and all sources with their ledgers.
BYTES = {"csv": (700, 1800), "parquet": (100, 200)}
UNFINISHED = ".unfinished"
TRUE_TOTALS = "truth_tables"
README_TITLE = "SYNTHETIC DATA FOR TRAINING"


class Job:
    """The making of one country's data set, which may have been interrupted before."""

    def __init__(
        self, request: Request, folders: Folders, made_with: dict[str, str], both_readmes: bool = True
    ) -> None:
        """Take the request, the folders, and the versions on which the bytes depend."""
        self.request, self.folders, self.both_readmes = request, folders, both_readmes
        self.versions = made_with
        self.chunks = number_of_chunks(request.iso3, request.scale)
        self.marker = folders.top / "manifest.json"
        self.unfinished = folders.top / UNFINISHED
        self.earlier = self.unfinished / "earlier.json"  # the manifest of the data set that is being replaced
        self.old = read_manifest(self.marker, folders.top)
        self.parts: dict[int, Part] = {}

    @property
    def residents(self) -> int:
        """How many residents the country will have."""
        return round(population(self.request.iso3) * self.request.scale)

    @property
    def needed(self) -> int:
        """Bytes that the files will take, with room to spare."""
        share = len(self.request.instruments) / len(SOURCES)
        wanted = [both for kind, both in BYTES.items() if self.request.formats in (kind, "both")]
        return round(self.residents * sum(truth + share * sources for truth, sources in wanted))

    def finished(self) -> Manifest | None:
        """The manifest, if the folder holds just this data set, whole and unchanged."""
        old = self.old
        same = old and (old.parameters, old.versions) == (self.request.parameters, self.versions)
        return old if old and same and self._intact(old.files) else None

    def _intact(self, files: dict[str, str]) -> bool:
        paths = {name: self.folders.path(name) for name in files}
        return all(path.is_file() and sha256(path) == files[name] for name, path in paths.items())

    def refuse_foreign_files(self) -> None:
        """Refuse a folder where files that are not the kit's bear the names that will be written.

        Raises:
            KitError: one sentence that names the file.
        """
        known = files_of(self.old) | files_of(read_manifest(self.earlier, self.folders.top))
        readmes = ["participants/README.txt", "README.txt"] if self.both_readmes else ["participants/README.txt"]
        for name in [*readmes, "participants/datapackage.json"]:
            refuse_foreign_file(self.folders.path(name), known=name in known)
        refuse_foreign_file(self.marker, known=self.old is not None)
        if self.marker.is_file() and b'"manifests"' in self.marker.read_bytes():
            raise KitError(
                _("{folder} holds the data of several countries; choose another folder.").format(
                    folder=self.folders.top
                )
            )

    def begin(self) -> list[int]:
        """Take up what an interrupted run of this request left, and say which chunks to make."""
        if self.marker.is_file():  # an interrupted run must not look finished
            self.marker.replace(self.earlier)
        for folder in (self.folders.participants, self.folders.trainer):  # what a power cut left half written
            for half in folder.glob(".synthetic_*.part"):
                half.unlink()
        claim = self.unfinished / "request.json"
        wanted = json.dumps([self.request.parameters, self.versions], ensure_ascii=False)
        before = claim.read_text(encoding="utf-8", errors="replace") if claim.is_file() else ""
        if before != wanted:
            self._discard(before)
            write_bytes(claim, wanted.encode("utf-8"))
        for chunk in range(self.chunks):
            part = self._read_part(chunk)
            if part and self._intact(part.files):
                self.parts[chunk] = part
        return [chunk for chunk in range(self.chunks) if chunk not in self.parts]

    def make_folders(self) -> None:
        """Make the folders and see whether they can be written to."""
        folders = self.folders
        try:
            for folder in (folders.top, folders.participants, folders.trainer, self.unfinished):
                folder.mkdir(parents=True, exist_ok=True)
            probe = folders.participants / ".write-test"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise cannot_write(folders.top, error) from None

    def _part_file(self, chunk: int) -> Path:
        return self.unfinished / f"part-{chunk + 1:04d}.json"

    def _read_part(self, chunk: int) -> Part | None:
        try:
            part = Part(**json.loads(self._part_file(chunk).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return part if are_checksums(part.files) and isinstance(part.totals, str) else None

    def _discard(self, claim: str) -> None:
        """Remove what an interrupted run of another request left."""
        for path in self.unfinished.glob("part-*.json"):
            path.unlink()
        if not claim:
            return  # nothing was interrupted: files of a finished data set that are sound may stay
        try:
            iso3 = str(json.loads(claim)[0]["iso3"])
        except (ValueError, TypeError, KeyError, IndexError):
            iso3 = self.request.iso3
        self._sweep(iso3, keep=())

    def _sweep(self, iso3: str, keep: Iterable[str]) -> None:
        """Remove the kit's own data files of a country, by their exact names; nothing else."""
        ours, kept = _own_names(iso3), set(keep)
        for kind, folder in (("participants", self.folders.participants), ("trainer", self.folders.trainer)):
            for path in folder.glob("synthetic_*"):
                if ours.fullmatch(path.name) and f"{kind}/{path.name}" not in kept and path.is_file():
                    path.unlink()

    def done(self, chunk: int, part: Part) -> None:
        """Remember that a chunk is written."""
        write_bytes(self._part_file(chunk), part.text().encode("utf-8"))
        self.parts[chunk] = part

    def finish(self) -> Manifest:
        """Write what describes the whole, remove what an earlier request left, then the manifest."""
        files = {name: digest for chunk in range(self.chunks) for name, digest in self.parts[chunk].files.items()}
        if self.request.reveal:
            files |= self._totals()
        iso3, scale = self.request.iso3, self.request.scale
        given = sorted(name.partition("/")[2] for name in files if name.startswith("participants/"))
        package = datapackage.describe(iso3, scale, given, self.folders.participants, prefix(iso3))
        files["participants/datapackage.json"] = write_bytes(
            self.folders.path("participants/datapackage.json"), package
        )
        readmes = ["participants/README.txt"] + ["README.txt"] * self.both_readmes
        for name in readmes:
            content = _readme(self.request, trainer=name == "README.txt").encode("utf-8")
            files[name] = write_bytes(self.folders.path(name), content)
        # True totals of an earlier request must not stay with participants.
        earlier = read_manifest(self.earlier, self.folders.top)
        for iso3 in {self.request.iso3, str(earlier.parameters.get("iso3")) if earlier else self.request.iso3}:
            self._sweep(iso3, keep=files)
        manifest = Manifest(self.request.parameters, self.versions, dict(sorted(files.items())), self.folders.top)
        write_bytes(self.marker, manifest.text().encode("utf-8"))
        shutil.rmtree(self.unfinished, ignore_errors=True)
        return manifest

    def _totals(self) -> dict[str, str]:
        """The true totals: those of the parts, added up."""
        texts = [self.parts[chunk].totals for chunk in range(self.chunks)]  # in order, whichever was made first
        frames = [pd.read_csv(StringIO(text), dtype=str, keep_default_na=False) for text in texts]
        rows = pd.concat(frames, ignore_index=True)
        rows["value"] = rows["value"].astype("int64")
        rows = rows.groupby(["table", "key1", "key2"], sort=False)[["value"]].sum().reset_index()
        rows["value"] = rows["value"].astype("str")
        stem = self.folders.path(f"participants/{prefix(self.request.iso3)}{TRUE_TOTALS}")
        writer = TableWriter(self.request.iso3)
        written = writer.write(rows, stem, datapackage.described(TRUE_TOTALS), self.request.formats)
        return {f"participants/{path.name}": digest for path, digest in written.items()}


def cannot_write(folder: Path, error: OSError) -> KitError:
    """One sentence for a folder or a disk that takes no more."""
    reason = error.strerror or str(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = _("a file stands where a folder is needed")
    return KitError(
        _("The folder {folder} cannot be written to ({reason}); make room or choose another with --out.").format(
            folder=folder, reason=reason
        )
    )


def refuse_foreign_file(path: Path, *, known: bool = False) -> None:
    """Refuse to write over a file that is not the kit's: the user's own must not be lost.

    Args:
        path: a file that will be written.
        known: a manifest says already that the file is the kit's.

    Raises:
        KitError: one sentence that names the file.
    """
    if known or not path.exists():
        return
    try:
        content = path.read_bytes()
    except OSError:
        content = b"?"  # a folder, or a file that may not be read
    marked = b'"synthetic": true' if path.name == "manifest.json" else b"ynthetic"
    if content and marked not in content and not content.startswith(README_TITLE.encode()):
        raise KitError(
            _("{path} is not a file of the kit and would be lost; move it or choose another folder.").format(
                path=path
            )
        )


def _own_names(iso3: str) -> re.Pattern[str]:
    """How the kit calls the data files of a country."""
    known = "|".join(map(re.escape, tables()))
    return re.compile(
        rf"{re.escape(prefix(iso3))}({known}|(ledger|links|truth)_[a-z0-9_]+)(-\d{{4}})?(-\d+)?\.(csv|parquet)"
    )


def _readme(request: Request, trainer: bool) -> str:
    sources = [dictionary(each.name) for each in request.instruments]
    lines = [
        README_TITLE,
        "",
        mark(request.iso3),
        f"Scale: {request.scale:g} of the real population.",
        "",
        "Every file name begins with 'synthetic', every identifier of a record with 'SYN'.",
        "datapackage.json describes the tables, columns and codes.",
        "CSV files are UTF-8 text with commas; Parquet files hold the same tables with types.",
        "In Excel use Data > From Text/CSV and choose Text for columns of codes, so that 03 does not become 3.",
        "Licence: CC BY 4.0.",
        "",
        "What to know before you use them:",
    ]
    for source in sources:
        lines += ["", f"{source.title} ({source.reference})", *[f"- {limit}" for limit in source.limits]]
    if trainer:
        lines += [
            "",
            "The folder 'participants' is for the class.",
            "The folder 'trainer' holds the truth and the ledger of errors: keep it from participants.",
        ]
    return "\n".join([*lines, ""])


def check_space(jobs: list[Job], folder: Path) -> None:
    """Refuse a data set that the disk cannot hold, before anything is written."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    free, needed = shutil.disk_usage(there).free, sum(job.needed for job in jobs)
    if free < needed:
        raise KitError(
            _(
                "The data need about {needed} MB and {folder} has {free} MB free; make room or lower the scale."
            ).format(needed=needed // 1_000_000 + 1, folder=folder, free=free // 1_000_000)
        )
