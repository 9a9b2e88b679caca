"""Data for each participant: the same questions on another seed, so that a copied number is a wrong number.

A seed follows from the class's seed and the participant's id by a keyed hash. Whoever knows the id alone cannot
guess it; the trainer, who has ``class.yml``, gets the same data again on any computer.
"""

import hmac
import itertools
import shutil
from collections.abc import Callable, Sequence

from migkit.classroom import files
from migkit.classroom.course import Course, WriteData, data_maker
from migkit.classroom.roster import Person
from migkit.reference import KitError, _


def seed_of(course: Course, student_id: str) -> int:
    """The seed of a participant's data: from 2 to 2,147,483,647, and never that of the class."""
    key = str(course.settings.seed).encode("ascii")
    digests = (hmac.digest(key, f"{attempt} {student_id}".encode(), "sha256") for attempt in itertools.count())
    seeds = (int.from_bytes(digest[:8], "big") % (2**31 - 2) + 2 for digest in digests)  # 0, 1: the kit's own data
    return next(seed for seed in seeds if seed != course.settings.seed)


def choose(course: Course, individual: bool | None) -> None:
    """Make the class one with individual or with shared data; None leaves it as it is.

    Raises:
        KitError: if answers came in already that were made on the other data.
    """
    if individual is None or individual == course.individual:
        return
    if any((course.root / "submitted").glob(f"*/{course.module}/*.ipynb")):
        raise KitError(
            (
                _(
                    "{name} has handed in answers made on the same data for all; on individual data they would be "
                    "wrong. Make a new class for individual data (kit class new)."
                )
                if individual
                else _(
                    "{name} has handed in answers made on individual data; on the same data for all they would be "
                    "wrong. Make a new class for shared data (kit class new)."
                )
            ).format(name=course.root.name)
        )
    if individual:
        course.individual_data.mkdir()
    else:
        kept = files.free_name(course.root / "backups" / f"individual-{files.stamp()}")
        kept.parent.mkdir(exist_ok=True)
        course.individual_data.replace(kept)


def make_data(
    course: Course,
    people: Sequence[Person],
    write_data: WriteData | None = None,
    progress: Callable[[int, int, Person], None] | None = None,
) -> list[Person]:
    """Make the data of all ``people`` who have none yet; those of the others stay as they are.

    Each folder is made beside and renamed when it is whole, so an interrupted run goes on where it stopped. The
    truth and the ledger are thrown away: a key is computed from the participant's data alone.

    Returns:
        For whom data were made.
    """
    write = write_data or data_maker(course.module)
    making = course.individual_data / ".making"
    missing = [person for person in people if not (course.individual_data / person.student_id).is_dir()]
    for number, person in enumerate(missing):
        if progress:
            progress(number, len(missing), person)
        shutil.rmtree(making, ignore_errors=True)
        write(course.settings.country, course.settings.scale, seed_of(course, person.student_id), making)
        (making / "participants").replace(course.individual_data / person.student_id)
    shutil.rmtree(making, ignore_errors=True)
    return missing
