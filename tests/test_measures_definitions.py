"""Definitions as data: the borders between classes, published facts, a plain second implementation, bad input."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.measures.definitions import (
    AS_RECORDED,
    CATEGORY_SETS,
    CRITERIA,
    MOST_OF_TWELVE_MONTHS,
    RULE_SETS,
    TWELVE_MONTHS,
    CategorySet,
    Criterion,
    Foreign,
    Is,
    RuleSet,
    categorise,
    category_answers,
    class_changes,
    classify,
    classify_moves,
    community_citizen,
    compare_rule_sets,
    criterion_of,
    founded,
    labour_migration,
    migration_flows,
    population_account,
    population_on,
    residence_history,
    residents_on,
    rule_set_of,
    rule_where,
    stock,
)
from migkit.reference import KitError, codelist, countries, member

settings.register_profile("measures", deadline=None, max_examples=40)
settings.load_profile("measures")

DAY0 = date(2015, 1, 1)


def spells(*rows, **columns):
    """Rows of person, country, start, end."""
    frame = pd.DataFrame(rows, columns=["person", "country", "start", "end"])
    return frame.assign(**columns)


def one(start, end, **columns):
    return spells(("a", "GMB", start, end), **columns)


# --------------------------------------------------------------- the borders between long, short and no migration


@pytest.mark.parametrize(
    ("end", "purpose", "long", "short"),
    [
        # UN 1998: 12 months or more; three and less than 12; leisure, visits, business, treatment, pilgrimage out.
        ("2024-03-15", "work", "yes", "no"),
        ("2024-03-14", "work", "no", "yes"),
        ("2023-06-15", "work", "no", "yes"),
        ("2023-06-14", "work", "no", "no"),
        ("2023-09-01", "pilgrimage", "no", "no"),
        ("2023-09-01", "holiday", "no", "no"),
        ("2023-09-01", "X", "no", "unknown"),
        # Who stays a year is a long-term migrant whatever the purpose was.
        ("2024-03-15", "holiday", "yes", "no"),
    ],
)
def test_the_borders_of_1998(end, purpose, long, short):
    moves = classify_moves(
        one("2023-03-15", end, purpose=purpose), "GMB", "2022-12-31", "2023-12-31", "un_1998", "2026-01-01"
    )
    arrival = moves[moves["direction"] == "arrival"].iloc[0]
    assert (arrival["long_term"], arrival["short_term"]) == (long, short)


def test_without_a_purpose_nobody_knows_who_is_a_short_term_migrant():
    moves = classify_moves(one("2023-03-15", "2023-09-15"), "GMB", "2022-12-31", "2023-12-31", "un_1998")
    assert moves["short_term"].tolist() == ["unknown", "no"]


@pytest.mark.parametrize(
    ("start", "last_short"),
    [("2023-03-01", "2024-02-29"), ("2024-02-29", "2025-02-27"), ("2023-02-28", "2024-02-27")],
)
def test_twelve_months_over_a_leap_day(start, last_short):
    """From 29 February twelve months reach 28 February."""
    short = residents_on(one(start, last_short), "GMB", start, known_until="2026-01-01")
    long_end = (date.fromisoformat(last_short) + timedelta(1)).isoformat()
    long = residents_on(one(start, long_end), "GMB", start, known_until="2026-01-01")
    assert (short["resident"].item(), long["resident"].item()) == ("no", "yes")


@pytest.mark.parametrize(("end", "answer"), [("2023-07-01", "no"), ("2023-07-02", "yes")])
def test_most_of_twelve_months_is_six_months_and_one_day(end, answer):
    found = residents_on(one("2023-01-01", end), "GMB", "2023-01-01", MOST_OF_TWELVE_MONTHS, "2026-01-01")
    assert found["resident"].item() == answer


def test_most_of_twelve_months_adds_up_pieces_and_twelve_months_does_not():
    """Two stays of five and three months: 8 of the last 12 on the last day, though no piece reaches six."""
    stays = spells(("a", "GMB", "2023-01-01", "2023-06-01"), ("a", "GMB", "2023-08-01", "2023-11-01"))
    on = "2023-10-31"
    most = residents_on(stays, "GMB", on, MOST_OF_TWELVE_MONTHS, "2026-01-01")
    twelve = residents_on(stays, "GMB", on, replace(TWELVE_MONTHS, absence=0), "2026-01-01")
    assert (most["resident"].item(), twelve["resident"].item()) == ("yes", "no")
    # On 1 September: 151 and 31 days are 182 of 365, one short of most; a day later they are most.
    for day, answer in (("2023-09-01", "no"), ("2023-09-02", "yes")):
        found = residents_on(stays, "GMB", day, MOST_OF_TWELVE_MONTHS, "2026-01-01")
        assert found["resident"].item() == answer, day


def test_a_short_absence_does_not_interrupt_a_stay_and_a_long_one_does():
    for back, answer in (("2023-09-30", "yes"), ("2023-10-01", "no")):
        stays = spells(("a", "GMB", "2023-01-01", "2023-07-01"), ("a", "GMB", back, "2024-05-01"))
        found = residents_on(stays, "GMB", "2023-06-01", known_until="2026-01-01")
        # Three months of absence are no short one: each stay then counts alone, and both last less than a year.
        assert found["resident"].item() == answer, back


def test_a_weekly_commuter_lives_where_most_nights_are():
    rows = []
    for week in range(120):
        monday = date(2022, 1, 3) + timedelta(7 * week)
        rows.append(("two nights", "GMB", monday, monday + timedelta(2)))
        rows.append(("five nights", "GMB", monday, monday + timedelta(5)))
    for criterion in (TWELVE_MONTHS, MOST_OF_TWELVE_MONTHS):
        found = residents_on(spells(*rows), "GMB", "2023-06-06", criterion, "2024-03-01")["resident"]
        assert found.to_dict() == {"five nights": "yes", "two nights": "no"}, criterion.key


def test_who_lives_abroad_most_of_the_year_is_no_resident_though_no_absence_lasts_six_months():
    person = pd.DataFrame({"person": ["a"], "birth_date": ["1980-01-01"]})
    stays = spells(
        ("a", "GMB", "1980-01-01", "2023-01-01"),
        ("a", "GMB", "2023-06-01", "2023-07-01"),
        ("a", "GMB", "2023-12-01", "2023-12-31"),
    )
    on = "2023-11-01"
    for criterion, answer in ((MOST_OF_TWELVE_MONTHS, "no"), (replace(TWELVE_MONTHS, absence=0), "no")):
        found = residents_on(stays, "GMB", on, criterion, "2025-06-01", person)["resident"].item()
        # By twelve months in a row she stays a resident until an absence of a year begins.
        assert found == ("yes" if criterion.within is None else answer)


# ----------------------------------------------------------------------------------- what is not over yet


def test_an_open_spell_is_unknown_until_time_or_an_intention_decides():
    file = spells(("long", "GMB", "2024-03-01", None), ("short", "GMB", "2024-03-01", "2024-08-01"))
    early = residents_on(file, "GMB", "2024-06-30", known_until="2024-06-30")
    late = residents_on(file, "GMB", "2024-06-30", known_until="2025-02-28")
    assert early["resident"].tolist() == ["unknown", "unknown"] and early["basis"].tolist() == ["open", "open"]
    assert late["resident"].to_dict() == {"long": "yes", "short": "no"}
    meant = residents_on(file.assign(intended_months=[24, 2]), "GMB", "2024-06-30", known_until="2024-06-30")
    assert meant["resident"].tolist() == ["yes", "no"] and meant["basis"].tolist() == ["intended", "intended"]


def test_what_was_lived_goes_before_what_was_intended():
    left_early = one("2023-01-01", "2023-05-01", intended_months=24)
    found = residents_on(left_early, "GMB", "2023-03-01", known_until="2024-01-01")
    assert found.iloc[0].tolist() == ["no", "lived", "yes"]
    seen_then = residents_on(left_early, "GMB", "2023-03-01", known_until="2023-03-01")
    assert seen_then.iloc[0].tolist() == ["yes", "intended", "yes"]


def test_a_resident_abroad_for_a_month_may_come_back_or_not():
    file = spells(("a", "GMB", "2020-01-01", "2024-06-01"))
    for known, answer in (("2024-06-30", "unknown"), ("2025-05-31", "no"), ("2025-05-30", "unknown")):
        assert residents_on(file, "GMB", "2024-06-30", known_until=known)["resident"].item() == answer, known


def test_the_revision_window_closes_after_twelve_months_under_any_criterion_of_twelve_months():
    """Of a file whose history ended 12 months before the end of knowledge, nothing is unknown."""
    rng = np.random.default_rng(1)
    starts = [DAY0 + timedelta(int(d)) for d in rng.integers(0, 2000, 300)]
    rows = [
        (i, "GMB", s, s + timedelta(int(d)))
        for i, (s, d) in enumerate(zip(starts, rng.integers(1, 900, 300), strict=True))
    ]
    on = DAY0 + timedelta(2000)
    for criterion in (TWELVE_MONTHS, MOST_OF_TWELVE_MONTHS):
        found = residents_on(spells(*rows), "GMB", on, criterion, on + relativedelta(months=13))
        assert "unknown" not in set(found["resident"])
        assert "unknown" in set(residents_on(spells(*rows), "GMB", on, criterion, on)["resident"])


# ------------------------------------------------------------------------------------------- rule sets


def returning_citizen():
    stays = spells(
        ("citizen", "GMB", "1990-01-01", "2018-02-01"),
        ("citizen", "ESP", "2018-02-01", "2023-05-01"),
        ("citizen", "GMB", "2023-05-01", None),
        ("foreigner", "GMB", "2023-06-01", None),
    )
    return stays, pd.DataFrame(
        {
            "person": ["citizen", "foreigner"],
            "citizenship": ["GMB", "SEN"],
            "country_birth": ["GMB", "SEN"],
            "birth_date": ["1990-01-01", "1990-01-01"],
        }
    )


def test_the_framework_of_2021_counts_the_returning_citizen_whom_a_flow_of_foreigners_misses():
    stays, persons = returning_citizen()
    arguments = (stays, "GMB", "2022-12-31", "2023-12-31")
    both = migration_flows(*arguments, "un_2025", known_until="2025-01-01", persons=persons)
    foreign = migration_flows(*arguments, "foreign_citizens", known_until="2025-01-01", persons=persons)
    assert both.loc[("arrival", "long_term"), "yes"] == 2
    assert foreign.loc[("arrival", "long_term"), ["yes", "no", "total"]].tolist() == [1, 1, 2]
    by = migration_flows(*arguments, "un_2025", "citizenship", known_until="2025-01-01", persons=persons)
    assert by.loc[("arrival", "long_term")]["yes"].to_dict() == {"GMB": 1, "SEN": 1, "Total": 2}


def test_an_office_states_its_own_rule_set():
    six = Criterion("six_months", 6, "Population register act")
    own = RuleSet("office", "Six months by law", "Population register act", 2019, six, only="foreign_citizen")
    stays, persons = returning_citizen()
    found = migration_flows(
        stays, "GMB", "2022-12-31", "2023-12-31", own, known_until="2023-12-31", persons=persons
    )
    assert found.loc[("arrival", "long_term")].tolist() == [1, 1, 0, 2]
    assert own.describe()["source"] == "Population register act"
    assert own.classes == ("resident", "visitor", "away")


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (lambda: Criterion("", 12, "x"), "key"),
        (lambda: Criterion("x", -1, "x"), "months"),
        (lambda: Criterion("x", 1.5, "x"), "months"),
        (lambda: Criterion("x", 12, "x", within=6), "within"),
        (lambda: Criterion("x", 3, "x", absence=12), "absence"),
        (lambda: RuleSet("x", "x", "", 2019, TWELVE_MONTHS), "source"),
        (lambda: RuleSet("x", "x", "x", "long ago", TWELVE_MONTHS), "year"),
        (lambda: RuleSet("x", "x", "x", 2019, 12), "Criterion"),
        (lambda: RuleSet("x", "x", "x", 2019, TWELVE_MONTHS, short_from=12), "short-term"),
        (lambda: RuleSet("x", "x", "x", 2019, TWELVE_MONTHS, short_from=0), "short_from"),
        (lambda: RuleSet("x", "x", "x", 2019, TWELVE_MONTHS, not_migration="holiday"), "tuple"),
        (lambda: RuleSet("x", "x", "x", 2019, TWELVE_MONTHS, only="tall"), "tall"),
        (lambda: criterion_of("a year"), "a year"),
        (lambda: rule_set_of(None), "None"),
    ],
)
def test_what_is_no_rule_is_told_in_one_sentence(wrong, word):
    with pytest.raises(KitError, match=word):
        wrong()


def test_every_set_names_its_source_and_reads_as_plain_words():
    for each in (*RULE_SETS.values(), *CATEGORY_SETS.values()):
        assert each.source and 1990 < each.year < 2030 and each.note
    for each in CRITERIA.values():
        assert each.source
    for categories in CATEGORY_SETS.values():
        for rule in categories.rules:
            assert rule.sentence.endswith(".") and '"' not in rule.sentence, rule.key


def test_two_rule_sets_side_by_side_and_who_changes_class():
    stays = spells(
        ("settled", "GMB", "2015-01-01", None),
        ("season", "GMB", "2024-01-01", "2024-05-01"),
        ("study", "GMB", "2024-01-01", "2024-10-01"),
        ("visit", "GMB", "2024-04-01", "2024-04-20"),
        ("new", "GMB", "2024-04-01", None),
        purpose=["work", "work", "study", "visit", "work"],
    )
    table = compare_rule_sets(stays, "GMB", "2023-12-31", "2024-04-15", known_until="2024-12-31",
                              rule_sets=["un_1998", "un_2025", "un_2025_most"])  # fmt: skip
    assert (table[["yes", "no", "unknown"]].sum(axis=1) == table["total"]).all()
    assert table.loc[("residents", "un_1998"), ["yes", "unknown"]].tolist() == [1, 1]
    assert table.loc[("short_term", "un_1998"), "yes"] == 2
    assert table.loc[("temporary", "un_2025"), "yes"] == 3
    assert table.loc[("residents", "un_2025_most"), "yes"] == 3
    changed = class_changes(stays, "GMB", "2024-04-15", "un_1998", "un_2025_most", "2024-12-31")
    assert changed.loc["short_term", ["resident", "temporary"]].tolist() == [1, 1]
    assert changed.loc["unknown", "resident"] == 1 and changed.loc["visitor", "temporary"] == 1
    assert changed.loc["Total", "Total"] == 5
    same = class_changes(stays, "GMB", "2024-04-15", "un_1998", "un_1998", "2024-12-31").iloc[:-1, :-1]
    assert np.array_equal(same, np.diag(np.diag(same)))


# ----------------------------------------------------------------------------------- categories of persons


def workers():
    return pd.DataFrame(
        {
            "who": ["clerk", "trader", "pupil", "guest", "diplomat", "back", "retired"],
            "resident": ["Y", "Y", "Y", "N", "N", "Y", "Y"],
            "country_birth": ["GMB", "SEN", "SEN", "MLI", "FRA", "GMB", "GIN"],
            "citizenship": ["GMB", "SEN", "SEN", "MLI", "FRA", "GMB", "GIN"],
            "age": [30, 40, 12, 25, 50, 35, 70],
            "activity": ["E", "U", "S", "E", "E", "E", "O"],
            "labour_here": [None, None, None, "Y", "N", None, None],
            "reason": [None, "W", "F", "W", "W", None, "W"],
            "worked_abroad_months": [0, 0, 0, 0, 0, 18, 5],
        }
    ).set_index("who")


def test_the_three_concepts_of_labour_migration():
    found = category_answers(workers(), CATEGORY_SETS["icls20_2018"], "GMB").eq("yes")
    assert found.index[found["resident_migrant_worker"]].tolist() == ["trader"]
    assert found.index[found["non_resident_foreign_worker"]].tolist() == ["guest"]
    assert found.index[found["international_migrant_worker"]].tolist() == ["trader", "guest"]
    # Who came to work counts also after retirement; who came back counts whatever the citizenship.
    assert found.index[found["for_work_migrant"]].tolist() == ["trader", "retired"]
    assert found.index[found["return_migrant_worker"]].tolist() == ["back"]
    shorter = category_answers(workers(), labour_migration(months_abroad=5), "GMB")["return_migrant_worker"]
    assert shorter.eq("yes").sum() == 2
    with pytest.raises(KitError, match="several categories"):
        categorise(workers(), CATEGORY_SETS["icls20_2018"], "GMB")


def test_a_citizen_born_abroad_is_a_migrant_worker_by_birth_alone():
    person = pd.DataFrame(
        {"resident": ["Y"], "country_birth": ["SEN"], "citizenship": ["GMB"], "age": [30], "activity": ["E"]}
    )
    answers = {
        kind: category_answers(person, labour_migration(kind), "GMB")["resident_migrant_worker"].item()
        for kind in ("either", "foreign_born", "foreign_citizen")
    }
    assert answers == {"either": "yes", "foreign_born": "yes", "foreign_citizen": "no"}


def test_refugees_and_related_populations():
    people = pd.DataFrame(
        {
            "protection": ["REF", "ASR", "N", "N", "N", "N", "X", "N"],
            "former_refugee": ["N", "N", "Y", "Y", "N", "N", "Y", "N"],
            "parent_refugee": ["N", "N", "N", "N", "Y", "N", "N", "N"],
            "joined_refugee": ["N"] * 8,
            "returned_from": ["N", "N", "N", "N", "N", "REF", "N", "N"],
            "citizenship": ["SEN", "MLI", "GMB", "SEN", "SEN", "GMB", "GMB", "GMB"],
            "country_birth": ["SEN", "MLI", "SEN", "SEN", "GMB", "GMB", "SEN", "GMB"],
        }
    )
    assert categorise(people, CATEGORY_SETS["irrs_2018"], "GMB").tolist() == [
        "refugee",
        "asylum_seeker",
        "naturalised_former_refugee",
        "other_refugee_background",
        "child_of_refugee",
        "repatriated_refugee",
        "unknown",
        "none",
    ]
    rule = CATEGORY_SETS["irrs_2018"].rule("refugee")
    assert stock(people, rule, "GMB").loc["Total", ["yes", "no", "unknown"]].tolist() == [1, 6, 1]


def test_internally_displaced_persons_count_until_the_vulnerabilities_of_displacement_are_overcome():
    people = pd.DataFrame(
        {
            "displaced": ["Y", "Y", "Y", "Y", "N", "N", "N", "Y"],
            "idp_location": ["D", "R", "E", "R", None, None, None, "D"],
            "vulnerable": ["Y", "Y", "Y", "N", None, None, None, None],
            "parent_idp": ["N", "N", "N", "N", "Y", "N", "N", "N"],
            "household_idp": ["N", "N", "N", "N", "Y", "Y", "N", "N"],
        }
    )
    assert categorise(people, CATEGORY_SETS["iris_2020"], "GMB").tolist() == [
        "idp_displacement",
        "idp_returned",
        "idp_elsewhere",
        "durable_solution",
        "child_of_idp",
        "family_of_idp",
        "none",
        "unknown",
    ]


def test_the_codes_of_categories_are_codes_of_the_kit():
    lists = {
        "protection": "protection_status", "returned_from": "protection_status", "idp_location": "idp_location",
        "nationality_status": "nationality_status", "activity": "activity", "reason": "reason",
    }  # fmt: skip
    for categories in CATEGORY_SETS.values():
        for rule in categories.rules:
            frame = pd.DataFrame({need: ["?"] for need in rule.needs})
            for column in set(rule.needs) & set(lists):
                codes = set(codelist(lists[column])["code"])
                probe = pd.concat([frame] * len(codes), ignore_index=True).assign(**{column: sorted(codes)})
                answers = [
                    alternative.codes
                    for alternative in conditions(rule)
                    if isinstance(alternative, Is) and alternative.column == column
                ]
                assert answers and all(set(each) <= codes for each in answers), (rule.key, column, len(probe))


def conditions(rule):
    """The conditions of a rule made by ``rule_where``."""
    alternatives = dict(zip(rule.decide.__code__.co_freevars, rule.decide.__closure__, strict=True))
    return [condition for each in alternatives["alternatives"].cell_contents for condition in each]


def test_a_set_of_ones_own_and_what_is_none():
    rule = rule_where("student", "Students", "Foreign citizens who study.", "Office", [Foreign("citizenship")])
    own = CategorySet("office", "Ours", "Office", 2024, (rule,), {"student": "mobility"})
    people = pd.DataFrame({"nat": ["GMB", "SEN", None]})
    assert categorise(people, own, "GMB", citizenship="nat").tolist() == ["none", "student", "unknown"]
    by_number = rule_where("away", "Away", "Lives abroad.", "Office", [Foreign("lives_in")])
    assert classify(pd.DataFrame({"lives_in": [270.0, 686, None]}), by_number, 270).tolist() == [
        "no",
        "yes",
        "unknown",
    ]
    for wrong in (
        lambda: classify(pd.DataFrame({"lives_in": ["gmb", "SEN"]}), by_number, "GMB"),
        lambda: CategorySet("x", "x", "x", 2024, (rule, rule), {"student": "x"}),
        lambda: CategorySet("x", "x", "x", 2024, (), {}),
        lambda: rule_where("x", "x", "x", "x"),
        lambda: rule_where("x", "x", "x", "x", []),
        lambda: own.rule("pupil"),
        lambda: categorise(people, own, "GMB"),
        lambda: categorise(people, "irrs_2018", "GMB"),
        lambda: labour_migration("tourists"),
        lambda: labour_migration(least_age=-1),
        lambda: category_answers(workers().assign(age="old"), CATEGORY_SETS["icls20_2018"], "GMB"),
    ):
        with pytest.raises(KitError):
            wrong()


# ------------------------------------------------------------------------------------------------ ECOWAS


def members(on, **arguments):
    everybody = pd.DataFrame({"citizenship": [each.iso3 for each in countries()]})
    return int(community_citizen(everybody, on, **arguments).eq("yes").sum())


@pytest.mark.parametrize(
    ("on", "number"),
    [
        # Treaty of 28 May 1975 with fifteen founders; Cabo Verde joined; Mauritania left in 2000; Burkina Faso,
        # Mali and Niger withdrew on 29 January 2025 (ECOWAS Commission).
        ("1975-05-27", 0),
        ("1985-01-01", 16),
        ("2001-01-01", 15),
        ("2025-01-28", 15),
        ("2025-01-29", 12),
    ],
)
def test_members_of_ecowas_on_a_day(on, number):
    assert members(on) == number
    assert founded("ECOWAS") == date(1975, 5, 28)


def test_free_movement_goes_on_until_further_notice():
    assert members("2025-06-30", rights=True) == 15
    assert members("2027-01-01", rights=True, rights_until="2027-01-01") == 12
    assert members("2026-12-31", rights=True, rights_until="2027-01-01") == 15
    assert members("1979-05-28", rights=True) == 0
    # Mauritania withdrew too, but nothing was said of keeping its citizens' rights.
    gone = pd.DataFrame({"citizenship": ["MRT"]})
    assert community_citizen(gone, "2025-06-30", rights=True).item() == "no"


def test_several_citizenships_and_none():
    people = pd.DataFrame(
        {"first": ["FRA", "FRA", "XXA", "XXX", None, "MLI"], "second": ["SEN", "XXX", "", "GHA", "", None]}
    )
    names = ["first", "second"]
    found = community_citizen(people, "2025-06-30", names).tolist()
    assert found == ["yes", "unknown", "no", "yes", "unknown", "no"]
    assert set(community_citizen(people, "1970-01-01", names)) == {"no"}
    by_day = people.assign(crossed=["2025-06-30", None, "2025-06-30", "1970-01-01", "1970-01-01", "2020-01-01"])
    found = community_citizen(by_day, "crossed", names).tolist()
    assert found == ["yes", "unknown", "no", "no", "no", "yes"]


@given(st.lists(st.sampled_from(["SEN", "MLI", "MRT", "FRA", "XXX", "XXA", None, ""]), max_size=8),
       st.dates(date(1960, 1, 1), date(2030, 1, 1)))  # fmt: skip
def test_community_citizens_follow_membership(codes, on):
    people = pd.DataFrame({"citizenship": pd.Series(codes, dtype=object)})
    citizens, free = (community_citizen(people, on, rights=rights) for rights in (False, True))
    for code, citizen, moves in zip(codes, citizens, free, strict=True):
        if on < date(1975, 5, 28):
            assert citizen == "no"
        elif code in ("XXX", None, ""):
            assert citizen == "unknown"
        else:
            assert citizen == ("yes" if member(code, "ECOWAS", on) else "no")
        # Since the protocol, rights are never fewer than citizenship gives.
        assert not (citizen == "yes" and moves == "no" and on >= date(1979, 5, 29))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((pd.DataFrame({"citizenship": ["Gambia"]}), "2024-01-01"), "Gambia"),
        ((pd.DataFrame({"citizenship": ["GM"]}), "2024-01-01"), "GM"),
        ((pd.DataFrame({"citizenship": [270]}), "2024-01-01"), "270"),
        ((pd.DataFrame({"nationality": ["GMB"]}), "2024-01-01"), "citizenship"),
        ((pd.DataFrame({"citizenship": ["GMB"]}), "soon"), "soon"),
        ((pd.DataFrame({"citizenship": ["GMB"]}), None), "date"),
        ((pd.DataFrame({"citizenship": ["GMB"]}), "2024-01-01", []), "column"),
        ((pd.DataFrame({"citizenship": ["GMB"]}), "2024-01-01", "citizenship", "EU"), "ECOWAS"),
    ],
)
def test_wrong_questions_about_the_community(arguments, word):
    with pytest.raises(KitError, match=word):
        community_citizen(*arguments)


# --------------------------------------------------------- a second implementation, day by day and in plain Python


def plain_stays(rows, horizon, birth, death):
    """Stays [side, start, end, open, planned, born, died] of one person; None is away for a blank country."""
    stays = []
    for _person, country, start, end, planned in rows:
        if start > horizon:
            continue
        side = {"GMB": 1, "SEN": 0, "XXX": 2}[country]
        end = min(each for each in (end, death, date.max) if each is not None)
        end = None if end > horizon else end
        if stays and stays[-1][2] is not None and stays[-1][2] < start:
            stays.append([0, stays[-1][2], start, None])
        stays.append([side, start, end, planned])
    if stays and stays[-1][2] is not None and stays[-1][2] != death:
        stays.append([0, stays[-1][2], death if death and death <= horizon else None, None])
    merged = []
    for stay in stays:
        if merged and merged[-1][0] == stay[0]:
            merged[-1][2] = stay[2]
            merged[-1][3] = max((each for each in (merged[-1][3], stay[3]) if each), default=None)
        else:
            merged.append(stay)
    return [
        {"side": s, "start": a, "end": b, "planned": p, "born": k == 0 and a == birth,
         "died": b is not None and b == death}
        for k, (s, a, b, p) in enumerate(merged)
    ]  # fmt: skip


def plain_bridged(stays, absence, horizon):
    while absence:
        days = [((s["end"] or horizon + timedelta(1)) - s["start"]).days for s in stays]
        visits = [
            k
            for k in range(1, len(stays) - 1)
            if stays[k - 1]["side"] == stays[k + 1]["side"] != stays[k]["side"]
            and days[k] < min(days[k - 1], days[k + 1])
            and stays[k]["end"] < stays[k]["start"] + relativedelta(months=absence)
        ]
        if not visits:
            break
        k = visits[0]
        before, visit, after = stays[k - 1 : k + 2]
        planned = max((s["planned"] for s in (before, visit, after) if s["planned"]), default=None)
        joined = {**before, "end": after["end"], "died": after["died"], "planned": planned}
        stays = [*stays[: k - 1], joined, *stays[k + 2 :]]
    return stays


def plain_answer(rows, criterion, on, horizon, birth, death):
    """Resident on a day: 0 no, 1 yes, 2 unknown."""
    if (death and on >= death) or not rows or on < rows[0][2]:
        return 0
    stays = plain_bridged(plain_stays(rows, horizon, birth, death), criterion.absence, horizon)

    def length(stay):
        goal = stay["start"] + relativedelta(months=criterion.months)
        until = stay["end"] or horizon + timedelta(1)
        if stay["born"] or (until > goal if criterion.more_than else until >= goal):
            return "long"
        if stay["end"] and not stay["died"]:
            return "short"
        if stay["planned"] is None:
            return "open"
        return "long" if stay["planned"] >= goal else "short"

    current = next(k for k, s in enumerate(stays) if s["start"] <= on and (s["end"] is None or on < s["end"]))
    stay, kind = stays[current], length(stays[current])
    if kind == "long":
        return stay["side"]
    if criterion.within is None:
        before = next((s["side"] for s in reversed(stays[:current]) if length(s) == "long"), 0)
    else:
        since = on - relativedelta(months=criterion.within)
        if stays[0]["born"]:
            since = max(since, birth)
        home = sum(
            max((min(s["end"] or on, on) - max(s["start"], since)).days, 0) for s in stays if s["side"] == 1
        )
        before = int(home * criterion.within > criterion.months * (on - since).days)
    return 2 if kind == "open" and stay["side"] != before else before


@st.composite
def histories(draw):
    """A person's spells in order of time, birth and death that fit, a day to ask about, one of knowledge."""
    day, rows = DAY0, []
    n = draw(st.integers(1, 6))
    for k in range(n):
        day += timedelta(draw(st.sampled_from([0, 0, 0, 5, 40, 120, 400])))
        days = draw(st.one_of(st.sampled_from([1, 30, 91, 92, 181, 182, 184, 365, 366]), st.integers(1, 500)))
        end = None if k == n - 1 and draw(st.booleans()) else day + timedelta(days)
        months = draw(st.sampled_from([None, None, 2, 6, 12, 24]))
        planned = None if months is None else day + relativedelta(months=months)
        rows.append(("p", draw(st.sampled_from(["GMB", "GMB", "SEN", "XXX"])), day, end, planned, months))
        day = end or day
    last = rows[-1][3] or rows[-1][2] + timedelta(draw(st.integers(1, 500)))
    birth = draw(st.sampled_from([None, rows[0][2], date(1990, 5, 5)]))
    death = draw(st.sampled_from([None, None, last]))
    on = DAY0 + timedelta(draw(st.integers(0, 2500)))
    known = on + timedelta(draw(st.sampled_from([0, 1, 90, 182, 364, 365, 366, 1000])))
    return rows, birth, death, on, known


