"""Tables on the synthetic census: without defects they are the truth; one defect moves them as theory says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from migkit.measures._input import NOT_STATED, TOTAL
from migkit.measures.tables import (
    core_indicators,
    indicator_inputs,
    make_cube,
    make_table,
    recommended_tables,
    table_from_cube,
    tables_called,
    universe_counts,
)
from migkit.reference import dictionary
from migkit.sources import census
from migkit.sources.records import ErrorModel
from migkit.world import make_chunk

HERE = "GMB"
NUMBERS = ("age", "arrival_year")
BY_BIRTH, ABROAD = tables_called(["stock_birth_sex", "stock_birth_age_sex"], HERE)


@pytest.fixture(scope="module")
def world():
    return make_chunk(HERE, 0.01, 1, 0)


def counted(world, **rates):
    """The persons of a census in which only these defects happen."""
    model = ErrorModel(dictionary("census"), "none", {k.replace("__", "."): v for k, v in rates.items()})
    rows = census.observe(world, model, 1).tables["census_persons"].records.replace("", None)
    return rows.assign(**{name: pd.to_numeric(rows[name]).astype("Int64") for name in NUMBERS})


@pytest.fixture(scope="module")
def perfect(world):
    return counted(world)


def truth(world):
    return world.persons[world.persons["status"] == "resident"]


def test_a_table_of_a_perfect_census_is_the_truth(perfect, world):
    table, true = make_table(perfect, BY_BIRTH), truth(world)
    counts = pd.crosstab(true["country_birth"].astype(str), true["sex"].astype(str))
    inner = table.loc[counts.index, counts.columns]
    pd.testing.assert_frame_equal(
        inner, counts, check_names=False, check_dtype=False, check_index_type=False, check_column_type=False
    )
    assert table.loc[NOT_STATED, TOTAL] == 0
    assert table.loc[TOTAL, TOTAL] == len(true)
    inputs = indicator_inputs(perfect[perfect["residence_status"] != "V"], HERE)
    share = core_indicators(inputs, "migrant_share")["value"].iloc[0]
    assert share == 100 * true["country_birth"].ne(HERE).mean()


def test_every_recommended_table_is_the_same_from_pandas_and_from_the_cube(perfect):
    specs = [each for each in recommended_tables(HERE) if set(each.needs()) <= set(perfect.columns)]
    with make_cube(perfect, specs) as cube:
        for each in specs:
            pd.testing.assert_frame_equal(
                table_from_cube(cube, each),
                make_table(perfect, each),
                check_column_type=False,
                check_index_type=False,
            )


def test_birthplaces_not_stated_leave_the_total_and_shrink_the_stock_in_proportion(perfect, world):
    # Missing completely at random: the expected stock is (1 - rate) of the true one, and the total is untouched.
    rate = 0.2
    rows = counted(world, birthplace_not_stated__native=rate, birthplace_not_stated__foreign_born=rate)
    table, before = make_table(rows, BY_BIRTH), make_table(perfect, BY_BIRTH)
    assert table.loc[TOTAL, TOTAL] == before.loc[TOTAL, TOTAL]
    lost = table.loc[NOT_STATED, TOTAL]
    n = before.loc[TOTAL, TOTAL]
    assert abs(lost - rate * n) < 4 * np.sqrt(n * rate * (1 - rate))
    stock, true = make_table(rows, ABROAD).iloc[-1, -1], make_table(perfect, ABROAD).iloc[-1, -1]
    assert abs(stock - (1 - rate) * true) < 4 * np.sqrt(true * rate * (1 - rate))
    # The note under the table of the foreign-born says how many could be either.
    assert universe_counts(rows, ABROAD)["unknown"] == lost


def test_ages_not_stated_stay_in_every_table_by_age(perfect, world):
    rows = counted(world, age_not_stated__all=0.1)
    table = make_table(rows, ABROAD)
    assert table.xs(NOT_STATED, axis=1, level="age_broad")[TOTAL].loc[TOTAL] > 0
    assert table.iloc[-1, -1] == make_table(perfect, ABROAD).iloc[-1, -1]
    assert table.xs(TOTAL, axis=1, level="age_broad").equals(
        make_table(perfect, ABROAD).xs(TOTAL, axis=1, level="age_broad")
    )


def test_weights_of_a_sample_give_the_truth_on_average(perfect):
    # Horvitz-Thompson: over samples the weighted table is unbiased for every cell (here: for each of the largest).
    rng = np.random.default_rng(1)
    residents = perfect[perfect["residence_status"] != "V"]
    chance = np.where(residents["country_birth"].eq(HERE), 0.2, 0.5)
    spec = tables_called(["stock_birth_sex"], HERE, residents=None)[0]
    weighted = replace(spec, weight="w")
    true = make_table(residents, spec)[TOTAL]
    largest = true.drop([TOTAL, NOT_STATED]).nlargest(4).index
    drawn = []
    for _repeat in range(40):
        chosen = rng.random(len(residents)) < chance
        sample = residents[chosen].assign(w=1 / chance[chosen])
        drawn.append(make_table(sample, weighted)[TOTAL].reindex(largest, fill_value=0))
    estimates = pd.concat(drawn, axis=1)
    error = (estimates.mean(axis=1) - true[largest]) / (estimates.std(axis=1) / np.sqrt(40))
    assert error.abs().max() < 4
