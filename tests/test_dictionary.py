"""A dictionary file that is wrong says where, in one sentence; those of the kit are right."""

import pytest
import yaml

from migkit.reference import KitError, dictionary, dictionary_names
from migkit.reference.dictionary import read_dictionary

GOOD = {
    "title": "T",
    "reference": "2024",
    "summary": "S",
    "coverage": "C",
    "legal_purpose": "L",
    "limits": ["x"],
    "tables": {
        "t": {
            "title": "T",
            "description": "D",
            "row": "one row",
            "key": "id",
            "fields": [{"name": "id", "label": "Identifier", "type": "id", "description": "D"}],
        }
    },
    "defects": {
        "d": {
            "label": "L",
            "description": "D",
            "unit": "share",
            "basis": "assumption",
            "rates": {"typical": {"all": 0.1}, "severe": {"all": 0.2, "factor_young": 2.5}},
        }
    },
    "parameters": {"p": {"value": 3, "basis": "assumption"}},
}


def read(tmp_path, entry):
    path = tmp_path / "mine.yml"
    path.write_text(entry if isinstance(entry, str) else yaml.safe_dump(entry), encoding="utf-8")
    return read_dictionary(path)


def without(entry, *path):
    """A copy of the entry that lacks what the path leads to."""
    copy = yaml.safe_load(yaml.safe_dump(entry))
    here = copy
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return copy


def changed(entry, value, *path):
    copy = yaml.safe_load(yaml.safe_dump(entry))
    here = copy
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return copy


def test_a_good_file_is_read(tmp_path):
    assert read(tmp_path, GOOD).defects["d"].rates["severe"]["factor_young"] == 2.5


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (without(GOOD, "summary"), r"mine\.yml: 'summary' is missing"),
        (without(GOOD, "tables", "t", "key"), r"mine\.yml, table t: 'key' is missing"),
        (without(GOOD, "tables", "t", "fields", 0, "label"), r"table t, field id: 'label' is missing"),
        (without(GOOD, "defects", "d", "basis"), r"defect d: 'basis' is missing"),
        (without(GOOD, "parameters", "p", "basis"), r"parameter p: 'basis' is missing"),
        (without(GOOD, "defects", "d", "rates", "severe"), r"defect d: the rate severe"),
        (changed(GOOD, -0.1, "defects", "d", "rates", "typical", "all"), "must be a number from 0 to 1"),
        (changed(GOOD, float("nan"), "defects", "d", "rates", "typical", "all"), "must be a number from 0 to 1"),
        (changed(GOOD, 1.1, "defects", "d", "rates", "typical", "all"), "must be a number from 0 to 1"),
        (changed(GOOD, "date", "tables", "t", "fields", 0, "type"), "type 'date' is not one of"),
        (changed(GOOD, "x", "tables", "t", "colour"), "'colour' is not known here"),
        ("title: [unclosed", r"mine\.yml, line \d+: this is not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, entry, words):
    with pytest.raises(KitError, match=words):
        read(tmp_path, entry)


@pytest.mark.parametrize("name", dictionary_names())
def test_the_dictionaries_of_the_kit_are_right(name):
    source = dictionary(name)
    for each in source.tables.values():
        assert each.key in each.columns or "+" in each.key
        assert len(set(each.columns)) == len(each.columns)
