"""Writing a data set: CSV and Parquet marked as synthetic, with a manifest; and the teaching data of the kit."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import migkit
from migkit.reference import ROOT, KitError, Table, _, country, dictionary, table
from migkit.reference.files import replacing
from migkit.sources import datapackage
from migkit.sources.census import Census, take_census
from migkit.sources.old_records import LEVELS
from migkit.sources.pes import Survey, take_survey
from migkit.sources.truth_tables import truth_tables
from migkit.world import World, check_request, make_world

Progress = Callable[[str, int, int], None]
FORMATS: tuple[str, ...] = ("both", "csv", "parquet")
TEACHING = {"iso3": "GMB", "scale": 0.01, "seed": 1}
#: Disk space for one true person, all files in both formats together, with room to spare (bytes).
BYTES_PER_PERSON = 1600


@dataclass(frozen=True)
class Folders:
    """Where the parts of a data set go."""

    top: Path
    participants: Path
    trainer: Path

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


def prefix(iso3: str) -> str:
    """How the name of every data file begins."""
    return f"synthetic_{iso3.lower()}_"


def _fingerprint() -> str:
    """A checksum of all that shapes the data: code and tables. Line ends do not count."""
    digest = hashlib.sha256()
    folders = [ROOT / "datasets" / name for name in ("countries", "codelists", "dictionary")]
    files = [path for folder in folders for path in folder.iterdir() if path.suffix in (".csv", ".yml")]
    for package in ("world", "sources"):
        files += (Path(migkit.__file__).parent / package).glob("*.py")
    for path in sorted(files, key=lambda p: p.name):
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    return {
        "migkit": migkit.__version__,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "duckdb": duckdb.__version__,
        "inputs": _fingerprint(),
    }


def sha256(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path: Path, content: bytes) -> str:
    """Write a file whole or not at all; one that holds the content already is left alone. Returns its checksum."""
    digest = hashlib.sha256(content).hexdigest()
    if not (path.is_file() and sha256(path) == digest):
        with replacing(path) as part:
            part.write_bytes(content)
    return digest


def csv_bytes(rows: pd.DataFrame) -> bytes:
    """A table as CSV: UTF-8 with a byte-order mark (Excel then shows accents), line feeds."""
    text = rows.to_csv(index=False, lineterminator="\n")
    return b"\xef\xbb\xbf" + text.encode("utf-8")


_SQL_TYPES = {"integer": "INTEGER", "number": "DOUBLE"}


def _quoted(text: str, mark: str = "'") -> str:
    return mark + text.replace(mark, mark * 2) + mark


def write_parquet(rows: bytes, path: Path, description: Table | None, iso3: str) -> str:
    """Write CSV bytes as typed Parquet with the mark "synthetic" in its metadata. Returns the checksum."""
    types = {f.name: _SQL_TYPES.get(f.type, "VARCHAR") for f in description.fields} if description else {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "rows.csv"
        source.write_bytes(rows)
        header = rows[3 : rows.index(b"\n")].decode("utf-8").split(",")
        named = [(_quoted(name, '"'), types.get(name, "VARCHAR")) for name in header]
        columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in named)
        metadata = {
            "synthetic": "true",
            "note": _mark(iso3),
            "title": description.title if description else path.stem,
        }
        pairs = ", ".join(f"{key}: {_quoted(value)}" for key, value in metadata.items())
        with duckdb.connect() as connection, replacing(path) as part:
            connection.execute("SET threads = 1")
            connection.execute(
                f"COPY (SELECT {columns} FROM read_csv({_quoted(str(source))}, all_varchar = true, header = true, "
                f"nullstr = '', delim = ',', quote = '\"')) TO {_quoted(str(part))} "
                f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{pairs}}})"
            )
    return sha256(path)


def _mark(iso3: str) -> str:
    name = country(iso3).name["en"]
    return f"SYNTHETIC DATA made for training. No record stands for a real person, household or place in {name}."


def _readme(iso3: str, scale: float, trainer: bool) -> str:
    source = dictionary("census")
    lines = [
        "SYNTHETIC DATA FOR TRAINING",
        "",
        _mark(iso3),
        f"Scale: {scale:g} of the real population. Census day: {source.reference}.",
        "",
        "Every file name begins with 'synthetic', every identifier with 'SYN'.",
        "datapackage.json describes the tables, columns and codes.",
        "CSV files are UTF-8 text with commas; Parquet files hold the same tables with types.",
        "Licence: CC BY 4.0.",
        "",
        "What to know before you use them:",
        *[f"- {limit}" for limit in source.limits],
        "",
    ]
    if trainer:
        lines += [
            "The folder 'participants' is for the class.",
            "The folder 'trainer' holds the truth and the ledger of errors: keep it from participants.",
            "",
        ]
    return "\n".join(lines)


def _dates_as_text(rows: pd.DataFrame) -> pd.DataFrame:
    out = rows.copy()
    for column in out.columns:
        if pd.api.types.is_datetime64_any_dtype(out[column]):
            out[column] = out[column].dt.strftime("%Y-%m-%d")
    return out


def participants_tables(census: Census, survey: Survey) -> dict[str, pd.DataFrame]:
    """The tables that participants get, by name."""
    return {
        "census_households": census.households,
        "census_persons": census.persons,
        "census_emigrants": census.emigrants,
        "pes_persons": survey.persons,
        "pes_followup": survey.followup,
    }


def trainer_tables(world: World, census: Census, survey: Survey) -> dict[str, pd.DataFrame]:
    """The tables that only trainers get, by name: truth, links from records to true persons, ledgers."""
    return {
        "truth_persons": _dates_as_text(world.persons[table("truth_persons").columns]),
        "truth_spells": _dates_as_text(world.spells[table("truth_spells").columns]),
        "truth_households": world.households[table("truth_households").columns],
        "links_census": census.links,
        "ledger_census": census.ledger,
        "ledger_pes": survey.ledger,
    }


def _described(name: str) -> Table | None:
    try:
        return table(name)
    except KitError:
        return None


def _write_tables(
    tables: dict[str, pd.DataFrame],
    part: str,
    folders: Folders,
    iso3: str,
    formats: str,
    step: Callable[[str], None],
) -> dict[str, str]:
    written = {}
    for name, rows in tables.items():
        step(name)
        content = csv_bytes(rows)
        stem = f"{part}/{prefix(iso3)}{name}"
        if formats != "parquet":
            written[f"{stem}.csv"] = write_bytes(folders.path(f"{stem}.csv"), content)
        if formats != "csv":
            path = folders.path(f"{stem}.parquet")
            written[f"{stem}.parquet"] = write_parquet(content, path, _described(name), iso3)
    return written


def _read_manifest(path: Path, folder: Path) -> Manifest | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(content["parameters"], content["versions"], content["files"], folder, fresh=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _intact(manifest: Manifest, folders: Folders) -> bool:
    return all(
        folders.path(name).is_file() and sha256(folders.path(name)) == digest
        for name, digest in manifest.files.items()
    )


def _prepare(folders: Folders, persons: int) -> None:
    try:
        for folder in (folders.top, folders.participants, folders.trainer):
            folder.mkdir(parents=True, exist_ok=True)
        probe = folders.participants / ".write-test"
        probe.write_bytes(b"")
        probe.unlink()
        free = shutil.disk_usage(folders.top).free
    except OSError as error:
        reason = error.strerror or str(error)
        raise KitError(
            _("The folder {folder} cannot be written to ({reason}); choose another with --out.").format(
                folder=folders.top, reason=reason
            )
        ) from None
    needed = persons * BYTES_PER_PERSON
    if free < needed:
        raise KitError(
            _(
                "The data need about {needed} MB and {folder} has {free} MB free; make room or lower the scale."
            ).format(needed=needed // 1_000_000 + 1, folder=folders.top, free=free // 1_000_000)
        )


def _check_options(iso3: str, scale: float, seed: int, defects: str, formats: str) -> None:
    check_request(iso3, scale)
    if seed < 0:
        raise KitError(_("The seed {seed} is negative; give a whole number from 0.").format(seed=seed))
    for value, allowed in ((defects, LEVELS), (formats, FORMATS)):
        if value not in allowed:
            raise KitError(
                _("{value!r} is not a choice here; use one of {allowed}.").format(
                    value=value, allowed=", ".join(allowed)
                )
            )


def _write(
    folders: Folders, parameters: dict[str, Any], progress: Progress | None, both_readmes: bool = True
) -> Manifest:
    iso3, scale, formats = parameters["iso3"], parameters["scale"], parameters["format"]
    _check_options(iso3, scale, parameters["seed"], parameters["defects"], formats)
    versions = _versions()
    marker = folders.top / "manifest.json"
    old = _read_manifest(marker, folders.top)
    if old and (old.parameters, old.versions) == (parameters, versions) and _intact(old, folders):
        return old
    _prepare(folders, round(2_900_000 * scale))
    marker.unlink(missing_ok=True)  # an interrupted run must not look finished
    done, steps = 0, 14 + parameters["reveal"]

    def step(name: str) -> None:
        nonlocal done
        if progress:
            progress(name, done, steps)
        done += 1

    step(_("true population"))
    world = make_world(iso3, scale, parameters["seed"])
    step(_("census"))
    census = take_census(world, parameters["defects"])
    step(_("post-enumeration survey"))
    survey = take_survey(world, census, parameters["defects"])
    given = participants_tables(census, survey)
    if parameters["reveal"]:
        given["truth_tables"] = truth_tables(world, census)
    files = _write_tables(given, "participants", folders, iso3, formats, step)
    package = datapackage.describe(iso3, scale, list(given), folders.participants, prefix(iso3))
    files["participants/datapackage.json"] = write_bytes(folders.participants / "datapackage.json", package)
    files["participants/README.txt"] = write_bytes(
        folders.participants / "README.txt", _readme(iso3, scale, trainer=False).encode("utf-8")
    )
    files |= _write_tables(trainer_tables(world, census, survey), "trainer", folders, iso3, formats, step)
    if both_readmes:
        files["README.txt"] = write_bytes(
            folders.top / "README.txt", _readme(iso3, scale, trainer=True).encode("utf-8")
        )
    if old:
        _remove_stale(old, files, folders)
    manifest = Manifest(parameters, versions, dict(sorted(files.items())), folders.top)
    write_bytes(marker, manifest.text().encode("utf-8"))
    if progress:
        progress(_("done"), steps, steps)
    return manifest


def _remove_stale(old: Manifest, files: dict[str, str], folders: Folders) -> None:
    """Remove what an earlier request made and this one does not: true totals must not stay with participants."""
    for name in set(old.files) - set(files):
        if ".." not in Path(name).parts:
            folders.path(name).unlink(missing_ok=True)


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
) -> Manifest:
    """Make a world, its census and post-enumeration survey, and write them below ``out``.

    ``out/participants`` is for the class; ``out/trainer`` holds truth and ledgers. If ``out`` holds the same data
    set already, nothing is made. The same request gives the same bytes.

    Args:
        iso3: country code, so far "GMB".
        scale: share of the real population, 0.0007 to 1; 0.01 for teaching.
        seed: whole number; another seed gives another population with the same totals.
        out: folder, made if needed.
        reveal: also give participants the true totals (for lessons, never for exercises).
        progress: called with (what is being made, steps done, steps in all).
        defects: "none", "typical" or "severe".
        formats: "both", "csv" or "parquet".

    Raises:
        KitError: for an unknown country, a bad scale or option, a folder that cannot be written, a full disk.
    """
    out = Path(out)
    parameters = {
        "iso3": iso3.upper(),
        "scale": scale,
        "seed": seed,
        "defects": defects,
        "reveal": reveal,
        "format": formats,
    }
    return _write(Folders(out, out / "participants", out / "trainer"), parameters, progress)


def write_teaching_data(progress: Progress | None = None) -> Manifest:
    """Make the lessons' data, datasets/sample/GMB (participants) and datasets/trainer/GMB, if not yet there.

    Raises:
        KitError: if the folder cannot be written or the disk is too small.
    """
    iso3 = str(TEACHING["iso3"])
    sample = ROOT / "datasets" / "sample" / iso3
    folders = Folders(sample, sample, ROOT / "datasets" / "trainer" / iso3)
    parameters = TEACHING | {"defects": "typical", "reveal": True, "format": "both"}
    return _write(folders, parameters, progress, both_readmes=False)
