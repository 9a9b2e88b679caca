"""Exercise 04, migration in the census: the form of each answer, and the roads on which beginners go astray."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pandas as pd

from migkit.lesson.checks import Choice, Data, Mistake, Number, Question, Slip, Table
from migkit.measures.census_quality import whipple
from migkit.measures.coverage import coverage_rates, dual_system
from migkit.measures.definitions import RULES, classify
from migkit.measures.tables import TableSpec, age_groups, make_table
from migkit.reference import KitError
from migkit.reference.language import N_

HOME = "GMB"
NOT_STATED = "XXX"
AGE_BREAKS = (0, 15, 25, 65)
SEXES_AND_TOTAL = ("F", "M", "Not stated", "Total")
AGES_AND_TOTAL = ("0-14", "15-24", "25-64", "65+", "Not stated", "Total")
READINGS = ("highly accurate", "fairly accurate", "approximate", "rough", "very rough")
GROUPS = {"no": "native", "yes": "foreign_born", "unknown": "not_stated"}

_SEE_RESIDENTS = N_("Visitors are in it: start from the table of usual residents that you made in question 1.")


def all_listed(data: Data) -> pd.DataFrame:
    """Every row of the census, visitors too."""
    return data("census_persons")


def usual_residents(data: Data) -> pd.DataFrame:
    """The rows of those who usually live where they were listed, present or absent for a time."""
    everybody = all_listed(data)
    return everybody[everybody["residence_status"].isin(["UP", "UA"])]


def _with_visitors(answer: Callable[[pd.DataFrame], Any]) -> Callable[[Data], Any]:
    """The answer among all rows, unless the visitors add nobody to it."""

    def wrong(data: Data) -> Any:
        everybody = all_listed(data)
        try:
            added = answer(everybody[everybody["residence_status"] == "V"])
        except KitError:  # no visitor of that kind
            return None
        return answer(everybody) if added.to_numpy().sum() > 0 else None

    return wrong


def _visitors_as_residents(data: Data) -> Data:
    """The data as seen by somebody who counted the visitors in question 1."""

    def seen(name: str) -> pd.DataFrame:
        table = data(name)
        return table.assign(residence_status="UP") if name == "census_persons" else table

    return seen


_VISITORS_KEPT = Slip(N_("Besides, visitors are in it: go back to question 1."), _visitors_as_residents)


def _if_any(test: Callable[[Data], bool], wrong: Callable[[Data], Any]) -> Callable[[Data], Any]:
    """A mistake that leads astray only in data that have what ``test`` looks for."""
    return lambda data: wrong(data) if test(data) else None


def _some_birthplace_unknown(data: Data) -> bool:
    return bool((_born(usual_residents(data)) == NOT_STATED).any())


def _some_destination_unknown(data: Data) -> bool:
    return bool((data("census_emigrants")["country_residence"] == NOT_STATED).any())


def _some_residence_unknown(data: Data) -> bool:
    return bool((usual_residents(data)["country_5y"] == NOT_STATED).any())


def _weights_differ(data: Data) -> bool:
    return data("pes_persons")["weight"].nunique() > 1


def _count(test: pd.Series) -> int:
    return int(test.sum())


def _born(people: pd.DataFrame) -> pd.Series:
    return people["country_birth"]


# Question 2: three groups by birthplace


def _three(native: int, foreign_born: int, not_stated: int) -> pd.Series:
    return pd.Series({"native": native, "foreign_born": foreign_born, "not_stated": not_stated})


def _by_birthplace(people: pd.DataFrame, column: str = "country_birth") -> pd.Series:
    codes = people[column]
    native, unknown = _count(codes == HOME), _count(codes == NOT_STATED)
    return _three(native, len(codes) - native - unknown, unknown)


def _unknown_are_foreign(data: Data) -> pd.Series:
    codes = _born(usual_residents(data))
    return _three(_count(codes == HOME), _count(codes != HOME), _count(codes == NOT_STATED))


def _unknown_are_foreign_and_gone(data: Data) -> pd.Series:
    codes = _born(usual_residents(data))
    return _three(_count(codes == HOME), _count(codes != HOME), 0)


def _len_of_conditions(unknown: bool) -> Callable[[Data], pd.Series]:
    """What comes out if len() is put around a condition; ``unknown``: around the third one too."""

    def wrong(data: Data) -> pd.Series:
        everybody = len(usual_residents(data))
        return _three(everybody, everybody, everybody if unknown else 0)

    return wrong


def _unknown_are_native(data: Data) -> pd.Series:
    counts = _by_birthplace(usual_residents(data))
    return _three(counts["native"] + counts["not_stated"], counts["foreign_born"], counts["not_stated"])


def _unknown_are_gone(data: Data) -> pd.Series:
    counts = _by_birthplace(usual_residents(data))
    return _three(counts["native"], counts["foreign_born"], 0)


# Question 3: a table by age and sex


def _age_sex(people: pd.DataFrame) -> pd.DataFrame:
    people = people.assign(age_group=age_groups(people["age"], breaks=AGE_BREAKS))
    return make_table(people, TableSpec("", "", "persons", "age_group", "sex", (), ""))


def _born_abroad(people: pd.DataFrame) -> pd.DataFrame:
    return people[~_born(people).isin([HOME, NOT_STATED])]


def _foreign_citizens(data: Data) -> pd.DataFrame:
    people = usual_residents(data)
    return _age_sex(people[~people["citizenship"].isin([HOME, NOT_STATED])])


# Question 4: where people lived five years ago


def _came_from(people: pd.DataFrame, column: str, among: pd.Series | None = None) -> pd.Series:
    codes = people[column] if among is None else people.loc[among, column]
    return codes[codes.notna() & (codes != HOME)].value_counts()


def _by_birthplace_of_recent(data: Data) -> pd.Series:
    people = usual_residents(data)
    recent = people["country_5y"].notna() & (people["country_5y"] != HOME)
    return people.loc[recent, "country_birth"].value_counts()


def _by_birthplace_with_blanks(data: Data) -> pd.Series:
    people = usual_residents(data)
    return people.loc[people["country_5y"].isna() | (people["country_5y"] != HOME), "country_birth"].value_counts()


def _foreign_born_five_years_ago(at_home: bool) -> Callable[[Data], pd.Series]:
    """Residence of the foreign-born alone, with those who were here already or without them."""

    def wrong(data: Data) -> pd.Series:
        codes = _born_abroad(usual_residents(data))["country_5y"]
        return (codes if at_home else codes[codes != HOME]).value_counts()

    return wrong


def _shares(counts: pd.Series) -> pd.Series:
    return counts / counts.sum()


def _by_year_of_arrival(data: Data) -> pd.Series:
    people = usual_residents(data)
    return _came_from(people, "previous_country", people["arrival_year"].ge(2019).fillna(False).astype(bool))


def _without_unknown(data: Data) -> pd.Series:
    return _came_from(usual_residents(data), "country_5y").drop(NOT_STATED)


def _with_those_at_home(data: Data) -> pd.Series:
    return usual_residents(data)["country_5y"].value_counts()


# Question 6: Whipple's index by birthplace


def _heaping(index: Callable[[pd.Series], float], people: pd.DataFrame) -> pd.Series:
    codes = _born(people)
    return pd.Series(
        {
            "native": index(people.loc[codes == HOME, "age"]),
            "foreign_born": index(people.loc[~codes.isin([HOME, NOT_STATED]), "age"]),
        }
    )


def _narrow(ages: pd.Series) -> float:
    """The beginner's Whipple: ages 25 to 60 below the line too."""
    known = ages[ages.between(25, 60).fillna(False).astype(bool)]
    return 500 * _count(known % 5 == 0) / len(known)


