"""The "Your turn" boxes of lesson 04, migration in the census."""

import pandas as pd

from migkit.lesson.checking import Practice
from migkit.lesson.checks import Data, Mistake, Number, Question
from migkit.lesson.checks.m04_census import HOME, NOT_STATED, all_listed, usual_residents
from migkit.measures.census_quality import whipple
from migkit.measures.definitions import classify
from migkit.reference.language import N_

_ALL_ROWS = N_("That is every row: len() also counts where the condition says no. Put it into table[ ... ] first.")


def _born_abroad(people: pd.DataFrame) -> pd.DataFrame:
    return people[classify(people, "foreign_born", HOME) == "yes"]


def _women(people: pd.DataFrame) -> int:
    return int((people["sex"] == "F").sum())


def _foreign_citizens_born(people: pd.DataFrame, here: bool) -> int:
    foreign = ~people["citizenship"].isin([HOME, NOT_STATED])
    born_here = people["country_birth"] == HOME
    return int((foreign & (born_here if here else ~born_here)).sum())


def _citizens_or_unknown_born_here(people: pd.DataFrame) -> int:
    listed = people["citizenship"].isin([HOME, NOT_STATED])
    return int((listed & (people["country_birth"] == HOME)).sum())


def _women_among(people: pd.DataFrame, of: int) -> float:
    return 100 * _women(people) / of


def _women_of_known_sex(data: Data) -> float | None:
    people = _from_senegal(data)
    known = int(people["sex"].isin(["F", "M"]).sum())
    return _women_among(people, known) if known < len(people) else None


def _from_senegal(data: Data) -> pd.DataFrame:
    people = usual_residents(data)
    return people[people["country_birth"] == "SEN"]


def _arrived(people: pd.DataFrame, year: int) -> int:
    return int((people["arrival_year"] >= year).sum())


def _lists(data: Data) -> tuple[int, int, int]:
    """The sample areas: correct census records, persons whom the survey found, persons on both lists."""
    outcome, status = data("pes_followup")["outcome"], data("pes_persons")["match_status"]
    return int((outcome == "C").sum()), int((status != "U").sum()), int((status == "M").sum())


def _dual(data: Data) -> float:
    correct, found, matched = _lists(data)
    return correct * found / matched


