"""Hand-ins that have more in common than chance would give: for the trainer to judge, nothing follows by itself.

Three things are looked at, each weighed by how rare it is *in this class*, in bits (an answer that 2 of 40 have
counts log2(40 / 2) = 4.3; what everybody has counts nothing):

- the same *wrong* answer. One that a usual mistake explains counts nothing, since people reach it alone; a word
  chosen from a few counts one bit at most.
- the same text in the cells that participants may change, code and words alike, as runs of tokens (shingles;
  A. Z. Broder, "On the resemblance and containment of documents", Compression and Complexity of Sequences, 1997).
  What the hand-out holds is taken out; what most wrote weighs next to nothing.
- with data of one's own, an answer that is wrong for these data and right for somebody else's.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from nbformat import NotebookNode
from nbgrader import utils
from scipy import sparse

from migkit.classroom import notebooks
from migkit.classroom.course import Course
from migkit.classroom.keys import read_key
from migkit.classroom.marks import Mark
from migkit.classroom.plain import fingerprint
from migkit.classroom.roster import Person
from migkit.classroom.standings import Results

#: A run of this many tokens is one piece of text.
RUN = 6
#: Tokens of one notebook that are looked at; nobody types more.
MOST_TOKENS = 20_000
#: A pair is listed for its text from this part of what the one who wrote less wrote, and so many runs (some five
#: lines).
OVERLAP, RUNS = 0.5, 25
#: Only runs count there that so many have at most, or one in ten.
FEW = 3
#: A word, chosen from a few, is worth at most this.
CHOICE_BITS = 1.0
#: Lines of text in common that are shown for a pair, the rarest first.
LINES = 4

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class SharedAnswer:
    """A wrong answer that several have: how many of how many, and what it weighs."""

    question: str
    came: str
    holders: int
    of: int
    bits: float
    cause: str = ""


@dataclass(frozen=True)
class CopiedAnswer:
    """An answer of ``person``, wrong there, that is right for the data of ``owner`` (and of ``others`` more)."""

    person: Person
    owner: Person
    question: str
    came: str
    others: int = 0


@dataclass
class Pair:
    """Two hand-ins and what they have in common."""

    a: Person
    b: Person
    answers: list[SharedAnswer] = field(default_factory=list)
    copied: list[CopiedAnswer] = field(default_factory=list)
    overlap: float = 0.0
    runs: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def bits(self) -> float:
        """The weight of the wrong answers in common."""
        return sum(answer.bits for answer in self.answers)

    @property
    def same_text(self) -> bool:
        """Whether enough text is the same to list the pair for it."""
        return self.overlap >= OVERLAP and self.runs >= RUNS

    def listed(self, from_bits: float) -> bool:
        """Whether the trainer is shown this pair."""
        return self.bits >= from_bits or self.same_text or bool(self.copied)

    @property
    def strength(self) -> tuple[float, float]:
        """What comes first on the list: an answer of the other's, or the same text, is worth two rare answers."""
        return (8 * (len(self.copied) + self.overlap * self.same_text) + self.bits, self.overlap)


@dataclass(frozen=True)
class Similarity:
    """The pairs to look at, and what is usual here: the overlap of text of most pairs (median, 95 of 100).

    ``from_bits``: the weight of wrong answers in common from which a pair is listed.
    """

    course: Course
    pairs: tuple[Pair, ...]
    compared: int
    usual_overlap: tuple[float, float]
    from_bits: float
    own_data: bool
    unread: tuple[Person, ...] = ()


