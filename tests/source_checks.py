"""What holds of every source, whatever it is: its ledger tells all, and its records keep to its dictionary.

A record's event or true person never stands in a table for participants.
"""

import re
from collections.abc import Callable, Iterable

import pandas as pd

from migkit.reference import codelist, dictionary, table
from migkit.sources.records import INVENTED, ErrorModel, Observed, Recorded, left_out, reproduce
from migkit.world import World, make_chunk

Observe = Callable[[World, ErrorModel, int], Observed]
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def ledger_tells_all(recorded: Recorded) -> None:
    """Perfect records, links and ledger make the records; each event left out is named, and no other."""
    pd.testing.assert_frame_equal(reproduce(recorded), recorded.records)
    ledger = recorded.ledger
    lost = ledger[(ledger["record_id"] == "") & (ledger["field"] == "")]
    assert set(lost["true_value"]) == left_out(recorded)
    assert lost["true_value"].is_unique
    assert recorded.perfect["event"].is_unique
    extra = recorded.links[recorded.links["kind"] != "true"]
    noted = ledger[(ledger["record_id"] != "") & (ledger["field"] == "")]
    assert sorted(extra["record_id"]) == sorted(noted["record_id"])


def no_defects(recorded: Recorded) -> None:
    """Without defects the ledger is empty and each perfect record is there once, as it is."""
    assert len(recorded.ledger) == 0
    assert sorted(recorded.links["event"]) == sorted(recorded.perfect["event"])
    assert set(recorded.links["kind"]) <= {"true"}


def only_described_defects(source: str, seen: set[str]) -> None:
    """Every defect that the dictionary describes happens at level severe, and none that it does not."""
    assert seen == set(dictionary(source).defects)


def keeps_to_dictionary(name: str, recorded: Recorded) -> None:
    """Columns, key, code lists, ranges and blanks of a table are those of its dictionary."""
    described, rows = table(name), recorded.records
    assert rows.columns.tolist() == described.columns
    assert rows[described.key].is_unique and rows[described.key].str.startswith("SYN-").all()
    assert not set(rows.columns) & {"event", "truth_id"}
    for field in described.fields:
        values, where = set(rows[field.name]), f"{name}.{field.name}"
        if field.codelist:
            assert values - {""} <= set(codelist(field.codelist)["code"]), where
        if "" in values:
            assert field.blank, f"{where} is blank and the dictionary does not say why"
        if field.type == "integer":
            numbers = pd.to_numeric(rows[field.name]).dropna()
            assert numbers.between(field.minimum, field.maximum).all(), where
            assert (numbers % 1 == 0).all(), where
        if field.unit == "day" and field.type == "text":
            assert all(DAY.fullmatch(value) for value in values - {""}), where


def links_name_true_persons(world: object, observed: Observed, of_nobody: tuple[str, ...] = ()) -> None:
    """Each link but of invented records names a person of the world; tables ``of_nobody`` hold no persons."""
    links = observed.links[(observed.links["kind"] != INVENTED) & ~observed.links["table"].isin(of_nobody)]
    known = set(world.persons["truth_id"].astype("str"))  # type: ignore[attr-defined]
    assert set(links["truth_id"]) <= known
    assert set(observed.links.loc[observed.links["table"].isin(of_nobody), "truth_id"]) <= {""}


def same_seed_same_records(
    source: str, table_name: str, observe: Observe, world: World, typical: Recorded
) -> None:
    """The same seed gives the records and the ledger again; another seed gives others."""
    model = ErrorModel(dictionary(source), "typical")
    again, other = observe(world, model, 1).tables[table_name], observe(world, model, 2).tables[table_name]
    pd.testing.assert_frame_equal(typical.records, again.records)
    pd.testing.assert_frame_equal(typical.ledger, again.ledger)
    assert not other.records.equals(again.records)


def severe_defects_are_those_described(source: str, observe: Observe, places: Iterable[tuple[str, float]]) -> None:
    """At level severe every defect that the dictionary describes happens somewhere in the places, and no other."""
    model = ErrorModel(dictionary(source), "severe")
    seen: set[str] = set()
    for place, scale in places:
        seen |= set(observe(make_chunk(place, scale, 1, 0), model, 1).ledger["kind"])
    only_described_defects(source, seen)


def near(hits: int, n: int, rate: float) -> bool:
    """Whether ``hits`` of ``n`` draws are what a rate gives, within four standard deviations."""
    return abs(hits - n * rate) <= 4 * (n * rate * (1 - rate)) ** 0.5 + 1


def true_values(recorded: Recorded) -> pd.DataFrame:
    """For each true or doubled record, in the order of the records, what a perfect instrument had written."""
    return recorded.perfect.set_index("event").reindex(recorded.links["event"])


def said_before(ledger: pd.DataFrame) -> pd.Series:
    """For each change of an answer what the record said before it: the truth, or what an earlier change left."""
    changes = ledger[ledger["field"] != ""]
    earlier = changes.groupby(["record_id", "field"], sort=False)["recorded"].shift()
    return earlier.fillna(changes["true_value"])


def changed(recorded: Recorded, kind: str) -> int:
    """How many records a defect changed."""
    ledger = recorded.ledger
    return int(ledger.loc[(ledger["kind"] == kind) & (ledger["field"] != ""), "record_id"].nunique())
