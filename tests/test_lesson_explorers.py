"""Explorers: one frame function, live widgets, and a page that moves without kernel and network."""

import json
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from migkit.lesson.explorers import (
    Bar,
    Control,
    Explorer,
    Frame,
    age_heaping,
    percent_options,
    stock_by_definition,
    stock_by_omission,
)
from migkit.measures import RULES, classify
from migkit.reference import KitError

TRUE_AGES = pd.Series(np.round(1000 * np.exp(-np.arange(100) / 25)), index=range(100))


def people(count: int = 600) -> pd.DataFrame:
    draw = np.random.default_rng(4)
    foreign = ["GMB", "SEN", "XXX"]
    return pd.DataFrame(
        {
            "residence_status": draw.choice(["UP", "UA", "V"], count, p=[0.9, 0.05, 0.05]),
            "age": draw.integers(0, 80, count),
            "lived_abroad": draw.choice(["Y", "N", "X"], count),
            **{
                name: draw.choice(foreign, count, p=[0.85, 0.12, 0.03])
                for name in ("country_birth", "citizenship", "mother_country_birth", "father_country_birth")
            },
            **{name: draw.choice(foreign, count, p=[0.9, 0.08, 0.02]) for name in ("country_1y", "country_5y")},
        }
    )


def payload(explorer: Explorer) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', explorer.to_html(), re.S)[1])


# --- the engine -------------------------------------------------------------------------------------------------


def simple(**options) -> Explorer:
    def frame(a: int, b: int) -> Frame:
        return Frame([Bar("one", a), Bar("two", b, share=b / 10)][: 1 + (a > 1)], f"a={a}, b={b}")

    controls = [
        Control("a", "First", [("low", 1), ("high", 2)]),
        Control("b", "Second", [("three", 3), ("four", 4), ("five", 5)], "range", start=2),
    ]
    return Explorer("A question", controls, frame, **options)


def test_every_combination_is_in_the_page_in_the_order_the_script_expects():
    data = payload(simple())
    assert data["options"] == [["low", "high"], ["three", "four", "five"]]
    assert [frame["say"] for frame in data["frames"]] == [f"a={a}, b={b}" for a in (1, 2) for b in (3, 4, 5)]


def test_the_first_picture_stands_in_the_page_without_any_script():
    page = re.sub(r"<script.*?</script>", "", simple().to_html(), flags=re.S)
    assert "a=1, b=5" in page
    assert "SYNTHETIC DATA" in page


def test_the_mark_is_left_out_only_on_request():
    assert "SYNTHETIC DATA" not in simple(synthetic=False).to_html()


def test_every_control_has_its_label():
    page = simple().to_html()
    inputs = re.findall(r'<(?:select|input)[^>]* id="([^"]+)"', page)
    assert len(inputs) == 2
    assert all(f'<label for="{identity}">' in page for identity in inputs)


def test_two_pictures_of_one_explorer_do_not_share_an_identity():
    explorer = simple()
    first, second = (re.search(r'class="kitx" id="([^"]+)"', explorer.to_html())[1] for _time in range(2))
    assert first != second


def test_text_from_data_cannot_break_out_of_the_page():
    evil = "</script><img src=x onerror=alert(1)>"
    explorer = Explorer("T", [Control("a", "A", [("x", 1)])], lambda a: Frame([Bar(evil, a)], evil), note=evil)
    page = explorer.to_html()
    assert "<img" not in page
    assert payload(explorer)["frames"][0]["say"] == evil


def test_no_address_in_the_page():
    assert "://" not in simple().to_html()


def test_too_many_combinations_are_refused():
    options = [(str(n), n) for n in range(100)]
    with pytest.raises(KitError, match="combinations"):
        Explorer("T", [Control("a", "A", options), Control("b", "B", options)], lambda a, b: Frame([], ""))


def test_live_widgets_redraw_with_the_same_frame_function():
    box = simple().widget()
    first, second, picture = box.children
    assert "a=1, b=5" in picture.value
    first.value = 2
    second.value = 3
    assert "a=2, b=3" in picture.value


def test_a_bundle_holds_the_widget_and_the_page(monkeypatch):
    monkeypatch.delenv("KIT_WIDGETS", raising=False)
    assert {
        "text/plain",
        "text/html",
        "application/vnd.jupyter.widget-view+json",
    } == set(simple()._repr_mimebundle_())
    monkeypatch.setenv("KIT_WIDGETS", "off")
    assert {"text/plain", "text/html"} == set(simple()._repr_mimebundle_())


# --- module 04 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_definition_explorer_counts_what_the_measure_counts(rule):
    persons = people()
    residents = persons[persons["residence_status"] != "V"]
    explorer = stock_by_definition(persons)
    answers = classify(residents, rule, "GMB").value_counts()
    shown = explorer.frame(rule=rule, universe="residents", unknown="shown")
    chosen = next(bar for bar in shown.bars if bar.tone == 1)
    assert chosen.label == RULES[rule].title
    assert chosen.value == answers["yes"]
    assert shown.bars[-1].value == answers.get("unknown", 0)
    spread = explorer.frame(rule=rule, universe="residents", unknown="spread")
    chosen = next(bar for bar in spread.bars if bar.tone == 1)
    assert chosen.value == pytest.approx(len(residents) * answers["yes"] / (answers["yes"] + answers["no"]))