def as_frames(rows, birth, death):
    frame = pd.DataFrame(
        [row[:4] + row[5:] for row in rows], columns=["person", "country", "start", "end", "intended_months"]
    )
    return frame, pd.DataFrame({"person": ["p"], "birth_date": [birth], "death_date": [death]}, dtype=object)


FUZZED = [
    TWELVE_MONTHS,
    MOST_OF_TWELVE_MONTHS,
    AS_RECORDED,
    Criterion("six", 6, "test", absence=2),
    Criterion("nine of eighteen", 9, "test", within=18),
]


@settings(max_examples=200)
@given(histories(), st.sampled_from(FUZZED))
def test_the_answer_is_that_of_a_plain_implementation(history, criterion):
    rows, birth, death, on, known = history
    frame, persons = as_frames(rows, birth, death)
    found = residents_on(frame, "GMB", on, criterion, known, persons)["resident"].item()
    expected = plain_answer([row[:5] for row in rows], criterion, on, known, birth, death)
    assert found == ["no", "yes", "unknown"][expected]


# ------------------------------------------------------------------------------------- properties of any file


@st.composite
def files(draw):
    """Spells of several persons with their table of persons, and a period."""
    parts, persons = [], []
    for k in range(draw(st.integers(1, 4))):
        rows, birth, death, on, known = draw(histories())
        frame, person = as_frames(rows, birth, death)
        parts.append(frame.assign(person=f"p{k}", purpose=draw(st.sampled_from(["work", "visit", "X", None]))))
        persons.append(person.assign(person=f"p{k}", country_birth=draw(st.sampled_from(["GMB", "SEN", "XXX"])),
                                     citizenship=draw(st.sampled_from(["GMB", "SEN", "XXX", None]))))  # fmt: skip
    anchor = pd.DataFrame({"person": ["z"], "country": ["GMB"], "start": [date(1980, 1, 1)], "end": [None]})
    own = {"person": ["z"], "birth_date": [date(1980, 1, 1)], "country_birth": ["GMB"], "citizenship": ["GMB"]}
    frame = pd.concat([*parts, anchor], ignore_index=True)
    return frame, pd.concat([*persons, pd.DataFrame(own, dtype=object)], ignore_index=True), on, known


