"""Put a freshly made folder in place of the old one, without touching what is the same."""

import filecmp
import shutil
from pathlib import Path

from migkit.editions.browser.layout import PACKED
from migkit.reference.files import replacing


def put_in_place(fresh: Path, target: Path, stays: tuple[str, ...] = ()) -> None:
    """Make ``target`` hold what ``fresh`` holds.

    A file that is as it was keeps its time and its packed copies, so that a second build has nothing to pack;
    a file that changed is replaced whole; what is no longer made goes.

    Args:
        fresh: the new folder; its files may be moved.
        target: the folder in the edition.
        stays: folders below ``target`` that are made by somebody else.
    """
    made = {path.relative_to(fresh): path for path in fresh.rglob("*") if path.is_file()}
    for name, path in made.items():
        put_file(path, target / name)
    for path in sorted(target.rglob("*"), reverse=True):
        name = path.relative_to(target)
        if any(name.as_posix().startswith(stay) for stay in stays):
            continue
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in made and not _packed_copy_of(name, made):
            path.unlink()


def put_file(fresh: Path, target: Path) -> None:
    """The same for one file."""
    if target.is_file() and filecmp.cmp(target, fresh, shallow=False):
        return
    with replacing(target) as part:
        shutil.copyfile(fresh, part)
    for ending in PACKED:
        target.with_name(target.name + ending).unlink(missing_ok=True)


def _packed_copy_of(name: Path, made: dict[Path, Path]) -> bool:
    return name.suffix in PACKED and name.with_suffix("") in made
