"""House rules of the text: what every page, lesson, session plan and slide keeps to.

Each rule is a function from text to faults, tried on a bad sample first and then on every file.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from migkit.lesson import load
from migkit.measures import (
    compare_definitions,
    dual_system,
    lifetime_migration,
    myers,
    survival_ratio_migration,
    whipple,
)
from migkit.reference import ROOT, corridors, curriculum, fact

Rule = Callable[[str], list[str]]

READY = [module.slug for module in curriculum(ready_only=True)]
ROOMS = ("book", "trainer_kit", "notebooks", "exercises/source")
#: Made by the build, or not text of ours.
SKIP = ("_generated", "sources", "_static", "_build", "release", ".ipynb_checkpoints")


# ------------------------------------------------------------------------------------------- reading


def text_files() -> list[Path]:
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for room in ROOMS:
        for pattern in ("*.md", "*.ipynb"):
            found += (ROOT / room).rglob(pattern)
    return sorted(path for path in found if path.is_file() and not set(path.relative_to(ROOT).parts) & set(SKIP))


def read(path: Path) -> str:
    """The markdown of a file; of a notebook, its markdown cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def without_code(text: str) -> str:
    """The text without front matter, code, formulas, comments and the options of directives."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    text = re.sub(r"^(`{3,})(?:\{code-cell\}|\w+|\{raw\}|\{math\}).*?^\1`*$", "", text, flags=re.S | re.M)
    text = re.sub(r"<!--.*?-->|\$\$.*?\$\$", "", text, flags=re.S)
    text = re.sub(r"^\s*:[\w-]+:.*$", "", text, flags=re.M)
    return text


def prose(text: str) -> str:
    """What a person reads as running text: no tables, no fences, roles replaced by their words."""
    text = without_code(text)
    text = re.sub(
        r"^(`{3,}|:{3,})\{(?:list-table|table|include|bibliography|toctree)\}.*?^\1$", "", text, flags=re.S | re.M
    )
    text = re.sub(r"^\s*(`{3,}|:{3,}).*$", "", text, flags=re.M)
    text = re.sub(r"^\|.*$", "", text, flags=re.M)
    text = re.sub(r"\{(?:cite|numref|ref)[:\w]*\}`[^`]*`", "", text)
    text = re.sub(r"\{\w+\}`([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def headings(text: str) -> list[tuple[int, str]]:
    found = re.findall(r"^(#{1,6}) +(.+?)\s*$", without_code(text), flags=re.M)
    return [(len(marks), title) for marks, title in found]


# --------------------------------------------------------------------------------------------- rules


def heading_order(text: str) -> list[str]:
    """One title, first; no level skipped on the way down."""
    faults, last = [], 0
    for level, title in headings(text):
        if level > last + 1:
            faults.append(f"heading {title!r} is of level {level} after level {last}")
        last = level
    titles = [title for level, title in headings(text) if level == 1]
    return faults + [f"second title {title!r}" for title in titles[1:]]


def sentence_case(text: str) -> list[str]:
    """Only the first word of a heading, and names, begin with a capital."""
    faults = []
    for _level, title in headings(text):
        plain = re.sub(r"`[^`]*`|\{[^}]*\}|\*", "", title)
        words = re.split(r"\s+", plain)
        for before, word in pairwise(words):
            bare = word.strip("(),.:;?!\"'“”")
            starts = before[-1:] in ".:?!" or before in {"–", "-"} or not bare
            if not starts and re.match(r"[A-Z][a-z]", bare) and bare.split("'")[0].split("’")[0] not in NAMES:
                faults.append(f"heading {title!r}: {bare!r} needs no capital")
    return faults


NAMES = {
    *(
        "Gambia",
        "Gambian",
        "Senegal",
        "Senegalese",
        "Guinea",
        "Bissau",
        "Mali",
        "Banjul",
        "Dakar",
        "Bombay",
        "Africa",
    ),
    *("West", "United", "Nations", "States", "Census", "Bureau", "UN", "Manual", "Whipple", "Myers", "Jupyter"),
    *(
        "JupyterLab",
        "Excel",
        "English",
        "French",
        "Portuguese",
        "Monday",
        "Thursday",
        "Python",
        "Windows",
        "Linux",
    ),
    *("Creative", "Commons", "Attribution", "International", "BSD", "Natural", "Earth", "Guidelines", "Git", "I"),
    *("ECOWAS", "Word", "PowerPoint", "PDF", "Step", "Question", "Module", "Chandra", "Sekar", "Deming"),
}


def link_text(text: str) -> list[str]:
    """A link says where it leads; out of context "here" says nothing."""
    empty = {"here", "click here", "this", "this page", "link", "this link", "more", "read more"}
    links = re.findall(r"(?<!!)\[([^\]]*)\]\(", without_code(text))
    return [f"link text {link!r}" for link in links if link.strip().lower() in empty]


def bold_heading(text: str) -> list[str]:
    """A line in bold alone is a heading that nobody can jump to."""
    lines = re.findall(r"(?:^|\n)\n\*\*([^*\n]+)\*\*[.:]?\n(?=\n)", "\n" + without_code(text) + "\n\n")
    return [f"bold as heading: {line!r}" for line in lines]


def alternative_text(text: str) -> list[str]:
    """Every picture has words for those who cannot see it."""
    faults = [f"image {target} has no alternative text" for target in re.findall(r"!\[\s*\]\(([^)]*)\)", text)]
    for fence, target, body in re.findall(
        r"^(`{3,}|:{3,})\{(?:figure|image)\} (\S+)\n(.*?)^\1$", text, re.S | re.M
    ):
        del fence
        if not re.search(r"^:alt: \S.{20,}", body, re.M):
            faults.append(f"figure {target} has no :alt: of a sentence")
    for body in re.findall(r"^```\{code-cell\}(.*?)^```$", text, re.S | re.M):
        if "figure:" in body and not re.search(r"^\s+alt: \S.{20,}", body, re.M):
            faults.append("a figure made by a code cell has no alt")
    return faults


#: Word -> what to write. Matched whole, any case.
FORBIDDEN = {
    r"illegal (?:im|e)?migra\w+": "irregular migrant, or migrant in an irregular situation",
    r"illegals": "people in an irregular situation",
    r"clandestine migra\w+": "irregular migrant",
    r"(?:migrant|refugee|migration) (?:flood|wave|tide|influx)s?": "arrivals",
    r"(?:flood|wave|tide|swarm|influx) of (?:\w+ )?(?:migrant|refugee)s?": "arrival of migrants",
    r"the migrant problem": "the question",
    r"manpower": "workforce",
    r"third world": "name the countries",
    r"simply|obviously|of course|just click": "leave it out: it is not simple to everybody",
    r"TODO|FIXME|TBD|lorem ipsum": "write it",
    r"utili[sz]e\w*": "use",
    r"in order to": "to",
}

#: American spelling -> the kit's. Names of works and offices keep theirs.
SPELLING = {
    r"percent(?!_|age|ile)": "per cent",
    r"colors?|colored": "colour",
    r"labor": "labour",
    r"centers?": "centre",
    r"neighbor\w*": "neighbour",
    r"behavior\w*": "behaviour",
    r"(?:organ|harmon|natural|real|recogn|summar|standard|emphas|general|categor|anonym)iz\w+": "-ise",
    r"analyz\w+": "analyse",
    r"program(?:s)? of (?:work|study|visits)": "programme",
    r"traveled|traveling|labeled|labeling|canceled|modeled|modeling": "double l",
    r"enrollment": "enrolment",
    r"catalogs?": "catalogue",
}
PROPER = re.compile(
    r"International (?:Labour )?Organization(?:\s+for\s+(?:Migration|Standardization))?|"
    r"Organization of African Unity|"
    r"Harmonization of Migration Data(?: Management)?",
    re.I,
)


def _wording(table: dict[str, str]) -> Rule:
    def rule(text: str) -> list[str]:
        words = PROPER.sub("", re.sub(r"`[^`]*`|https?://\S+|\]\([^)]*\)", "", without_code(text)))
        faults = []
        for pattern, better in table.items():
            for match in re.finditer(rf"\b(?:{pattern})\b", words, re.I):
                faults.append(f"{match[0]!r}: write {better!r}")
        return faults

    return rule


forbidden_words = _wording(FORBIDDEN)
spelling = _wording(SPELLING)

RULES: dict[str, Rule] = {
    "heading_order": heading_order,
    "sentence_case": sentence_case,
    "link_text": link_text,
    "bold_heading": bold_heading,
    "alternative_text": alternative_text,
    "forbidden_words": forbidden_words,
    "spelling": spelling,
}

BAD = [
    (heading_order, "# A\n\n### B\n", "level 3 after level 1"),
    (heading_order, "# A\n\n# B\n", "second title"),
    (sentence_case, "## The Big Table\n", "'Big'"),
    (link_text, "Look [here](a.md).", "'here'"),
    (bold_heading, "Text.\n\n**A heading**\n\nMore.\n", "A heading"),
    (alternative_text, "![](a.png)", "a.png"),
    (alternative_text, "```{figure} a.png\n:name: x\n\nWords.\n```\n", "a.png"),
    (
        alternative_text,
        "```{code-cell} ipython3\n---\nmystnb:\n  figure:\n    name: x\n---\n1\n```\n",
        "code cell",
    ),
    (forbidden_words, "He is an illegal migrant.", "irregular"),
    (forbidden_words, "A wave of refugees came.", "arrival"),
    (spelling, "About 5 percent of labor.", "per cent"),
    (spelling, "We analyzed and organized.", "-ise"),
]
GOOD = """---
kernelspec: {display_name: labor center}
---
# Census of the Gambia

