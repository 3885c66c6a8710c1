"""Orders of several shops that may come back: keys of two columns over two tables, local clocks, labels that settle in their own time."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from interlock.errors import DeclarationError
from tests.usecases.project import Written, agrees, by_brute_force, features, report, run

CONF = """
name: returns
task: {kind: binary, positive: returned}
tables:
  orders:
    from: files
    path: data/own/orders-*.csv
    separator: ";"
    nulls: ["-"]
    types: {shop: Int16, number: Int32, product: String, customer: String, ordered: Datetime, price: Float64, settled: Datetime, returned: Boolean}
    zones: {ordered: Europe/Vienna, settled: UTC}
  stock: {from: files, path: data/own/stock.ndjson, types: {shop: Int16, moved: Datetime, booked: Datetime, pieces: Int32}}
  products: {from: files, path: data/own/products.csv, types: {shop: Int16, list_price: Float64}}
world: {name: full, keep: {}}
small: {}
split: {by: time, train_until: "2024-07-01T00:00:00Z", validation_until: "2024-10-01T00:00:00Z", test_until: "2025-02-01T00:00:00Z"}
slices: {columns: [shop, category], minimum: 50}
catalog:
  owner: shops
  description: Orders that come back.
  tables:
    orders: {description: Every order., licence: internal}
    stock: {description: What goes in and out., licence: internal}
    products: {description: What is sold., licence: internal}
"""
SCHEMA = """
import pandera.polars as pa
import polars as pl

from interlock.usecase import Utc, col, fixed, history, outcome, reference, request, source


@request(by=("shop", "number"), as_of="ordered")
class Order(pa.DataFrameModel):
    shop: pl.Int16
    number: pl.Int32
    ordered: Utc
    product: str
    customer: str = pa.Field(nullable=True)
    price: float


@outcome(label_time="settled")
class Settled(pa.DataFrameModel):
    returned: bool
    settled: Utc


@source(key=("shop", "number"))
class Orders(pa.DataFrameModel):
    shop: pl.Int16
    number: pl.Int32 = pa.Field(ge=0)
    product: str
    customer: str = pa.Field(nullable=True)
    ordered: Utc
    price: float = pa.Field(ge=0, le=1000)
    settled: Utc = pa.Field(nullable=True)
    returned: bool = pa.Field(nullable=True)


@history(by=("shop", "product"), id=("movement"), time="moved", available="booked", lateness="12h")
class Stock(pa.DataFrameModel):
    movement: str = pa.Field(unique=True)
    shop: pl.Int16
    product: str
    moved: Utc
    booked: Utc = pa.Field(nullable=True)
    pieces: pl.Int32 = pa.Field(ge=-100, le=100)


@reference(by=("product", "shop"), fixed=["category", "list_price"])
class Products(pa.DataFrameModel):
    shop: pl.Int16
    product: str
    category: str
    list_price: float = pa.Field(gt=0)


_order = pl.concat_str([col("shop"), col("number")], separator="/")
Ordered = history(of=Orders, by="customer", id=_order, time="ordered", columns=["shop", "product", "price"])
Returned = history(
    of=Orders, by=("shop", "product"), id=_order, time="settled", where=col("returned").is_not_null(),
    lookups={"category": fixed(Products, "category", by=("shop", "product"))},
    let={"days": (col("settled") - col("ordered")).dt.total_days()},
    columns=["customer", "returned", "category", "days", "ordered"],
)
"""
EVENTS = '''
import polars as pl

ASKED = ("shop", "number", "ordered", "product", "customer", "price")


def requests(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Every order, when it is placed."""
    return orders.select(*ASKED)


def outcomes(orders: pl.LazyFrame) -> pl.LazyFrame:
    return orders.filter(pl.col("returned").is_not_null()).select("shop", "number", "ordered", "returned", "settled")
