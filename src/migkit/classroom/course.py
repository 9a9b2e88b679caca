"""The class folder: an nbgrader course with data, roster, inbox and backups beside it.

```
classes/NAME/
  nbgrader_config.py  source/  release/  submitted/  autograded/  feedback/  gradebook.db     nbgrader's own
  class.yml           module, country, seed and scale (for the trainer: the seed gives the truth away)
  roster.csv          who is in the class
  data/               what participants get
  individual/ID/      what each participant gets instead, after class release --individual
  trainer/            truth and ledger: never handed out
  inbox/              receipts.jsonl (what was accepted), versions/ (all of them), journal.jsonl (what came in,
                      line by line), quarantine/ (what could not be used, and why)
  manual_grades.jsonl points and comments that people gave, line by line
  backups/            gradebooks before each change
  solutions_released.json   whether participants may see the solutions: what was decided, when and by whom
  board/              what the live board was told (ids only), its join code and the trainer's token
  reports/            results, feedback to hand back, the state of grading
```
"""

import logging
import os
import re
import secrets
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from migkit.classroom import files
from migkit.classroom.roster import Roster, read_roster, write_roster
from migkit.reference import ROOT, KitError, _, curriculum

CLASSES = ROOT / "classes"
EXERCISES = ROOT / "exercises"
EXAMPLE_ROSTER = ROOT / "trainer_kit" / "templates" / "roster_example.csv"
TEMPLATES = Path(__file__).with_name("templates")
#: The authors' rules for marking, beside their notebook (migkit.classroom.marking).
MARKING = "marking.yml"
#: Makes data: country, scale, seed and the folder in which it puts ``participants`` and what is for the trainer.
WriteData = Callable[[str, float, int, Path], object]

#: The class's nbgrader_config.py. Plain nbgrader and formgrader read it too, and so grade in the same sandbox.
NBGRADER_CONFIG = """\
# Made by `kit class new`. nbgrader, its formgrader and the kit all read this file.
from pathlib import Path

c = get_config()
HERE = Path(__file__).resolve().parent
if (HERE / "nbgrader_exercises.py").exists():
    load_subconfig("nbgrader_exercises.py", path=str(HERE))  # how the authors mark solutions
c.CourseDirectory.root = str(HERE)
try:
    from migkit.classroom.course import configure
except ImportError:
    pass  # a machine without the kit: plain nbgrader, without sandbox
else:
    configure(c, HERE)
"""


@dataclass(frozen=True)
class Settings:
    """What a class is made of. ``scale`` is the share of the country's population in the data."""

    module: str
    country: str
    seed: int
    scale: float


def hidden_folders(root: Path) -> tuple[Path, ...]:
    """What no participant's code may see, wherever it lies: the class, all classes, solutions and truth."""
    return (root, EXERCISES, CLASSES, ROOT / "datasets" / "trainer")


def configure(config: Config, root: Path) -> None:
    """Set nbgrader's own options for a class in ``root``: sandboxed grading and feedback without hidden tests."""
    _write_down_manual_grades()
    seconds = config.Execute.get("timeout", config.ExecutePreprocessor.get("timeout", 60))
    config.SandboxedExecute.setdefault("timeout", seconds)
    config.CourseDirectory.ignore.append(MARKING)  # nbgrader would hand it out beside the notebook
    here = "migkit.classroom.preprocessors"
    config.Autograde.sanitize_preprocessors = [f"{here}.Restore"]
    config.Autograde.autograde_preprocessors = [
        f"{here}.SandboxedExecute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    there = "migkit.classroom.feedback"
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        f"{there}.Explain",
        f"{there}.HideTests",
        f"{there}.ShowHandIn",
    ]
    config.GenerateFeedback.exporter_class = f"{there}.FeedbackExporter"
    # Of our own class only: formgrader shows its pages through HTMLExporter.
    config.FeedbackExporter.template_name = "feedback"
    config.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
    config.FeedbackExporter.exclude_anchor_links = True
    config.FeedbackExporter.filters = {name: f"{there}.{name}" for name in ("formulas", "prose", "shown_html")}
    config.FeedbackExporter.preprocessors = []
    # Through this one formgrader shows hand-ins, with the trainer's rights.
    config.HTMLExporter.preprocessors = ["migkit.classroom.formgrader.Harmless"]
    config.HTMLExporter.filters = {"markdown2html": "migkit.classroom.formgrader.words"}