def similar(result: Results, keys: Mapping[str, Mapping[str, str]] | None = None) -> Similarity:
    """Compare everybody's hand-in with everybody else's.

    Args:
        result: of the class, with names.
        keys: for each participant with data of their own the fingerprint of the key by question; by default those
            of the class.
    """
    course = result.course
    people = [row.person for row in result.rows if row.hand_in is not None]
    texts = {person.student_id: _read(course, person) for person in people}
    read = [person for person in people if texts[person.student_id] is not None]
    pairs = {(a.student_id, b.student_id): Pair(a, b) for a, b in combinations(read, 2)}
    marks = {row.person.student_id: row.marks for row in result.rows}
    _share_answers(pairs, {person.student_id: marks[person.student_id] for person in read})
    usual = _share_text(pairs, [text for person in read if (text := texts[person.student_id])], _released(course))
    known = key_fingerprints(course, read) if keys is None else keys
    _copied(pairs, {person.student_id: person for person in read}, marks, known)
    from_bits = bits_to_list(len(pairs))
    listed = [pair for pair in pairs.values() if pair.listed(from_bits)]
    listed.sort(key=lambda pair: pair.strength, reverse=True)
    unread = tuple(person for person in people if texts[person.student_id] is None)
    return Similarity(course, tuple(listed), len(pairs), usual, from_bits, bool(known), unread)


def bits_to_list(pairs: int) -> float:
    """The bits from which a pair is listed: those that single out one pair, by chance, among all that there are.

    So many more pairs a large class has, so much more must two have in common.

    >>> round(bits_to_list(780), 1)  # a class of 40: three rare answers
    9.6
    """
    return max(4.0, math.log2(max(1, pairs)))


# --- the same wrong answer ---------------------------------------------------------------------------------------


