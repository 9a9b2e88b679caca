"""Border records: events at the counters, from which stays and moves of residence can be found again."""

import numpy as np
import pandas as pd
import pytest

import source_checks as checks
from migkit.reference import dictionary, posts
from migkit.sources.border import CROSSINGS, FIRST_DAY, OUTAGES, observe, outage
from migkit.sources.records import LEVELS, ErrorModel
from migkit.sources.stays import iso
from migkit.world import make_chunk

PLACES = (("GMB", 0.005), ("CPV", 0.02), ("NER", 0.0005))
#: Of the 365 days after an entry (or exit) at least so many are spent here (or away) by those who moved: they may
#: visit home in the meantime.
YEAR, MOST_OF_A_YEAR = pd.Timedelta(days=365), 240


@pytest.fixture(scope="module", params=PLACES, ids=[place for place, _scale in PLACES])
def world(request):
    return make_chunk(*request.param, seed=1, chunk=0)


@pytest.fixture(scope="module")
def observed(world):
    return {level: observe(world, ErrorModel(dictionary("border"), level), 1) for level in LEVELS}


def test_without_defects_every_formal_crossing_is_recorded(world, observed):
    for recorded in observed["none"].tables.values():
        checks.no_defects(recorded)
    crossings = observed["none"].tables[CROSSINGS]
    assert len(crossings.records) == world.crossings["formal"].sum() > 1000
    assert len(observed["none"].tables[OUTAGES].records) == 0
    events = world.crossings["trip_id"].astype("str") + world.crossings["direction"].astype("str")
    assert set(crossings.links["event"]) == set(events[world.crossings["formal"]])


@pytest.mark.parametrize("level", LEVELS)
def test_the_ledger_tells_all_and_tables_keep_to_their_dictionary(world, observed, level):
    for name, recorded in observed[level].tables.items():
        checks.ledger_tells_all(recorded)
        checks.keeps_to_dictionary(name, recorded)
    checks.links_name_true_persons(world, observed[level], of_nobody=(OUTAGES,))


def test_the_same_seed_gives_the_same_records_and_another_seed_others(world, observed):
    model = ErrorModel(dictionary("border"), "typical")
    first, again, other = observed["typical"], observe(world, model, 1), observe(world, model, 2)
    for name, recorded in first.tables.items():
        pd.testing.assert_frame_equal(recorded.records, again.tables[name].records)
        pd.testing.assert_frame_equal(recorded.ledger, again.tables[name].ledger)
    assert not first.tables[CROSSINGS].records.equals(other.tables[CROSSINGS].records)


def test_every_described_defect_happens_somewhere_and_no_other():
    checks.severe_defects_are_those_described("border", observe, PLACES)


def test_rates_are_those_of_the_dictionary(world, observed):
    model = ErrorModel(dictionary("border"), "typical")
    recorded = observed["typical"].tables[CROSSINGS]
    lost = recorded.ledger[recorded.ledger["record_id"] == ""]
    kind = recorded.perfect["post_code"].map(posts(world.iso3).set_index("code")["kind"])
    missed = recorded.perfect["event"].isin(lost.loc[lost["kind"] == "crossing_not_recorded", "true_value"])
    down = recorded.perfect["event"].isin(lost.loc[lost["kind"] == "outage", "true_value"])
    for way in set(kind):
        for direction, factor in (("E", 1.0), ("X", model.rate("crossing_not_recorded", "factor_exit"))):
            own = (kind == way) & (recorded.perfect["direction"] == direction) & ~down
            rate = model.rate("crossing_not_recorded", way) * factor
            assert checks.near(int((missed & own).sum()), int(own.sum()), rate), (way, direction)
    once, true = int((recorded.links["kind"] == "true").sum()), checks.true_values(recorded)
    assert checks.near(int((recorded.links["kind"] == "duplicate").sum()), once, model.rate("duplicate"))
    for defect, could in (
        ("wrong_direction", true["direction"] != ""),
        ("purpose_default", true["purpose"] != "7"),
        ("residence_missing", true["residence_country"] != ""),
        ("country_confused", true["nationality"].isin(["NER", "NGA", "GIN", "GNB", "GNQ"])),
        ("issuing_state_as_nationality", true["nationality"] != true["issuing_state"]),
        ("dob_first_january", ~true["dob"].str.endswith("-01-01")),
    ):
        assert checks.near(checks.changed(recorded, defect), int(could.sum()), model.rate(defect)), defect