QUESTIONS: dict[str, Question] = {
    question.key: question
    for question in (
        Practice(
            "turn1",
            "women",
            Number(whole=True),
            (
                Mistake(
                    N_("That counts women in the whole file, visitors included. Start from residents."),
                    lambda data: _women(all_listed(data)),
                ),
                Mistake(
                    N_(
                        "That is all residents: len() counts every row. Put the condition into residents[ ... ] "
                        "first."
                    ),
                    lambda data: len(usual_residents(data)),
                ),
                Mistake(
                    N_("That is the men. The code for women is F."),
                    lambda data: int((usual_residents(data)["sex"] == "M").sum()),
                ),
            ),
            right=lambda data: _women(usual_residents(data)),
            because=N_("A filter, then a count: most tables of this lesson are no more than that."),
        ),
        Practice(
            "turn2",
            "born_here_foreign",
            Number(whole=True),
            (
                Mistake(
                    N_("Citizenship not stated (XXX) is in it. Unknown is not foreign: take those people out."),
                    lambda data: int(
                        (
                            (usual_residents(data)["citizenship"] != HOME)
                            & (usual_residents(data)["country_birth"] == HOME)
                        ).sum()
                    ),
                ),
                Mistake(
                    N_("That is all foreign citizens. Keep those who were born here."),
                    lambda data: int((~usual_residents(data)["citizenship"].isin([HOME, NOT_STATED])).sum()),
                ),
                Mistake(
                    N_("Those are citizens and people of unknown citizenship. Put ~ before the second condition."),
                    lambda data: _citizens_or_unknown_born_here(usual_residents(data)),
                ),
                Mistake(
                    N_("Visitors are in it. Start from residents, in all three places."),
                    lambda data: _foreign_citizens_born(all_listed(data), here=True),
                ),
                Mistake(
                    _ALL_ROWS,
                    lambda data: len(usual_residents(data)),
                ),
                Mistake(
                    N_("Those are the foreign citizens born elsewhere. Turn the second condition round."),
                    lambda data: _foreign_citizens_born(usual_residents(data), here=False),
                ),
            ),
            right=lambda data: _foreign_citizens_born(usual_residents(data), here=True),
            because=N_("They never crossed a border to come, yet a table by citizenship counts them as migrants."),
        ),
        Practice(
            "turn3",
            "women_senegal",
            Number(
                low=0, high=100, advice=N_("It is a share in per cent: 100 times the part, divided by the whole.")
            ),
            (
                Mistake(
                    N_("That is a share of 1. In per cent, multiply by 100."),
                    lambda data: _women(_from_senegal(data)) / len(_from_senegal(data)),
                ),
                Mistake(
                    N_("That is the share of men."),
                    lambda data: 100 * (_from_senegal(data)["sex"] == "M").sum() / len(_from_senegal(data)),
                ),
                Mistake(
                    N_("You divided by all the foreign-born. Divide by those born in Senegal."),
                    lambda data: _women_among(_from_senegal(data), len(_born_abroad(usual_residents(data)))),
                ),
                Mistake(
                    N_(
                        "You divided by all foreign-born women. Divide by everybody born in Senegal: column Total."
                    ),
                    lambda data: _women_among(_from_senegal(data), _women(_born_abroad(usual_residents(data)))),
                ),
                Mistake(
                    N_("You divided by men and women. The sex of some is not stated: divide by the column Total."),
                    _women_of_known_sex,
                ),
            ),
            right=lambda data: _women_among(_from_senegal(data), len(_from_senegal(data))),
            because=N_(
                "Read a row across and you see who these people are; read a column down and you see where from."
            ),
        ),
        Practice(
            "turn4",
            "came_since_2020",
            Number(whole=True),
            (
                Mistake(
                    N_("People born here who came back are in it. Start from foreign_born."),
                    lambda data: _arrived(usual_residents(data), 2020),
                ),
                Mistake(
                    N_("That starts in 2021. 'In 2020 or later' is >= 2020."),
                    lambda data: _arrived(_born_abroad(usual_residents(data)), 2021),
                ),
                Mistake(
                    _ALL_ROWS,
                    lambda data: len(_born_abroad(usual_residents(data))),
                ),
                Mistake(
                    N_("Those came in 2020 alone. 'In 2020 or later' is >= 2020."),
                    lambda data: int((_born_abroad(usual_residents(data))["arrival_year"] == 2020).sum()),
                ),
                Mistake(
                    N_("Those came before 2020. Turn the sign round."),
                    lambda data: int((_born_abroad(usual_residents(data))["arrival_year"] < 2020).sum()),
                ),
            ),
            right=lambda data: _arrived(_born_abroad(usual_residents(data)), 2020),
            because=N_("Those whose year is not stated are in neither group: say how many they are."),
        ),
        Practice(
            "turn5",
            "whipple_foreign_born",
            Number(low=0, high=500),
            (
                Mistake(
                    N_("That is the index of all residents. Give it the ages of foreign_born."),
                    lambda data: whipple(usual_residents(data)["age"]),
                ),
                Mistake(
                    N_("That is the index of the natives. Give it the ages of foreign_born."),
                    lambda data: whipple(usual_residents(data).loc[lambda p: p["country_birth"] == HOME, "age"]),
                ),
            ),
            right=lambda data: whipple(_born_abroad(usual_residents(data))["age"]),
            because=N_(
                "Compare it with the natives' index before you compare the ages of the two groups. A few points "
                "between them may be chance."
            ),
        ),
        Practice(
            "turn6",
            "estimate",
            Number(low=0),
            (
                Mistake(
                    N_("That is the two lists added without those on both. It leaves out whom neither list saw."),
                    lambda data: float(_lists(data)[0] + _lists(data)[1] - _lists(data)[2]),
                ),
                Mistake(
                    N_("That is upside down: the estimate must be larger than either list."),
                    lambda data: _lists(data)[0] * _lists(data)[2] / _lists(data)[1],
                ),
            ),
            right=_dual,
            because=N_("It is larger than either list, because it adds those whom neither of them saw."),
        ),
    )
}
