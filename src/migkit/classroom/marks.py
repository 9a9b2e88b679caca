"""What one check of an exercise earned, as the grader keeps it and as feedback and results read it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["right", "part", "wrong", "missing", "stopped", "unreadable"]


@dataclass(frozen=True)
class Mark:
    """What one ``check("q3", answer)`` of a graded cell earned, and why; it gives no expected value away.

    Attributes:
        question: the key of the check (``q6_reading``).
        cell: nbgrader's id of the graded cell in which it stands (``q6``).
        points, of: what was earned, out of what.
        verdict: ``right``; ``part`` of the points; ``wrong``; ``missing`` (still the dots, or no such name);
            ``stopped`` (its cell was stopped); ``unreadable`` (no plain data: too big, or of a strange make).
        came: the participant's own answer in a few words.
        off: how far off it is, in words; empty if right.
        cause: what usually leads there, in words; empty if no usual mistake does.
        cause_key: a stable key of that cause, for counting (``q2/1``, or ``form``); empty like ``cause``.
        fingerprint: of the answer, to find the same one elsewhere; empty if there was none.
    """

    question: str
    cell: str
    points: float
    of: float
    verdict: Verdict
    came: str = ""
    off: str = ""
    cause: str = ""
    cause_key: str = ""
    fingerprint: str = ""

    def as_record(self) -> dict[str, Any]:
        """For a JSON file; ``Mark(**record)`` reads it back."""
        return asdict(self)
