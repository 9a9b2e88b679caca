"""Data sets: from a request to a folder of marked files, part by part; and the teaching data of the kit."""

import hashlib
import json
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import migkit
from migkit.reference import ROOT, KitError, _
from migkit.sources.files import Busy, held, write_bytes
from migkit.sources.job import Job, cannot_write, check_space, refuse_foreign_file
from migkit.sources.part import Part, make_part
from migkit.sources.request import Folders, Manifest, Request, read_manifest, versions

Progress = Callable[[str, int, int], None]
TEACHING: dict[str, Any] = {"iso3": "GMB", "scale": 0.01, "seed": 1, "reveal": True, "extract": True}


def _run(jobs: list[Job], progress: Progress | None, workers: int) -> list[Manifest]:
    """Make all data sets; the parts of all countries are shared out among the workers."""
    found: dict[int, Manifest] = {}
    for number, job in enumerate(jobs):
        if manifest := job.finished():
            found[number] = manifest
    waiting = [(number, job) for number, job in enumerate(jobs) if number not in found]
    for _number, job in waiting:
        job.refuse_foreign_files()
    if waiting:
        check_space([job for _number, job in waiting], waiting[0][1].folders.top)
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


def _one_by_one(tasks: list[tuple[Job, int]], progress: Progress | None) -> None:
    steps = sum(2 + len(job.request.instruments) for job, _chunk in tasks)
    done = 0

    for job, chunk in tasks:
        where = f"{job.request.iso3} {chunk + 1}/{job.chunks}: " if len(tasks) > 1 else ""

        def step(name: str, where: str = where) -> None:
            nonlocal done
            if progress:
                progress(where + name, done, steps)
            done += 1

        job.done(chunk, make_part(job.request, job.folders, chunk, job.chunks, step))


def _end_with_parent() -> None:
    """A worker whose parent was killed must not go on writing, nor wait for ever."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _share_out(tasks: list[tuple[Job, int]], progress: Progress | None, workers: int) -> None:
    queue, steps = iter(tasks), len(tasks)
    running: dict[Future[Part], tuple[Job, int]] = {}
    done = 0
    with ProcessPoolExecutor(workers, initializer=_end_with_parent) as pool:
        try:
            while True:
                for job, chunk in queue:  # keep a few parts waiting, so that no worker idles
                    future = pool.submit(make_part, job.request, job.folders, chunk, job.chunks)
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
    return _run([Job(request, Folders.below(Path(out)), versions())], progress, workers)[0]


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
    if alone := read_manifest(marker, Path(out)):
        raise KitError(
            _("{folder} holds the data of {country} alone; choose another folder for several countries.").format(
                folder=out, country=alone.parameters.get("iso3")
            )
        )
    made_with = versions()
    jobs = [Job(request, Folders.below(Path(out) / request.iso3), made_with) for request in requests]
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
    job = Job(Request(**TEACHING), folders, {"migkit": migkit.__version__}, both_readmes=False)
    return _run([job], progress, workers=1)[0]


def usable_workers() -> int:
    """How many parts to make at a time: two need less than 1 GB together and use an old laptop well."""
    return min(2, os.cpu_count() or 1)
