"""Declarations as people write them, in files: what they become, and every mistake with its line and its remedy."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import polars as pl
import pytest

from interlock.dtypes import dtype_of
from interlock.errors import DeclarationError
from interlock.features import collect, offline
from interlock.features.featureset import FeatureSet, Latest, Window
from interlock.usecase import load_schema

SCHEMA = """
import pandera.polars as pa
import polars as pl
from interlock.usecase import Utc, col, fixed, history, outcome, reference, request, source

@request(by="order_id")
class Request(pa.DataFrameModel):
    order_id: str
    as_of: Utc
    customer: str
    shop: int
    amount: float

@outcome(horizon="30d")
class Outcome(pa.DataFrameModel):
    returned: bool

@reference(by="customer", fixed=["country", "since"])
class Customers(pa.DataFrameModel):
    customer: str = pa.Field(unique=True)
    country: str
    since: Utc
    score: float

@reference(by="shop", fixed=["size"])
class Shops(pa.DataFrameModel):
    shop: int = pa.Field(unique=True)
    size: pl.Int32

@source(key="number")
class Sales(pa.DataFrameModel):
    number: int
    customer: str
    shop: int
    sold: Utc
    local: pl.Datetime("us")
    price: float
    weight: pl.Float32
    pieces: pl.Int32 = pa.Field(ge=0, le=100)
    many: int = pa.Field(ge=0)
    kind: str
    paid: bool

@history(by="customer", id="number", time="at", available="loaded", lateness="1d")
class Visits(pa.DataFrameModel):
    number: int
    customer: str
    at: Utc
    loaded: Utc
    pages: pl.Int32 = pa.Field(ge=0, le=500)

Sold = history(of=Sales, by="customer", id="number", time="sold", columns=["shop", "price", "weight", "pieces", "many", "kind", "paid"])
"""
FEATURES = """
import polars as pl
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from {package}.schema import *

sold = view(Sold)
{text}
"""
GOOD = 'hour = on_demand(col("as_of").dt.hour(), "Hour of the order")'
Write = Callable[..., str]
numbers = count()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a use case of its own name into a project, the current folder: the name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str, more: str = "") -> str:
        name = f"shop{next(numbers)}"
        folder = tmp_path / "usecases" / name
        folder.mkdir(parents=True)
        (folder / "schema.py").write_text(SCHEMA + more)
        (folder / "features.py").write_text(FEATURES.format(package=f"usecases.{name}", text=text))
        return name

    return write


def test_features_are_named_by_the_variables_of_their_module(write: Write) -> None:
    """In the order in which they are bound, families by dict among them; a leading underscore keeps one out of the model."""
    text = """
spent = {f"spent_{w}": sold.sum("price", w, f"Spent in {w}", places=2, max_abs=1000) for w in ("7d", "90d")}
_since = view(Customers).lookup("since")
tenure = on_demand((col("as_of") - col("_since")).dt.total_days(), "Days since the first order", unit="d", expect=(0, 9000), severity="fail")
last = sold.latest("kind", "Last kind", max_age="400d", ago="7d", deprecated="use kinds")
"""
    made = collect.load(write(text))
    assert [feature.name for feature in made.features] == ["spent_7d", "spent_90d", "_since", "tenure", "last"]
    assert [feature.name for feature in made.public] == ["spent_7d", "spent_90d", "tenure", "last"]
    assert [feature.dtype for feature in made.features] == ["Float64", "Float64", "Datetime[us,UTC]", "Int64", "String"]
    spent, last = made.by_name["spent_7d"], made.by_name["last"]
    assert isinstance(spent, Window)
    assert isinstance(last, Latest)
    assert (spent.width, spent.places, spent.max_abs, spent.keys) == (604_800_000_000, 2, 1000.0, (("customer", "customer"),))
    assert (last.max_age, last.ago, last.about.deprecated) == (34_560_000_000_000, 604_800_000_000, "use kinds")
    assert (made.by_name["tenure"].about.expect, made.by_name["tenure"].about.severity) == ((0.0, 9000.0), "fail")


def test_small_numbers_may_be_computed_with_where_nothing_can_wrap(write: Write) -> None:
    """As floats, or cast before; a quotient or a remainder is no greater than what it is made of."""
    text = """
