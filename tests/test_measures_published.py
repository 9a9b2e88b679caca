"""The measures give the figures that their sources print. Each test names its source."""

from pathlib import Path

import pandas as pd
import pytest

from migkit.measures import (
    chandra_sekar_deming,
    digit_shares,
    dual_system,
    lifetime_migration,
    myers,
    survival_ratio_migration,
    un_age_sex_accuracy,
    whipple,
)

PUBLISHED = Path(__file__).parents[1] / "datasets" / "published"


def published(name: str) -> pd.DataFrame:
    return pd.read_csv(PUBLISHED / f"{name}.csv")


# US Census Bureau, Population Analysis System, workbook SINGAGE, example data (males)


@pytest.fixture
def males() -> pd.DataFrame:
    return published("singage_males")


def test_whipple_of_the_census_bureaus_example(males):
    assert whipple(males["age"], males["population"]) == pytest.approx(233.8729863, abs=1e-7)


def test_whipple_of_the_same_men_one_row_each(males):
    men = males.loc[males.index.repeat(males["population"] // 100)]
    by_count = whipple(males["age"], males["population"] // 100)
    assert whipple(men["age"]) == pytest.approx(by_count, rel=1e-12)


def test_myers_of_the_census_bureaus_example(males):
    assert myers(males["age"], males["population"]) == pytest.approx(23.62786501, abs=1e-8)
    assert myers(males["age"], males["population"], first=23, last=82) == pytest.approx(29.74440382, abs=1e-8)


def test_digit_shares_of_the_census_bureaus_example(males):
    shares = digit_shares(males["age"], males["population"])
    printed = [24.19539475, 5.734193086, 7.659409185, 7.006786475, 5.275538838,
               18.575689428, 6.687225108, 10.856780836, 6.875024048, 7.133958246]  # fmt: skip
    assert shares.tolist() == pytest.approx(printed, abs=1e-8)


# US Census Bureau, Population Analysis System, workbook AGESEX, example data


def test_un_age_sex_accuracy_of_the_census_bureaus_example():
    table = published("agesex")
    table[["male", "female"]] *= 1000
    index = un_age_sex_accuracy(table)
    assert index.score == pytest.approx(14.308, abs=0.0005)
    assert index.sex_ratio_score == pytest.approx(2.249, abs=0.0005)
    assert index.age_ratio_score_male == pytest.approx(3.907, abs=0.0005)
    assert index.age_ratio_score_female == pytest.approx(3.655, abs=0.0005)
    assert not index.adjusted


# United Nations, Manual VI (1970), table 24: males of Greater Bombay, 1941-51


def test_survival_ratio_migration_of_bombay():
    result = survival_ratio_migration(published("bombay"))
    total = result.sum()
    assert total["expected"] == pytest.approx(940589.4, abs=0.05)  # printed: 940,590
    assert total["forward"] == pytest.approx(562043.6, abs=0.05)  # printed: 562,043
    assert total["reverse"] == pytest.approx(596599.8, abs=0.05)
    assert total["average"] == pytest.approx(579321.7, abs=0.05)
    assert result.loc["10-14", "forward"] == pytest.approx(188974.886, abs=0.01)  # printed line by line
    assert result.loc["60+", "reverse"] == pytest.approx(1031.194, abs=0.01)


# United Nations, Manual VI (1970), table 1: United Arab Republic, 1960


def test_lifetime_migration_of_the_united_arab_republic():
    matrix = published("uar_1960").set_index("birthplace")
    result = lifetime_migration(matrix)
    assert result.loc["Cairo"].tolist() == [1194266, 241603, 952663]
    assert result.loc["Alexandria"].tolist() == [398054, 100313, 297741]
    assert result.loc["Menoufia"].tolist() == [35079, 380747, -345668]
    assert result["in"].sum() == result["out"].sum() == 2697309
    assert 100 * result["in"].sum() / matrix.to_numpy().sum() == pytest.approx(10.466, abs=0.0005)


# The usual textbook example of mark and recapture: 10 marked, 15 caught, 5 of them marked


def test_dual_system_textbook_figures():
    petersen = dual_system(10, 15, 5)
    assert petersen.value == 30
    assert petersen.se**2 == pytest.approx(60.0)
    chapman = dual_system(10, 15, 5, method="chapman")
    assert chapman.value == pytest.approx(28.3333333, abs=1e-7)
    assert chapman.se**2 == pytest.approx(34.9206349, abs=1e-7)


def test_chandra_sekar_deming_is_m_u1_u2_and_their_product_over_m():
    strata = pd.DataFrame({"n1": [800, 90], "n2": [760, 70], "m": [640, 45]}, index=["urban", "rural"])
    result = chandra_sekar_deming(strata)
    # by hand: 640 + 160 + 120 + 160 x 120 / 640 = 950 and 45 + 45 + 25 + 45 x 25 / 45 = 140
    assert result["estimate"].tolist() == pytest.approx([950, 140, 1090])
    assert result.loc["Total", "missed_by_both"] == pytest.approx(30 + 25)
    for name, row in strata.iterrows():
        assert result.loc[name, "estimate"] == pytest.approx(dual_system(row.n1, row.n2, row.m).value)
        assert result.loc[name, "se"] == pytest.approx(dual_system(row.n1, row.n2, row.m).se)
    # Unequal chances: one estimate for all is lower than the sum of the strata.
    together = strata.sum()
    assert dual_system(together.n1, together.n2, together.m).value < 1090


def test_published_files_are_described():
    readme = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    for path in PUBLISHED.glob("*.csv"):
        assert f"`{path.name}`" in readme


def test_un_desa_stock_of_the_gambia():
    stock = published("gambia_stock").set_index("year")
    assert stock.loc[2020, ["both_sexes", "female"]].tolist() == [215659, 101893]
    assert stock.loc[1990, "both_sexes"] == 118123


def test_myers_as_textbooks_and_the_workbook_have_it(males):
    """SINGAGE keeps the last decade in the first sum and does not halve: it prints 47.46 for these men."""
    index = myers(males["age"], males["population"], method="textbook")
    assert 2 * index == pytest.approx(47.46004084, abs=1e-8)
    assert index != pytest.approx(myers(males["age"], males["population"]), abs=0.05)


def test_whipple_of_other_ranges_and_single_digits(males):
    n = males.set_index("age")["population"]
    fives = sum(n[age] for age in range(25, 66, 5))
    wide = whipple(males["age"], males["population"], first=23, last=67)
    assert wide == pytest.approx(500 * fives / n.loc[23:67].sum())
    only_0 = whipple(males["age"], males["population"], digits=0)
    assert only_0 == pytest.approx(1000 * sum(n[age] for age in (30, 40, 50, 60)) / n.loc[23:62].sum())