'''
FEATURES = """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.returns.schema import Ordered, Products, Returned, Stock

product = view(Products)
category = product.lookup("category", "Category of the product")
_list_price = product.lookup("list_price")
discount = on_demand(1 - col("price") / col("_list_price"), "Discount on the list price", expect=(-1, 1))
paid = on_demand(col("price"), "Price", unit="EUR")
hour = on_demand(col("ordered").dt.convert_time_zone("Europe/Vienna").dt.hour(), "Hour of the order, local", expect=(0, 23))

stock_7d = view(Stock).sum("pieces", "7d", "Movements of the product in the shop, a week")
moved = view(Stock).latest("pieces", "Last movement", max_age="30d")
moved_elsewhere = view(Stock, by="product").count("7d", "Movements of the product in all shops")
least_moved = view(Stock, where=col("pieces") < 0).min("pieces", "30d", "Largest sale")

bought_30d = view(Ordered).count("30d", "Orders of the customer")
bought_here_30d = view(Ordered, by=("customer", "shop")).count("30d", "Orders of the customer in this shop")
spent_30d = view(Ordered).sum("price", "30d", "Spent by the customer", places=2)
again = view(Ordered, by={"product": "product", "customer": "customer"}).count("90d", "Orders of the product by the customer")
late_90d = view(Returned).share(col("returned"), "90d", "Share that came back, product and shop")
category_90d = view(Returned, by="product").mean(col("returned"), "90d", "Share that came back, product")
customer_90d = view(Returned, by="customer").share(col("returned"), "90d", "Share that this customer sent back")
times_returned = view(Returned, by="customer", where=col("returned")).count("90d", "Orders that this customer sent back")
kept_days = view(Returned).mean("days", "90d", "Days until it settles", max_abs=1000)
last = view(Returned, by="customer").latest("days", "Days until the customer's last order settled")
_last = view(Returned, by="customer").latest("ordered")
since_last = on_demand((col("ordered") - col("_last")).dt.total_days(), "Days since the customer's last settled order")
"""
CODE = {"schema": SCHEMA, "events": EVENTS, "features": FEATURES, "stress": ""}
START, VIENNA = datetime(2024, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Vienna")


def orders(random: Random) -> pl.DataFrame:
    """Orders of three shops that number them alike; some customers send back what they buy."""
    made = []
    for i in range(2400):
        at = START + timedelta(days=random.randint(0, 390), minutes=random.randint(6 * 60, 20 * 60))
        customer = random.choice([None, *range(120)])
        back = random.random() < (0.6 if customer is not None and customer % 3 == 0 else 0.1)
        settles = at + timedelta(days=random.randint(1, 28))
        done = settles < START + timedelta(days=400)
        made.append(
            {
                "shop": i % 3 + 1, "number": i // 3, "product": f"p{random.randint(1, 12)}", "customer": None if customer is None else f"k{customer}",
                "ordered": at.astimezone(VIENNA).strftime("%Y-%m-%d %H:%M:%S"), "price": round(random.uniform(5, 95), 2),
                "settled": settles.isoformat() if done else None, "returned": str(back).lower() if done else None,
            }
        )  # fmt: skip
    return pl.DataFrame(made, infer_schema_length=None)


def write(folder: Path, code: dict[str, str] | None = None) -> Path:
    random, own = Random(5), folder / "data/own"  # noqa: S311 - rows, not secrets
    own.mkdir(parents=True)
    table = orders(random)
    for shop in (1, 2, 3):
        table.filter(shop=shop).write_csv(own / f"orders-{shop}.csv", separator=";", null_value="-")
    moves = [
        (f"m{i}", i % 3 + 1, f"p{i % 12 + 1}", START + timedelta(hours=random.randint(0, 9400)), random.randint(-9, 20))
        for i in range(1500)
    ]
    lines = [
        {"movement": name, "shop": shop, "product": product, "moved": at.isoformat(), "booked": random.choice([None, *[(at + timedelta(hours=random.choice([0, 1, 12]))).isoformat()] * 5]), "pieces": n}
        for name, shop, product, at, n in moves
    ]  # fmt: skip
    (own / "stock.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    listed = [f"{shop},p{i},{'cd'[i % 2]},{20 + i}.5" for shop in (1, 2, 3) for i in range(1, 12)]  # p12 is not listed
    (own / "products.csv").write_text("\n".join(["shop,product,category,list_price", *listed]) + "\n")
    Written("returns", CONF, {**CODE, **(code or {})}).into(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after every stage; not to be changed."""
    made = write(tmp_path_factory.mktemp("returns") / "a project é")
    run(made)
    return made


def test_every_stage_does_its_part(folder: Path) -> None:
    """From files to a bundle, with nothing different online; also sliced by a part of the key."""
    agrees(folder)
    assert {found["column"] for found in report(folder, "slices")} == {"shop", "category"}


def test_values_are_what_the_declarations_say(folder: Path) -> None:
    """Keys of one and of two columns, by other names and in another order, null ones too, held against the raw rows."""
    by_brute_force(folder, 37)
    values = features(folder)
    nobody = values.filter(pl.col("customer").is_null())
    assert nobody["bought_30d"].max() == 0
    assert nobody["last"].null_count() == nobody.height > 0
    assert values.filter(product="p12")["category"].null_count() == values.filter(product="p12").height


def test_a_label_matures_when_it_settles(folder: Path) -> None:
    """Each in its own time; an order that has not settled has no outcome, and belongs to no split."""
    values, sources = features(folder), pl.read_parquet(folder / "data/raw/orders.parquet")
    key = ["shop", "number", "ordered"]
    assert values.select(*key, "returned", settled="matured_at").sort(key).equals(sources.select(*key, "returned", "settled").sort(key))
    counts = report(folder, "metrics")["rows"]
    assert counts["without_outcome"] == values["returned"].null_count() > 0
    assert counts["gap"] > 0


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('"returned", "settled")', '"returned")', r"outcomes\(\) gives no column settled"),
        (
            '"ordered", "returned", "settled")',
            '"ordered", "returned", settled=pl.lit(1))',
            r"outcomes\(\) gives settled as Int32, declared is Datetime",
        ),
    ],
)
def test_an_outcome_without_its_time_is_refused(tmp_path: Path, written: str, instead: str, message: str) -> None:
    """The column that says when a label is known must be there, as a time."""
    write(tmp_path, {"events": EVENTS.replace(written, instead)})
    with pytest.raises(DeclarationError, match=message):
        run(tmp_path, "ingest", "validate", "featurize")


def test_an_outcome_may_leave_its_time_undeclared(folder: Path, tmp_path: Path) -> None:
    """Named in `label_time` alone, it is a time all the same."""
    write(tmp_path, {"schema": SCHEMA.replace("    returned: bool\n    settled: Utc\n\n\n@source", "    returned: bool\n\n\n@source")})
    run(tmp_path, "ingest", "validate", "featurize")
    assert features(tmp_path)["matured_at"].equals(features(folder)["matured_at"])