def _all_ages(ages: pd.Series) -> float:
    known = ages.dropna()
    return 500 * _count(known % 5 == 0) / len(known)


def _everybody_is_native(data: Data) -> pd.Series:
    people = usual_residents(data)
    return pd.Series({"native": whipple(people["age"]), "foreign_born": whipple(_born_abroad(people)["age"])})


def _unknown_birth_heaping(data: Data) -> pd.Series:
    people = usual_residents(data)
    codes = _born(people)
    return pd.Series(
        {
            "native": whipple(people.loc[codes == HOME, "age"]),
            "foreign_born": whipple(people.loc[codes != HOME, "age"]),
        }
    )


# Question 7: emigrants


def _destinations(people: pd.DataFrame) -> pd.DataFrame:
    return pd.crosstab(people["country_residence"], people["sex"], margins=True, margins_name="Total")


def _sexes_of_emigrants(data: Data) -> list[str]:
    return [*sorted(data("census_emigrants")["sex"].unique()), "Total"]


def _senders_only(data: Data) -> pd.DataFrame:
    emigrants = data("census_emigrants")
    return _destinations(emigrants[emigrants["remits"] == "Y"])


def _stated_destinations(data: Data) -> pd.DataFrame:
    emigrants = data("census_emigrants")
    return _destinations(emigrants[emigrants["country_residence"] != NOT_STATED])