half = on_demand(col("as_of").dt.hour() * 0.5, "Hours by twos")
minutes = on_demand(col("as_of").dt.hour().cast(pl.Int64) * 60 + col("as_of").dt.minute(), "Minutes")
part = on_demand(col("as_of").dt.hour() // 6 % 2, "Quarter of the day")
more = on_demand(col("customer").str.len_chars() + 5, "Letters")
"""
    made = collect.load(write(text))
    assert [feature.dtype for feature in made.features] == ["Float64", "Int64", "Int8", "UInt32"]


def test_types_and_bounds_are_inferred(write: Write) -> None:
    """A whole number needs no places, and its bound comes from its contract; least and greatest values keep their type."""
    text = """
pieces = sold.sum("pieces", "7d", "Pieces")
mean = sold.mean("pieces", "7d", "Pieces on average")
paid = sold.sum("paid", "7d", "Paid for")
top = sold.max("price", "7d", "Greatest price")
when = on_demand(sold and col("as_of"), "Time")
"""
    made = collect.load(write(text)).by_name
    assert {name: feature.dtype for name, feature in made.items()} == {
        "pieces": "Int64", "mean": "Float64", "paid": "Int64", "top": "Float64", "when": "Datetime[us,UTC]",
    }  # fmt: skip
    assert [made[name].max_abs for name in ("pieces", "paid") if isinstance(made[name], Window)] == [100.0, 1.0]  # type: ignore[union-attr]


def test_a_key_may_have_another_name_on_either_side(write: Write) -> None:
    """Also where the feature is called like the key of the reference."""
    more = 'Theirs = history(of=Sales, by="number", id="number", time="sold", columns=[col("shop").alias("place"), "pieces"])'
    made = collect.load(
        write('shops = view(Shops).lookup("size", "Size")\nsold = view(Theirs, by={"place": "shop"}).count("1h", "Sold")\n', more)
    )
    assert made.by_name["sold"].keys == (("place", "shop"),)  # type: ignore[union-attr]
    made = collect.load(write('number = view(Places, by={"number": "shop"}).lookup("size", "Size")', PLACES))
    asked = pl.DataFrame({"order_id": ["1"], "as_of": [None], "customer": ["c"], "shop": [5], "amount": [1.0]}, schema=schema(made))
    found = offline.compute(
        made, asked, {"places": pl.LazyFrame({"number": [5], "size": [7]}, schema={"number": pl.Int64, "size": pl.Int32})}
    )
    assert found["number"].to_list() == [7]


PLACES = """
@reference(by="number", fixed=["size"])
class Places(pa.DataFrameModel):
    number: int = pa.Field(unique=True)
    size: pl.Int32
"""


def schema(made: FeatureSet) -> dict[str, pl.DataType]:
    return {name: dtype_of(text) for name, text in made.request.types.items()}


# The mistakes: what is written, with <- at the end of the line that is named; what the error says.
MISTAKES = {
    "unknown column on demand": ('x = on_demand(col("amuont"), "x")  # <-', "there is no column amuont .*\n.*amount"),
    "unknown column of a history": ('x = sold.sum("peices", "7d", "x")  # <-', "there is no column peices .*\n.*pieces"),
    "unknown column in where": ('x = view(Sold, where=col("knid") == "a").count("7d", "x")  # <-', "no column knid"),
    "column not kept by the history": ('x = sold.latest("local", "x")  # <-', "no column local"),
    "unknown key": ('x = view(Sold, by="tailnum").count("7d", "x")  # <-', "no column tailnum"),
    "a key that the request lacks": ('x = view(Sold, by="kind").count("7d", "x")  # <-', "the request has no column kind"),
    "a key of another type": ('x = view(Sold, by={"shop": "customer"}).count("7d", "x")  # <-', "shop is Int64 there and customer is String"),
    "a reference by another key": ('x = view(Customers, by={"country": "customer"}).lookup("country", "x")  # <-', "looked up by customer"),
    "a reference by a key of another type": ('x = view(Shops, by={"shop": "customer"}).lookup("size", "x")  # <-', "shop is Int64 there and customer is String"),
    "not fixed": ('x = view(Customers).lookup("score", "x")  # <-', "customers.score is not a fixed column, so it could leak"),
    "lookup in a history": ('x = sold.lookup("price", "x")  # <-', "a lookup reads a reference, not a history"),
    "looking back over a reference": ('x = view(Customers).count("7d", "x")  # <-', "has no times to look back over"),
    "where on a reference": ('x = view(Customers, where=col("country") == "CH").lookup("country", "x")  # <-', "a reference has one row a key"),
    "a view of a source": ('x = view(Sales).count("7d", "x")  # <-', "sales is a source"),
    "a view of the outcome": ('x = view(Outcome).count("7d", "x")  # <-', "outcomes is a outcome"),
    "a view of the request": ('x = view(Request).count("7d", "x")  # <-', "requests is a request"),
    "the outcome on demand": ('x = on_demand(col("returned"), "x")  # <-', "returned is the outcome"),
    "the outcome in a history": ('x = sold.share(col("returned"), "7d", "x")  # <-', "returned is the outcome"),
    "circle": ('a = on_demand(col("b") + 1, "a")  # <-\nb = on_demand(col("c"), "b")\nc = on_demand(col("a"), "c")', "in a circle: a → b → c → a"),
    "reads itself": ('a = on_demand(col("a") + 1, "a")  # <-', "in a circle: a → a"),
    "bound twice": ('a = on_demand(col("shop"), "a")  # <-\na = on_demand(col("amount"), "a")', "no name of its own"),
    "bound twice by a dict": ('a = on_demand(col("shop"), "a")\nfamily = {"a": on_demand(col("amount"), "a")}  # <-', "a is bound twice, first at .*features.py"),
    "bound to none": ('on_demand(col("shop"), "a")  # <-', "no name of its own"),
    "in a list": ('several = [on_demand(col("shop"), "a")]  # <-', "no name of its own"),
    "called like a column": ('shop = on_demand(col("shop") + 1, "x")  # <-', "shop is a column of the request"),
    "a number as name": ('family = {7: on_demand(col("shop"), "a")}  # <-', "7 is no name of a feature"),
    "a pattern as name": ('family = {"^a$": on_demand(col("shop"), "a")}  # <-', "is no name of a feature"),
    "a reserved name": ('__time = on_demand(col("shop"), "a")  # <-', "'__time' is no name of a feature"),
    "no description": ('x = sold.count("7d")  # <-', "x has no description"),
    "overflow": ('x = sold.sum("price", "7d", "x", places=9, max_abs=5)  # <-', "could overflow 64 bits"),
    "overflow by bound": ('x = sold.sum("pieces", "7d", "x", max_abs=5e9)  # <-', "could overflow 64 bits"),
    "no bound": ('x = sold.sum("many", "7d", "x")  # <-', "many has no bound"),
    "no bound of an expression": ('x = sold.sum(col("pieces") * 2, "7d", "x")  # <-', "has no bound"),
    "a bound of NaN": ('x = sold.sum("many", "7d", "x", max_abs=float("nan"))  # <-', "max_abs=nan is no bound"),
    "a bound below nothing": ('x = sold.sum("many", "7d", "x", max_abs=-3)  # <-', "max_abs=-3 is no bound"),
    "a bound that is text": ('x = sold.sum("many", "7d", "x", max_abs="3")  # <-', "max_abs='3' is no bound"),
    "float without places": ('x = sold.mean("price", "7d", "x", max_abs=10)  # <-', "price is a float without places"),
    "decimals of 32 bits": ('x = sold.mean("weight", "7d", "x", places=1, max_abs=10)  # <-', "weight is Float32, in which no decimal is exact"),
    "eight bits that wrap": ('x = on_demand(col("as_of").dt.hour() * 60, "x")  # <-', "in Int8 could wrap"),
    "eight bits that wrap with a sum": ('x = on_demand(1.5 * (60 + col("as_of").dt.minute()), "x")  # <-', "in Int8 could wrap"),
    "below zero without a sign": ('x = on_demand(col("customer").str.len_chars() - 5, "x")  # <-', "in UInt32 would wrap below zero"),
    "half a place": ('x = sold.mean("price", "7d", "x", places=1.5, max_abs=10)  # <-', "places=1.5 is no number of decimals"),
    "too many places": ('x = sold.mean("price", "7d", "x", places=10, max_abs=1)  # <-', "places=10 is no number of decimals"),
    "places of a count": ('x = sold.count("7d", "x", places=2)  # <-', "places is not an option of count"),
    "places of a latest": ('x = sold.latest("price", "x", places=2)  # <-', "places is not an option of latest"),
    "text measured": ('x = sold.sum("kind", "7d", "x")  # <-', "kind is String, which has no sum"),
    "least text": ('x = sold.min("kind", "7d", "x")  # <-', "kind is String, which has no min"),
    "time measured": ('x = sold.mean(pl.duration(days=col("pieces")), "7d", "x")  # <-', "which has no mean"),
    "share of a number": ('x = sold.share("pieces", "7d", "x")  # <-', "a share needs a condition, found Int32"),
    "where is a number": ('x = view(Sold, where=col("pieces")).count("7d", "x")  # <-', "where= is not a condition"),
    "window shorter than the lateness": ('x = view(Visits).count("23h", "x")  # <-', "a window of 23h is shorter than the lateness"),
    "window of nothing": ('x = sold.count("0d", "x")  # <-', "holds nothing"),
    "no length": ('x = sold.count("1mo", "x")  # <-', "'1mo' is not a length of time"),
    "a number as length": ('x = sold.count(7, "x")  # <-', "7 is not a length of time"),
    "wrong ago": ('x = sold.count("7d", "x", ago="-1d")  # <-', "'-1d' is not a length of time"),
    "wrong max_age": ('x = sold.latest("price", "x", max_age="old")  # <-', "'old' is not a length of time"),
    "unknown option": ('x = sold.count("7d", "x", expects=(0, 1))  # <-', "expects is not an option of count\n.*expect, "),
    "unknown severity": ('x = sold.count("7d", "x", severity="faill")  # <-', "Invalid enum value 'faill'.*severity"),
    "a unit that is a number": ('x = sold.count("7d", "x", unit=5)  # <-', "Expected `str`, got `int`.*unit"),
    "a description that is a number": ('x = sold.count("7d", 5)  # <-', "Expected `str`, got `int`.*description"),
    "expect of one number": ('x = sold.count("7d", "x", expect=5)  # <-', "got `int`.*expect"),
    "expect of three": ('x = sold.count("7d", "x", expect=(0, 1, 2))  # <-', "length 2.*expect"),
    "expect the wrong way": ('x = sold.count("7d", "x", expect=(9, 1))  # <-', "holds nothing"),
    "expect NaN": ('x = sold.count("7d", "x", expect=(float("nan"), 1))  # <-', "holds nothing"),
    "expect of a text": ('x = sold.latest("kind", "x", expect=(0, 1))  # <-', "x is String, which no expect= can bound"),
    "not row-wise": ('x = on_demand(col("amount") - col("amount").mean(), "x")  # <-', "Agg is not row-wise"),
    "a shift in a measure": ('x = sold.sum(col("pieces").shift(1) + 1, "7d", "x", max_abs=9)  # <-', "Shift is not row-wise"),
    "over in where": ('x = view(Sold, where=col("pieces").max().over("kind") > 1).count("7d", "x")  # <-', "Over is not row-wise"),
    "python function": ('x = on_demand(col("amount").map_elements(abs, return_dtype=pl.Float64), "x")  # <-', "a Python function cannot be part"),
    "transcendental": ('x = on_demand(1 + col("amount").log(), "x")  # <-', "Log has other last bits on other processors"),
    "power": ('x = on_demand(col("amount") ** 2, "x")  # <-', "other last bits"),
    "selector": ('x = on_demand(pl.all(), "x")  # <-', "Selector is not among"),
    "NaN": ('x = on_demand(col("amount").fill_null(float("nan")), "x")  # <-', "not a finite number"),
    "types that do not fit": ('x = on_demand(col("customer") + col("as_of"), "x")  # <-', "customer \\+ as_of"),
    "floor of floats": ('x = on_demand(col("amount") // 2, "x")  # <-', "differs between one row and many"),
    "remainder of floats": ('x = on_demand(col("amount") % 2, "x")  # <-', "differs between one row and many"),
    "zero added to floats": ('x = on_demand((col("amount") + 0).abs(), "x")  # <-', "in the sign of zero"),
    "zero less a float": ('x = on_demand(0 - col("amount"), "x")  # <-', "in the sign of zero"),
    "a keyword that views lack": ('x = view(Sold, wehre=col("paid")).count("7d", "x")  # <-', "TypeError.*wehre"),
    "no such method": ('x = sold.median("price", "7d", "x")  # <-', "AttributeError.*median"),
    "a name that is not defined": ("x = veiw(Sold)  # <-", "NameError.*veiw"),
    "not Python": ("x = = 5  # <-", "SyntaxError"),
    "a call over several lines": ('\n\nx = sold.sum(  # <-\n    "peices",\n    "7d",\n    "x",\n)', "no column peices"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_features_is_refused_with_its_line_and_a_remedy(write: Write, mistake: str) -> None:
    """When the module loads: file and line of the declaration, what is wrong with it, and what to write instead."""
    text, said = MISTAKES[mistake]
    name = write(f"{GOOD}\n{text}")
    with pytest.raises(DeclarationError, match=said) as raised:
        collect.load(name)
    assert raised.value.found.startswith(f"{line(Path('usecases') / name / 'features.py')}: ")
    assert raised.value.remedy


def line(file: Path) -> str:
    """`file:line` of the line that ends in the mark."""
    return f"{file}:{[text.endswith('# <-') for text in file.read_text().splitlines()].index(True) + 1}"


def derived(**changed: str) -> str:
    said = {"of": "Sales", "by": '"customer"', "id": '"number"', "time": '"sold"', "columns": '["pieces"]', **changed}
    return f"Made = history({', '.join(f'{key}={value}' for key, value in said.items())})  # <-\n"


SCHEMA_MISTAKES = {
    "unknown time": (derived(time='"slod"'), "no column slod"),
    "time without zone": (derived(time='"local"'), "local is Datetime.*, not a time in UTC microseconds"),
    "availability that is a number": (derived(available='"pieces"'), "pieces is Int32, not a time"),
    "unknown id": (derived(id='"numbr"'), "no column numbr"),
    "unknown column": (derived(columns='["peices"]'), "no column peices"),
    "a column twice": (derived(columns='["pieces", col("many").alias("pieces")]'), "binds pieces twice"),
    "where that is no condition": (derived(where='col("pieces")'), "where= is not a condition"),
    "not row-wise": (derived(columns='[col("pieces").cum_sum()]'), "CumSum is not row-wise"),
    "a step called like a column": (derived(let='{"price": col("pieces") + 1}'), "let= gives price, which is a column already"),
    "a step that reads a later one": (derived(let='{"a": col("b"), "b": col("pieces")}'), "no column b"),
    "a lookup called like a column": (derived(lookups='{"kind": fixed(Customers, "country", by="customer")}'), "lookups= gives kind, which is a column already"),
    "a lookup by a column that is not there": (derived(lookups='{"size": fixed(Shops, "size", by={"shop": "place"})}'), "no column place"),
    "a lookup by another key": (derived(lookups='{"size": fixed(Shops, "size", by={"size": "shop"})}'), "looked up by shop"),
    "a lookup by a key of another type": (derived(lookups='{"size": fixed(Shops, "size", by={"shop": "kind"})}'), "shop is Int64 there and kind is String here"),
    "a lookup that is not fixed": ('Made = fixed(Customers, "score", by="customer")  # <-', "customers.score is not a fixed column"),
    "a history of the outcome": (derived(of="Outcome", id='"returned"'), "a history of the outcome would tell"),
    "a history of the request": (derived(of="Request", id='"order_id"', time='"as_of"'), "a history of the request would tell"),
    "a lateness that is none": (derived(lateness='"late"'), "'late' is not a length of time"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", SCHEMA_MISTAKES)
def test_a_mistake_in_a_history_is_refused_with_its_line_and_a_remedy(write: Write, mistake: str) -> None:
    """In schema.py, where the history is declared, not where a feature reads it."""
    more, said = SCHEMA_MISTAKES[mistake]
    name = write(f'{GOOD}\nx = view(Made).count("7d", "x")' if "fixed(C" not in more or "Made = h" in more else GOOD, more)
    with pytest.raises(DeclarationError, match=said) as raised:
        collect.load(name)
    assert raised.value.found.startswith(f"{line(Path('usecases') / name / 'schema.py')}: ")
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("    as_of: Utc\n    customer", "    customer", "the request has no column as_of"),
        ("    as_of: Utc\n    customer", '    as_of: pl.Datetime("us")\n    customer', "as_of of the request is Datetime"),
        ("    order_id: str\n", "", "the request has no column order_id"),
        ("    amount: float\n", "    amount: float\n    returned: bool\n", "the request has a column returned, which is the outcome"),
        ('@request(by="order_id")', '@source(key="order_id")', "no table is the request"),
    ],
)
def test_a_request_that_cannot_be_is_refused(write: Write, before: str, after: str, said: str) -> None:
    """Without its key or its moment, or with the outcome in it."""
    name = write(GOOD)
    file = Path("usecases") / name / "schema.py"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(DeclarationError, match=re.escape(said)):
        collect.load(name)


def test_features_that_look_back_need_a_moment(write: Write) -> None:
    """A request without as_of has lookups and expressions, and no history."""
    name = write('x = view(Customers).lookup("country", "x")')
    file = Path("usecases") / name / "schema.py"
    file.write_text(file.read_text().replace('@request(by="order_id")', '@request(by="order_id", as_of=None)'))
    assert collect.load(name).request.key == ["order_id"]
    (file.parent / "features.py").write_text((file.parent / "features.py").read_text() + 'y = sold.count("7d", "y")\n')
    again = write("")
    for part in ("schema", "features"):
        text = (file.parent / f"{part}.py").read_text().replace(name, again)
        (Path("usecases") / again / f"{part}.py").write_text(text)
    with pytest.raises(DeclarationError, match="the request has no as_of, so nothing can look back from it"):
        collect.load(again)


def test_a_use_case_without_a_public_feature_is_refused(write: Write) -> None:
    """It would have nothing to learn from."""
    name = write('_x = on_demand(col("shop"))')
    with pytest.raises(DeclarationError, match="no public feature is declared") as raised:
        collect.load(name)
    assert raised.value.found.startswith(f"usecases/{name}/features.py: ")


def test_a_reference_that_lacks_its_own_columns_is_refused(write: Write) -> None:
    """A fixed column that is misspelt, or a key that is no column."""
    for said, more in (("szie", '@reference(by="number", fixed=["szie"])'), ("nmber", '@reference(by="nmber", fixed=["size"])')):
        name = write(f'x = view(Places, by={{"nmber": "shop"}} if "{said}" == "nmber" else {{"number": "shop"}}).lookup("szie" if "{said}" == "szie" else "size", "x")',
                     PLACES.replace('@reference(by="number", fixed=["size"])', more))  # fmt: skip
        with pytest.raises(DeclarationError, match=f"there is no column {said}"):
            collect.load(name)


def test_the_features_of_flights_load() -> None:
    """The use case of this project: all four kinds, and tables as its schema names them."""
    schema, made = load_schema("flights"), collect.load("flights")
    assert len(made.public) >= 30
    assert {type(feature).__name__ for feature in made.features} == {"Lookup", "OnDemand", "Latest", "Window"}
    assert {history.source for history in made.histories.values()} | set(made.references) <= set(schema.tables)
