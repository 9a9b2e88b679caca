"""What the scores say about the questions, the class and its groups: for the debrief and for the next course.

Everything here is computed from :class:`~migkit.classroom.standings.Results`; nothing is written.

*Difficulty* of a question is the mean share of its points that was earned (the *p value* of test theory): 1 is
easy, 0 is hard. *Discrimination* says whether those who do well elsewhere also do well here, in two ways:

- the corrected item-total correlation: Pearson's r between the points for the question and the points for all
  *other* questions, so that a question is not compared with itself (S. Henrysson, "Correction of item-total
  correlations in item analysis", Psychometrika 28, 1963, pp. 211-218); for questions that are right or wrong it is
  the point-biserial correlation. Its interval is Fisher's: tanh(artanh r +- 1.96 / sqrt(n - 3)).
- the upper-lower index: difficulty among the best 27 per cent by total, minus difficulty among the lowest 27 per
  cent (T. L. Kelley, "The selection of upper and lower groups for the validation of test items", Journal of
  Educational Psychology 30, 1939, pp. 17-24).
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migkit.classroom.marks import Mark, Verdict
from migkit.classroom.notebooks import label_of
from migkit.classroom.scores import Question
from migkit.classroom.standings import Results, Row
from migkit.reference import _

#: Below this many participants a correlation says nothing: at 20 its interval is still about 0.8 wide.
ENOUGH_TO_TELL = 20
#: Kelley's share of the class in the upper and in the lower group.
TAIL = 0.27
#: A group of fewer is not shown by itself: its mean would be nearly somebody's own result.
SMALLEST_GROUP = 5
#: The distribution is drawn in this many classes.
CLASSES = 10


@dataclass(frozen=True)
class Item:
    """One question as a measuring instrument; None where it cannot be told, and then ``why`` says so."""

    question: Question
    n: int
    difficulty: float | None
    correlation: float | None = None
    interval: tuple[float, float] | None = None
    upper_lower: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Distribution:
    """Totals over the questions that are wholly graded; ``counts`` by classes of equal width from 0 to ``of``."""

    totals: tuple[float, ...]
    of: float
    counts: tuple[int, ...]
    waiting: tuple[str, ...]

    @property
    def mean(self) -> float:
        """The mean total."""
        return statistics.fmean(self.totals)

    @property
    def median(self) -> float:
        """The median total."""
        return statistics.median(self.totals)

    @property
    def deviation(self) -> float:
        """The standard deviation of the totals, of this class (not an estimate for another)."""
        return statistics.pstdev(self.totals)


@dataclass(frozen=True)
class Mistake:
    """What several did in one question: in words, how many they are, and an example of how far off it was."""

    question: Question
    what: str
    count: int
    answered: int
    known: bool
    example: str = ""

    @property
    def share(self) -> float:
        """The part of those graded who did this."""
        return self.count / self.answered


@dataclass(frozen=True)
class Group:
    """A part of the class: how many were graded, and the mean share of the points they earned."""

    name: str
    n: int
    share: float


def decided(result: Results) -> tuple[Question, ...]:
    """The questions for which everybody graded has points (a written one counts when the last was read)."""
    return tuple(question for question in result.questions if result.share(question) is not None)


def _points(rows: Sequence[Row], question: Question) -> list[float]:
    return [float(score.points or 0) if (score := row.score(question)) else 0.0 for row in rows]


def items(result: Results) -> tuple[Item, ...]:
    """Difficulty and discrimination of each question, by the module's formulas."""
    rows, asked = result.graded, decided(result)
    by_label = {question.label: _points(rows, question) for question in asked}
    totals = [sum(points) for points in zip(*by_label.values(), strict=True)]
    return tuple(_item(result, question, by_label.get(question.label), totals) for question in result.questions)


def _item(result: Results, question: Question, points: list[float] | None, totals: list[float]) -> Item:
    n = len(result.graded)
    if points is None:
        return Item(question, n, None, why=_("not wholly graded yet") if n else _("nobody was graded yet"))
    difficulty = result.share(question)
    if n < ENOUGH_TO_TELL:
        return Item(question, n, difficulty, why=_("too few to tell (below {n})").format(n=ENOUGH_TO_TELL))
    rest = [total - own for total, own in zip(totals, points, strict=True)]
    if len(set(points)) == 1 or len(set(rest)) == 1:
        return Item(question, n, difficulty, why=_("all earned the same, so it tells nobody apart"))
    r = statistics.correlation(points, rest)
    upper_lower = upper_minus_lower(points, totals) / question.points
    return Item(question, n, difficulty, r, fisher_interval(r, n), upper_lower)


def fisher_interval(r: float, n: int) -> tuple[float, float]:
    """The 95 per cent interval of a correlation of ``n`` pairs.

    >>> [round(end, 2) for end in fisher_interval(0.5, 40)]
    [0.22, 0.7]
    """
    middle = math.atanh(max(-0.999999, min(0.999999, r)))
    half = 1.96 / math.sqrt(n - 3)
    return math.tanh(middle - half), math.tanh(middle + half)


