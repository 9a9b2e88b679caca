"""What the learner works on: notebooks and exercises for JupyterLite, teaching data for ``load()``."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from migkit.editions import Progress
from migkit.editions.browser.layout import exercise, lesson
from migkit.editions.browser.trees import put_in_place
from migkit.reference import ROOT, KitError, _
from migkit.reference.curriculum import curriculum
from migkit.reference.files import sha256, write_bytes, write_text


def teaching_data(country: str) -> Path:
    """The folder of the teaching data of a country.

    Raises:
        KitError: if the kit has none: the lessons are written around them.
    """
    sample = ROOT / "datasets" / "sample"
    folder = sample / country
    if not folder.is_dir():
        have = ", ".join(sorted(path.name for path in sample.iterdir() if path.is_dir()))
        raise KitError(
            _("There are no teaching data of {country} in {folder}; the lessons can be built for: {have}.").format(
                country=country, folder=sample, have=have
            )
        )
    return folder


def write_notebooks(out: Path, exercises: Mapping[str, bytes]) -> None:
    """Lessons and exercises as the learner finds them.

    Args:
        out: an empty folder.
        exercises: the participants' notebook of each module that has one, without solutions.
    """
    for module in curriculum(ready_only=True):
        if "notebooks" in module.rooms:
            write_bytes(out / lesson(module.slug), (ROOT / "notebooks" / f"{module.slug}.ipynb").read_bytes())
    for slug, notebook in exercises.items():
        write_bytes(out / exercise(slug), notebook)


def write_data(source: Path, out: Path, progress: Progress) -> None:
    """The teaching data as CSV, which every Python reads, with an index that names the files.

    Args:
        source: a folder of the kit's data, CSV or Parquet.
        out: the folder ``data`` of the edition.
        progress: told how far the work is.
    """
    tables = sorted({path.stem for path in source.glob("synthetic_*.*")})
    with tempfile.TemporaryDirectory(prefix="kit-data-") as scratch:
        fresh = Path(scratch)
        for number, table in enumerate(tables):
            progress(number / len(tables), table)
            if (source / f"{table}.csv").is_file():
                shutil.copyfile(source / f"{table}.csv", fresh / f"{table}.csv")
            else:
                _csv_from_parquet(source / f"{table}.parquet", fresh / f"{table}.csv")
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)}
            for path in sorted(fresh.glob("*.csv"))
        }
        write_text(fresh / "index.json", json.dumps({"files": files}, indent=1))
        put_in_place(fresh, out)


def _csv_from_parquet(source: Path, target: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:  # everything as text, as the CSV files of the data are written
        rows = connection.read_parquet(str(source)).project("CAST(COLUMNS(*) AS VARCHAR)")
        rows.write_csv(str(target), header=True, na_rep="")