@dataclass(frozen=True)
class Course:
    """One class on the disk."""

    root: Path
    settings: Settings

    @property
    def module(self) -> str:
        """The assignment, named like its module."""
        return self.settings.module

    @property
    def source_notebook(self) -> Path:
        """The authors' notebook, with solutions and hidden tests."""
        return self.root / "source" / self.module / f"{self.module}.ipynb"

    @property
    def title(self) -> str:
        """What the module is called in the curriculum."""
        return next((each.title for each in curriculum() if each.slug == self.module), self.module)

    @property
    def lock(self) -> Path:
        """Held by the one command that changes the class."""
        return self.root / "backups" / ".lock"

    def exercise(self) -> bytes:
        """The exercise as its authors keep it: notebook and marking rules. When it changes, grades and keys do."""
        parts = (self.source_notebook, self.source_notebook.with_name(MARKING))
        return b"".join(part.read_bytes() for part in parts if part.is_file())

    @property
    def release_notebook(self) -> Path:
        """The notebook that participants get."""
        return self.root / "release" / self.module / f"{self.module}.ipynb"

    @property
    def individual_data(self) -> Path:
        """Where the data of each participant lie, by id, if they have data of their own."""
        return self.root / "individual"

    @property
    def individual(self) -> bool:
        """Whether each participant has data of their own (``kit class release --individual``)."""
        return self.individual_data.is_dir()

    def data_of(self, student_id: str) -> Path:
        """The data on which this participant works.

        Raises:
            KitError: if each participant has data of their own, and this one has none yet.
        """
        if not self.individual:
            return self.root / "data"
        folder = self.individual_data / student_id
        if not folder.is_dir():
            raise KitError(
                _(
                    "In this class each participant has data of their own, and {student} has none yet; "
                    "run kit class release {name}."
                ).format(student=student_id, name=self.root.name)
            )
        return folder

    @property
    def gradebook_file(self) -> Path:
        """nbgrader's database."""
        return self.root / "gradebook.db"

    @property
    def journal(self) -> Path:
        """One line of JSON for each hand-in that was looked at."""
        return self.root / "inbox" / "journal.jsonl"

    @property
    def quarantine(self) -> Path:
        """Hand-ins that could not be used, each with a file that says why."""
        return self.root / "inbox" / "quarantine"

    @property
    def reports(self) -> Path:
        """What the trainer prints, opens or hands back."""
        return self.root / "reports"

    @property
    def feedback_zip(self) -> Path:
        """The pages of all, to hand back."""
        return self.reports / f"{self.module}_feedback.zip"

    @property
    def solutions_notebook(self) -> Path:
        """The authors' solutions for handing out; there only while the trainer has released them."""
        return self.root / "release" / f"{self.module}_solutions.ipynb"

    def submitted(self, student_id: str) -> Path:
        """Where nbgrader expects a hand-in."""
        return self.root / "submitted" / student_id / self.module

    def autograded(self, student_id: str) -> Path:
        """Where nbgrader keeps the graded hand-in."""
        return self.root / "autograded" / student_id / self.module

    def feedback(self, student_id: str) -> Path:
        """Where nbgrader keeps the feedback."""
        return self.root / "feedback" / student_id / self.module

    def roster(self) -> Roster:
        """Who is in the class."""
        return read_roster(self.root / "roster.csv")

    def config(self, **overrides: Any) -> Config:
        """The class's nbgrader configuration; ``overrides``, like ``SandboxedExecute={"timeout": 10}``, win."""
        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        config.merge(Config(overrides))
        return config

    def api(self, **overrides: Any) -> NbGraderAPI:
        """nbgrader's API on this class."""
        find_tools()
        return NbGraderAPI(config=self.config(**overrides), log_level=logging.WARNING)

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """nbgrader's gradebook, opened for a moment."""
        find_tools()
        _write_down_manual_grades()
        with Gradebook(f"sqlite:///{self.gradebook_file.resolve()}", "") as gradebook:
            yield gradebook

    def backup(self, reason: str) -> Path | None:
        """Copy the gradebook before a change."""
        return files.backup_database(self.gradebook_file, self.root / "backups" / "gradebook", reason)

    @contextmanager
    def change(self, reason: str) -> Iterator[None]:
        """Do something to the class alone: put in order before, the gradebook copied before and checked after.

        Raises:
            KitError: if another command is at work, or the disk is full or read-only.
        """
        from migkit.classroom import gradebooks, manual_grades, rebuild  # they rest on this module

        with (
            files.explained(self.root),
            files.only_one(self.lock),
            warnings.catch_warnings(),
        ):
            # nbgrader's own use of sqlalchemy and nbformat; nothing that a trainer could mend.
            warnings.simplefilter("ignore")
            rebuild.recover(self)
            self.backup(reason)
            gradebooks.thin(self)
            yield
            rebuild.mend(self)
            manual_grades.reconcile(self)
            gradebooks.remember(self)