@settings(max_examples=25)
@given(files(), st.sampled_from(FUZZED), st.integers(0, 900))
def test_stocks_and_flows_always_tie(file, criterion, days):
    stays, persons, on, known = file
    first = on - timedelta(days)
    account = population_account(stays, "GMB", first, on, criterion, known, persons).loc["Total"]
    assert account["error"] == 0
    for day, column in ((first, "residents_start"), (on, "residents_end")):
        answers = residents_on(stays, "GMB", day, criterion, known, persons)["resident"]
        assert answers.eq("yes").sum() == account[column]
    by = population_account(stays, "GMB", first, on, criterion, known, persons, by="citizenship")
    assert by.loc["Total"].tolist() == account.tolist() and (by["error"] == 0).all()
    assert by.iloc[:-1].sum().tolist() == account.tolist()


@settings(max_examples=20)
@given(files(), st.sampled_from(list(RULE_SETS)), st.integers(0, 900))
def test_answers_add_up_to_the_universe(file, key, days):
    stays, persons, on, known = file
    first = on - timedelta(days)
    table = compare_rule_sets(stays, "GMB", first, on, [key], known, persons)
    assert (table[["yes", "no", "unknown"]].sum(axis=1) == table["total"]).all()
    assert table.loc[("residents", key), "total"] == len(persons)
    classes = population_on(stays, "GMB", on, key, known, persons)
    assert set(classes["group"]) <= {*RULE_SETS[key].classes, "unknown"} and len(classes) == len(persons)
    moves = classify_moves(stays, "GMB", first, on, key, known, persons)
    arrivals = moves["direction"].eq("arrival").sum()
    assert table.loc[("immigrations", key), "total"] == arrivals
    # No move is long-term and short-term at once.
    assert not (moves["long_term"].eq("yes") & moves["short_term"].eq("yes")).any()
    flows = migration_flows(stays, "GMB", first, on, key, None, known, persons)
    assert flows.loc[("arrival", "long_term"), "yes"] == table.loc[("immigrations", key), "yes"]
    split = migration_flows(stays, "GMB", first, on, key, "citizenship", known, persons)
    assert split.xs("Total", level=2).equals(flows)


