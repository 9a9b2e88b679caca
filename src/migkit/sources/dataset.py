"""Data sets: from a request to a folder of marked files, part by part; and the teaching data of the kit."""

import hashlib
import json
import multiprocessing
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import migkit
from migkit.reference import ROOT, KitError, Table, _, curriculum, dictionary, dictionary_names
from migkit.sources import datapackage
from migkit.sources.files import FORMATS, Busy, TableWriter, held, mark, pieces, prefix, sha256, write_bytes
from migkit.sources.records import LEVELS, ErrorModel, Observed
from migkit.sources.registry import SOURCES, Instrument, chosen, error_models, observe_all
from migkit.sources.truth_tables import truth_tables
from migkit.world import World, check_request, make_chunk, number_of_chunks, truth_frames
from migkit.world.parameters import population

Progress = Callable[[str, int, int], None]
Step = Callable[[str], None]
TEACHING: dict[str, Any] = {"iso3": "GMB", "scale": 0.01, "seed": 1, "reveal": True, "extract": True}
#: In the teaching extract, which lies in the repository, a longer table that no lesson uses yet is Parquet alone.
EXTRACT_ROWS = 20_000
#: Disk space for one resident (bytes), with room to spare: the truth, and all sources with their ledgers.
BYTES = {"csv": (700, 1800), "parquet": (100, 200)}
UNFINISHED = ".unfinished"
TRUE_TOTALS = "truth_tables"
README_TITLE = "SYNTHETIC DATA FOR TRAINING"


