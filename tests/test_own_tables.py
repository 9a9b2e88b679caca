"""``kit own tables``: right figures from foreign files, small cells that no reader can work out, nobody's name."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from foreign_files import dhs, french_csv, ipums
from migkit.cli.own import command
from migkit.measures.confidentiality import audit_table
from migkit.measures.exchange import read_sdmx, read_workbook
from migkit.measures.tables import recommended_tables
from migkit.own import check, harmonise, make_tables, propose, read
from migkit.own.linking import identity, relations
from migkit.reference import KitError


@pytest.fixture(autouse=True)
def no_installing(monkeypatch):
    monkeypatch.setattr("migkit.cli.own.ensure", lambda group: None)


def made(path, minimum=5, country="GMB"):
    own = read(path)
    mapping = propose(own, "census", country)
    return make_tables(own, mapping, harmonise(own, mapping), minimum)


def table(result, key):
    return next(each for each in result.sent if each.spec.key == key)


def value(result, key, **labels):
    cells = table(result, key).cells
    where = np.logical_and.reduce([cells[name] == label for name, label in labels.items()])
    return float(cells.loc[where, "value"].iloc[0])


@pytest.mark.parametrize("maker", [ipums, french_csv])
def test_figures_are_those_behind_the_file(tmp_path, maker):
    path, answers = maker(tmp_path)
    result = made(path, minimum=0)
    weights = answers["weight"].to_numpy()
    for country in ("SEN", "GIN", "GMB"):
        for sex in ("M", "F"):
            truth = weights[(answers["country_birth"] == country) & (answers["sex"] == sex)].sum()
            assert value(result, "stock_birth_sex", country_birth=country, sex=sex) == pytest.approx(truth)
    total = value(result, "stock_birth_sex", country_birth="Total", sex="Total")
    assert total == pytest.approx(weights.sum())
    unknown = value(result, "stock_birth_sex", country_birth="Not stated", sex="Total")
    assert unknown == pytest.approx(weights[answers["country_birth"] == "XXX"].sum())


def test_a_file_without_countries_still_gives_what_it_can(tmp_path):
    path, _answers = dhs(tmp_path)
    with pytest.raises(KitError, match="none of the recommended tables"):
        made(path)


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    path, _answers = ipums(tmp_path_factory.mktemp("own"))
    return made(path), made(path, minimum=0)


def test_no_small_cell_is_shown(protected):
    safe, plain = protected
    for one, other in zip(safe.sent, plain.sent, strict=True):
        shown = one.cells["value"].notna()
        assert (one.cells.loc[shown, "value"] == other.cells.loc[shown, "value"]).all()
    assert sum(safe.hidden.values()) > 0 == sum(plain.hidden.values())


def test_no_hidden_cell_of_a_table_can_be_worked_out(protected):
    for each in protected[0].sent:
        assert audit_table(each.cells, each.spec.classifiers).disclosed.empty, each.spec.key


def test_a_cell_is_hidden_in_all_tables_or_in_none(protected):
    states = {}
    for each in protected[0].sent:
        names = each.spec.classifiers
        for row in each.cells.to_dict("records"):
            labels = frozenset((name, row[name]) for name in names if row[name] != "Total")
            states.setdefault(identity(each.spec, labels), set()).add(row["status"])
    assert all(len(found) == 1 for found in states.values())
    assert len(states) < sum(len(each.cells) for each in protected[0].sent)  # tables do share cells


def test_sums_between_tables_hold_and_give_nothing_away(protected):
    safe, plain = protected
    figures, hidden = {}, {}
    for one, other in zip(plain.sent, safe.sent, strict=True):
        for row, state in zip(one.cells.to_dict("records"), other.cells["status"], strict=True):
            labels = frozenset((n, row[n]) for n in one.spec.classifiers if row[n] != "Total")
            figures[identity(one.spec, labels)] = row["value"]
            hidden[identity(one.spec, labels)] = state != "published"
    ties = list(relations([each.spec for each in plain.sent], list(figures)))
    assert len(ties) > 20
    for whole, parts in ties:
        assert figures[whole] == pytest.approx(sum(figures[part] for part in parts))
        # One hidden cell alone in a sum would be known.
        assert sum(hidden[cell] for cell in (whole, *parts)) != 1 or figures[whole] == 0


def test_a_condition_and_a_label_that_say_the_same_are_one_cell():
    specs = {spec.key: spec for spec in recommended_tables("GMB", None)}
    born = specs["stock_birth_age_sex"]
    assert identity(born, frozenset({("country_birth", "SEN")})) == frozenset({("country_birth", "SEN")})
    abroad = identity(specs["stock_nativity_age_sex"], frozenset({("nativity", "Born abroad"), ("sex", "F")}))
    assert abroad == identity(born, frozenset({("sex", "F")}))
    unknown = identity(born, frozenset({("country_birth", "Not stated")}))
    assert unknown != identity(specs["stock_birth_sex"], frozenset({("country_birth", "Not stated")}))


def run(*arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)


def test_the_three_commands_from_file_to_tables(tmp_path):
    path, answers = french_csv(tmp_path)
    before = path.read_bytes()
    mapping, out = tmp_path / "my.map.yml", tmp_path / "tables"
    assert run("map", path, "--country", "GMB", "--out", mapping).exit_code == 0
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("day:", "day: 2024-07-01 #", 1), encoding="utf-8")
    done = run("tables", path, "--map", mapping, "--out", out, "--agency", "Office", "--language", "fr")
    assert done.exception is None, done.exception
    written = sorted(each.relative_to(out).as_posix() for each in out.rglob("*") if each.is_file())
    assert {"tables.xlsx", "quality.html", "sdmx/data.csv", "sdmx/data.xml", "sdmx/structure.xml"} <= set(written)
    book = read_workbook((out / "tables.xlsx").read_bytes())
    assert set(book) == set(read_sdmx((out / "sdmx" / "data.xml").read_text(encoding="utf-8")))
    # Nothing of the persons, and the file as it was.
    everything = b"".join(each.read_bytes() for each in out.rglob("*.[chx]*") if each.suffix != ".xlsx")
    sheets = load_workbook(io.BytesIO((out / "tables.xlsx").read_bytes()))
    everything += json.dumps([[c.value for r in s.iter_rows() for c in r] for s in sheets], default=str).encode()
    assert not [name for name in (f"Nom{i}" for i in range(len(answers))) if name.encode() in everything]
    assert path.read_bytes() == before
    assert "Féminin" in json.dumps(
        [[c.value for r in s.iter_rows() for c in r] for s in sheets], ensure_ascii=False
    )


def test_mistakes_of_the_command_get_one_sentence(tmp_path):
    path, _answers = french_csv(tmp_path, n=200)
    mapping, out = tmp_path / "my.map.yml", tmp_path / "out"
    run("map", path, "--out", mapping)
    assert "does not say when" in str(run("tables", path, "--map", mapping, "--out", out).exception)
    assert "is there already" in str(run("map", path, "--out", mapping).exception)
    out.mkdir(exist_ok=True)
    (out / "precious.docx").write_text("mine")
    assert "holds other files" in str(run("tables", path, "--map", mapping, "--out", out).exception)


def test_a_weight_that_cannot_be_read_is_told_with_its_row(tmp_path):
    path, _answers = french_csv(tmp_path, n=200)
    text = path.read_text(encoding="cp1252").splitlines()
    text[5] = text[5].rsplit(";", 1)[0] + ";?"
    path.write_text("\n".join(text), encoding="cp1252")
    with pytest.raises(KitError, match="row 4"):
        made(path)


def test_the_quality_page_names_what_is_missing_and_hides_small_counts(tmp_path, protected):
    from migkit.own import write_quality_page

    path, _answers = ipums(tmp_path)
    own = read(path)
    mapping = propose(own)
    held = harmonise(own, mapping)
    page = write_quality_page(own, mapping, held, check(own, mapping, held), protected[0], tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "Columns that the file lacks" in text and "arrival_year" in text
    assert text.count("<img") == text.count('alt="') >= 2
    assert "http://" not in text and "https://" not in text


def test_the_kits_own_files_are_marked_as_synthetic(tmp_path):
    own = read(ipums(tmp_path)[0])
    assert not own.synthetic
    renamed = tmp_path / "synthetic_x.csv"
    pd.DataFrame({"sex": ["M"]}).to_csv(renamed, index=False)
    assert read(renamed).synthetic
