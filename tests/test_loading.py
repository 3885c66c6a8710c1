"""What stands in a use case's files is carried out, or is an error with its place: never silently left out."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlock.errors import DeclarationError
from interlock.usecase import load_schema

ROOT = Path(__file__).parents[1]
HEAD = """import pandera.polars as pa
from interlock.terms import rows
from interlock.usecase import Utc, col, fixed, history, outcome, reference, request, source

@reference(by="tailnum", fixed=["year"])
class Planes(pa.DataFrameModel):
    tailnum: str
    year: int

@request(by="number", as_of=None)
class Request(pa.DataFrameModel):
    number: int

"""
CLASS = "class {}(pa.DataFrameModel):\n    number: int\n    at: Utc\n"
Load = Callable[[str], None]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Load a schema.py that begins with HEAD and goes on with a text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = {name: sys.modules.pop(name) for name in [*sys.modules] if name.split(".")[0] == "usecases"}
    folder = tmp_path / "usecases/shop"
    folder.mkdir(parents=True)

    def written(text: str) -> None:
        (folder / "schema.py").write_text(HEAD + text)
        load_schema("shop")

    yield written
    for name in [name for name in sys.modules if name.split(".")[0] == "usecases"]:
        del sys.modules[name]
    sys.modules.update(before)


def line(text: str) -> str:
    """The place of the first line after HEAD that holds `text`, which stands in the words of an error."""
    return rf"schema\.py:{HEAD.count(chr(10)) + text.count(chr(10))}"


@pytest.mark.parametrize(
    ("raising", "said"),
    [
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("raise SystemExit", "SystemExit: "),
        ("raise GeneratorExit", "GeneratorExit"),
        ("f = lambda: f(); f()", "RecursionError: maximum recursion depth"),
        ("raise type('Mine', (BaseException,), {})('words')", "Mine: words"),
        ("raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()", "Mute: its message cannot be made"),
        ("raise ValueError('x' * 5_000)", "ValueError: x+…"),
    ],
)
def test_whatever_ends_a_file_of_a_use_case_is_an_error_with_its_line(load: Load, raising: str, said: str) -> None:
    """A SystemExit, a recursion without end, a class of one's own: each is a DeclarationError, so no command ends well on it."""
    with pytest.raises(DeclarationError, match=rf"usecases/shop/{line(chr(10))}: {said}"):
        load(raising + "\n")


def test_an_interrupt_stays_one(load: Load) -> None:
    """Ctrl-C while a use case is loaded is not taken for a mistake in it."""
    with pytest.raises(KeyboardInterrupt):
        load("raise KeyboardInterrupt\n")


@pytest.mark.parametrize("file", ["schema", "events", "features"])
def test_a_stage_does_not_end_well_where_a_file_of_the_use_case_exits(file: str, tmp_path: Path) -> None:
    """`sys.exit(0)` in a file ends what loads it with 3, not with 0 and nothing done."""
    folder = tmp_path / "usecases/shop"
    folder.mkdir(parents=True)
    (folder / "schema.py").touch()
    (folder / f"{file}.py").write_text("import sys\nsys.exit(0)\n")
    code = f"from interlock import loading; from interlock.errors import guard; guard(lambda: print(loading.load('shop', '{file}')))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert f"usecases/shop/{file}.py:2: SystemExit: 0" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@source()\nclass planes(Planes):\n    pass\n", r"schema\.py:\d+ and .*schema\.py:5: Planes and planes are both the table planes"),
        (
            "@source()\nclass Planes(pa.DataFrameModel):\n    number: int\n",
            r"schema\.py:6 and .*schema\.py:\d+: two classes are named Planes",
        ),
        ("source()(Planes)\n", r"Planes is the reference of .*schema\.py:5"),
        ("@source()\n@source()\n" + CLASS.format("Trips"), r"Trips is the source of .*schema\.py"),
        ("@request(by='number')\n" + CLASS.format("Asked"), r"and .*schema\.py:10: Request and Asked are both the request"),
        ("@outcome()\n" + CLASS.format("One") + "@outcome()\n" + CLASS.format("Two"), "One and Two are both the outcome"),
        ("@source()\n" + CLASS.format("Requests"), "requests are the rows of the request or the outcome"),
        ("@source()\n" + CLASS.format("Outcomes"), "outcomes are the rows of the request or the outcome"),
        ("@source()\nclass Trips:\n    pass\n", "is no table"),
    ],
)
def test_no_table_replaces_another(load: Load, text: str, said: str) -> None:
    """Two classes for one table or part, two parts for one class, a table of a reserved name: refused, with both places."""
    with pytest.raises(DeclarationError, match=said):
        load(text)


@pytest.mark.parametrize(
    ("decorator", "said"),
    [
        ("reference(by='number', fixed=['nope'])", "fixed: there is no column nope in Trips"),
        ("reference(by=5, fixed=[])", "by is 5"),
        ("reference(by='number', fixed=None)", "fixed is None"),
        ("reference(by=['number', 7], fixed=[])", "by is 7"),
        ("source(rules=None)", "rules is None"),
        ("source(rules=rows(1))", r"rules is Rows\("),
        ("source(rules=['rows'])", "rules is 'rows'"),
        ("source(keep='both')", "keep is 'both'"),
        ("source(key=col('number'))", "key is <Expr"),
        ("request(by='number', as_of=5)", "as_of is 5"),
        ("outcome(label_time=5)", "label_time is 5"),
        ("outcome(horizon=5)", "5 is not a length of time"),
        ("history(by='number', id='number', time='at', available=5)", "available is 5"),
        ("history(by='number', id=5, time='at')", "id is 5"),
        ("history(by='number', id='number', time=None)", "time is None"),
        ("history(by='number', id='number', time='at', where='at')", "where is 'at'"),
        ("history(by='number', id='number', time='at', lookups=[1])", "lookups is"),
        ("history(by='number', id='number', time='at', let={'a': 5})", r"let\['a'\] is 5"),
        ("history(by='number', id='number', time='at', lateness=5)", "5 is not a length of time"),
    ],
)
def test_an_argument_of_another_type_is_named_where_it_stands(load: Load, decorator: str, said: str) -> None:
    """Each argument of a decorator that has not its type is told by name, with the line of the decorator."""
    with pytest.raises(DeclarationError, match=rf"usecases/shop/{line(chr(10))}: {said}"):
        load(f"@{decorator}\n" + CLASS.format("Trips"))


def test_one_name_is_one_column(load: Load) -> None:
    """`fixed="number"` is the column of that name, not one for each of its letters."""
    load("@reference(by='number', fixed='number')\n" + CLASS.format("Trips"))
    assert load_schema("shop").tables["trips"].fixed == ("number",)


def test_a_second_name_of_a_class_is_no_second_table(load: Load) -> None:
    """A variable that stands for a table's class does not make it two."""
    load("Aircraft = Planes\n")
    assert [*load_schema("shop").tables] == ["planes"]


def test_a_file_that_is_no_text_has_a_place_too(load: Load) -> None:
    """Python names no line of a file with null bytes; the error names its first."""
    with pytest.raises(DeclarationError, match=r"schema\.py:\d+: (Syntax|Value)Error"):
        load("a = '\x00'\n")
