"""Census and survey: truth with the ledger's defects is what was recorded; without defects nothing differs."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from migkit.reference import KitError, codelist, dictionary
from migkit.reference.dictionary import read_dictionary
from migkit.sources import census, pes
from migkit.sources.answers import completed_years, residence_at, true_answers
from migkit.sources.listing import emigrants_on, homes_on, same_region
from migkit.sources.records import LEVELS, ErrorModel, left_out, reproduce
from migkit.sources.truth_tables import truth_tables
from migkit.world import make_chunk
from migkit.world.accounting import balance

ROUNDS = ("census", "census_2014")
PLACES = {"GMB": 0.01, "CPV": 0.01, "NER": 0.0002}


@pytest.fixture(scope="module")
def worlds():
    return {iso3: make_chunk(iso3, scale, 1, 0) for iso3, scale in PLACES.items()}


@pytest.fixture(scope="module")
def world(worlds):
    return worlds["GMB"]


@pytest.fixture(scope="module")
def taken(worlds):
    """What each source recorded, by country, source and level."""
    out = {}
    for iso3, world in worlds.items():
        for level in LEVELS:
            for name in ROUNDS:
                out[iso3, name, level] = census.observe(world, ErrorModel(dictionary(name), level), 1)
            model = ErrorModel(dictionary("pes"), level)
            out[iso3, "pes", level] = pes.observe(world, model, 1, out[iso3, "census", level])
    return out


def table_of(observed, ending):
    return next(each for name, each in observed.tables.items() if name.endswith(ending))


def usual(persons):
    return persons[persons["residence_status"] != "V"]


def day_of(name):
    return date.fromisoformat(dictionary(name).reference)


def same(one, other):
    return (np.asarray(one, dtype=object) == np.asarray(other, dtype=object)).all()


# --- no defects


def test_without_defects_a_census_is_the_truth_of_its_day(worlds, taken):
    for iso3, world in worlds.items():
        for name in ROUNDS:
            persons = table_of(taken[iso3, name, "none"], "persons")
            at_home = (persons.records["residence_status"] != "V").to_numpy()
            ids = persons.links["truth_id"][at_home].astype("int64")
            lives = residence_at(world, day_of(name))["country"] == iso3
            assert ids.is_unique
            assert set(ids) == set(world.persons["truth_id"][lives.to_numpy()])
            answers = true_answers(world, day_of(name)).set_index("truth_id").loc[ids]
            shared = [column for column in persons.records if column in answers]
            assert len(shared) > 20
            for column in shared:
                assert same(persons.records[column][at_home], answers[column]), (iso3, name, column)


def test_answers_are_those_of_the_history(world):
    """Told a second time, person by person, for some persons."""
    day = world.census_day
    answers = true_answers(world, day).set_index("truth_id")
    spells = dict(iter(world.spells.groupby("truth_id")))
    persons = world.persons.set_index("truth_id")
    ago = {years: pd.Timestamp(day.replace(year=day.year - years)) for years in (1, 5)}
    came = 0
    for person in answers.index[::97]:
        mine, own, said = spells[person], persons.loc[person], answers.loc[person]
        born = own["birth_date"]
        age = day.year - born.year - ((born.month, born.day) > (day.month, day.day))
        assert said["age"] == str(min(age, 98))
        for years, then in ago.items():
            held = mine[(mine["start"] <= then) & (mine["end"].isna() | (mine["end"] > then))]
            expected = held["country"].iloc[0] if age >= years else ""
            assert said[f"country_{years}y"] == expected
        if said["visitor"]:
            continue
        before = mine[mine["start"] <= pd.Timestamp(day)]
        abroad = (before["country"] != world.iso3).to_numpy()
        arrivals = np.flatnonzero(abroad[:-1] & ~abroad[1:]) + 1
        assert (said["lived_abroad"] == "Y") == (len(arrivals) > 0)
        if len(arrivals):
            came += 1
            assert said["arrival_year"] == str(before["start"].iloc[arrivals[-1]].year)
            assert said["previous_country"] == before["country"].iloc[arrivals[-1] - 1]
    assert came > 10


def test_without_defects_the_survey_matches_everybody(worlds, taken):
    for iso3 in worlds:
        found, checked = (
            taken[iso3, "pes", "none"].tables[name].records for name in ("pes_persons", "pes_followup")
        )
        assert set(found["match_status"]) == {"M"}
        assert set(checked["outcome"]) == {"C"}
        assert set(found["census_person_id"]) == set(checked["person_id"])


# --- the ledger


def test_truth_and_ledger_reproduce_the_records(taken):
    for (iso3, name, level), observed in taken.items():
        for each, recorded in observed.tables.items():
            where = (iso3, name, level, each)
            assert reproduce(recorded).equals(recorded.records), where
            lost = recorded.ledger[recorded.ledger["record_id"] == ""]
            assert set(lost["true_value"]) == left_out(recorded), where
            assert recorded.perfect["event"].is_unique, where
            assert not {"event", "truth_id"} & set(recorded.records), where
            if level == "none":
                assert len(recorded.ledger) == 0 and len(recorded.records) == len(recorded.perfect), where


def test_links_name_every_record_once_and_persons_of_the_world(worlds, taken):
    for (iso3, name, _level), observed in taken.items():
        known = set(worlds[iso3].persons["truth_id"].astype("str"))
        for each, recorded in observed.tables.items():
            assert recorded.links["record_id"].tolist() == recorded.records[recorded.key].tolist()
            named = recorded.links["truth_id"]
            assert set(named) - {""} <= known, (iso3, name, each)
            if name in ROUNDS:
                assert ((named == "") == (recorded.links["kind"] == "invented")).all()


def test_every_kind_of_defect_is_described_and_every_described_one_happens(taken):
    for name in (*ROUNDS, "pes"):
        seen = {kind for iso3 in PLACES for kind in taken[iso3, name, "severe"].ledger["kind"]}
        assert seen == set(dictionary(name).defects)


def test_rates_of_defects_are_those_of_the_dictionary(taken):
    persons = table_of(taken["GMB", "census", "typical"], "persons")
    members = ((persons.perfect["residence_status"] == "UP") & (persons.perfect["relationship"] != "1")).sum()
    ledger = persons.ledger.drop_duplicates(["record_id", "kind", "truth_id"])
    seen = ledger["kind"].value_counts()
    rates = dictionary("census").defects
    for kind, asked in (
        ("duplicate", members),
        ("fictitious", members),
        ("age_not_stated", len(persons.records)),
        ("citizenship_not_stated", len(persons.records)),
    ):
        expected = asked * rates[kind].rates["typical"]["all"]
        assert abs(seen[kind] - expected) < 4 * expected**0.5 + 0.06 * expected, kind
    found = taken["GMB", "pes", "typical"].tables["pes_persons"]
    missed = (found.ledger["kind"] == "pes_omitted").sum()
    assert missed / (len(found.records) + missed) == pytest.approx(0.032, abs=0.008)


def test_a_single_rate_can_be_set(world):
    only = ErrorModel(dictionary("census"), "none", {"sex_not_stated": 0.5})
    ledger = census.observe(world, only, 1).ledger
    assert set(ledger["kind"]) == {"sex_not_stated"}
    twice = ErrorModel(dictionary("census"), "none", {"omitted_person.native": 0.1})
    lost = census.observe(world, twice, 1).ledger
    small = true_answers(world, world.census_day).set_index("truth_id")["age"].astype(int)
    ages = small.loc[lost["truth_id"].astype("int64")]
    assert (ages < 5).mean() > 1.3 * (small < 5).mean()  # the factor holds at every level


def test_the_same_world_gives_the_same_records(world, taken):
    again = census.observe(world, ErrorModel(dictionary("census"), "severe"), 1)
    other = census.observe(world, ErrorModel(dictionary("census"), "severe"), 2)
    for name, recorded in taken["GMB", "census", "severe"].tables.items():
        assert again.tables[name].records.equals(recorded.records)
        assert again.tables[name].ledger.equals(recorded.ledger)
        assert not other.tables[name].records.equals(recorded.records)


def test_chunks_have_their_own_identifiers_and_areas():
    model = ErrorModel(dictionary("census"), "typical")
    survey = ErrorModel(dictionary("pes"), "typical")
    parts = [make_chunk("GMB", 0.03, 1, chunk) for chunk in (0, 1)]
    both = [census.observe(part, model, 1) for part in parts]
    matched = [pes.observe(part, survey, 1, each) for part, each in zip(parts, both, strict=True)]
    for observed in (both, matched):
        for name, one in observed[0].tables.items():
            other = observed[1].tables[name]
            assert not set(one.records[one.key]) & set(other.records[other.key])
            assert not set(one.records["ea"]) & set(other.records["ea"])


# --- what is recorded is plausible


def test_tables_keep_to_their_dictionary(taken):
    for (iso3, name, level), observed in taken.items():
        assert list(observed.tables) == list(dictionary(name).tables)
        for each, recorded in observed.tables.items():
            described, rows = dictionary(name).tables[each], recorded.records
            assert rows.columns.tolist() == described.columns
            assert rows[described.key].is_unique and (rows[described.key] != "").all()
            for field in described.fields:
                values = set(rows[field.name])
                where = f"{iso3} {level} {each}.{field.name}"
                if field.codelist:
                    assert values - {""} <= set(codelist(field.codelist)["code"]), where
                if field.codelist == "region":
                    assert all(value.startswith(iso3) for value in values - {""}), where
                if "" in values:
                    assert field.blank or field.universe, f"{where} is blank and the dictionary does not say why"
                if field.type == "integer":
                    numbers = pd.to_numeric(rows[field.name]).dropna()
                    assert numbers.between(field.minimum, field.maximum).all(), where
                    assert (numbers % 1 == 0).all(), where


def test_questions_are_asked_of_their_universe(taken):
    for iso3 in PLACES:
        for name in ROUNDS:
            for level in LEVELS:
                persons = table_of(taken[iso3, name, level], "persons").records
                age = pd.to_numeric(persons["age"])
                for column, lowest in (("marital", 15), ("activity", 15), ("education", 5)):
                    assert ((persons[column] == "") == (age < lowest))[age.notna()].all(), column
                works = persons["activity"].isin(["E", "X"])
                assert (persons["occupation"][~works] == "").all()
                assert ((persons["region_birth"] != "") == (persons["country_birth"] == iso3)).all()
                asked = persons["lived_abroad"] == "Y"
                for column in ("previous_country", "reason"):
                    assert ((persons[column] != "") == asked).all(), column
                assert ((persons["arrival_stated"] == "NA") == ~asked).all()
                assert ((persons["arrival_year"] != "") == (persons["arrival_stated"] == "Y")).all()
                assert (persons["citizenship_2"] != persons["citizenship"]).all()
                never = persons["lived_abroad"] == "N"
                if level == "none":
                    assert persons["country_5y"][never].isin([iso3, ""]).all()


def test_households_and_lines_hang_together(taken):
    for iso3 in PLACES:
        for name in ROUNDS:
            for level in LEVELS:
                households, persons, emigrants = (
                    each.records for each in taken[iso3, name, level].tables.values()
                )
                assert set(persons["household_id"]) == set(households["household_id"])
                homes = households.set_index("household_id")
                for rows, column in ((persons, "n_listed"), (emigrants, "n_emigrants")):
                    counted = rows["household_id"].value_counts().reindex(homes.index).fillna(0)
                    assert (homes[column].astype(int) == counted).all()
                for rows in (persons, emigrants):
                    for column in ("ea", "region", "area"):
                        assert same(rows[column], homes[column].loc[rows["household_id"]])
                heads = persons[persons["relationship"] == "1"]
                assert heads["household_id"].is_unique and len(heads) == len(homes)
                line = persons["line_no"].str.zfill(2)
                assert (persons["person_id"] == persons["household_id"] + "-" + line).all()
                assert persons["person_id"].str.startswith(f"SYN-{iso3}-").all()


def test_matches_of_the_survey_are_records_of_the_census(taken):
    for iso3 in PLACES:
        for level in LEVELS:
            persons = table_of(taken[iso3, "census", level], "persons").records
            found, checked = (each.records for each in taken[iso3, "pes", level].tables.values())
            matched = found["census_person_id"]
            assert set(matched[matched != ""]) <= set(persons["person_id"])
            assert ((matched != "") == (found["match_status"] == "M")).all()
            assert set(checked["ea"]) <= set(found["ea"])
            first = found.groupby("ea")["household_no"].apply(lambda each: set(each.astype(int)))
            assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in first)


def test_omission_heaping_and_confusion_are_as_wished(world, taken):
    observed = taken["GMB", "census", "typical"]
    totals = truth_tables(world, observed).astype({"value": int})
    coverage = totals[totals["table"] == "coverage"].set_index(["key1", "key2"])["value"]
    native = coverage["native", "omitted"] / coverage["native", "residents"]
    foreign = coverage["foreign_born", "omitted"] / coverage["foreign_born", "residents"]
    assert 0.04 < coverage["total", "omitted"] / coverage["total", "residents"] < 0.08
    assert 1.6 < foreign / native < 2.6
    persons = usual(table_of(observed, "persons").records)
    age = pd.to_numeric(persons["age"])
    whipple = 500 * age.between(25, 60)[age % 5 == 0].sum() / age.between(23, 62).sum()
    assert 150 < whipple < 180
    assert 0.015 < (persons["country_birth"] == "XXX").mean() < 0.025
    mixed = totals[totals["table"] == "birthplace_true_by_recorded"].set_index(["key1", "key2"])["value"]
    assert mixed["GIN", "GNB"] > 5 and mixed["SEN", "GMB"] > 30


def test_nobody_mistakes_the_country_of_the_census(taken):
    for name in ROUNDS:
        ledger = taken["NER", name, "severe"].ledger
        mixed = ledger[ledger["kind"] == "birthplace_mixup"]
        assert not {"NER"} & (set(mixed["recorded"]) | set(mixed["true_value"]))


def test_a_dual_system_estimate_finds_the_truth(world, taken):
    found, checked = (each.records for each in taken["GMB", "pes", "typical"].tables.values())
    sample = found.assign(w=found["weight"].astype(float))
    checked = checked.assign(w=checked["weight"].astype(float))
    records = usual(table_of(taken["GMB", "census", "typical"], "persons").records)
    total = 0.0
    for stratum, group in sample[sample["match_status"] != "U"].groupby("stratum"):
        e_sample = checked[(checked["stratum"] == stratum) & (checked["outcome"] != "U")]
        correct = e_sample["w"][e_sample["outcome"] == "C"].sum() / e_sample["w"].sum()
        counted = (records["region"] + "-" + records["area"] == stratum).sum()
        total += counted * correct * group["w"].sum() / group["w"][group["match_status"] == "M"].sum()
    residents = (world.persons["status"] == "resident").sum()
    assert total == pytest.approx(residents, rel=0.02)
    assert len(records) < 0.98 * residents


# --- people on the move


def test_visitors_are_there_that_night_and_live_elsewhere(worlds, taken):
    for iso3, world in worlds.items():
        day = pd.Timestamp(world.census_day)
        persons = table_of(taken[iso3, "census", "none"], "persons")
        lives = residence_at(world, world.census_day)["country"].set_axis(world.persons["truth_id"].astype("str"))
        visits = (persons.records["residence_status"] == "V").to_numpy()
        guests = persons.links["truth_id"][visits]
        from_abroad = guests[(lives.loc[guests] != iso3).to_numpy()]
        trips = world.trips[(world.trips["destination"] == iso3) & (world.trips["out_date"] <= day)]
        trips = trips[trips["back_date"].isna() | (trips["back_date"] > day)]
        assert set(from_abroad) <= set(trips["truth_id"].astype("str"))
        assert len(from_abroad) > 0
        said = persons.records[visits & persons.links["truth_id"].isin(from_abroad).to_numpy()]
        assert set(said["lived_abroad"]) == {"Y"} and iso3 not in set(said["previous_country"])
        out = world.trips[(world.trips["origin"] == iso3) & (world.trips["out_date"] <= day)]
        out = out[(out["back_date"] > day) & (out["destination"] != iso3)]["truth_id"].astype("str")
        at_home = persons.records["residence_status"][~visits].set_axis(persons.links["truth_id"][~visits])
        away = at_home[at_home.index.isin(out)]
        assert len(away) > 0 and set(away) == {"UA"}
        earlier = table_of(taken[iso3, "census_2014", "none"], "persons")
        then = residence_at(world, day_of("census_2014"))["country"].set_axis(lives.index)
        assert (then.loc[earlier.links["truth_id"]] == iso3).all()  # trips are kept from 2023 on


def test_emigrants_left_in_ten_years_and_have_a_household_here(worlds, taken):
    for iso3, world in worlds.items():
        for name in ROUNDS:
            day = day_of(name)
            emigrants = table_of(taken[iso3, name, "none"], "emigrants")
            ids = emigrants.links["truth_id"].astype("int64")
            lives = residence_at(world, day)["country"].set_axis(world.persons["truth_id"])
            assert same(emigrants.records["country_residence"], lives.loc[ids])
            assert not lives.loc[ids].isin([iso3, ""]).any()
            stays = world.spells[(world.spells["country"] == iso3) & (world.spells["end"] <= pd.Timestamp(day))]
            left = stays.groupby("truth_id")["end"].max().loc[ids]
            assert (left >= pd.Timestamp(day.replace(year=day.year - 10))).all()
            assert same(emigrants.records["year_left"], left.dt.year.astype("str"))
            assert emigrants.records["year_left"].astype(int).between(day.year - 10, day.year).all()
            assert (emigrants.records["age_left"].astype(int) <= emigrants.records["age_now"].astype(int)).all()
            assert len(emigrants.records) > 5


def test_two_censuses_tell_one_history(worlds, taken):
    """Without defects the two counts and the flows between them balance, and nobody's birthplace changes."""
    for iso3, world in worlds.items():
        counts, rows = {}, {}
        for name in ROUNDS:
            persons = table_of(taken[iso3, name, "none"], "persons")
            at_home = (persons.records["residence_status"] != "V").to_numpy()
            rows[name] = persons.records[at_home].set_index(persons.links["truth_id"][at_home])
            counts[name] = int(at_home.sum())
        account = balance(world, day_of("census_2014"), day_of("census")).iloc[0]
        assert counts["census_2014"] == account["residents_start"]
        assert counts["census"] == account["residents_end"]
        before, after = rows["census_2014"], rows["census"]
        stayed = before.index.intersection(after.index)
        assert len(stayed) > 0.6 * len(before)
        then, now = before.loc[stayed], after.loc[stayed]
        for column in ("sex", "country_birth", "region_birth", "mother_country_birth", "father_country_birth"):
            assert same(then[column], now[column]), column
        older = now["age"].astype(int) - then["age"].astype(int)
        assert ((older == 10) | (now["age"] == "98")).all()
        # A birth cohort shrinks by deaths and net emigration: the survival ratio of natives lies below one.
        natives = [each[each["country_birth"] == iso3]["age"].astype(int) for each in (before, after)]
        assert (natives[1] >= 10).sum() < len(natives[0])
        # Children under ten in 2024 were born between the censuses, all but those who came from abroad.
        children = after[(after["age"].astype(int) < 10) & (after["country_birth"] == iso3)]
        assert not children.index.isin(before.index).any()
        # Whoever says to have lived in the country five years before and to be born there is no new arrival.
        assert (then["lived_abroad"][(now["lived_abroad"] == "N").to_numpy()] == "N").all()