@given(files(), st.integers(1, 24), st.integers(1, 24))
def test_a_shorter_threshold_never_gives_fewer_migrations(file, one_threshold, other):
    """Over whole histories: stays that make residence under the longer rule do so under the shorter."""
    stays, persons, _on, _known = file
    stays = stays[stays["country"] != "XXX"].drop(columns="intended_months")
    counts = []
    for months in sorted((one_threshold, other)):
        account = population_account(
            stays, "GMB", "1970-01-01", "2040-01-01", Criterion("x", months, "test"), "2045-01-01", persons
        )
        moves = account.loc["Total", ["immigrations", "emigrations", "to_unknown", "from_unknown"]]
        counts.append(int(moves.sum()))
    assert counts[0] >= counts[1]


@given(files(), st.sampled_from(FUZZED))
def test_what_was_lived_is_never_revised(file, criterion):
    stays, persons, on, known = file
    now = residents_on(stays.drop(columns="intended_months"), "GMB", on, criterion, on, persons)["resident"]
    later = residents_on(stays.drop(columns="intended_months"), "GMB", on, criterion, known, persons)["resident"]
    if criterion.within is None and not criterion.absence:
        known_now = now.ne("unknown")
        assert (now[known_now] == later[known_now]).all()
    assert later.eq("unknown").sum() <= now.eq("unknown").sum() or criterion.absence