def test_an_outage_takes_all_crossings_of_that_post_and_day_in_every_chunk(world, observed):
    model = ErrorModel(dictionary("border"), "severe")
    recorded, books = (observed["severe"].tables[name] for name in (CROSSINGS, OUTAGES))
    ledger = recorded.ledger
    perfect = recorded.perfect.set_index("event")
    lost = perfect.loc[ledger.loc[(ledger["kind"] == "outage") & (ledger["field"] == ""), "true_value"]]
    days_down = set(lost["post_code"] + " " + lost["date"])
    assert days_down <= set(books.perfect["event"])
    assert days_down - set(books.records["post_code"] + " " + books.records["date"])  # some posts noted nothing
    kept = checks.true_values(recorded)
    assert not days_down & set(kept["post_code"] + " " + kept["date"])
    known = posts(world.iso3)
    post, kind = known["code"].to_numpy(dtype=object)[:1], known["kind"].to_numpy(dtype=object)[:1]
    days = np.arange(FIRST_DAY, FIRST_DAY + 1200)
    down = outage(model, 1, np.repeat(post, 1200), np.repeat(kind, 1200), days)
    noted = books.perfect[books.perfect["post_code"] == post[0]]["date"]
    assert set(iso(days[down])) <= set(noted)
    assert checks.near(int(down.sum()), 1200, model.rate("outage", kind[0]))


def test_one_traveller_has_several_documents_and_no_two_share_one(world, observed):
    recorded = observed["none"].tables[CROSSINGS]
    rows = recorded.records.assign(person=recorded.links["truth_id"])
    assert (rows.groupby("doc_no")["person"].nunique() == 1).all()
    numbers = rows[rows["doc_type"].isin(["P", "ID"])].groupby("person")["doc_no"].nunique()
    assert 0.02 < (numbers > 1).mean() < 0.6
    years = dictionary("border").parameters["document_years"]["value"]
    assert numbers.max() <= 1 + np.ceil(4 / min(years["P"], years["ID"])) + 1


def test_both_sides_of_a_border_see_the_same_document_of_the_same_person():
    sides = {}
    for place in ("SEN", "GMB"):
        recorded = observe(make_chunk(place, 0.001, 1, 0), ErrorModel(dictionary("border"), "none"), 1).tables[
            CROSSINGS
        ]
        sides[place] = recorded.records.set_index("trip " + recorded.links["event"])
    both = sides["GMB"].copy()
    both.index = pd.Index([event[:-1] + ("X" if event[-1] == "E" else "E") for event in both.index])
    both = both.join(sides["SEN"], how="inner", rsuffix="_there")
    assert len(both) > 200
    for column in ("doc_no", "doc_type", "dob", "nationality", "surname", "given", "date", "time"):
        assert (both[column] == both[f"{column}_there"]).all(), column


# --- what the source is for


def events_of_those_who_always_pass_the_counter(world, observed):
    """Perfect records, linked perfectly, of people all of whose crossings were at a counter, in order of time."""
    recorded = observed["none"].tables[CROSSINGS]
    rows = recorded.records.assign(person=recorded.links["truth_id"], event=recorded.links["event"])
    beside = world.crossings.loc[~world.crossings["formal"], "truth_id"].astype("str")
    rows = rows[~rows["person"].isin(beside)]
    rows["when"] = pd.to_datetime(rows["date"] + " " + rows["time"])
    rows = rows.sort_values(["person", "when"]).reset_index(drop=True)
    after = rows.groupby("person")["when"].shift(-1)
    return rows.assign(until=after.fillna(pd.Timestamp(world.end)))