def test_households_of_2014_are_led_by_the_eldest_and_lie_in_one_region(worlds):
    for world in worlds.values():
        source = dictionary("census_2014")
        day = day_of("census_2014")
        homes = homes_on(world, day, source, 1)
        here = homes.home >= 0
        region = residence_at(world, day)["region"].to_numpy(dtype=object)
        assert same(region[here], homes.frame["region"].to_numpy(dtype=object)[homes.home[here]])
        age = pd.Series(completed_years(world.persons["birth_date"], day))
        head = homes.frame["head"].to_numpy()
        assert same(homes.home[head], np.arange(len(homes.frame)))
        eldest = age[here].groupby(homes.home[here]).max()
        assert same(age.to_numpy()[head], eldest.to_numpy())
        assert (eldest >= source.parameters["age_of_own_household"]["value"]).mean() > 0.99
        size = np.bincount(homes.home[here])
        assert 2.5 < size.mean() < 9 and size.max() < 200


# --- true totals


def test_true_totals_add_up_to_the_truth(world, taken):
    totals = truth_tables(world, taken["GMB", "census", "typical"]).astype({"value": int})
    residents = world.persons[world.persons["status"] == "resident"]
    foreign = residents[residents["country_birth"] != "GMB"]
    by_table = totals.groupby("table")["value"].sum()
    for name in ("residents_by_age", "residents_by_single_age", "citizenship_by_birthplace"):
        assert by_table[name] == len(residents)
    for name in ("foreign_born_by_country", "foreign_born_by_age", "foreign_born_by_region"):
        assert by_table[name] == len(foreign)
    flows = totals[totals["table"] == "flows"].pivot(index="key1", columns="key2", values="value")
    net = flows["births"] - flows["deaths"] + flows["immigrations"] - flows["emigrations"]
    assert (flows["residents_start"] + net == flows["residents_end"]).all()
    assert (flows["residents_end"].to_numpy()[:-1] == flows["residents_start"].to_numpy()[1:]).all()