def _write_down_manual_grades() -> None:
    from migkit.classroom import manual_grades  # it rests on the files of a class

    manual_grades.install()


def find_tools() -> None:
    """Let nbgrader find alembic, which lies beside Python, when the environment is not activated."""
    if not shutil.which("alembic"):
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def class_folder(name: str, folder: Path | None = None) -> Path:
    """Where the class called ``name`` lies: in classes/, or in ``folder``."""
    return (folder or CLASSES) / name


def open_course(name: str, folder: Path | None = None) -> Course:
    """The class called ``name``; its path does as well.

    Raises:
        KitError: if there is no such class, naming those that exist.
    """
    root = class_folder(name, folder)
    if not (root / "class.yml").is_file() and (Path(name) / "class.yml").is_file():
        root = Path(name)
    if not (root / "class.yml").is_file():
        known = sorted(path.parent.name for path in (folder or CLASSES).glob("*/class.yml"))
        raise KitError(
            _("There is no class {name} in {folder}; {known}.").format(
                name=name,
                folder=root.parent,
                known=_("there are: {names}").format(names=", ".join(known))
                if known
                else _("make one with kit class new {name} --roster roster.csv").format(name=name),
            )
        )
    try:
        values = yaml.safe_load((root / "class.yml").read_text(encoding="utf-8"))
        settings = Settings(**{key: values[key] for key in Settings.__dataclass_fields__})
    except (OSError, yaml.YAMLError, KeyError, TypeError) as trouble:
        raise KitError(
            _("{path} cannot be read; copy it from a backup or make the class anew.").format(
                path=root / "class.yml"
            )
        ) from trouble
    return Course(root.resolve(), settings)


def _check_name(name: str) -> None:
    if not name.strip(". ") or re.search(r'[\\/:*?"<>|+{}\[\]\x00-\x1f]', name) or name != name.strip():
        raise KitError(
            _('“{name}” cannot be a folder: leave out \\ / : * ? " < > | + and brackets.').format(name=name)
        )


def source_folder(module: str) -> Path:
    """The authors' exercises of a module.

    Raises:
        KitError: if the module has none.
    """
    folder = EXERCISES / "source" / module
    if not (folder / f"{module}.ipynb").is_file():
        known = ", ".join(sorted(path.parent.name for path in (EXERCISES / "source").glob("*/*.ipynb")))
        raise KitError(
            _("There are no exercises for {module} in {folder}; there are: {known}.").format(
                module=module, folder=folder.parent, known=known or _("none yet")
            )
        )
    return folder


