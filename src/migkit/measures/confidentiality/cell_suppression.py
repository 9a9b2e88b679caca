"""Which further cells to hide, so that hidden small cells cannot be worked out from the totals."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from migkit.measures._input import TOTAL, engine
from migkit.measures.confidentiality._cells import Bools, Cells, Floats, Hierarchies
from migkit.measures.confidentiality.cell_audit import SAME, Cluster, clusters, extreme, is_whole
from migkit.reference import KitError, _

if TYPE_CHECKING:
    from scipy import sparse

#: The exact method tries all choices at once: beyond this many unknowns it would take too long.
LARGEST_EXACT = 3_000
#: Seconds after which the exact method gives up.
PATIENCE = 60.0
#: What the engine's own process does.
RUN_ENGINE = "import sys; from pytauargus.engine import Engine; Engine().run_batch(sys.argv[1])"


@dataclass(frozen=True)
class Task:
    """What to protect.

    Attributes:
        cells: the table's structure.
        figures: the true figures.
        small: the cells that must be hidden.
        down, up: how far each small cell must be able to slide, downwards and upwards.
        least: the smallest figure that a reader believes a hidden cell to have.
        whole: True if figures are whole numbers and whole numbers must remain possible.
    """

    cells: Cells
    figures: Floats
    small: Bools
    down: Floats
    up: Floats
    least: float
    whole: bool = False

    @cached_property
    def columns(self) -> sparse.csc_matrix:
        """The sums, stored so that cells are quick to pick."""
        return self.cells.sums.tocsc()

    def costs(self) -> Floats:
        """What hiding a cell costs: its persons, and 1, so that large groups and totals go last."""
        costs: Floats = 1 + np.abs(self.figures)
        return costs

    def slides(self) -> list[tuple[int, float]]:
        """Each small cell with each way it must be able to go, widest first."""
        moves = [(int(i), -self.down[i]) for i in np.flatnonzero(self.small) if self.down[i] > 0]
        moves += [(int(i), self.up[i]) for i in np.flatnonzero(self.small) if self.up[i] > 0]
        return sorted(moves, key=lambda move: (-abs(move[1]), move))


def _room(task: Task) -> tuple[Floats, Floats]:
    """How far each cell could move down and up in the mind of a reader, if it were hidden. Zeros stay."""
    moves = task.figures > 0
    return np.where(moves, task.figures - task.least, 0).clip(min=0), np.where(moves, np.inf, 0)


def _cheapest_slide(
    task: Task, move: tuple[int, float], costs: Floats, allowed: Bools | None = None
) -> Floats | None:
    """The movement of all cells, at least cost, that lets one cell slide: a flow through the sums.

    None if no choice among the ``allowed`` cells does it.
    """
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    movable = task.figures > 0 if allowed is None else (task.figures > 0) & allowed
    places = np.flatnonzero(movable)
    down, up = (room[places] for room in _room(task))
    n, (cell, amount) = len(places), move
    target = int(np.searchsorted(places, cell))
    floor, roof = np.zeros(2 * n), np.concatenate([up, down])
    for place, part in ((target, max(amount, 0.0)), (n + target, max(-amount, 0.0))):
        floor[place] = roof[place] = part
    sums = task.columns[:, places].tocsr()
    sums = sums[np.flatnonzero(np.diff(sums.indptr))]
    ties = sparse.hstack([sums, -sums], format="csr")
    goal = np.concatenate([costs[places], costs[places]])
    done = linprog(goal, A_eq=ties, b_eq=np.zeros(ties.shape[0]), bounds=np.column_stack([floor, roof]))
    if task.whole and done.status == 0 and not is_whole(done.x):
        done = milp(
            goal,
            constraints=LinearConstraint(ties, 0, 0),
            bounds=Bounds(floor, roof),
            integrality=np.ones(2 * n),
        )
    if done.status != 0:
        return None
    movement = np.zeros(len(costs))
    movement[places] = done.x[:n] - done.x[n:]
    return movement


def _already(task: Task, move: tuple[int, float], movements: list[Floats]) -> Floats | None:
    """A movement found before that, made longer or shorter or turned round, lets this cell slide too."""
    down, up = _room(task)
    target, amount = move
    for movement in movements:
        if abs(movement[target]) > 1e-7:
            other = movement * (amount / movement[target])
            if (
                (is_whole(other) or not task.whole)
                and (other >= -down - 1e-9).all()
                and (other <= up + 1e-9).all()
            ):
                return np.asarray(other, dtype=float)
    return None


def _slide_all(tasks: list[Task], hidden: Bools, allowed: Bools | None = None) -> Bools | None:
    """``hidden`` and what else must be hidden so that every small cell of every task can slide as it must."""
    hidden, movements = hidden.copy(), list[Floats]()
    # What serves the reader who knows most serves the others: their tasks find it among the movements.
    for task in sorted(tasks, key=lambda each: -each.least):
        full = task.costs()
        for move in task.slides():
            if _already(task, move, movements) is not None:
                continue
            # Among the hidden cells first: a small problem, and free.
            found = _cheapest_slide(task, move, full, hidden)
            if found is None:
                found = _cheapest_slide(task, move, np.where(hidden, 1e-4, full), allowed)
            if found is None:
                return None
            movements.append(found)
            hidden |= np.abs(found) > 1e-7
    return hidden


def heuristic(tasks: list[Task], hidden: Bools | None = None) -> Bools:
    """Cell after cell, the cheapest slide; hidden cells are free. Then again among the hidden ones, to drop
    needless.

    Source: the network-flow approach to complementary suppression; J. P. Kelly, B. L. Golden and A. A. Assad,
    "Cell suppression: disclosure protection for sensitive tabular data", Networks 22 (1992).
    """
    small = tasks[0].small
    first = _slide_all(tasks, small if hidden is None else hidden | small)
    if first is None:
        raise KitError(_("The small cells of this table cannot be protected by hiding others; join categories."))
    kept = _slide_all(tasks, small, allowed=first)
    return first if kept is None else kept


class _Seen:
    """What the attack on a cluster has shown to be possible so far: every solution is a whole possible table."""

    def __init__(self, cluster: Cluster, task: Task, far: float) -> None:
        self.cluster, self.whole = cluster, task.whole
        self.true = task.figures[cluster.places]
        self.low, self.high = self.true.copy(), self.true.copy()
        self.floor, self.roof = np.full(len(self.true), task.least), self.true + far

    def low_enough(self, one: int, goal: float) -> bool:
        """True if the cell may be as small as ``goal``."""
        return bool(self.low[one] <= goal or (self._look(one, 1) and self.low[one] <= goal))

    def high_enough(self, one: int, goal: float) -> bool:
        """True if the cell may be as large as ``goal``."""
        return bool(self.high[one] >= goal or (self._look(one, -1) and self.high[one] >= goal))

    def _look(self, one: int, sign: int) -> bool:
        found = extreme(self.cluster, self.floor, self.roof, one, sign, self.whole)
        if found is not None:
            self.low, self.high = np.minimum(self.low, found), np.maximum(self.high, found)
        return found is not None


def withstands(task: Task, hidden: Bools) -> bool:
    """True if the attack leaves every small cell its room, and finds no hidden cell exactly.

    A cell that was seen at both its ends while others were attacked needs no attack of its own.
    """
    far = 100 * (1 + max((abs(amount) for _cell, amount in task.slides()), default=0.0))
    for cluster in clusters(task.cells, task.figures, hidden):
        seen = _Seen(cluster, task, far)
        near = SAME * np.maximum(1, np.abs(seen.true))
        for one, place in enumerate(cluster.places):
            true, down, up = seen.true[one], task.down[place], task.up[place]
            if task.small[place] and not (
                seen.low_enough(one, true - down + near[one]) and seen.high_enough(one, true + up - near[one])
            ):
                return False
        for one, true in enumerate(seen.true):
            if seen.high[one] - seen.low[one] <= 2 * near[one] and not (
                seen.low_enough(one, true - 2 * near[one]) or seen.high_enough(one, true + 2 * near[one])
            ):
                return False
    return True


def optimal(task: Task) -> Bools:
    """The cheapest set of cells, by one mixed-integer programme over all slides at once: for small tables.

    ::

        minimise    sum of cost x hidden
        such that   for every small cell and each way: a movement y with y(cell) = the slide, parts - total = 0,
                    -(figure - least) x hidden <= y <= much x hidden

    Source: M. Fischetti and J. J. Salazar (2001); here without their decomposition.
    """
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, milp

    moves, n = task.slides(), len(task.figures)
    if n * (len(moves) + 1) > LARGEST_EXACT:
        raise KitError(
            _(
                "The exact method is for small tables: {n} cells with {moves} slides are too many; use "
                "method='heuristic' or 'tauargus'."
            ).format(n=n, moves=len(moves))
        )
    if not moves:
        return task.small.copy()
    down, up = _room(task)
    # Nothing needs to move further than all slides together.
    much = sum(abs(amount) for _cell, amount in moves)
    down, up = down.clip(max=much), up.clip(max=much)
    blocks = len(moves)
    sums = sparse.block_diag([task.cells.sums] * blocks, format="csr")
    ties = sparse.hstack([sparse.csr_matrix((sums.shape[0], n)), sums], format="csr")
    over = sparse.hstack([-sparse.vstack([sparse.diags(up)] * blocks), sparse.identity(n * blocks)], format="csr")
    under = sparse.hstack(
        [sparse.vstack([sparse.diags(down)] * blocks), sparse.identity(n * blocks)], format="csr"
    )
    floor, roof = np.full(n * (blocks + 1), -much), np.full(n * (blocks + 1), much)
    floor[:n], roof[:n] = task.small, (task.figures > 0) | task.small
    for block, (cell, amount) in enumerate(moves, start=1):
        floor[n * block + cell] = roof[n * block + cell] = amount
    done = milp(
        np.concatenate([task.costs(), np.zeros(n * blocks)]),
        constraints=[
            LinearConstraint(ties, 0, 0),
            LinearConstraint(over, -np.inf, 0),
            LinearConstraint(under, 0, np.inf),
        ],
        bounds=Bounds(floor, roof),
        integrality=np.concatenate([np.ones(n), np.zeros(n * blocks)]),
        options={"time_limit": PATIENCE},
    )
    if done.status == 1:
        raise KitError(_("The exact method found no answer in a minute; use method='heuristic' or 'tauargus'."))
    if done.status != 0:
        raise KitError(_("The small cells of this table cannot be protected by hiding others; join categories."))
    return np.asarray(done.x[:n] > 0.5)


def tauargus(task: Task, hierarchies: Hierarchies | None = None) -> Bools:
    """The choice of tau-Argus (its optimal method; the modular one where a classifier has a hierarchy).

    Its engine reads and writes files: they live in a temporary folder for as long as it runs.
    """
    engine("pytauargus.engine")
    labels, names = task.cells.labels, list(task.cells.labels.columns)
    codes = {name: _codes_of(labels[name]) for name in names}
    with TemporaryDirectory(prefix="migkit-") as folder:
        home = Path(folder)
        heads = []
        for place, name in enumerate(names):
            tree = (hierarchies or {}).get(name)
            lines = [f"c{place}", "  <RECODEABLE>", "  <TOTCODE> Total"]
            if tree:
                file = home / f"c{place}.hrc"
                file.write_text(_branches(labels[name], codes[name], dict(tree)), encoding="utf-8")
                lines += ["  <HIERARCHICAL>", f'  <HIERCODELIST> "{file}"', '  <HIERLEADSTRING> "@"']
            heads += lines
        (home / "t.rda").write_text(
            "\n".join(
                [
                    *('<SEPARATOR> ";"', "<SAFE> S", "<UNSAFE> U", "<PROTECT> P", *heads),
                    *("value", "  <NUMERIC>", "  <DECIMALS> 6", "cost", "  <NUMERIC> <COST>"),
                    *("status", "  <STATUS>", "low", "  <NUMERIC> <LOWERPL>", "up", "  <NUMERIC> <UPPERPL>", ""),
                ]
            ),
            encoding="utf-8",
        )
        rows = []
        for cell, (figure, cost) in enumerate(zip(task.figures, task.costs(), strict=True)):
            if figure > 0:
                unsafe = task.small[cell]
                parts = [codes[name][labels[name].iloc[cell]] for name in names]
                parts += [f"{figure:.6f}", f"{cost:.4f}", "U" if unsafe else "S"]
                parts += [f"{task.down[cell]:.6f}", f"{max(task.up[cell], 1e-3):.6f}"] if unsafe else ["0", "0"]
                rows.append(";".join(parts))
        (home / "t.tab").write_text("\n".join([*rows, ""]), encoding="utf-8")
        spec = "".join(f'"c{place}"' for place in range(len(names)))
        method = "MOD(1,5,1,1,1)" if any((hierarchies or {}).values()) else "OPT(1,5)"
        (home / "t.arb").write_text(
            f'<OPENTABLEDATA> "{home}/t.tab"\n<OPENMETADATA> "{home}/t.rda"\n'
            f'<SPECIFYTABLE> {spec}|"value"||"cost"\n<SAFETYRULE>\n<READTABLE>\n<SUPPRESS> {method}\n'
            f'<WRITETABLE> (1,5,"SO+","{home}/out.tab")\n',
            encoding="utf-8",
        )
        # In a process of its own: the engine leaves logs in the folder where it runs.
        run = [sys.executable, "-c", RUN_ENGINE, str(home / "t.arb")]
        done = subprocess.run(run, cwd=home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise KitError(
                _(
                    "tau-Argus does not take this table ({why}): it needs all totals, of every classifier; use "
                    "method='heuristic'."
                ).format(why=(done.stderr.strip().splitlines() or ["?"])[-1])
            )
        answer = (home / "out.tab").read_text(encoding="utf-8").splitlines()
    marked = {tuple(part.strip().strip('"') for part in line.split(";")[: len(names)]): line for line in answer}
    hidden = task.small.copy()
    for cell in range(len(labels)):
        line = marked.get(tuple(codes[name][labels[name].iloc[cell]] for name in names), "")
        hidden[cell] |= line.split(";")[-3:-2] in (["U"], ["M"])
    return hidden


def _codes_of(values: pd.Series) -> dict[object, str]:
    """Plain codes of equal width for the engine."""
    held = [value for value in dict.fromkeys(values) if value != TOTAL]
    return {value: f"v{place:05d}" for place, value in enumerate(held)} | {TOTAL: TOTAL}


def _branches(values: pd.Series, codes: dict[object, str], tree: dict[object, list[object]]) -> str:
    """The hierarchy in the engine's form: each level one @ further in."""
    below = {child for children in tree.values() for child in children}
    lines: list[str] = []

    def write(code: object, depth: int) -> None:
        lines.append("@" * depth + codes[code])
        for child in tree.get(code, []):
            write(child, depth + 1)

    for code in tree.get(TOTAL, [code for code in dict.fromkeys(values) if code not in below and code != TOTAL]):
        write(code, 0)
    return "\n".join([*lines, ""])


__all__: list[str] = []