@dataclass(frozen=True)
class Request:
    """What to make. The same request gives the same bytes, whatever the number of workers."""

    iso3: str
    scale: float
    seed: int
    defects: str = "typical"
    rates: tuple[tuple[str, float], ...] = ()
    sources: tuple[str, ...] = ()
    reveal: bool = False
    formats: str = "both"
    extract: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """The request as the manifest keeps it."""
        return {
            "iso3": self.iso3,
            "scale": self.scale,
            "seed": self.seed,
            "defects": self.defects,
            "rates": dict(self.rates),
            "sources": [each.name for each in self.instruments],
            "reveal": self.reveal,
            "format": self.formats,
            "extract": self.extract,
        }

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The sources asked for."""
        return chosen(self.sources)

    @property
    def models(self) -> dict[str, ErrorModel]:
        """The error model of every source."""
        return error_models(self.instruments, self.defects, dict(self.rates))

    def check(self) -> None:
        """Refuse what cannot be made, before anything is made.

        Raises:
            KitError: one sentence that says what to give instead.
        """
        check_request(self.iso3, self.scale)
        if self.seed < 0:
            raise KitError(_("The seed {seed} is negative; give a whole number from 0.").format(seed=self.seed))
        for value, allowed in ((self.defects, LEVELS), (self.formats, FORMATS)):
            if value not in allowed:
                raise KitError(
                    _("{value!r} is not a choice here; use one of {allowed}.").format(
                        value=value, allowed=", ".join(allowed)
                    )
                )
        if self.reveal and "census" not in {each.name for each in self.instruments}:
            raise KitError(_("True totals stand beside the census; add census to the sources."))
        error_models(self.instruments, self.defects, dict(self.rates))


@dataclass(frozen=True)
class Folders:
    """Where the parts of a data set go."""

    top: Path
    participants: Path
    trainer: Path

    @classmethod
    def below(cls, top: Path) -> "Folders":
        """The usual places: ``top/participants`` and ``top/trainer``."""
        return cls(top, top / "participants", top / "trainer")

    def path(self, name: str) -> Path:
        """The place of a file named in the manifest, "participants/x", "trainer/x" or "x"."""
        part, _slash, rest = name.partition("/")
        if rest and part in ("participants", "trainer"):
            return (self.participants if part == "participants" else self.trainer) / rest
        return self.top / name


@dataclass(frozen=True)
class Manifest:
    """What was written: the request, the versions of program and inputs, and the checksum of each file."""

    parameters: dict[str, Any]
    versions: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()
    fresh: bool = True  # False if the files were there already

    def text(self) -> str:
        """The manifest as it is stored."""
        content = {
            "synthetic": True,
            "parameters": self.parameters,
            "versions": self.versions,
            "files": self.files,
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _fingerprint() -> str:
    """A checksum of all that shapes the data: code and tables. Line ends do not count."""
    digest = hashlib.sha256()
    folders = [ROOT / "datasets" / name for name in ("countries", "codelists", "dictionary", "names")]
    files = [path for folder in folders for path in folder.iterdir() if path.suffix in (".csv", ".yml")]
    for package in ("reference", "world", "sources"):
        files += (Path(migkit.__file__).parent / package).glob("*.py")
    for path in sorted(files, key=lambda p: (p.parent.name, p.name)):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """The versions on which the bytes of a data set depend."""
    return {
        "migkit": migkit.__version__,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "duckdb": duckdb.__version__,
        "inputs": _fingerprint(),
    }


# --- one part: a chunk of the world and what every source records of it


@dataclass
class _Part:
    """What one chunk gave: checksums by file name, and the true totals it adds."""

    files: dict[str, str]
    totals: str = ""

    def text(self) -> str:
        return json.dumps({"files": self.files, "totals": self.totals}, ensure_ascii=False)


def _described() -> dict[str, Table]:
    return {name: table for source in dictionary_names() for name, table in dictionary(source).tables.items()}


def _trainer_tables(world: World, observed: dict[str, Observed]) -> Iterator[tuple[str, pd.DataFrame]]:
    yield from truth_frames(world).items()
    for name, seen in observed.items():
        yield f"ledger_{name}", seen.ledger
        yield f"links_{name}", seen.links


def _formats(request: Request, kind: str, name: str, rows: int) -> str:
    if not request.extract or kind == "trainer" or rows <= EXTRACT_ROWS:
        return request.formats
    used = {table for module in curriculum(ready_only=True) for table in module.data}
    return request.formats if name in used else "parquet"


def _make_part(request: Request, folders: Folders, chunk: int, chunks: int, step: Step | None = None) -> _Part:
    """Make one chunk of the world, let the sources look at it, write the files."""
    tell = step or (lambda _name: None)
    tell(_("true population"))
    world = make_chunk(request.iso3, request.scale, request.seed, chunk)
    observed: dict[str, Observed] = {}
    for instrument in request.instruments:
        tell(dictionary(instrument.name).title)
        observed |= _observed(world, instrument, request, observed)
    tell(_("writing the files"))
    descriptions = _described()
    writer = TableWriter(request.iso3)
    part = _Part({})

    def write(kind: str, name: str, rows: pd.DataFrame) -> None:
        cut = pieces(rows) if kind == "participants" else [rows]
        formats = _formats(request, kind, name, len(rows))
        for number, piece in enumerate(cut, 1):
            ending = "" if chunks == 1 else f"-{chunk + 1:04d}"
            ending += "" if len(cut) == 1 else f"-{number}"
            stem = folders.path(f"{kind}/{prefix(request.iso3)}{name}{ending}")
            for path, digest in writer.write(piece, stem, descriptions.get(name), formats).items():
                part.files[f"{kind}/{path.name}"] = digest

    for seen in observed.values():
        for name, recorded in seen.tables.items():
            write("participants", name, recorded.records)
    for name, rows in _trainer_tables(world, observed):
        write("trainer", name, rows)
    if request.reveal:
        part.totals = truth_tables(world, observed["census"]).to_csv(index=False)
    return part


def _observed(
    world: World, instrument: Instrument, request: Request, seen: dict[str, Observed]
) -> dict[str, Observed]:
    """The records of one source; a source that it needs and nobody asked for is used on the way."""
    missing = tuple(each for each in SOURCES if each.name in instrument.needs and each.name not in seen)
    helped = observe_all(world, missing, request.models, request.seed)
    return {
        instrument.name: instrument.observe(world, request.models[instrument.name], request.seed, seen | helped)
    }


# --- one country: its parts, then what stands beside them


class _Job:
    """The making of one country's data set, which may have been interrupted before."""

    def __init__(
        self, request: Request, folders: Folders, made_with: dict[str, str], both_readmes: bool = True
    ) -> None:
        self.request, self.folders, self.both_readmes = request, folders, both_readmes
        self.versions = made_with
        self.chunks = number_of_chunks(request.iso3, request.scale)
        self.marker = folders.top / "manifest.json"
        self.unfinished = folders.top / UNFINISHED
        self.earlier = self.unfinished / "earlier.json"  # the manifest of the data set that is being replaced
        self.old = _read_manifest(self.marker, folders.top)
        self.parts: dict[int, _Part] = {}

    @property
    def residents(self) -> int:
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
        known = _files_of(self.old) | _files_of(_read_manifest(self.earlier, self.folders.top))
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

    def _read_part(self, chunk: int) -> _Part | None:
        try:
            part = _Part(**json.loads(self._part_file(chunk).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return part if _are_checksums(part.files) and isinstance(part.totals, str) else None

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

    def done(self, chunk: int, part: _Part) -> None:
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
        earlier = _read_manifest(self.earlier, self.folders.top)
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
    tables = "|".join(map(re.escape, _described()))
    return re.compile(
        rf"{re.escape(prefix(iso3))}({tables}|(ledger|links|truth)_[a-z0-9_]+)(-\d{{4}})?(-\d+)?\.(csv|parquet)"
    )


def _are_checksums(files: object) -> bool:
    return isinstance(files, dict) and all(isinstance(each, str) for pair in files.items() for each in pair)


def _files_of(manifest: Manifest | None) -> set[str]:
    return set(manifest.files) if manifest else set()


def _read_manifest(path: Path, folder: Path) -> Manifest | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Manifest(content["parameters"], content["versions"], content["files"], folder, fresh=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sound = isinstance(found.parameters, dict) and found.files and _are_checksums(found.files)
    return found if sound else None


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


def _check_space(jobs: list[_Job], folder: Path) -> None:
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


# --- many countries, several workers


def _run(jobs: list[_Job], progress: Progress | None, workers: int) -> list[Manifest]:
    """Make all data sets; the parts of all countries are shared out among the workers."""
    found: dict[int, Manifest] = {}
    for number, job in enumerate(jobs):
        if manifest := job.finished():
            found[number] = manifest
    waiting = [(number, job) for number, job in enumerate(jobs) if number not in found]
    for _number, job in waiting:
        job.refuse_foreign_files()
    if waiting:
        _check_space([job for _number, job in waiting], waiting[0][1].folders.top)
    with ExitStack() as stack:
        try:
            for _number, job in waiting:
                job.make_folders()
                stack.enter_context(held(job.unfinished / "busy"))
            tasks = [(job, chunk) for _number, job in waiting for chunk in job.begin()]
            if workers > 1 and len(tasks) > 1:
                _share_out(tasks, progress, workers)
            else:
                _one_by_one(tasks, progress)
            for number, job in waiting:
                found[number] = job.finish()
        except Busy as busy:
            raise KitError(
                _(
                    "Another run of the kit is writing to {folder}; wait for its end or choose another folder."
                ).format(folder=busy.folder)
            ) from None
        except BrokenProcessPool:
            raise KitError(
                _(
                    "The system stopped a part of the work, perhaps for want of memory; run the same command "
                    "again, with --workers 1 if this comes back."
                )
            ) from None
        except OSError as error:
            raise cannot_write(waiting[0][1].folders.top, error) from None
    for _number, job in waiting:  # Windows removes the lock only once it is free
        shutil.rmtree(job.unfinished, ignore_errors=True)
    if progress and waiting:
        progress(_("done"), 1, 1)
    return [found[number] for number in range(len(jobs))]


def _one_by_one(tasks: list[tuple[_Job, int]], progress: Progress | None) -> None:
    steps = sum(2 + len(job.request.instruments) for job, _chunk in tasks)
    done = 0

    for job, chunk in tasks:
        where = f"{job.request.iso3} {chunk + 1}/{job.chunks}: " if len(tasks) > 1 else ""

        def step(name: str, where: str = where) -> None:
            nonlocal done
            if progress:
                progress(where + name, done, steps)
            done += 1

        job.done(chunk, _make_part(job.request, job.folders, chunk, job.chunks, step))


def _end_with_parent() -> None:
    """A worker whose parent was killed must not go on writing, nor wait for ever."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _share_out(tasks: list[tuple[_Job, int]], progress: Progress | None, workers: int) -> None:
    queue, steps = iter(tasks), len(tasks)
    running: dict[Future[_Part], tuple[_Job, int]] = {}
    done = 0
    with ProcessPoolExecutor(workers, initializer=_end_with_parent) as pool:
        try:
            while True:
                for job, chunk in queue:  # keep a few parts waiting, so that no worker idles
                    future = pool.submit(_make_part, job.request, job.folders, chunk, job.chunks)
                    running[future] = (job, chunk)
                    if len(running) >= 2 * workers:
                        break
                if not running:
                    return
                if progress:
                    job, chunk = next(iter(running.values()))
                    label = _("{country}, part {part} of {parts}")
                    progress(label.format(country=job.request.iso3, part=chunk + 1, parts=job.chunks), done, steps)
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    job, chunk = running.pop(future)
                    job.done(chunk, future.result())
                    done += 1
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def write_dataset(
    iso3: str,
    scale: float,
    seed: int,
    out: Path,
    reveal: bool = False,
    progress: Progress | None = None,
    *,
    defects: str = "typical",
    formats: str = "both",
    sources: Iterable[str] = (),
    rates: dict[str, float] | None = None,
    workers: int = 1,
) -> Manifest:
    """Make a country's true population and what its sources record of it, below ``out``.

    ``out/participants`` is for the class; ``out/trainer`` holds truth and ledgers. If ``out`` holds the same data
    set already, nothing is made; an interrupted run goes on where it stopped. The same request gives the same
    bytes. A table that takes several parts has several files, none for participants above 200,000 rows.

    Args:
        iso3: country code, one of the sixteen.
        scale: share of the real population, up to 1; 0.01 for teaching.
        seed: whole number; another seed gives another population with the same totals.
        out: folder, made if needed.
        reveal: also give participants the true totals (for lessons, never for exercises).
        progress: called with (what is being made, steps done, steps in all).
        defects: "none", "typical" or "severe".
        formats: "both", "csv" or "parquet".
        sources: names of sources; none for all, "truth" for the truth alone.
        rates: single rates of error by "source.defect" or "source.defect.group".
        workers: processes to share the parts among.

    Raises:
        KitError: for an unknown country, a bad scale or option, a folder that cannot be written, a full disk.
    """
    request = Request(
        iso3.upper(), scale, seed, defects, tuple(sorted((rates or {}).items())), tuple(sources), reveal, formats
    )
    request.check()
    return _run([_Job(request, Folders.below(Path(out)), versions())], progress, workers)[0]


def write_datasets(
    countries: Iterable[str],
    scale: float,
    seed: int,
    out: Path,
    reveal: bool = False,
    progress: Progress | None = None,
    *,
    defects: str = "typical",
    formats: str = "both",
    sources: Iterable[str] = (),
    rates: dict[str, float] | None = None,
    workers: int = 1,
) -> list[Manifest]:
    """:func:`write_dataset` for several countries of one world, each in a folder of its own below ``out``.

    ``out/manifest.json`` names the countries, their parameters and the checksums of their manifests. A person who
    is known in two countries has the same true identifier in both.
    """
    single = tuple(sorted((rates or {}).items()))
    requests = [
        Request(iso3.upper(), scale, seed, defects, single, tuple(sources), reveal, formats) for iso3 in countries
    ]
    for request in requests:
        request.check()
    marker = Path(out) / "manifest.json"
    refuse_foreign_file(marker)
    if alone := _read_manifest(marker, Path(out)):
        raise KitError(
            _("{folder} holds the data of {country} alone; choose another folder for several countries.").format(
                folder=out, country=alone.parameters.get("iso3")
            )
        )
    made_with = versions()
    jobs = [_Job(request, Folders.below(Path(out) / request.iso3), made_with) for request in requests]
    manifests = _run(jobs, progress, workers)
    held = {
        manifest.parameters["iso3"]: hashlib.sha256(manifest.text().encode("utf-8")).hexdigest()
        for manifest in manifests
    }
    content = {
        "synthetic": True,
        "parameters": requests[0].parameters | {"iso3": sorted(held)},
        "versions": manifests[0].versions,
        "manifests": held,
    }
    try:
        write_bytes(marker, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    except OSError as error:
        raise cannot_write(Path(out), error) from None
    return manifests


def write_teaching_data(
    progress: Progress | None = None, out: Path | None = None, *, again: bool = False
) -> Manifest:
    """Make the lessons' data if they are not there: datasets/sample/GMB (participants) and datasets/trainer/GMB.

    The participants' part lies in the repository, so a reader has it at once, and a test makes it again byte for
    byte. Its manifest does not follow the program, only a change of the request makes it stale.

    Args:
        progress: called with (what is being made, steps done, steps in all).
        out: another folder for both parts, for example to compare.
        again: make them also if they are there.

    Raises:
        KitError: if the folder cannot be written or the disk is too small.
    """
    iso3, datasets = str(TEACHING["iso3"]), ROOT / "datasets"
    sample, trainer = datasets / "sample" / iso3, datasets / "trainer" / iso3
    folders = Folders(sample, sample, trainer) if out is None else Folders(out, out, out / "trainer")
    if again:
        (folders.top / "manifest.json").unlink(missing_ok=True)
    job = _Job(Request(**TEACHING), folders, {"migkit": migkit.__version__}, both_readmes=False)
    return _run([job], progress, workers=1)[0]


def usable_workers() -> int:
    """How many parts to make at a time: two need less than 1 GB together and use an old laptop well."""
    return min(2, os.cpu_count() or 1)