# Question 8: two lists


def _lists(data: Data) -> tuple[int, int, int, int, int]:
    """Checked records: correct, all; found persons: resolved, all; matched."""
    outcome, status = data("pes_followup")["outcome"], data("pes_persons")["match_status"]
    return _count(outcome == "C"), len(outcome), _count(status != "U"), len(status), _count(status == "M")


def _all_records(data: Data) -> float:
    _correct, records, resolved, _found, matched = _lists(data)
    return dual_system(records, resolved, matched).value


def _unresolved_too(data: Data) -> float:
    correct, _records, _resolved, found, matched = _lists(data)
    return dual_system(correct, found, matched).value


def _both_whole(data: Data) -> float:
    _correct, records, _resolved, found, matched = _lists(data)
    return dual_system(records, found, matched).value


def _upside_down(data: Data) -> float:
    correct, _records, resolved, _found, matched = _lists(data)
    return correct * matched / resolved


def _whole_census(data: Data) -> float:
    _correct, _records, resolved, _found, matched = _lists(data)
    return dual_system(len(usual_residents(data)), resolved, matched).value


def _just_added(data: Data) -> float:
    correct, _records, resolved, _found, matched = _lists(data)
    return float(correct + resolved - matched)


# Questions 9 and 10: coverage by birthplace


def _samples(data: Data) -> tuple[pd.DataFrame, pd.DataFrame]:
    found, checked, people = data("pes_persons"), data("pes_followup"), all_listed(data)
    found = found.assign(group=classify(found, "foreign_born", HOME).map(GROUPS))
    groups = people.assign(group=classify(people, "foreign_born", HOME).map(GROUPS))[["person_id", "group"]]
    return found, checked.merge(groups, on="person_id")


@lru_cache(maxsize=4)  # several mistakes of a question start from the same table
def _coverage(data: Data, even: bool = False) -> pd.DataFrame:
    found, checked = _samples(data)
    if even:
        found, checked = found.assign(weight=1.0), checked.assign(weight=1.0)
    return coverage_rates(found, checked, by="group")


def _omission(rates: pd.DataFrame) -> pd.DataFrame:
    return rates.loc[["native", "foreign_born"], ["omission_rate", "omission_se"]]


def _unweighted(data: Data) -> pd.DataFrame:
    return _omission(_coverage(data, even=True))


def _wrongly_included(data: Data) -> pd.DataFrame:
    rates = _coverage(data).loc[["native", "foreign_born"], ["erroneous_rate", "erroneous_se"]]
    return rates.set_axis(["omission_rate", "omission_se"], axis=1)


def _per_matched(data: Data) -> pd.DataFrame:
    rates = _omission(_coverage(data))
    return rates.assign(omission_rate=rates["omission_rate"] / (1 - rates["omission_rate"]))


def _stock_with(people: Callable[[Data], pd.DataFrame], *native: str) -> Callable[[Data], float]:
    """The corrected stock that follows from a wrong number in question 2."""
    return lambda data: _count(~_born(people(data)).isin(native)) / _rate(data, "foreign_born", "net_coverage")


def _rate(data: Data, group: str, column: str) -> float:
    """One figure of the survey's table of coverage."""
    return float(_coverage(data)[column].to_dict()[group])


def _stock(data: Data) -> int:
    return len(_born_abroad(usual_residents(data)))


def _times_coverage(data: Data) -> float:
    return _stock(data) * _rate(data, "foreign_born", "net_coverage")


def _omission_only(data: Data) -> float:
    return _stock(data) / (1 - _rate(data, "foreign_born", "omission_rate"))


def _added_rate(data: Data) -> float:
    return _stock(data) * (1 + _rate(data, "foreign_born", "omission_rate"))