@settings(max_examples=20)
@given(files(), st.randoms(use_true_random=False), st.sampled_from(FUZZED))
def test_the_order_of_rows_and_the_kind_of_columns_do_not_matter(file, random, criterion):
    stays, persons, on, known = file
    expected = residents_on(stays, "GMB", on, criterion, known, persons)
    rows = list(range(len(stays)))
    random.shuffle(rows)
    shuffled = stays.iloc[rows].set_axis(["same"] * len(stays), axis=0)
    for column in ("start", "end"):
        shuffled[column] = shuffled[column].map(lambda d: None if d is None or pd.isna(d) else d.isoformat())
    before = shuffled.copy()
    others = shuffled.assign(country=shuffled["country"].astype("category"))
    for frame in (shuffled, others, others.assign(start=pd.to_datetime(others["start"]).to_numpy())):
        found = residents_on(frame, "GMB", on, criterion, known, persons)
        pd.testing.assert_frame_equal(found, expected)
    pd.testing.assert_frame_equal(shuffled, before)


def test_a_history_has_no_gap_and_says_on_what_it_rests():
    stays = spells(
        ("a", "SEN", "1990-01-01", "2010-01-01"),
        ("a", "GMB", "2010-01-01", "2015-01-01"),
        ("a", "GMB", "2024-06-01", None),
    )
    found = residence_history(stays, "GMB", known_until="2024-12-31")
    assert found["resident"].tolist() == ["no", "yes", "no", "unknown"]
    assert found["basis"].tolist() == ["lived", "lived", "lived", "open"]
    assert found["start"].tolist()[1:] == found["end"].tolist()[:-1] and found["end"].isna().tolist()[-1]