## What it sees: Ages too

Read [the chapter](a.md). In `color` the code keeps its own words. So does the International Organization for
Migration.

```python
color = "center"
# A comment, no heading
```

**Note.** Bold may open a paragraph, as percentages may stand in it.

```{figure} a.svg
:alt: Two lines that cross in the year 1990 and part again.

Words.
```
"""


@pytest.mark.parametrize(("rule", "text", "fault"), BAD)
def test_the_rule_finds_the_fault(rule: Rule, text: str, fault: str) -> None:
    assert any(fault in found for found in rule(text))


@pytest.mark.parametrize("name", RULES)
def test_the_rule_leaves_good_text_alone(name: str) -> None:
    assert RULES[name](GOOD) == []


@pytest.mark.parametrize("path", text_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_house_rules(path: Path) -> None:
    text = read(path)
    # Each part of a notebook or of slides may open at any level, and a slide may say one thing in bold.
    loose = {"heading_order"} if path.suffix == ".ipynb" else set()
    # The label above the space for a written answer is in bold.
    loose |= {"bold_heading"} if "exercises" in path.parts else set()
    # The figures of slides are drawn when they are built and bring their own words.
    loose |= {"heading_order", "bold_heading", "alternative_text"} if "slides" in path.parts else set()
    faults = [f"{name}: {fault}" for name, rule in RULES.items() if name not in loose for fault in rule(text)]
    assert faults == []


# ------------------------------------------------------------------------- glossary and bibliography


def glossary_entries() -> dict[str, str]:
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    block = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.S)
    assert block is not None
    return {term: " ".join(body.split()) for term, body in re.findall(r"^(\S.*)\n((?:  .*\n?)+)", block[1], re.M)}


def bibliography() -> Iterator[tuple[str, str, str]]:
    """Kind, key and body of each entry."""
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    yield from re.findall(r"^@(\w+)\{([^,\s]+),\n(.*?)\n\}$", text, re.S | re.M)


def roles(name: str) -> Iterator[tuple[Path, str]]:
    for path in text_files():
        for target in re.findall(rf"(?<!`)\{{{name}(?::\w+)?\}}`([^`]+)`", read(path)):
            yield path, target


def test_every_term_used_is_in_the_glossary() -> None:
    known = set(glossary_entries())
    used = {
        (path.name, re.sub(r".*<([^>]+)>.*", r"\1", target.replace("\n", " "))) for path, target in roles("term")
    }
    assert used
    # Sphinx finds a term in any case, and so do we.
    lower = {term.lower() for term in known}
    assert {(name, term) for name, term in used if term.lower() not in lower} == set()


def test_every_work_cited_is_in_the_bibliography() -> None:
    keys = {key for _kind, key, _body in bibliography()}
    cited = {(path.name, key.strip()) for path, target in roles("cite") for key in target.split(",")}
    assert cited
    assert {(name, key) for name, key in cited if key not in keys} == set()


def test_the_bibliography_is_whole() -> None:
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    entries = list(bibliography())
    assert len(entries) == text.count("\n@")
    keys = [key for _kind, key, _body in entries]
    assert sorted(keys) == sorted(set(keys))
    for _kind, key, body in entries:
        assert re.search(r"^\s+title\s+=\s+\{.+\}", body, re.M), key
        assert re.search(r"^\s+author\s+=\s+\{.+\}", body, re.M), key
        assert body.count("{") == body.count("}"), key


def test_the_sources_of_facts_are_in_the_bibliography() -> None:
    keys = {key for _kind, key, _body in bibliography()}
    for name in ("facts.csv", "corridors.csv"):
        header, *rows = (ROOT / "datasets" / "countries" / name).read_text(encoding="utf-8-sig").splitlines()
        place = header.split(",").index("source")
        assert {row.split(",")[place] for row in rows} <= keys, name


def test_the_sources_of_published_examples_are_in_the_bibliography() -> None:
    keys = {key for _kind, key, _body in bibliography()}
    named = set(
        re.findall(r"\(`(\w+)`\)", (ROOT / "datasets" / "published" / "README.md").read_text(encoding="utf-8"))
    )
    assert len(named) >= 3
    assert named <= keys


def test_glossary_entries_are_in_order_and_short() -> None:
    entries = glossary_entries()
    assert list(entries) == sorted(entries, key=str.lower)
    assert len(entries) >= 35
    for term, body in entries.items():
        words = len(re.sub(r"Sources?:.*", "", body).split())
        assert 8 <= words <= 60, (term, words)
        assert body.endswith("."), term


# ------------------------------------------------------------------------------------------- chapters


@pytest.mark.parametrize("slug", READY)
def test_a_chapter_is_about_2500_words(slug: str) -> None:
    words = len(prose(read(ROOT / "book" / f"{slug}.md")).split())
    assert 2200 <= words <= 2800


@pytest.mark.parametrize("slug", READY)
@pytest.mark.parametrize("folder", ["book", "book/users"])
def test_sentences_are_short(slug: str, folder: str) -> None:
    running = re.sub(r"^#+ .*$|^\s*[-*\d.]+ ", "\n", prose(read(ROOT / folder / f"{slug}.md")), flags=re.M)
    sentences = [s.split() for block in re.split(r"\n\s*\n", running) for s in re.split(r"(?<=[.?!:])\s+", block)]
    lengths = [len(words) for words in sentences if len(words) > 1]
    assert sum(lengths) / len(lengths) <= 17
    assert max(lengths) <= 45, max(sentences, key=len)


@pytest.mark.parametrize("slug", READY)
def test_a_chapter_has_the_parts_that_readers_look_for(slug: str) -> None:
    text = read(ROOT / "book" / f"{slug}.md")
    titles = [title for _level, title in headings(text)]
    for wanted in ("In your office", "Key points", "Check yourself", "Further reading"):
        assert wanted in titles
    assert f"_generated/quiz_{slug}.md" in text
    assert f"_generated/module_{slug}.md" in text
    opening = text.split("# ", 1)[1].split("\n\n")[1]
    assert "?" in opening.split(".")[0] + ".", "the first sentence asks a question"


@pytest.mark.parametrize("slug", READY)
def test_a_page_on_synthetic_data_says_so(slug: str) -> None:
    for folder in ("book", "book/users"):
        assert "synthetic" in without_code(read(ROOT / folder / f"{slug}.md")).lower()


@pytest.mark.parametrize("slug", READY)
def test_every_figure_of_a_chapter_is_spoken_of(slug: str) -> None:
    text = read(ROOT / "book" / f"{slug}.md")
    labels = re.findall(r"^:name: (fig-\S+)|^\s+name: (fig-\S+)", text, re.M)
    assert labels
    for label in (first or second for first, second in labels):
        assert f"{{numref}}`{label}`" in text


def test_own_pictures_say_what_they_show() -> None:
    pictures = sorted((ROOT / "book" / "_static" / "figures").glob("*.svg"))
    assert pictures
    for picture in pictures:
        drawing = picture.read_text(encoding="utf-8")
        assert "<title" in drawing and "<desc" in drawing, picture.name
        assert not re.search(r'(?:href|src)="https?:', drawing), picture.name


# ----------------------------------------------------------------- the figures that module 04 prints


def chapter_04() -> str:
    return " ".join(read(ROOT / "book" / "04_census.md").split())


def test_the_opening_figures_are_the_facts_of_the_kit() -> None:
    pairs = corridors()
    from_senegal = pairs[(pairs["destination"] == "GMB") & (pairs["origin"] == "SEN")]["value"].astype(int).item()
    stock = fact("GMB", "migrant_stock", 2020).value
    counted = fact("GMB", "census_population", 2024).value
    estimated = 1000 * fact("GMB", "population_midyear", 2024).value
    text = chapter_04()
    for figure in (from_senegal, stock, counted, estimated):
        assert f"{figure:,.0f}" in text, figure
    assert f"{100 * stock / counted:.1f} per cent, by the other {100 * stock / estimated:.1f}" in text


def test_the_matrix_is_manual_six() -> None:
    births = load("published/uar_1960").set_index("birthplace")
    kept = ["Cairo", "Alexandria", "Menoufia"]
    names = [*kept, "All others"]
    rows = births.groupby(lambda name: name if name in kept else "All others").sum()
    small = rows.T.groupby(lambda name: name if name in kept else "All others").sum().T.loc[names, names]
    text = chapter_04().replace("**", "")
    for name, row in small.iterrows():
        assert f"| {name} | " + " | ".join(f"{value:,.0f}" for value in row) + " |" in text, name
    moves = lifetime_migration(births)
    for figure in (moves.loc["Cairo", "in"], moves.loc["Cairo", "out"], moves.loc["Cairo", "net"]):
        assert f"{figure:,.0f}" in text
    assert f"Menoufia lost {-moves.loc['Menoufia', 'net']:,.0f}" in text


def test_the_examples_of_age_and_survival_are_the_published_ones() -> None:
    males = load("published/singage_males")
    text = chapter_04()
    assert f"the index is {whipple(males['age'], males['population']):.1f}" in text
    assert f"ages 10 to 89, it is {myers(males['age'], males['population']):.1f}" in text
    bombay = survival_ratio_migration(load("published/bombay"))
    assert f"forward gives a gain of {int(bombay['forward'].sum()):,}" in text
    assert f"from the survivors gives {bombay['reverse'].sum():,.0f}" in text


def test_the_worked_estimate_is_right() -> None:
    estimate = dual_system(945, 800, 720, method="lincoln_petersen").value
    assert f"= {estimate:,.0f}".replace(",", "{,}") in chapter_04()


@pytest.mark.usefixtures("teaching_data")
def test_definitions_move_the_stock_as_the_chapter_says() -> None:
    people = load("census_persons")
    residents = people[people["residence_status"].isin(["UP", "UA"])]
    found = compare_definitions(residents, "GMB")["yes"]
    assert "can more than double the figure or cut it by more than half" in chapter_04()
    assert found.max() > 2 * found["foreign_born"]
    assert found.min() < found["foreign_born"] / 2
