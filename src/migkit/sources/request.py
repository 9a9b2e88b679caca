"""What is asked for and where it goes: the request, the folders and the manifest of a data set."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

import migkit
from migkit.reference import ROOT, KitError, _
from migkit.sources.files import FORMATS
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.registry import Instrument, chosen, error_models
from migkit.world import check_request


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


def are_checksums(files: object) -> bool:
    """Whether something read from a file maps names to checksums."""
    return isinstance(files, dict) and all(isinstance(each, str) for pair in files.items() for each in pair)


def files_of(manifest: Manifest | None) -> set[str]:
    """The names of the files in a manifest, if there is one."""
    return set(manifest.files) if manifest else set()


def read_manifest(path: Path, folder: Path) -> Manifest | None:
    """The manifest of a folder; none if there is none, or nonsense in its place."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Manifest(content["parameters"], content["versions"], content["files"], folder, fresh=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sound = isinstance(found.parameters, dict) and found.files and are_checksums(found.files)
    return found if sound else None