# ------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("rows", "persons", "words"),
    [
        ([("a", "GMB", "2024-05-01", "2024-04-01")], None, "row 0.*before it starts"),
        ([("a", "GMB", "2024-05-01", "2024-05-01")], None, "one day"),
        ([("a", "GMB", None, "2024-05-01")], None, "no first day"),
        ([("a", "GMB", "01/05/2024", None)], None, "01/05/2024"),
        ([("a", "GMB", "2024-05-01 or so", None)], None, "2024-05-01 or so"),
        ([("a", "GMB", "9999-12-31", None)], None, "no first day"),
        ([(["a", "b"], "GMB", "2024-05-01", None)], None, "'person': row 0 holds a list"),
        ([("a", "GMB", 20240501, None)], None, "20240501"),
        ([(None, "GMB", "2024-05-01", None)], None, "whose spell"),
        ([("a", "GMB", "2024-01-01", None), ("a", "SEN", "2024-02-01", None)], None, "another country"),
        ([("a", "Gambia", "2024-01-01", None)], None, "Gambia"),
        ([("a", "gmb", "2024-01-01", None)], None, "gmb"),
        ([("a", "GMB", "2024-01-01", None)], {"person": ["b"]}, "not in the table"),
        ([("a", "GMB", "2024-01-01", None)], {"person": ["a", "a"]}, "twice"),
        ([("a", "GMB", "2024-01-01", None)], {"person": ["a", None]}, "no value"),
        ([("a", "GMB", "2024-01-01", None)], {"person": ["a"], "birth_date": ["2024-01-02"]}, "was born"),
        ([("a", "GMB", "2024-01-01", "2024-03-01")], {"person": ["a"], "death_date": ["2024-02-01"]}, "death"),
        ([("a", "GMB", "2024-01-01", None)], {"person": ["a"], "death_date": ["2023-02-01"]}, "death"),
        (
            [("a", "GMB", "2024-01-01", None)],
            {"person": ["a"], "birth_date": ["2020-01-01"], "death_date": ["2019-01-01"]},
            "before the birth",
        ),
    ],
)
def test_spells_that_cannot_be_are_told_with_row_and_person(rows, persons, words):
    with pytest.raises(KitError, match=words):
        residents_on(
            spells(*rows), "GMB", "2024-06-01", persons=None if persons is None else pd.DataFrame(persons)
        )