def test_pairing_entries_and_exits_gives_the_true_stays(world, observed):
    rows = events_of_those_who_always_pass_the_counter(world, observed)
    trip = rows["event"].str[:-1]
    pairs = rows[(trip == trip.shift(-1)) & (rows["person"] == rows["person"].shift(-1))]
    trips = world.trips.set_index(world.trips["trip_id"].astype("str")).loc[pairs["event"].str[:-1]]
    assert len(pairs) > 200
    assert (pairs["when"].dt.normalize().to_numpy() == trips["out_date"].to_numpy()).all()
    assert (pairs["until"].dt.normalize().to_numpy() == trips["back_date"].to_numpy()).all()
    turned = rows["direction"] != rows["direction"].shift(-1)
    assert (turned | (rows["person"] != rows["person"].shift(-1))).all()  # entry and exit take turns


def moves_by_the_rule(rows, direction, lives_here, until):
    """Day of the crossing after which a person is here (or away) for most of 12 months, by person."""
    spans = rows[rows["direction"] == direction][["person", "when", "until"]]
    starts = rows[(rows["direction"] == direction) & lives_here & (rows["when"] < until - YEAR)]
    both = starts[["event", "person", "when"]].merge(spans, on="person", suffixes=("", "_of_span"))
    start = both[["when", "when_of_span"]].max(axis=1)
    end = pd.concat([both["until"], both["when"] + YEAR], axis=1).min(axis=1)
    days = (end - start).dt.total_seconds().clip(lower=0) / 86400
    spent = days.groupby(both["event"]).sum()
    starts = starts.assign(spent=starts["event"].map(spent))
    moved = starts[starts["spent"] >= MOST_OF_A_YEAR].sort_values(
        ["person", "spent", "when"], ascending=[True, False, True]
    )
    return moved.drop_duplicates("person").set_index("person")["when"].dt.normalize()


@pytest.mark.parametrize("direction", ["E", "X"])
def test_the_twelve_month_rule_finds_the_true_moves_of_residence(world, observed, direction):
    rows = events_of_those_who_always_pass_the_counter(world, observed)
    end = pd.Timestamp(world.end)
    lives_here = rows["residence_country"] == world.iso3
    found = moves_by_the_rule(rows, direction, lives_here if direction == "X" else ~lives_here, end)
    spells = world.spells
    same = spells["truth_id"] == spells["truth_id"].shift()
    came, before = spells["country"].astype("str"), spells["country"].astype("str").shift()
    moved = (came == world.iso3) & (before != world.iso3) if direction == "E" else (came != world.iso3)
    moved &= same & (before == world.iso3) if direction == "X" else same
    moves = spells[moved & (spells["start"] >= "2023-01-01")]
    moves = moves.set_index(moves["truth_id"].astype("str"))["start"]
    moves = moves[moves.index.isin(rows["person"])]
    due = moves[moves < end - YEAR]
    assert len(due) > 10
    assert due.index.is_unique
    assert (found.reindex(due.index) == due).all()
    # Who visits shortly before moving, at the end of the records, is found too early; nobody else is.
    early = (moves.loc[found.index.difference(due.index)] - found.drop(due.index).sort_index()).dt.days
    assert early.between(1, 365).all() and len(early) < 0.05 * len(due)


def test_at_the_typical_level_half_of_the_land_journeys_have_one_side_only(observed):
    recorded = observed["typical"].tables[CROSSINGS]
    rows = recorded.records.assign(trip=recorded.links["event"].str[:-1])[recorded.links["kind"] == "true"]
    whole = observed["none"].tables[CROSSINGS].links["event"].str[:-1].value_counts()
    two_sided = rows[rows["trip"].isin(whole.index[whole == 2])]
    for mode, least, most in (("L", 0.3, 0.6), ("A", 0.05, 0.15)):
        sides = two_sided[two_sided["mode"] == mode]["trip"].value_counts()
        if len(sides) > 100:
            assert least < (sides == 1).mean() < most, mode