def test_definition_explorer_counts_visitors_on_request():
    persons = people()
    frame = stock_by_definition(persons).frame(rule="foreign_born", universe="everybody", unknown="shown")
    assert frame.bars[0].value == (persons["country_birth"] == "SEN").sum()


@pytest.mark.parametrize("missed", [0, 0.1, 0.4])
def test_equal_omission_leaves_the_share_and_lowers_the_stock(missed):
    true = pd.Series({"native": 25000, "foreign_born": 2500})
    frame = stock_by_omission(true).frame(missed_migrants=missed, missed_natives=missed)
    truth, counted = frame.bars
    assert counted.share == pytest.approx(truth.share)
    assert counted.value == pytest.approx(2500 * (1 - missed))
    assert "stays at" in frame.sentence


def test_the_share_falls_when_more_migrants_are_missed_and_rises_when_fewer_are():
    explorer = stock_by_omission(pd.Series({"native": 25000, "foreign_born": 2500}))
    assert "falls" in explorer.frame(missed_migrants=0.2, missed_natives=0.02).sentence
    assert "rises" in explorer.frame(missed_migrants=0.02, missed_natives=0.2).sentence


def test_rounding_raises_whipple_and_loses_nobody():
    explorer = age_heaping(TRUE_AGES)
    indices = []
    for share in (0, 0.2, 0.4):
        frame = explorer.frame(rounding=share, digits="05", view="single")
        indices.append(int(re.search(r"index is (\d+)", frame.sentence)[1]))
        assert sum(bar.value for bar in frame.bars) == pytest.approx(TRUE_AGES.loc[:84].sum(), rel=0.02)
    assert indices[0] == pytest.approx(100, abs=3)
    assert all(before < after for before, after in pairwise(indices))


def test_five_year_groups_hide_rounding_on_0_and_5_better_than_on_0():
    explorer = age_heaping(TRUE_AGES)

    def distance(digits: str) -> float:
        bars = explorer.frame(rounding=0.4, digits=digits, view="five").bars[3:12]
        return sum(abs(bar.value - bar.marker) / bar.marker for bar in bars)

    assert distance("0") > 2 * distance("05")


@pytest.mark.parametrize(
    "explorer",
    [
        stock_by_definition(people()),
        stock_by_omission(pd.Series({"native": 9, "foreign_born": 1})),
        age_heaping(TRUE_AGES),
    ],
    ids=lambda explorer: explorer.title,
)
def test_no_bar_leaves_its_track_and_the_page_stays_light(explorer):
    lengths = [bar[1] for frame in payload(explorer)["frames"] for bar in frame["bars"]]
    assert min(lengths) >= 0 and max(lengths) <= 100
    assert len(explorer.to_html()) < 200_000


def test_percent_options():
    assert percent_options(4, 2) == [("0%", 0), ("2%", 0.02), ("4%", 0.04)]


# --- in a browser -----------------------------------------------------------------------------------------------


@pytest.fixture
def page(chromium, tmp_path):
    explorers = [stock_by_omission(pd.Series({"native": 25000, "foreign_born": 2500})), age_heaping(TRUE_AGES)]
    file = tmp_path / "page.html"
    body = "".join(explorer.to_html() for explorer in explorers)
    file.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>t</title><main><h1>t</h1>{body}</main></html>",
        encoding="utf-8",
    )
    opened = chromium.new_page()
    opened.requests, opened.errors = [], []
    opened.on("request", lambda request: opened.requests.append(request.url))
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    opened.close()


@pytest.mark.browser
def test_the_keyboard_moves_picture_sentence_and_table(page):
    explorer = page.locator(".kitx").first
    before = explorer.locator(".kitx-say").inner_text()
    assert "250 are missing" in before
    explorer.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    assert "300 are missing" in explorer.locator(".kitx-say").inner_text()
    assert explorer.locator("input").first.get_attribute("aria-valuetext") == "12%"
    assert explorer.locator(".kitx-value").nth(1).inner_text() == "2,200"
    explorer.locator("summary").click()
    assert explorer.locator("tbody tr").nth(1).locator("td").first.inner_text() == "2,200"
    assert explorer.locator("tbody tr").nth(1).locator("td").nth(1).inner_text() == "8.4%"


@pytest.mark.browser
def test_rows_that_a_frame_does_not_have_are_hidden(page):
    explorer = page.locator(".kitx").nth(1)
    assert explorer.locator(".kitx-row:visible").count() == 85
    explorer.locator("select").nth(1).select_option("1")
    assert explorer.locator(".kitx-row:visible").count() == 17


@pytest.mark.browser
def test_the_page_asks_for_nothing_and_has_no_error(page):
    assert len(page.requests) == 1
    assert page.errors == []


@pytest.mark.browser
def test_no_serious_finding_of_axe(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