GOOD = one("2024-01-01", None)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: residents_on("file.csv", "GMB", "2024-06-01"), "table"),
        (lambda: residents_on(GOOD.drop(columns="start"), "GMB", "2024-06-01"), "start"),
        (lambda: residents_on(GOOD, "", "2024-06-01"), "code"),
        (lambda: residents_on(GOOD, "GMB", "June"), "June"),
        (lambda: residents_on(GOOD, "GMB", "2024-06-01", "ever"), "ever"),
        (lambda: residents_on(GOOD, "GMB", "2024-06-01", known_until="2024-05-01"), "known_until"),
        (lambda: residents_on(GOOD, "GMB", "2024-06-01", columns={"begin": "start"}), "begin"),
        (lambda: residents_on(GOOD, "GMB", "2024-06-01", columns="start"), "columns says"),
        (lambda: compare_rule_sets(GOOD, "GMB", "2024-01-01", "2024-06-01", None), "no rule set called None"),
        (lambda: founded(["ECOWAS"]), "no members"),
        (lambda: residents_on(GOOD, "GMB", "2024-06-01", columns={"purpose": "why"}), "why"),
        (lambda: residents_on(GOOD.assign(intended_months=-1), "GMB", "2024-06-01"), "intended_months"),
        (lambda: residents_on(GOOD.assign(intended_months="two"), "GMB", "2024-06-01"), "intended_months"),
        (lambda: migration_flows(GOOD, "GMB", "2024-06-01", "2024-01-01"), "before the first"),
        (lambda: migration_flows(GOOD, "GMB", "2024-01-01", "2024-06-01", by="sex"), "persons"),
        (lambda: migration_flows(GOOD, "GMB", "2024-01-01", "2024-06-01", "foreign_citizens"), "persons"),
        (lambda: population_account(GOOD, "GMB", "2024-06-01", "2024-01-01"), "before the first"),
        (lambda: population_account(GOOD, "GMB", "2024-01-01", "2024-06-01", by="sex"), "persons"),
        (lambda: population_account(GOOD, "GMB", "2024-01-01", "2024-06-01", before="sex"), "since"),
        (lambda: compare_rule_sets(GOOD, "GMB", "2024-01-01", "2024-06-01", []), "none"),
        (lambda: compare_rule_sets(GOOD, "GMB", "2024-01-01", "2024-06-01", ["un_1998"] * 2), "once"),
        (lambda: compare_rule_sets(GOOD, "GMB", "2024-06-01", "2024-01-01"), "before the first"),
    ],
)
def test_wrong_questions_are_told_in_one_sentence(wrong, words):
    with pytest.raises(KitError, match=words) as told:
        wrong()
    assert "\n" not in str(told.value)


