"""Steps of nbgrader's autograding that differ here, at the extension points that nbgrader and nbclient offer."""

import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, SourceCell
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, OverwriteCells
from traitlets import Integer

from migkit.classroom import notebooks
from migkit.classroom.kernel import SandboxedKernelManager
from migkit.classroom.notebooks import grade_id
from migkit.classroom.sandbox import MB, Limits
from migkit.reference import _

#: Key in the notebook's metadata under which the steps leave notes for the trainer.
NOTES = "kit_notes"
#: Likewise: why a cell was stopped, by its key. Outputs are not to be trusted here, a participant can forge them.
STOPPED = "kit_stopped"


def note(notebook: NotebookNode, text: str) -> None:
    """Leave a sentence about this hand-in for the trainer."""
    notes = notebook.metadata.setdefault(NOTES, [])
    if text not in notes:
        notes.append(text)


def key_of(cell: NotebookNode, index: int) -> str:
    """What a cell is called in :data:`STOPPED`."""
    return grade_id(cell) or f"#{index + 1}"


class ForgetUnknownCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Take nbgrader's mark off cells whose id the assignment does not know.

    nbgrader takes off the id alone, and then refuses the whole hand-in because a graded cell has no id. The cell
    that lost its id is put back by :class:`PutBackCells`.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Do so for the whole notebook."""
        for ours in (NOTES, STOPPED):
            nb.metadata.pop(ours, None)
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            known = {
                cell.name for cell in gradebook.find_notebook(where["notebook"], where["assignment"]).source_cells
            }
        for cell in nb.cells:
            if "nbgrader" in cell.metadata and grade_id(cell) not in known:
                if grade_id(cell):
                    note(nb, _("the cell {cell} is not in this assignment").format(cell=grade_id(cell)))
                del cell.metadata["nbgrader"]
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Nothing to do cell by cell."""
        return cell, resources