def _coverage_of(group: str) -> Callable[[Data], float]:
    return lambda data: _stock(data) / _rate(data, group, "net_coverage")


def _sample_estimate(data: Data) -> float:
    return _rate(data, "foreign_born", "estimate")


QUESTIONS: dict[str, Question] = {
    question.key: question
    for question in (
        Question(
            "q1",
            "n_residents",
            Number(whole=True),
            (
                Mistake(
                    N_(
                        "That is every row of the file. Visitors (code V) are listed too, but they live elsewhere."
                    ),
                    lambda data: len(all_listed(data)),
                ),
                Mistake(
                    N_("Residents who were away on census night (code UA) still live here: keep both UP and UA."),
                    lambda data: _count(all_listed(data)["residence_status"] == "UP"),
                ),
                Mistake(
                    N_(
                        "That is everybody who slept here on census night, visitors included "
                        "and absent residents left "
                        "out. The question is about those who usually live here."
                    ),
                    lambda data: _count(all_listed(data)["residence_status"] != "UA"),
                ),
                Mistake(
                    N_(
                        "Nobody is left. & asks for both at once, and nobody is UP and UA together: "
                        'use .isin(["UP", "UA"]), which takes either.'
                    ),
                    lambda data: 0,
                ),
                Mistake(
                    N_("That is the number of visitors. Keep the others."),
                    lambda data: _count(all_listed(data)["residence_status"] == "V"),
                ),
                Mistake(
                    N_("That is the number of households, not of persons."),
                    lambda data: len(data("census_households")),
                ),
            ),
        ),
        Question(
            "q2",
            "birthplace",
            Table(rows=("native", "foreign_born", "not_stated")),
            (
                Mistake(
                    N_(
                        "People whose birthplace is not stated (XXX) are counted as "
                        "foreign-born, because XXX is not GMB "
                        "either. Take them out of foreign_born."
                    ),
                    _if_any(_some_birthplace_unknown, _unknown_are_foreign),
                ),
                Mistake(
                    N_(
                        "People whose birthplace is not stated (XXX) are counted as natives. "
                        "They are a group of their own."
                    ),
                    _if_any(_some_birthplace_unknown, _unknown_are_native),
                ),
                Mistake(
                    N_(
                        "not_stated is 0: the unknown are not blank here, they carry the "
                        "code XXX. Count that code."
                    ),
                    _if_any(_some_birthplace_unknown, _unknown_are_gone),
                ),
                Mistake(
                    N_(
                        "not_stated is 0, and the unknown are among the foreign-born: they are not blank here, "
                        "they carry the code XXX. Count that code, and take it out of foreign_born."
                    ),
                    _if_any(_some_birthplace_unknown, _unknown_are_foreign_and_gone),
                ),
                *(
                    Mistake(
                        N_(
                            "len() counts every row of a condition, also where it says no. .sum() counts where it "
                            'says yes: (residents["country_birth"] == "GMB").sum() and so on.'
                        ),
                        _len_of_conditions(unknown),
                    )
                    for unknown in (True, False)
                ),
                Mistake(_SEE_RESIDENTS, _with_visitors(_by_birthplace)),
                Mistake(
                    N_(
                        "That is citizenship. A foreigner may be born here and a citizen abroad: "
                        "this question asks for country_birth."
                    ),
                    lambda data: _by_birthplace(usual_residents(data), "citizenship"),
                ),
            ),
            slips=(_VISITORS_KEPT,),
        ),
        Question(
            "q3",
            "fb_by_age_sex",
            Table(columns=SEXES_AND_TOTAL, rows=AGES_AND_TOTAL, sums="Total"),
            (
                Mistake(
                    N_("That table holds all residents. Keep the foreign-born first."),
                    lambda data: _age_sex(usual_residents(data)),
                ),
                Mistake(
                    N_(
                        "People whose birthplace is not stated (XXX) are in the table. It is "
                        "not known that they are foreign-born."
                    ),
                    _if_any(
                        _some_birthplace_unknown,
                        lambda data: _age_sex(usual_residents(data).loc[lambda people: _born(people) != HOME]),
                    ),
                ),
                Mistake(_SEE_RESIDENTS, _with_visitors(lambda people: _age_sex(_born_abroad(people)))),
                Mistake(
                    N_("That table holds the foreign citizens. Choose by country_birth, not by citizenship."),
                    _foreign_citizens,
                ),
                Mistake(
                    N_("That table holds the natives. Keep those born in another country."),
                    lambda data: _age_sex(usual_residents(data).loc[lambda people: _born(people) == HOME]),
                ),
            ),
            slips=(_VISITORS_KEPT,),
        ),
        Question(
            "q4",
            "came_from",
            Table(),
            (
                Mistake(
                    N_("People who lived in The Gambia five years ago (GMB) are in it. Keep the others only."),
                    _with_those_at_home,
                ),
                Mistake(
                    N_("Those who did not state the country (XXX) have vanished. A table shows its unknowns."),
                    _if_any(_some_residence_unknown, _without_unknown),
                ),
                Mistake(
                    N_(
                        "That counts where these people were born. Many moved on before they came here: "
                        "count country_5y, where they lived."
                    ),
                    _by_birthplace_of_recent,
                ),
                Mistake(
                    N_(
                        "That counts where these people were born, and also children under five, whose box is "
                        "blank. Count country_5y, where they lived."
                    ),
                    _by_birthplace_with_blanks,
                ),
                *(
                    Mistake(
                        N_(
                            "Those are the foreign-born only. Gambians who came back also lived abroad five years "
                            "ago: start from residents."
                        ),
                        _foreign_born_five_years_ago(at_home),
                    )
                    for at_home in (True, False)
                ),
                Mistake(
                    N_("Those are shares. The question asks for counts: value_counts() without normalize."),
                    lambda data: _shares(_came_from(usual_residents(data), "country_5y")),
                ),
                Mistake(
                    N_("That is the residence one year ago (country_1y). The question looks back five years."),
                    lambda data: _came_from(usual_residents(data), "country_1y"),
                ),
                Mistake(
                    N_(
                        "That counts everybody who ever came from abroad, even 30 years ago (previous_country). "
                        "Only country_5y says who has come since."
                    ),
                    lambda data: _came_from(usual_residents(data), "previous_country"),
                ),
                Mistake(
                    N_(
                        "That uses the year of arrival. It is another good measure, but people round that year; "
                        "this question asks for country_5y."
                    ),
                    _by_year_of_arrival,
                ),
                Mistake(_SEE_RESIDENTS, _with_visitors(lambda people: _came_from(people, "country_5y"))),
            ),
            slips=(_VISITORS_KEPT,),
        ),
        Question(
            "q5",
            "doubling_rule",
            Choice(tuple(RULES)),
            noted=N_(
                "That is one of the rules. Look once more at the column times before you go on: which is above 2?"
            ),
        ),
        Question(
            "q6",
            "whipple_by_birth",
            Table(
                rows=("native", "foreign_born"),
                low=20,
                high=500,
                exact=1,
                advice=N_(
                    "Whipple's index is 100 for perfect ages and 500 if every age ends in 0 or 5: do not "
                    "divide by 100."
                ),
            ),
            (
                Mistake(
                    N_(
                        "Below the line stand the ages 23 to 62, five whole rounds of ten "
                        "digits around them, not 25 to 60."
                    ),
                    lambda data: _heaping(_narrow, usual_residents(data)),
                ),
                Mistake(
                    N_(
                        "All ages are in it. Children's and old people's ages do not belong: "
                        "use whipple(), which takes 23 to 62."
                    ),
                    lambda data: _heaping(_all_ages, usual_residents(data)),
                ),
                Mistake(
                    N_("That index looks at ages ending in 0 alone. Whipple's looks at 0 and 5."),
                    lambda data: _heaping(lambda ages: whipple(ages, digits=[0]), usual_residents(data)),
                ),
                Mistake(
                    N_("The index called native is that of all residents. Keep those born in The Gambia first."),
                    _everybody_is_native,
                ),
                Mistake(
                    N_("The foreign-born include those whose birthplace is not stated (XXX)."),
                    _if_any(_some_birthplace_unknown, _unknown_birth_heaping),
                ),
                Mistake(_SEE_RESIDENTS, _with_visitors(lambda people: _heaping(whipple, people))),
            ),
            slips=(_VISITORS_KEPT,),
        ),
        Question(
            "q6_reading",
            "reading",
            Choice(READINGS),
            noted=N_(
                "That is one of the five words. Compare the index of the foreign-born with the scale once more."
            ),
        ),
        Question(
            "q7",
            "destinations",
            Table(columns=_sexes_of_emigrants, sums="Total"),
            (
                Mistake(
                    N_("Those whose country is not stated (XXX) have vanished. Keep the row: they left too."),
                    _if_any(_some_destination_unknown, _stated_destinations),
                ),
                Mistake(
                    N_("That counts only the emigrants who send money. The question asks for all of them."),
                    _senders_only,
                ),
            ),
        ),
        Question(
            "q8",
            "true_size",
            Number(),
            (
                Mistake(
                    N_(
                        "All checked census records are on the first list, also the "
                        "duplicates, the fictitious and the "
                        "misplaced. Put only the correct ones (C) there."
                    ),
                    _all_records,
                ),
                Mistake(
                    N_(
                        "Unresolved persons (U) are on the second list. It is not known "
                        "whether they match: leave them out."
                    ),
                    _unresolved_too,
                ),
                Mistake(
                    N_(
                        "Both lists are taken whole. The first takes records with outcome C, "
                        "the second statuses M and N."
                    ),
                    _both_whole,
                ),
                Mistake(
                    N_("The formula is upside down: multiply the two lists, then divide by the matched persons."),
                    _upside_down,
                ),
                Mistake(
                    N_(
                        "The first list is the whole census, the second a sample of areas. "
                        "Both must be from the sample areas."
                    ),
                    _whole_census,
                ),
                Mistake(
                    N_(
                        "Those seen by one list or both are added up. The formula adds those "
                        "whom neither list saw."
                    ),
                    _just_added,
                ),
            ),
        ),
        Question(
            "q9",
            "omission",
            Table(
                columns=("omission_rate", "omission_se"),
                rows=("native", "foreign_born"),
                exact=4,
                high=0.5,
                advice=N_(
                    "Give the share that was missed (not found), as coverage_rates() does: 0.05, not 5 per cent."
                ),
            ),
            (
                Mistake(
                    N_(
                        "The weights are forgotten: areas were drawn with unequal chances, "
                        "so each person stands for a number of others."
                    ),
                    _if_any(_weights_differ, _unweighted),
                ),
                Mistake(
                    N_("Those are the wrong inclusions (too many). The question asks for the omissions (missed)."),
                    _wrongly_included,
                ),
                Mistake(
                    N_(
                        "The missed are divided by the matched. Divide by all whose status "
                        "is known: matched and missed."
                    ),
                    _per_matched,
                ),
            ),
        ),
        Question(
            "q10",
            "corrected_stock",
            Number(),
            (
                Mistake(
                    N_(
                        "That is the stock as counted. The census missed more than it "
                        "counted twice, so it must grow."
                    ),
                    _stock,
                ),
                Mistake(
                    N_("The correction is right, but visitors are in the stock it starts from: see question 1."),
                    _stock_with(all_listed, HOME, NOT_STATED),
                ),
                Mistake(
                    N_("The correction is right, but unknown birthplaces (XXX) are in the stock: see question 2."),
                    _if_any(_some_birthplace_unknown, _stock_with(usual_residents, HOME)),
                ),
                Mistake(
                    N_(
                        "The stock is multiplied by the coverage, so it shrinks. Divide: "
                        "counted = true x coverage."
                    ),
                    _times_coverage,
                ),
                Mistake(
                    N_(
                        "Only the omissions are put back. Some foreign-born were counted twice or wrongly: "
                        "use net_coverage, which weighs both."
                    ),
                    _omission_only,
                ),
                Mistake(
                    N_(
                        "The omission rate is a share of the true number, so it cannot "
                        "simply be added to the counted one. "
                        "Divide by net_coverage."
                    ),
                    _added_rate,
                ),
                Mistake(
                    N_("That is the coverage of the natives. The foreign-born have a row of their own."),
                    _coverage_of("native"),
                ),
                Mistake(
                    N_("That is the coverage of everybody (Total). The foreign-born have a row of their own."),
                    _coverage_of("Total"),
                ),
                Mistake(
                    N_(
                        "That estimate rests on the sample alone. You know the census count of the foreign-born "
                        "from question 2: divide it by the coverage."
                    ),
                    _sample_estimate,
                ),
            ),
            slips=(_VISITORS_KEPT,),
        ),
    )
}

__all__ = ["QUESTIONS"]