def test_an_empty_file_has_no_migrants():
    empty = GOOD.iloc[:0]
    assert residents_on(empty, "GMB", "2024-06-01").empty
    assert residence_history(empty, "GMB", MOST_OF_TWELVE_MONTHS).empty
    assert classify_moves(empty, "GMB", "2024-01-01", "2024-06-01", "un_1998").empty
    assert migration_flows(empty, "GMB", "2024-01-01", "2024-06-01").to_numpy().sum() == 0
    account = population_account(empty, "GMB", "2024-01-01", "2024-06-01")
    assert account.to_numpy().sum() == 0
    assert class_changes(empty, "GMB", "2024-06-01", "un_1998", "un_2025").to_numpy().sum() == 0
    people = pd.DataFrame({"person": ["a"], "citizenship": ["SEN"], "country_birth": ["GMB"]})
    found = residents_on(empty, "GMB", "2024-06-01", persons=people)
    assert found["resident"].tolist() == ["no"]
    table = compare_rule_sets(empty, "GMB", "2024-01-01", "2024-06-01", persons=people)
    assert (table["total"] <= 1).all() and table.loc[("migrants", "un_1998"), "no"] == 1
    assert community_citizen(people.iloc[:0], "2024-01-01").empty


def test_other_names_numbers_as_codes_and_open_ends_of_registers():
    file = pd.DataFrame({"id": [7, 7], "pays": [686, 270], "de": ["2000-01-01", "2020-01-01"],
                         "a": ["2020-01-01", "9999-12-31"]})  # fmt: skip
    names = {"person": "id", "country": "pays", "start": "de", "end": "a"}
    found = residents_on(file, 270, "2024-06-01", columns=names)
    assert found.index.name == "id" and found.loc[7, "resident"] == "yes"
    overlapping = spells(("a", "GMB", "2020-01-01", "2022-01-01"), ("a", "GMB", "2021-06-01", "2023-01-01"))
    history = residence_history(overlapping, "GMB", known_until="2026-01-01")
    assert history["resident"].tolist() == ["yes", "no"]


def test_columns_of_any_kind_give_the_same_answer():
    stays, persons = returning_citizen()
    expected = residents_on(stays, "GMB", "2024-06-01", persons=persons)["resident"].tolist()
    assert expected == ["yes", "yes"]
    arrow = stays.convert_dtypes(dtype_backend="pyarrow")
    dates = {name: pd.to_datetime(stays[name]) for name in ("start", "end")}
    zoned = {name: each.dt.tz_localize("Africa/Banjul") for name, each in dates.items()}
    for frame in (
        stays.astype({"person": "category", "country": "category"}),
        stays.convert_dtypes(),
        arrow,
        arrow.assign(**{name: each.astype("timestamp[s][pyarrow]") for name, each in dates.items()}),
        stays.assign(**dates),
        stays.assign(**zoned),
        stays.assign(intended_months=pd.Series([None] * 4, dtype="Int64")),
    ):
        assert residents_on(frame, "GMB", "2024-06-01", persons=persons)["resident"].tolist() == expected
    flows = migration_flows(arrow, "GMB", "2022-12-31", "2023-12-31", "foreign_citizens", persons=persons)
    assert flows.loc[("arrival", "long_term"), "total"] == 2


@given(st.lists(st.tuples(
    st.sampled_from(["a", "b", None, 3, 2.5, True, b"a", (1, 2), [1]]),
    st.sampled_from(["GMB", "SEN", "XXX", "", None, "gmb", 270, 3.5, ["GMB"], 1 + 2j]),
    st.sampled_from(["2024-01-01", "2023-05-05", "soon", "", None, 5, date(2024, 1, 5), DAY0, 1 + 2j, ["2024"]]),
    st.sampled_from(["2024-03-01", "2023-05-05", "never", "", None, 7.5, date(2024, 1, 5), "9999-12-31"]),
    st.sampled_from([None, 3, "x", -2, 1e9, float("nan"), 0.5]),
), max_size=5))  # fmt: skip
def test_any_file_gets_an_answer_or_one_sentence(rows):
    frame = pd.DataFrame(rows, columns=["person", "country", "start", "end", "intended_months"], dtype=object)
    for ask in (
        lambda: residents_on(frame, "GMB", "2024-06-01"),
        lambda: migration_flows(frame, "GMB", "2023-12-31", "2024-06-01", "un_1998"),
        lambda: compare_rule_sets(frame, "GMB", "2023-12-31", "2024-06-01", ["un_1998", "un_2025_most"]),
        lambda: population_account(frame, "GMB", "2023-12-31", "2024-06-01"),
    ):
        try:
            assert ask() is not None
        except KitError as told:
            assert "\n" not in str(told) and len(str(told)) > 20


words = st.sampled_from(["Y", "N", "X", None, "", "GMB", "SEN", "REF", "D", "W", 3, float("nan")])


ASKED = {need for categories in CATEGORY_SETS.values() for rule in categories.rules for need in rule.needs}
answered = st.fixed_dictionaries(dict.fromkeys(sorted(ASKED - {"age", "worked_abroad_months"}), words))


@given(st.lists(answered, max_size=4), st.sampled_from(list(CATEGORY_SETS)))
def test_categories_answer_or_say_what_is_wrong(rows, key):
    people = pd.DataFrame(rows, columns=sorted(ASKED), dtype=object).assign(age=30, worked_abroad_months=None)
    try:
        answers = category_answers(people, CATEGORY_SETS[key], "GMB")
    except KitError as told:
        assert "\n" not in str(told)
        return
    assert answers.isin(["yes", "no", "unknown"]).all(axis=None) and len(answers) == len(people)
    for rule in CATEGORY_SETS[key].rules:
        assert classify(people, rule, "GMB").tolist() == answers[rule.key].tolist()