def _missed(marks: Sequence[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.verdict in ("wrong", "part") and mark.fingerprint]


def answer_bits(mark: Mark, holders: int, of: int) -> float:
    """What it weighs that two of ``of`` people have this wrong answer, which ``holders`` have in all."""
    if mark.cause_key:
        return 0.0
    bits = math.log2(of / holders)
    return bits if any(sign.isdigit() for sign in mark.came) else min(bits, CHOICE_BITS)


def _share_answers(pairs: dict[tuple[str, str], Pair], marks: Mapping[str, Sequence[Mark]]) -> None:
    holders: defaultdict[tuple[str, str], dict[str, Mark]] = defaultdict(dict)
    answered: Counter[str] = Counter()
    for student_id, own in marks.items():
        answered.update({mark.question for mark in own if mark.fingerprint})
        for mark in _missed(own):
            holders[mark.question, mark.fingerprint][student_id] = mark
    for (question, _print), those in holders.items():
        if len(those) < 2 or len(those) > max(2, len(marks) / 2):
            continue  # what half the class answers joins nobody
        for a, b in combinations([student for student in marks if student in those], 2):
            mark, of = those[a], answered[question]
            bits = min(answer_bits(those[each], len(those), of) for each in (a, b))
            shared = SharedAnswer(question, mark.came, len(those), of, bits, mark.cause)
            pairs[a, b].answers.append(shared)


# --- the same text -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Text:
    """What a participant wrote: runs of tokens, and whole lines by their tokens."""

    runs: frozenset[tuple[str, ...]]
    lines: dict[tuple[str, ...], str]


def _own_cells(notebook: NotebookNode) -> list[str]:
    return [str(cell.get("source", "")) for cell in notebook.cells if not utils.is_locked(cell)]


def text_of(sources: Sequence[str]) -> _Text:
    """The runs and lines of some cells; capital letters and spaces do not count."""
    runs: set[tuple[str, ...]] = set()
    lines: dict[tuple[str, ...], str] = {}
    left = MOST_TOKENS
    for source in sources:
        tokens = _TOKEN.findall(source.lower())[:left]
        left -= len(tokens)
        runs.update(tuple(tokens[place : place + RUN]) for place in range(len(tokens) - RUN + 1))
        for line in source.splitlines()[:2000]:
            words = tuple(_TOKEN.findall(line.lower()[:400]))
            if len(words) > 3:
                lines.setdefault(words, line.strip()[:200])
    return _Text(frozenset(runs), lines)


def _read(course: Course, person: Person) -> _Text | None:
    """The text of a hand-in; None if it cannot be read."""
    try:
        notebook = notebooks.read(course.submitted(person.student_id) / f"{course.module}.ipynb")
        return text_of(_own_cells(notebook))
    except Exception:  # whatever was handed in: one odd notebook must not cost the report
        return None


def _released(course: Course) -> _Text:
    """What everybody was given."""
    if not course.release_notebook.is_file():
        return text_of([])
    return text_of([str(cell.source) for cell in notebooks.read(course.release_notebook).cells])


def _share_text(pairs: dict[tuple[str, str], Pair], texts: Sequence[_Text], given: _Text) -> tuple[float, float]:
    """Note for each pair how much text is the same; gives the median and the 95th percentile over all pairs."""
    if not pairs:
        return 0.0, 0.0
    n = len(texts)
    runs = [sorted(text.runs - given.runs) for text in texts]
    held = Counter(run for own in runs for run in own)
    place_of = {run: place for place, run in enumerate(sorted(held))}
    weight = np.array([math.log2((n + 1) / held[run]) for run in sorted(held)])
    rows = np.repeat(np.arange(n), [len(own) for own in runs])
    columns = np.array([place_of[run] for own in runs for run in own], dtype=int)
    has = sparse.csr_array((np.ones(len(columns)), (rows, columns)), shape=(n, max(1, len(held))))
    if len(held):
        rare = has * (np.array([held[run] for run in sorted(held)]) <= max(FEW, n / 10))
        common = (has * weight @ has.T).toarray()
        counted = (sparse.csr_array(rare) @ has.T).toarray()
    else:
        common, counted = np.zeros((n, n)), np.zeros((n, n))
    own = np.diag(common)
    seen = []
    for (a, b), pair in zip(combinations(range(n), 2), pairs.values(), strict=True):
        least = min(own[a], own[b])
        pair.overlap = float(common[a, b] / least) if least else 0.0
        pair.runs = int(counted[a, b])
        seen.append(pair.overlap)
        if pair.same_text:
            pair.lines = _lines_in_common(texts[a], texts[b], given, texts)
    return float(np.median(seen)), float(np.quantile(seen, 0.95))


def _lines_in_common(a: _Text, b: _Text, given: _Text, texts: Sequence[_Text]) -> list[str]:
    """The rarest lines that both wrote, long ones first."""
    both = [words for words in a.lines if words in b.lines and words not in given.lines]
    held = {words: sum(words in text.lines for text in texts) for words in both}
    first = sorted(both, key=lambda words: (held[words], -len(words), words))
    return [a.lines[words] for words in first[:LINES] if held[words] <= max(FEW, len(texts) / 10)]


# --- right for somebody else's data ------------------------------------------------------------------------------


def key_fingerprints(course: Course, people: Sequence[Person]) -> dict[str, dict[str, str]]:
    """The fingerprints of the keys of all who have data of their own; nothing if the class shares its data."""
    if not course.individual:
        return {}
    keys = {person.student_id: read_key(course, person.student_id) for person in people}
    return {
        student_id: {question: fingerprint(value) for question, value in key.items()}
        for student_id, key in keys.items()
        if key
    }


def _copied(
    pairs: dict[tuple[str, str], Pair],
    people: Mapping[str, Person],
    marks: Mapping[str, Sequence[Mark]],
    keys: Mapping[str, Mapping[str, str]],
) -> None:
    owners: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for student_id, key in keys.items():
        for question, value in key.items():
            owners[question, value].append(student_id)
    few = max(FEW, len(keys) / 10)  # what is right for many is no sign of one
    for student_id, person in people.items():
        for mark in _missed(marks[student_id]):
            whose = [owner for owner in owners[mark.question, mark.fingerprint] if owner != student_id]
            if not whose or len(whose) > few or student_id in owners[mark.question, mark.fingerprint]:
                continue
            for owner in whose:
                pair = pairs.get((student_id, owner)) or pairs.get((owner, student_id))
                if pair is not None:
                    found = CopiedAnswer(person, people[owner], mark.question, mark.came, len(whose) - 1)
                    pair.copied.append(found)
