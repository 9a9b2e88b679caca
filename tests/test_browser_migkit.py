"""The kit in the browser's Python: its wheel, what it may import, and its talk with the page."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
import types
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from migkit.editions.browser import wheels
from migkit.lesson import check, hand_in, join_room, load, save_file
from migkit.lesson import room as board
from migkit.reference import ROOT, KitError, dictionary_names, read_table
from migkit.reference.browser import channel, data, packages, requests, work_folder
from migkit.reference.files import read_yaml

#: What the browser does not have, or only on demand. IPython and ipywidgets are there, and take their time.
NOT_AT_IMPORT = [
    "bleach", "duckdb", "ibis", "IPython", "ipywidgets", "openpyxl", "pandera", "polars", "psutil", "pyarrow",
    "pysdmx", "pytauargus", "scipy", "splink", "sqlalchemy", "svy", "tornado", "yaml",
]  # fmt: skip
BLOCK = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {NOT_AT_IMPORT!r}:
            raise ModuleNotFoundError(f"not in the browser: {{name}}", name=name)
sys.meta_path.insert(0, Block())
"""


def run_python(code, *folders):
    """Run code in a Python that knows the given folders before its own, and nothing of the environment."""
    lines = [f"import sys; sys.path[:0] = {list(map(str, folders))!r}", code]
    return subprocess.run(
        [sys.executable, "-I", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        cwd=ROOT.parent,
        env={key: value for key, value in os.environ.items() if not key.startswith("KIT_")},
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return wheels.build_migkit_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


# --- the wheels


def test_the_same_kit_gives_the_same_wheel(wheel, tmp_path):
    again = wheels.build_migkit_wheel(tmp_path)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_other_content_has_another_name(tmp_path):
    names = {wheels.write_wheel("x-1", {"x.py": text}, tmp_path).name for text in (b"", b"1")}
    assert len(names) == 2


def test_the_record_names_every_file_with_its_mark(wheel):
    with zipfile.ZipFile(wheel) as archive:
        record = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        lines = [line.split(",") for line in archive.read(record).decode().splitlines()]
        assert sorted(name for name, _mark, _size in lines) == sorted(archive.namelist())
        for name, mark, size in lines:
            if name != record:
                content = archive.read(name)
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
                assert (mark, int(size)) == (f"sha256={digest}", len(content))


def test_a_lesson_runs_from_the_wheel_alone(unpacked):
    done = run_python(
        BLOCK
        + """
import migkit.lesson
from migkit.reference import ROOT, curriculum, dictionary_names, tables
assert len(tables()) > 20 and curriculum(), tables()
assert len(migkit.lesson.load("codes/sex")) == 3
assert len(migkit.lesson.load("codes/country")) > 30
assert len(migkit.lesson.load("published/agesex"))
assert (ROOT / "datasets/countries/boundaries.geojson").is_file()
print(ROOT.name, len(dictionary_names()))
""",
        unpacked,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["home", str(len(dictionary_names()))]


def test_yaml_is_in_the_wheel_as_json_with_the_same_content(unpacked):
    files = sorted((unpacked / "migkit" / "home").rglob("*.yml"))
    assert len(files) == len(dictionary_names()) + 1
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        assert content == read_yaml(ROOT / file.relative_to(unpacked / "migkit" / "home"))


def test_no_answer_and_no_data_of_the_trainer_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if "/trainer" in name or "/classroom/" in name or "sample" in name]


def test_a_date_in_yaml_is_refused(tmp_path):
    file = tmp_path / "x.yml"
    file.write_text("day: 2024-04-15\n", encoding="utf-8")
    with pytest.raises(KitError, match="put quotes around its dates"):
        wheels._as_json(file)


def test_pyyaml_without_its_part_in_c(tmp_path):
    first, again = wheels.pure_wheel("PyYAML", tmp_path / "1"), wheels.pure_wheel("pyyaml", tmp_path / "2")
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        assert not [name for name in names if name.endswith((".so", ".pyd", ".pyc")) or "tests/" in name]
        archive.extractall(tmp_path / "site")
    done = run_python("import yaml; print(yaml.__with_libyaml__, yaml.safe_load('a: [1, 2]'))", tmp_path / "site")
    assert done.stdout.split(maxsplit=1) == ["False", "{'a': [1, 2]}\n"], done.stderr


def test_a_package_that_is_not_here_is_named(tmp_path):
    with pytest.raises(KitError, match="no-such-package is not installed"):
        wheels.pure_wheel("no-such-package", tmp_path)


def test_no_room_needs_more_than_the_browser_has():
    rooms = [f"migkit.measures.{path.name}" for path in sorted((ROOT / "src/migkit/measures").glob("[a-z]*/"))]
    modules = [room for room in rooms if not room.endswith(".py")] + ["migkit.lesson", "migkit.evaluation"]
    done = run_python(BLOCK + "\n".join(f"import {name}" for name in modules), ROOT / "src")
    assert done.returncode == 0, done.stderr


# --- the talk with the page, with a page that only pretends


class Page:
    """The parts of the browser that the kit touches: requests and the channel."""

    def __init__(self, files=()):
        self.files = dict(files)
        self.said = []
        self.asked = []
        self.listeners = []
        page = self

        class Request:
            response = types.SimpleNamespace(to_bytes=lambda: b"")

            def open(self, method, url, wait):
                assert wait is False
                self.method, self.url = method, url

            def send(self):
                page.asked.append(self.url)
                content = page.files.get(self.url.partition("?")[0])
                if isinstance(content, Exception):
                    raise content
                self.status = 404 if content is None else 200
                self.content = content or b""
                self.response = types.SimpleNamespace(to_bytes=lambda: self.content)

            def getResponseHeader(self, name):
                return str(len(self.content))

        class Channel:
            def postMessage(self, message):
                page.said.append(message)

            def addEventListener(self, kind, listener):
                page.listeners.append(listener)

        self.js = types.ModuleType("js")
        self.js.XMLHttpRequest = types.SimpleNamespace(new=Request)
        self.js.BroadcastChannel = types.SimpleNamespace(new=lambda name: Channel())
        self.js.Object = types.SimpleNamespace(fromEntries=dict)
        self.js.URL = types.SimpleNamespace(new=lambda name, base: types.SimpleNamespace(href=base + name))
        self.js.location = types.SimpleNamespace(href="http://kit/lite/extensions/x/worker.js")

    def say(self, **message):
        for listener in self.listeners:
            listener(types.SimpleNamespace(data=types.SimpleNamespace(**message)))


class JsException(Exception):
    pass


@pytest.fixture
def page(monkeypatch, tmp_path):
    page = Page()
    ffi = types.ModuleType("pyodide.ffi")
    ffi.to_js = lambda value, dict_converter: dict_converter(value)
    ffi.create_proxy = lambda each: each
    ffi.JsException = JsException
    for name, module in (("js", page.js), ("pyodide", types.ModuleType("pyodide")), ("pyodide.ffi", ffi)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(channel.sys, "platform", "emscripten")
    monkeypatch.setattr(data, "FOLDER", tmp_path / "fetched")
    monkeypatch.setenv("KIT_DATA_URL", "http://kit/data")
    monkeypatch.delenv("KIT_DATA", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    channel._channel.cache_clear()
    data._index.cache_clear()
    yield page
    channel._channel.cache_clear()
    data._index.cache_clear()


def put_data(page, **tables):
    """Lay tables on the pretended server, with their index."""
    index = {}
    for name, text in tables.items():
        file = f"synthetic_gmb_{name}.csv"
        page.files[f"http://kit/data/{file}"] = text.encode()
        index[file] = {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    page.files["http://kit/data/index.json"] = json.dumps({"files": index}).encode()
    return index


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """No data in the repository: in the browser there are none."""
    monkeypatch.setattr("migkit.lesson.data.ROOT", tmp_path)


def test_load_fetches_a_table_once_and_by_its_mark(page, elsewhere):
    index = put_data(page, some_table="a,b\n1,x\n")
    assert load("some_table")["b"].tolist() == ["x"]
    assert load("some_table")["b"].tolist() == ["x"]
    mark = index["synthetic_gmb_some_table.csv"]["sha256"][:12]
    assert page.asked == ["http://kit/data/index.json", f"http://kit/data/synthetic_gmb_some_table.csv?v={mark}"]


def test_a_table_in_parts_is_fetched_whole(page, elsewhere):
    put_data(page, **{"some_table-0001": "a\n1\n", "some_table-0002": "a\n2\n"})
    assert load("some_table")["a"].tolist() == [1, 2]


def test_a_wrong_name_is_met_with_the_right_one(page, elsewhere):
    put_data(page, census_persons="a\n1\n")
    with pytest.raises(KitError, match=r"there is: census_persons\. Did you mean 'census_persons'"):
        load("census_person")
    with pytest.raises(KitError, match="has no data of SEN; it has those of: GMB"):
        load("census", "SEN")


def test_the_data_lie_beside_jupyterlite_unless_the_page_says_where(page, monkeypatch):
    monkeypatch.delenv("KIT_DATA_URL")
    assert data.address() == "http://kit/data/"


def test_a_file_that_does_not_come_is_one_sentence(page):
    with pytest.raises(KitError, match=r"x\.csv could not be fetched \(answer 404\)"):
        requests.fetch("http://kit/data/x.csv?v=1")
    page.files["http://kit/y.csv"] = JsException("NetworkError")
    with pytest.raises(KitError, match=r"y\.csv could not be fetched: nobody answers"):
        requests.fetch("http://kit/y.csv")


def test_a_check_tells_the_page_what_it_saw_and_no_answer(page):
    box = check("q1", "my secret")
    (said,) = page.said
    facts = {"question": "q1", "result": box.kind, "lines": len(box.lines)}
    assert said == {"kind": "check", "notebook": "", **facts}
    assert "secret" not in str(said)


def test_outside_the_browser_nothing_is_said():
    check("q1", 1)
    assert channel._channel.cache_info().currsize == 0


def test_in_the_browser_nobody_is_called(page, monkeypatch):
    monkeypatch.setattr(board, "Room", lambda *a: pytest.fail("a request to the board"))
    assert "Hand in" in join_room("192.168.1.20:8765", "p01", "baobab-river").lines[0]
    assert "Hand in" in hand_in().lines[0]


def test_files_go_to_python_and_come_back_once(page, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(channel, "_place", {"notebook": "", "kernel": ""})
    monkeypatch.setattr(work_folder, "_folder", None)
    Path("old.csv").write_text("there before", encoding="utf-8")
    work_folder.listen()
    page.say(kind="file", path="exercises/my.csv", format="text", content="a,b\né,2\n")
    page.say(
        kind="file", path="exercises/bits.xlsx", format="base64", content=base64.b64encode(b"\xff\0").decode()
    )
    page.say(kind="file", path="../../escape.csv", format="text", content="no")
    page.say(kind="file", path="/tmp/escape-of-the-kit.csv", format="text", content="no")
    work_folder.open_folder("exercises/04.ipynb", "python-1")
    page.say(kind="file", path="exercises/new.csv", format="text", content="for another Python", to="python-2")
    page.say(kind="file", path="exercises/mine.csv", format="text", content="for this one", to="python-1")
    page.say(kind="saved", path="exercises/theirs.csv", format="text", content="of another tab's Python")
    assert sorted(path.name for path in Path().glob("*.csv")) == ["mine.csv", "my.csv", "theirs.csv"]
    assert Path("my.csv").read_text(encoding="utf-8") == "a,b\né,2\n"
    assert Path("bits.xlsx").read_bytes() == b"\xff\0"
    assert not list(tmp_path.glob("escape*")) and not Path("/tmp/escape-of-the-kit.csv").exists()
    work_folder.after_cell()
    assert page.said == [], "what came from the page, or was there, is no news"
    Path("out.csv").write_text("ü", encoding="utf-8")
    Path("out.png").write_bytes(b"\x89PNG\xff")
    Path("on-its-way.tmp").write_bytes(b"no file of the learner's")
    with Path("large.csv").open("wb") as file:
        file.truncate(work_folder.LARGEST + 1)
    work_folder.after_cell()
    work_folder.after_cell()
    saved = {"kind": "saved", "notebook": "exercises/04.ipynb"}
    assert page.said == [
        {**saved, "path": "exercises/out.csv", "format": "text", "content": "ü"},
        {**saved, "path": "exercises/out.png", "format": "base64", "content": "iVBOR/8="},
    ]
    assert capsys.readouterr().out.count("exercises/large.csv is larger than 20 MB") == 1


def test_an_import_fetches_the_package_and_what_it_needs(page, monkeypatch, tmp_path, capsys):
    def packed(name, text):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(f"{name.split('-')[0]}.py", text)
        page.files[f"http://kit/p/{name}"] = (tmp_path / name).read_bytes()
        return {"name": name.split("-")[0], "file_name": name, "install_dir": "site", "depends": []}

    lock = {"kitdemanded": packed("kitdemanded-1.whl", "import kit_need") | {"depends": ["kit_need"]}}
    lock["kit-need"] = packed("kit_need-1.whl", "")
    api = types.SimpleNamespace(
        lockfile_packages=types.SimpleNamespace(to_py=lambda: {k.replace("_", "-"): v for k, v in lock.items()}),
        config=types.SimpleNamespace(indexURL="http://kit/p/"),
    )
    pyodide_js = types.SimpleNamespace(_api=api, loadedPackages=types.SimpleNamespace())
    monkeypatch.setitem(sys.modules, "pyodide_js", pyodide_js)
    monkeypatch.setattr(packages, "ON_DEMAND", {"kitdemanded"})
    monkeypatch.setattr(packages.site, "getsitepackages", lambda: [str(tmp_path / "site")])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    packages.install()
    import kitdemanded

    assert kitdemanded.kit_need
    assert "Fetching kit_need, kitdemanded (0.0 MB), once." in capsys.readouterr().out
    assert pyodide_js.loadedPackages.kitdemanded
    with pytest.raises(ImportError):
        import kit_not_there  # noqa: F401


# --- saving to disk, in JupyterLab and in the browser alike


def test_a_table_and_a_chart_are_saved_with_a_link(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = read_table(ROOT / "datasets" / "codelists" / "sex.csv")
    saved = save_file(table, "sex.csv")
    assert Path("sex.csv").read_bytes().startswith(b"\xef\xbb\xbfcode,")
    shown = saved._repr_html_()
    assert 'download="sex.csv"' in shown and 'href="data:text/csv;base64,' in shown
    assert "sex.csv (1 kB)" in repr(saved)
    save_file(table, "sex.xlsx")
    assert Path("sex.xlsx").read_bytes()[:2] == b"PK"
    from matplotlib.figure import Figure

    save_file(Figure(), "chart.png")
    assert Path("chart.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(
    ("what", "name", "sentence"),
    [
        ("table", "x.png", r"end in \.csv or \.xlsx"),
        ("table", "x", r"end in \.csv or \.xlsx"),
        ("table", "no/folder/x.csv", "There is no folder"),
        (3, "x.csv", "takes a table or a chart"),
    ],
)
def test_what_cannot_be_saved_is_one_sentence(what, name, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = read_table(ROOT / "datasets" / "codelists" / "sex.csv") if what == "table" else what
    with pytest.raises(KitError, match=sentence):
        save_file(table, name)


# --- the real Python of the browser, in a worker of a real page


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def worker(chromium, tmp_path_factory):
    """A page whose worker has started Python with the kit."""
    from migkit.editions.browser import contents, pyodide_files
    from migkit.editions.browser.packages import fill, upstream_packages

    folder = tmp_path_factory.mktemp("site")
    for file in (ROOT / "tests" / "browser_worker").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    contents.write_data(contents.teaching_data("GMB"), folder / "data", lambda share, text: None)
    (folder / "pyodide").mkdir()
    upstream = pyodide_files.provide(upstream_packages)
    lock = fill(folder / "pyodide", upstream, lambda share, text: None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}/"
    page = chromium.new_page()
    page.set_default_timeout(120_000)
    foreign = []
    page.on("request", lambda request: request.url.startswith((origin, "data:")) or foreign.append(request.url))
    page.goto(origin)

    def run(code="", **more):
        answer = page.evaluate("message => ask(message)", {"code": code, **more})
        assert "error" not in answer, answer["error"]
        return answer["result"]

    run(start={"lockFileURL": f"pyodide/{lock.name}", "env": {"KIT_DATA_URL": f"{origin}data/"}}, load=["migkit"])
    run("import migkit.lesson")
    yield types.SimpleNamespace(run=run, page=page, foreign=foreign)
    page.close()
    server.shutdown()


@pytest.mark.browser
@pytest.mark.slow
def test_a_lesson_in_the_page(worker):
    rows = worker.run("from migkit.lesson import *\npersons = load('census')\nlen(persons)")
    assert int(rows) == len(load("census"))
    assert worker.run("'yaml' in __import__('sys').modules") == "false"
    box = worker.run("repr(check('q1', 3))")
    assert box == repr(check("q1", 3))
    assert worker.page.evaluate("heard.filter(m => m.kind === 'check').length") == 1
    assert int(worker.run("len(charts.bars({'a': 1, 'b': 2}, 'Title')._repr_html_())")) > 5000


@pytest.mark.browser
@pytest.mark.slow
def test_packages_come_when_they_are_imported(worker):
    assert worker.run("'scipy' in __import__('sys').modules") == "false"
    code = """
def solve():
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp
    from scipy.sparse import eye
    from scipy.sparse.csgraph import connected_components
    from scipy.stats import norm
    best = milp([-1, -2], constraints=LinearConstraint([[1, 1]], ub=4), bounds=Bounds(0, 3), integrality=[1, 1])
    free = linprog([-1, -2], A_ub=[[1, 1]], b_ub=[4])
    return [*best.x.tolist(), *free.x.tolist(), connected_components(eye(4))[0], round(float(norm.ppf(.975)), 2)]
str(solve())
"""
    assert worker.run(code) == "[1.0, 3.0, 0.0, 4.0, 4, 1.96]"
    worker.run("from migkit.lesson import *\nsave_file(load('census').head(), 'five.xlsx')")
    assert worker.run("len(load_own('five.xlsx'))") == "5"
    assert worker.foreign == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_file_of_the_page_is_beside_the_notebook(worker):
    worker.page.evaluate(
        "channel.postMessage({kind: 'file', path: 'notebooks/my.csv', format: 'text', content: 'a,b\\n1,2\\n'})"
    )
    worker.page.wait_for_timeout(200)
    worker.run("from migkit.reference import browser\nbrowser.open_folder('notebooks/04.ipynb')")
    assert worker.run("from migkit.lesson import load_own\nlen(load_own('my.csv'))") == "1"
    worker.run("from migkit.lesson import save_file\nsave_file(load_own('my.csv'), 'mine.csv')")
    worker.run("from migkit.reference.browser.work_folder import after_cell\nafter_cell()")
    worker.page.wait_for_function("heard.some(m => m.kind === 'saved' && m.path === 'notebooks/mine.csv')")


# --- the learner's files, in JupyterLite

RUN = """async code => {
  const panel = [...window.jupyterapp.shell.widgets("main")].find((each) => each.sessionContext);
  const future = panel.sessionContext.session.kernel.requestExecute({ code });
  let said = "";
  future.onIOPub = (message) => { said += message.content.text || message.content.evalue || ""; };
  await future.done;
  return said.trim();
}"""
UPLOAD = """() => window.jupyterapp.serviceManager.contents.save("notebooks/my.csv",
  { name: "my.csv", path: "notebooks/my.csv", type: "file", format: "text", content: "a,b\\n1,2\\n" })"""
LIST = """async folder => {
  const listed = await window.jupyterapp.serviceManager.contents.get(folder, { content: true });
  return listed.content.map((each) => each.name).sort();
}"""


@pytest.mark.browser
@pytest.mark.slow
def test_uploaded_and_written_files_survive_a_new_python(browser_edition, chromium):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=browser_edition))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.new_page()
    page.set_default_timeout(180_000)
    page.add_init_script("window.started = 0; addEventListener('kit-python', () => { window.started += 1; })")
    page.goto(f"http://127.0.0.1:{server.server_port}/lite/notebooks/index.html?path=notebooks/04_census.ipynb")
    page.wait_for_function("window.started === 1")
    page.evaluate(UPLOAD)
    page.wait_for_timeout(1000)
    assert page.evaluate(RUN, "from migkit.lesson import *; print(len(load_own('my.csv')))") == "1"
    page.evaluate(RUN, "import os; os.makedirs('out'); save_file(load_own('my.csv'), 'out/mine.csv')")
    page.wait_for_timeout(2000)
    assert page.evaluate(LIST, "notebooks/out") == ["mine.csv"]
    page.evaluate(
        "[...jupyterapp.shell.widgets('main')].find((each) => each.sessionContext).sessionContext.restartKernel()"
    )
    page.wait_for_function("window.started === 2")
    page.wait_for_timeout(1500)
    assert page.evaluate(RUN, "import os; print(sorted(os.listdir()))") == "['my.csv', 'out']"
    page.close()
    server.shutdown()


def test_what_does_not_run_in_a_page_names_no_command_that_is_not_there(monkeypatch):
    from migkit.measures import _input

    for in_page, said in ((True, "does not run in a page"), (False, "kit.py install office")):
        monkeypatch.setattr(_input, "in_browser", lambda answer=in_page: answer)
        with pytest.raises(KitError, match=said):
            _input.engine("no_such_engine")