def upper_minus_lower(points: Sequence[float], totals: Sequence[float]) -> float:
    """Mean points of the best 27 per cent by total, minus those of the lowest 27 per cent.

    Those who are level at the edge share the places that are left, so that nobody's place in a list decides.

    >>> upper_minus_lower([1, 1, 0, 0], [9, 8, 2, 1])
    1.0
    >>> upper_minus_lower([1, 0, 1, 0], [5, 5, 5, 5])
    0.0
    """
    size = max(1, round(TAIL * len(totals)))

    def tail(sign: int) -> float:
        keys = [sign * total for total in totals]
        edge = sorted(keys, reverse=True)[size - 1]
        inside = [own for own, key in zip(points, keys, strict=True) if key > edge]
        level = [own for own, key in zip(points, keys, strict=True) if key == edge]
        return (sum(inside) + (size - len(inside)) * statistics.fmean(level)) / size

    return tail(1) - tail(-1)


def distribution(result: Results) -> Distribution | None:
    """How the totals are spread; None while nobody was graded."""
    asked = decided(result)
    totals = [sum(_points([row], question)[0] for question in asked) for row in result.graded]
    of = sum(question.points for question in asked)
    if not totals or not of:
        return None
    counts = Counter(min(CLASSES - 1, int(CLASSES * total / of + 1e-9)) for total in totals)
    waiting = tuple(q.label for q in result.questions if q not in asked)
    return Distribution(tuple(totals), of, tuple(counts[place] for place in range(CLASSES)), waiting)


def what_happened(verdict: Verdict) -> str:
    """A mark that no usual mistake explains, in words."""
    return {
        "right": _("right"),
        "part": _("partly right, in no usual way"),
        "wrong": _("wrong, in no usual way"),
        "missing": _("no answer"),
        "stopped": _("the cell was stopped"),
        "unreadable": _("an answer that could not be read"),
    }[verdict]


def mistakes(result: Results) -> tuple[Mistake, ...]:
    """The mistakes by question, in the order of the assignment, the most common first.

    Without marks (plain nbgrader) the hints of the failed tests are counted instead.
    """
    by_label: defaultdict[str, list[tuple[Mark, ...]]] = defaultdict(list)
    hints: defaultdict[str, list[str]] = defaultdict(list)
    for row in result.graded:
        own: defaultdict[str, list[Mark]] = defaultdict(list)
        for mark in row.marks:
            own[label_of(mark.cell)].append(mark)
        for label, marks in own.items():
            by_label[label].append(tuple(marks))
        for score in row.scores:
            if score.message and score.question.label not in own:
                hints[score.question.label].append(score.message)
    found: list[Mistake] = []
    for question in result.questions:
        found += _from_marks(question, by_label[question.label], len(result.graded))
        counted = Counter(hints[question.label]).most_common()
        found += [Mistake(question, text, n, len(result.graded), known=True) for text, n in counted]
    return tuple(found)


def _key(mark: Mark) -> str:
    """What marks have in common that count as the same mistake; of a wrong form there are several kinds."""
    return mark.cause if mark.cause_key == "form" else mark.cause_key or mark.verdict


def _from_marks(question: Question, people: list[tuple[Mark, ...]], answered: int) -> list[Mistake]:
    """One line for each cause in one question; who made it in two checks of the question counts once."""
    made: defaultdict[str, list[Mark]] = defaultdict(list)
    for marks in people:
        first = {_key(mark): mark for mark in reversed(marks) if mark.verdict != "right"}
        for key, mark in first.items():
            made[key].append(mark)
    found = []
    for those in made.values():
        words = Counter(mark.cause or what_happened(mark.verdict) for mark in those).most_common(1)[0][0]
        found.append(Mistake(question, words, len(those), answered, bool(those[0].cause), _example(those)))
    return sorted(found, key=lambda mistake: (-mistake.count, not mistake.known, mistake.what))


def _example(marks: Sequence[Mark]) -> str:
    """How an answer without a known cause looks: the answer itself only if two have it, so that it is nobody's."""
    unexplained = [mark for mark in marks if mark.off and not mark.cause]
    answers = Counter(f"{mark.came}: {mark.off}" if mark.came else mark.off for mark in unexplained)
    if answers and answers.most_common(1)[0][1] > 1:
        return answers.most_common(1)[0][0]
    return Counter(mark.off for mark in unexplained).most_common(1)[0][0] if unexplained else ""


def groups(result: Results, of: Callable[[Row], str]) -> tuple[Group, ...]:
    """The mean share of the points by group, over the questions that are wholly graded.

    Groups below :data:`SMALLEST_GROUP` are put together; if all of them are still too few, the smallest group that
    could be shown joins them, for else they could be worked out as the difference from the class. Nothing is given
    if only one group is left, or if fewer than two are known at all.
    """
    asked = decided(result)
    worth = sum(question.points for question in asked)
    if not worth:
        return ()
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for row in result.graded:
        earned = sum(_points([row], question)[0] for question in asked)
        shares[of(row) or _("not stated")].append(earned / worth)
    shown = {name: values for name, values in shares.items() if len(values) >= SMALLEST_GROUP}
    others = [value for name, values in shares.items() if name not in shown for value in values]
    while others and len(others) < SMALLEST_GROUP and shown:
        smallest = min(shown, key=lambda name: (len(shown[name]), name))
        others += shown.pop(smallest)
    made = [Group(name, len(values), statistics.fmean(values)) for name, values in sorted(shown.items())]
    if others:
        made.append(Group(_("all others together"), len(others), statistics.fmean(others)))
    return tuple(made) if len(made) > 1 else ()
