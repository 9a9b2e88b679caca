"""The recorder: perfect records plus its ledger are the records, whatever defects come in whatever order."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migkit.reference import KitError, dictionary
from migkit.sources.records import ErrorModel, Recorder, identifiers, left_out, reproduce

COLUMNS = ["rec_id", "sex", "age"]


def perfect(n):
    return pd.DataFrame(
        {
            "event": [f"e{i}" for i in range(n)],
            "truth_id": [str(1000 + i) for i in range(n)],
            "sex": ["M", "F"] * (n // 2) + ["M"] * (n % 2),
            "age": [str(20 + i) for i in range(n)],
        }
    )


@given(st.integers(1, 12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_perfect_records_and_ledger_make_the_records(n, random):
    rec = Recorder("t", perfect(n), "rec_id")

    def some():
        return np.array([random.random() < 0.4 for _ in range(len(rec))], dtype=bool)

    rec.omit(some(), "left_out")
    rec.duplicate(some(), "twice")
    rec.invent(pd.DataFrame({"sex": ["F"], "age": ["33"]}), "made_up")
    rec.invent(pd.DataFrame({"sex": [""], "age": ["44"]}), "made_up_otherwise")
    for _ in range(3):
        rec.change(some(), "age", str(random.randrange(90)), "age_wrong")
        rec.change(some(), "sex", "X", "sex_unknown")
    rec.sort(["age", "sex"])
    done = rec.finish(identifiers("GMB", "Z", 0, len(rec)), COLUMNS)
    pd.testing.assert_frame_equal(reproduce(done), done.records)
    truth = done.perfect.set_index("event")
    event = done.links.set_index("record_id")["event"]
    changes = done.ledger[done.ledger["kind"].isin(["age_wrong", "sex_unknown"])]
    for entry in changes.itertuples():  # the truth, not what an earlier change left
        assert entry.true_value == (
            truth.loc[event[entry.record_id], entry.field] if event[entry.record_id] else ""
        )
    named = set(done.ledger.loc[done.ledger["kind"] == "left_out", "true_value"])
    assert named == left_out(done)
    assert (done.links["kind"] == "invented").sum() == 2


def test_a_changed_record_that_is_later_left_out_leaves_no_orphan_in_the_ledger():
    rec = Recorder("t", perfect(4), "rec_id")
    rec.change(np.array([True, False, True, False]), "age", "99", "age_wrong")
    rec.omit(np.array([True, False, False, False]), "left_out")
    done = rec.finish(identifiers("GMB", "Z", 0, 3), COLUMNS)
    assert set(done.ledger["record_id"]) == {"", "SYN-GMB-Z000000002"}
    pd.testing.assert_frame_equal(reproduce(done), done.records)


def test_a_ledger_that_misses_a_change_is_found_out():
    rec = Recorder("t", perfect(4), "rec_id")
    rec.change(np.array([True, False, True, False]), "age", "99", "age_wrong")
    done = rec.finish(identifiers("GMB", "Z", 0, 4), COLUMNS)
    done.records.loc[1, "age"] = "98"
    assert not reproduce(done).equals(done.records)


def test_records_cannot_be_added_after_answers_changed():
    rec = Recorder("t", perfect(2), "rec_id")
    rec.change(np.array([True, False]), "age", "99", "age_wrong")
    with pytest.raises(ValueError, match="before"):
        rec.duplicate(np.array([True, False]), "twice")


def test_levels_and_single_rates():
    census = dictionary("census")
    assert ErrorModel(census, "none").rate("sex_not_stated") == 0
    model = ErrorModel(census, "none", {"omitted_person.native": 0.5})
    assert model.rate("omitted_person", "native") == 0.5
    assert model.rate("omitted_person", "foreign_born") == 0
    assert ErrorModel(census, "typical", {"age_heaping": 0.3}).rate("age_heaping", "schooling") == 0.3


def test_a_rate_that_a_dictionary_lacks_is_told_with_its_place():
    with pytest.raises(KitError, match=r"census\.yml, defect age_heaping: the severe rate of 'moon' is missing"):
        ErrorModel(dictionary("census"), "severe").rate("age_heaping", "moon")


@pytest.mark.parametrize(
    ("level", "rates", "words"),
    [
        ("terrible", {}, "terrible"),
        ("typical", {"sex_not_stated": -0.1}, "between 0 and 1"),
        ("typical", {"sex_not_stated": 1.5}, "between 0 and 1"),
        ("typical", {"nonsense": 0.1}, "nonsense"),
        ("typical", {"omitted_person.nobody": 0.1}, "nobody"),
    ],
)
def test_impossible_rates_are_refused_in_one_sentence(level, rates, words):
    with pytest.raises(KitError, match=words) as error:
        ErrorModel(dictionary("census"), level, rates)
    assert str(error.value).count(".") <= 3
