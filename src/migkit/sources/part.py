"""One part of a data set: a chunk of the world, what every source records of it, and the files they fill."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from migkit.reference import _, curriculum, tables
from migkit.sources.files import TableWriter, pieces, prefix
from migkit.sources.records import Observed
from migkit.sources.registry import observe_all
from migkit.sources.request import Folders, Request
from migkit.sources.truth_tables import truth_tables
from migkit.world import World, make_chunk, truth_frames

Step = Callable[[str], None]
#: In the teaching extract, which lies in the repository, a longer table that no lesson uses yet is Parquet alone.
EXTRACT_ROWS = 20_000


@dataclass
class Part:
    """What one chunk gave: checksums by file name, and the true totals it adds."""

    files: dict[str, str]
    totals: str = ""

    def text(self) -> str:
        """The part as an interrupted run keeps it."""
        return json.dumps({"files": self.files, "totals": self.totals}, ensure_ascii=False)


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


def make_part(request: Request, folders: Folders, chunk: int, chunks: int, step: Step | None = None) -> Part:
    """Make one chunk of the world, let the sources look at it, write the files."""
    tell = step or (lambda _name: None)
    tell(_("true population"))
    world = make_chunk(request.iso3, request.scale, request.seed, chunk)
    observed = observe_all(world, request.instruments, request.models, request.seed, tell)
    tell(_("writing the files"))
    descriptions = tables()
    writer = TableWriter(request.iso3)
    part = Part({})

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