class PutBackCells(OverwriteCells):  # type: ignore[misc]
    """nbgrader's step that restores locked cells, also where cells before a missing one are missing too.

    nbgrader itself looks for the graded or answer cell right before, and fails if that one is a locked text or
    gone. Locked cells that carry no points (imports, for example) are put back as well.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Restore, and note which locked cells had been changed."""
        before = {grade_id(cell): cell.source for cell in nb.cells if grade_id(cell)}
        nb, resources = super().preprocess(nb, resources)
        for cell in nb.cells:
            name = grade_id(cell)
            if name in before and utils.is_locked(cell) and self._was_changed(before[name], cell.source):
                note(nb, _("the locked cell {cell} had been changed; it was restored").format(cell=name))
        return nb, resources

    @staticmethod
    def _was_changed(handed_in: str, original: str) -> bool:
        """Whether the participant wrote something there: the hidden tests, always new, do not count."""
        lines = {line.strip() for line in original.splitlines()}
        return any(line.strip() not in lines for line in handed_in.splitlines())

    def add_missing_grade_cells(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Put each missing graded or locked cell behind the nearest cell that came before it in the assignment."""
        source = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        graded = {cell.name: cell for cell in source.grade_cells}
        answers = {cell.name for cell in source.solution_cells}
        order = self._in_order(source.source_cells)
        for place, original in enumerate(order):
            present = [grade_id(cell) for cell in nb.cells]
            name = original.name
            if name in present or not (name in graded or original.locked) or self._is_task(source, name):
                continue
            cell = self.missing_cell_transform(
                original, graded[name].max_score if name in graded else 0, is_solution=name in answers
            )
            if name not in graded:
                cell.metadata["nbgrader"].update(grade=False, solution=False, locked=True)
                cell.metadata["nbgrader"].pop("points", None)
                cell.source = original.source
            elif name not in answers:
                cell.source = original.source  # a word in front would only move the lines of error messages
            previous = [present.index(other.name) for other in order[:place] if other.name in present]
            if nb.nbformat_minor >= 5:
                cell["id"] = f"put-back-{place}"
            nb.cells.insert(previous[-1] + 1 if previous else 0, cell)
            note(nb, _("the cell {cell} was missing; it was put back").format(cell=name))
        return nb, resources

    def _in_order(self, cells: list[SourceCell]) -> list[SourceCell]:
        """The assignment's cells in the order of its notebook; the gradebook keeps no order."""
        root = Path(self.config.CourseDirectory.root)
        path = root / "source" / self.assignment_id / f"{self.notebook_id}.ipynb"
        names = [grade_id(cell) for cell in notebooks.read(path).cells]
        return sorted((cell for cell in cells if cell.name in names), key=lambda cell: names.index(str(cell.name)))

    @staticmethod
    def _is_task(source: Any, name: str) -> bool:
        return any(task.name == name for task in source.task_cells)


class SandboxedExecute(Execute):  # type: ignore[misc]
    """Runs the hand-in in the sandbox; whatever its code does, every cell ends with a result or a reason.

    A cell that ends the kernel, or cannot be stopped, is left out and the notebook is run once more without it:
    one bad cell costs its own question, not the others.
    """

    output_limit = Integer(Limits.output, help="Megabytes of output of one hand-in.").tag(config=True)
    max_restarts = Integer(3, help="How often a hand-in is run again without the cell that ended it.").tag(
        config=True
    )

    def create_kernel_manager(self) -> KernelManager:
        """A kernel in the sandbox instead of one beside the grader."""
        self.km = SandboxedKernelManager(kernel_name=self.kernel_name or "python3", config=self.config)
        self.km.deadline = self._deadline
        self._kernel = self.km
        return self.km

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: KernelManager | None = None
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run all cells; again without the culprit if the kernel was lost."""
        seconds = self.config.SandboxedKernelManager.get("notebook_seconds", Limits.notebook_seconds)
        self._deadline = time.monotonic() + seconds
        self._left_out: dict[int, str] = {}
        for _attempt in range(self.max_restarts + 1):
            self._running, self._written = -1, 0
            try:
                super().preprocess(nb, resources)
                return nb, resources
            except (DeadKernelError, CellTimeoutError) as trouble:
                if self._running < 0:
                    raise  # it never started: not the participant's doing
                self._leave_out(nb, self._kernel.reason or _why(trouble))
                if time.monotonic() > self._deadline:
                    break
        self._leave_out_rest(nb)
        return nb, resources

    def _leave_out(self, nb: NotebookNode, reason: str) -> None:
        """Remember the cell that ended the kernel."""
        self._left_out[self._running] = reason
        self._remember(nb, self._running, reason)

    @staticmethod
    def _remember(nb: NotebookNode, index: int, reason: str) -> None:
        """Write down for trainer and participant why a cell was stopped."""
        key = key_of(nb.cells[index], index)
        nb.metadata.setdefault(STOPPED, {})[key] = reason
        note(nb, _("cell {cell} was stopped: {reason}").format(cell=key, reason=reason))

    def _leave_out_rest(self, nb: NotebookNode) -> None:
        """After the last attempt: everything from the last culprit on has no result."""
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code" and (index in self._left_out or index >= self._running):
                reason = self._left_out.get(index, _("an earlier cell used up the time or ended the program"))
                cell.outputs = [_stopped(reason)]
                nb.metadata.setdefault(STOPPED, {})[key_of(cell, index)] = reason

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run one cell, unless it was the culprit before."""
        if index in self._left_out:
            cell.outputs = [_stopped(self._left_out[index])]
            return cell, resources
        self._running = index
        cell, resources = super().preprocess_cell(cell, resources, index)
        if any(output.get("ename") == "CellTimeoutError" for output in cell.get("outputs", [])):
            self._remember(self.nb, index, _("it ran longer than {n} seconds").format(n=self.timeout))
            self._make_sure_it_stopped()
        return cell, resources

    def _make_sure_it_stopped(self) -> None:
        """After the interrupt that a time limit sends: a loop that ignores it would block all later cells."""
        try:
            run_sync(self.kc.wait_for_ready)(timeout=5)
        except RuntimeError:
            reason = _("it ran longer than {n} seconds and ignored the interrupt").format(n=self.timeout)
            self._kernel.end(reason)
            raise DeadKernelError(reason) from None

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Keep an output, until the hand-in has printed more than anybody can read."""
        self._written += _weight(msg.get("content"))
        if self._written <= self.output_limit * MB:
            kept: NotebookNode | None = super().process_message(msg, cell, cell_index)
            return kept
        self._kernel.end(_("it printed more than {n} MB").format(n=self.output_limit))
        return None


def _why(trouble: Exception) -> str:
    if isinstance(trouble, CellTimeoutError):
        return _("it did not answer any more")
    return _("it ended the program (exit, or too much memory)")


def _stopped(reason: str) -> NotebookNode:
    """The output of a cell that has no result."""
    return notebooks.output(output_type="error", ename="Stopped", evalue=reason, traceback=[f"Stopped: {reason}"])


def _weight(content: Any) -> int:
    """Roughly how many characters a message holds."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(_weight(value) for value in content.values())
    if isinstance(content, list):
        return sum(_weight(value) for value in content)
    return 8