def test_emigrants_of_the_true_totals_are_those_whom_households_report(world, taken):
    totals = truth_tables(world, taken["GMB", "census", "none"]).astype({"value": int})
    gone = totals[totals["table"] == "emigrants"].groupby("key2")["value"].sum()
    homes = homes_on(world, world.census_day, dictionary("census"), 1)
    assert gone["left_since_2014_household_here"] == len(emigrants_on(world, world.census_day, homes))
    both = gone["left_since_2014_household_here"] + gone["left_since_2014_household_gone"]
    assert both == gone["left_since_2014"]


# --- small things


def test_a_place_is_drawn_in_the_same_region():
    have = np.array(["B", "A", "A"], dtype=object)
    wanted = np.array(["A", "B", "A", "C"] * 50, dtype=object)
    found = same_region(np.random.default_rng(1), wanted, have)
    assert (have[found][wanted == "A"] == "A").all() and set(found[wanted == "A"]) == {1, 2}
    assert set(found[wanted == "B"]) == {0}
    assert set(found[wanted == "C"]) == {0, 1, 2}  # no such region: any place


def test_completed_years_on_the_birthday_and_the_day_before():
    births = pd.Series(pd.to_datetime(["2000-07-01", "2000-07-02", "1999-12-31", "2024-06-30"]))
    assert completed_years(births, date(2024, 7, 1)).tolist() == [24, 23, 24, 0]


def test_a_dictionary_may_share_the_tables_of_another(tmp_path):
    early, late = dictionary("census_2014"), dictionary("census")
    assert list(early.tables) == [name.replace("census", "census2014") for name in late.tables]
    for name, described in late.tables.items():
        assert early.tables[name.replace("census", "census2014")].columns == described.columns
    assert early.tables["census2014_persons"].parents == {"household_id": "census2014_households"}
    assert early.tables["census2014_persons"].field("arrival_year").maximum == 2014
    assert early.defects == late.defects
    assert early.parameters["absent_share"] == late.parameters["absent_share"]
    for text in ("like: nothing\nprefix: n\n", "like: own\n"):
        (tmp_path / "own.yml").write_text(text, encoding="utf-8")
        with pytest.raises(KitError, match=r"own\.yml: 'like' must name another dictionary"):
            read_dictionary(tmp_path / "own.yml")
