"""Charts and official tables: right figures, a source, the synthetic mark, words for who cannot see."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from migkit.lesson import birthplace_map, charts, official_table, show
from migkit.lesson.charts import bars, heaping, lines, over_time, pyramid
from migkit.measures import TableSpec, make_table
from migkit.reference import KitError

NATIVES = pd.DataFrame({"sex": ["M", "F", "F", "X"], "age": pd.array([3, 7, 40, 50], dtype="Int64")})
MIGRANTS = pd.DataFrame({"sex": ["M", "M", "M", "F"], "age": pd.array([31, 33, 78, None], dtype="Int64")})
BIRTHPLACES = pd.Series({"SEN": 1325, "GIN": 452, "GMB": 20000, "XXX": 30, "GBR": 12})


def words(chart) -> str:
    """All text drawn on the figure."""
    texts = [text.get_text() for text in chart.figure.texts]
    for axes in chart.figure.axes:
        texts += [text.get_text() for text in axes.texts]
    return "\n".join(texts)


CHARTS = {
    "bars": lambda source: bars({"Census": 1985, "Guess": None}, "Stock", source=source),
    "pyramid": lambda source: pyramid(NATIVES, MIGRANTS, source=source),
    "heaping": lambda source: heaping(pd.Series([20, 21, 25, 30, 30]), source=source),
    "lines": lambda source: lines(pd.DataFrame({"a": [1, 2]}, index=["0-4", "5-9"]), "Lines", source=source),
    "map": lambda source: birthplace_map(BIRTHPLACES, source=source),
}


@pytest.mark.parametrize("make", CHARTS.values(), ids=CHARTS)
def test_synthetic_unless_a_source_is_named(make):
    synthetic, published = make(None), make("Source: an office, 2020.")
    assert "SYNTHETIC DATA" in words(synthetic)
    assert "synthetic data" in synthetic.alt
    assert "SYNTHETIC" not in words(published)
    assert "an office, 2020" in words(published)


@pytest.mark.parametrize("make", CHARTS.values(), ids=CHARTS)
def test_alt_text_reaches_the_page_and_the_terminal(make):
    chart = make(None)
    page = chart._repr_html_()
    assert len(chart.alt) > 40
    assert re.search(r'alt="[^"]{40,}"', page)
    assert "data:image/png;base64," in page
    assert chart.alt in repr(chart)


def test_alt_text_with_quotation_marks_stays_inside_the_attribute():
    page = show(Figure(), 'A "quoted" <thing>')._repr_html_()
    assert 'alt="A &quot;quoted&quot; &lt;thing&gt;"' in page


def test_a_figure_of_ones_own_needs_words():
    with pytest.raises(KitError, match="one sentence"):
        show(Figure(), " ")


def test_a_guess_that_was_not_typed_leaves_an_empty_place():
    chart = bars({"My guess": None, "Census": 1985}, "Stock")
    assert [patch.get_width() for patch in chart.figure.axes[0].patches] == [0, 1985]
    assert "My guess: nothing given" in chart.alt


def test_pyramid_shows_each_group_as_percent_of_its_known_members():
    shares = charts._age_sex_shares(NATIVES, "natives", 5, 75)
    assert shares.to_numpy().sum() == pytest.approx(100)
    assert shares.loc["0–4", "M"] == pytest.approx(100 / 3)
    assert charts._age_sex_shares(MIGRANTS, "migrants", 5, 75).loc["75+", "M"] == pytest.approx(100 / 3)


def test_pyramid_says_what_is_missing():
    with pytest.raises(KitError, match="'age'"):
        pyramid(NATIVES.drop(columns="age"), MIGRANTS)
    with pytest.raises(KitError, match="Nobody"):
        pyramid(NATIVES, MIGRANTS.head(0))


def test_map_leaves_out_home_and_sums_up_the_rest_of_the_world():
    chart = birthplace_map(BIRTHPLACES)
    assert "Senegal\n1,325" in words(chart)
    assert "20,000" not in words(chart)
    assert "West Africa: 12" in words(chart)
    assert "The Gambia" in words(chart)


def test_map_circles_have_areas_in_proportion():
    chart = birthplace_map(BIRTHPLACES)
    sizes = [
        c.get_sizes()[0]
        for c in chart.figure.axes[0].collections
        if hasattr(c, "get_sizes") and len(c.get_sizes())
    ]
    assert sizes[1] / sizes[0] == pytest.approx(452 / 1325)


def test_map_without_a_country_of_the_map():
    with pytest.raises(KitError, match="no country of West Africa"):
        birthplace_map(pd.Series({"Senegal": 5}))


def test_heaping_takes_ages_or_counts():
    ages = pd.Series([20, 20, 21, 25])
    counted = pd.Series([2, 1, 1], index=pd.Index([20, 21, 25], name="age"))
    assert heaping(ages).alt == heaping(counted).alt
    assert "75.0%" in heaping(ages).alt


def test_over_time_marks_a_figure_from_elsewhere():
    series = pd.Series({1990: 118123, 2020: 215659})
    alone = over_time(series, "Stock", "Source: UN DESA 2020.")
    both = over_time(series, "Stock", "Source: UN DESA 2020.", extra={2024: ("Synthetic", 200000)})
    assert "SYNTHETIC DATA" not in words(alone)
    assert "SYNTHETIC DATA" in words(both)
    assert "2024, Synthetic: 200,000" in both.alt


def test_charts_leave_other_figures_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    CHARTS["pyramid"](None)
    assert dict(matplotlib.rcParams) == before


def test_save_keeps_the_picture(tmp_path):
    chart = CHARTS["bars"](None)
    saved = chart.save(tmp_path / "stock")
    assert saved.name == "stock.png"
    assert saved.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(KitError, match="no folder"):
        chart.save(tmp_path / "nowhere" / "stock.png")


def test_the_same_chart_has_the_same_bytes():
    assert CHARTS["map"](None)._repr_html_() == CHARTS["map"](None)._repr_html_()


# --- tables -----------------------------------------------------------------------------------------------------

SPEC = TableSpec("Title", "Residents", "persons", "birth", "sex", ("A note",), "Source: synthetic census.")
PERSONS = pd.DataFrame({"birth": ["SEN", "GIN", "XXX", "SEN"], "sex": ["F", "M", "F", "F"]})


def test_an_official_table_says_everything_a_reader_needs():
    table = official_table(make_table(PERSONS, SPEC), SPEC, words={"F": "Women", "SEN": "Senegal"})
    for shown in (repr(table), table._repr_html_()):
        for part in (
            "Title",
            "Residents",
            "persons",
            "A note",
            "Source: synthetic census.",
            "SYNTHETIC DATA",
            "Women",
        ):
            assert part in shown
        assert "Senegal" in shown


def test_an_official_table_without_a_source_is_refused():
    with pytest.raises(KitError, match="source"):
        official_table(pd.DataFrame({"a": [1]}), title="T", universe="U", unit="persons", synthetic=False)
    assert "synthetic data" in official_table(pd.DataFrame({"a": [1]}), title="T", universe="U", unit="u").source


def test_cells_are_printed_as_offices_do():
    frame = pd.DataFrame({"a": [0, 1234, 12.34, np.nan], "b": [0, 1234, 5, 7]}, index=list("wxyz"))
    page = official_table(frame, title="T", universe="U", unit="u", source="S", synthetic=False)._repr_html_()
    assert re.findall(r"<td[^>]*>([^<]*)</td>", page) == ["–", "–", "1,234.0", "1,234", "12.3", "5", "..", "7"]
    assert "SYNTHETIC" not in page


def test_labels_are_escaped():
    frame = pd.DataFrame({"<b>": [1]}, index=["<script>"])
    page = official_table(frame, title="<i>", universe="U", unit="u", source="S")._repr_html_()
    assert "<script>" not in page and "<b>" not in page and "<i>" not in page


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("", ["ZAF", "GMB", "Not stated", "SEN", "Total"]),
        ("size", ["SEN", "ZAF", "GMB"]),
        ("name", ["SEN", "ZAF", "GMB"]),
    ],
)
def test_rows_in_order_with_unknown_and_total_last(order, rows):
    frame = pd.DataFrame({"n": [2, 1, 9, 3, 15]}, index=["ZAF", "GMB", "Not stated", "SEN", "Total"])
    words = {"ZAF": "South Africa", "GMB": "The Gambia", "SEN": "Senegal"}
    table = official_table(frame, title="T", universe="U", unit="u", words=words, order=order)
    assert list(table.frame.index) == (rows if not order else [*rows, "Not stated", "Total"])


def test_an_unknown_order_is_refused():
    with pytest.raises(KitError, match="size"):
        official_table(pd.DataFrame({"n": [1]}), title="T", universe="U", unit="u", order="colour")