def new_course(
    name: str,
    roster_file: Path,
    module: str = "04_census",
    country: str = "GMB",
    seed: int | None = None,
    scale: float = 0.01,
    folder: Path | None = None,
    source: Path | None = None,
    write_data: WriteData | None = None,
) -> tuple[Course, Roster]:
    """Make a class: folders, roster, its own data, the exercises and the gradebook with its people.

    All of it is made beside and renamed at the end, so an interrupted call leaves nothing behind.

    Args:
        name: the class, also the name of its folder.
        roster_file: CSV, see :func:`migkit.classroom.roster.read_roster`.
        module: which exercises.
        country: ISO3 code of the country of the data.
        seed: of the class's data; by default one that nobody can guess, because the same seed gives the truth.
        scale: share of the population in the data.
        folder: where classes lie, by default classes/ in the kit.
        source: exercises to copy instead of the kit's own.
        write_data: makes the data, by default ``migkit.sources.write_dataset``.

    Raises:
        KitError: if the name cannot be a folder, the class exists, or roster or exercises cannot be read.
    """
    _check_name(name)
    root = class_folder(name, folder).resolve()
    if root.exists():
        raise KitError(
            _("The class {name} exists already in {folder}; choose another name.").format(name=name, folder=root)
        )
    if re.search(r"[\[\]*?]", str(root)):
        raise KitError(
            _("nbgrader cannot work in {folder}: give --dir a path without [ ] * ?.").format(folder=root)
        )
    roster = read_roster(roster_file)
    exercises = source or source_folder(module)
    settings = Settings(module, country, secrets.randbelow(2**31 - 2) + 2 if seed is None else seed, scale)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".new-") as place:
        building = Path(place) / "class"
        _fill(building, settings, roster, exercises, write_data or data_maker(module))
        building.replace(root)
    return Course(root, settings), roster


def data_maker(slug: str) -> WriteData:
    """What makes the data of a module's class: the sources whose tables it uses, and no others."""
    from migkit.sources import write_dataset  # floors below, imported when needed
    from migkit.sources.registry import sources_with

    known = {each.slug: each.data for each in curriculum()}
    sources = sources_with(known.get(slug, ()))

    def write(country: str, scale: float, seed: int, out: Path) -> None:
        write_dataset(country, scale, seed, out, sources=sources)

    return write


def copy_exercises(exercises: Path, root: Path, module: str) -> None:
    """The authors' exercises and the settings of nbgrader, into the folder that nbgrader works in."""
    shutil.copytree(exercises, root / "source" / module, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    (root / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
    authors = exercises.parent.parent / "nbgrader_config.py"
    if authors.is_file():
        shutil.copyfile(authors, root / "nbgrader_exercises.py")


def _fill(
    root: Path,
    settings: Settings,
    roster: Roster,
    exercises: Path,
    write_data: WriteData,
) -> None:
    for room in ("source", "release", "submitted", "autograded", "feedback", "inbox", "backups", "reports"):
        (root / room).mkdir(parents=True)
    copy_exercises(exercises, root, settings.module)
    (root / "class.yml").write_text(yaml.safe_dump(asdict(settings), sort_keys=False), encoding="utf-8")
    write_roster(roster, root / "roster.csv")
    made = root / "trainer" / ".made"
    write_data(settings.country, settings.scale, settings.seed, made)
    (made / "participants").replace(root / "data")
    for item in sorted(made.iterdir()):  # the manifest too: it holds the seed
        if item.name == "trainer":
            for file in sorted(item.iterdir()):
                file.replace(root / "trainer" / file.name)
            item.rmdir()
        else:
            item.replace(root / "trainer" / item.name)
    made.rmdir()
    course = Course(root, settings)
    with course.gradebook() as gradebook:
        for person in roster.people:
            gradebook.update_or_create_student(
                person.student_id, first_name=person.first_name, last_name=person.last_name, email=person.email
            )
