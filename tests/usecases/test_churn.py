"""The churn example of the design, as it stands there: customers and their events, some of which load days late."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from interlock.errors import ContractError, DeclarationError
from tests.usecases.project import Written, agrees, by_brute_force, features, report, run

CONF = """
name: churn
task: {kind: binary, positive: churned}
tables:
  customers: {from: files, path: data/own/customers.csv, types: {birth_year: Int64}, zones: {signed_up: UTC, cancelled_at: UTC}}
  events: {from: files, path: data/own/events.parquet}
world: {name: full, keep: {}}
small: {}
split: {by: time, train_until: "2024-07-15T00:00:00Z", validation_until: "2024-10-15T00:00:00Z", test_until: "2025-02-15T00:00:00Z"}
slices: {columns: [country], minimum: 50}
catalog:
  owner: growth
  description: Customers who leave within 30 days.
  tables:
    customers: {description: Everybody who signed up., licence: internal}
    events: {description: What customers do., licence: internal, fresh: 2d}
"""
SCHEMA = """
import pandera.polars as pa

from interlock.usecase import Utc, history, outcome, reference, request


@request(by="customer_id")
class Request(pa.DataFrameModel):
    customer_id: str
    as_of: Utc


@outcome(horizon="30d")
class Outcome(pa.DataFrameModel):
    churned: bool


@reference(by="customer_id", fixed=["signed_up", "country", "birth_year"])
class Customers(pa.DataFrameModel):
    customer_id: str = pa.Field(unique=True)
    signed_up: Utc
    country: str = pa.Field(str_length={"min_value": 2, "max_value": 2})
    birth_year: int = pa.Field(ge=1900, le=2012, nullable=True)
    cancelled_at: Utc = pa.Field(nullable=True)


@history(by="customer_id", id="event_id", time="ts", available="loaded_at", lateness="3d")
class Events(pa.DataFrameModel):
    event_id: str = pa.Field(unique=True)
    customer_id: str
    ts: Utc
    loaded_at: Utc
    kind: str = pa.Field(isin=["login", "payment", "ticket", "plan_change"])
    amount: float = pa.Field(ge=0, le=10_000, nullable=True)
    plan: str = pa.Field(nullable=True)
"""
EVENTS = '''
import polars as pl

from interlock.usecase import col


def requests(customers: pl.LazyFrame) -> pl.LazyFrame:
    """Every paying customer, on the first of each month."""
    months = pl.datetime_ranges(col("signed_up").dt.truncate("1mo"), LAST, "1mo")
    asked = customers.select("customer_id", "signed_up", "cancelled_at", as_of=months).explode("as_of")
    paying = (col("signed_up") < col("as_of")) & (col("cancelled_at") > col("as_of")).fill_null(True)
    return asked.filter(paying).select("customer_id", "as_of")


def outcomes(requests: pl.LazyFrame, customers: pl.LazyFrame) -> pl.LazyFrame:
    left = col("cancelled_at") <= col("as_of") + pl.duration(days=30)
    return requests.join(customers, on="customer_id").with_columns(churned=left.fill_null(False))


LAST = pl.datetime(2025, 1, 1, time_zone="UTC")
'''
FEATURES = """
from interlock.features.declare import on_demand, view
from interlock.usecase import col
from usecases.churn.schema import Customers, Events

customer = view(Customers)
country = customer.lookup("country", "Country of billing")
_signed_up = customer.lookup("signed_up")
_birth_year = customer.lookup("birth_year")
tenure = on_demand((col("as_of") - col("_signed_up")).dt.total_days(), "Tenure in days", expect=(0, 9000))
age = on_demand(col("as_of").dt.year() - col("_birth_year"), "Age in years", expect=(0, 130))

plan = view(Events, where=col("kind") == "plan_change").latest("plan", "Plan in force", max_age="400d")
login = view(Events, where=col("kind") == "login")
logins_7d = login.count("7d", "Logins in the last week")
logins_90d = login.count("90d", "Logins in the last 90 days")
logins_7d_before = login.count("7d", "Logins in the week before the last", ago="7d")
login_trend = on_demand(col("logins_7d") / col("logins_90d"), "Share of the quarter's logins in its last week")
payment = view(Events, where=col("kind") == "payment")
spent_90d = payment.sum("amount", "90d", "Paid in 90 days", places=2, unit="EUR")
spent_spread = payment.std("amount", "90d", "Spread of payments", places=2, unit="EUR")
largest = payment.max("amount", "90d", "Largest payment", unit="EUR")
small_payments = payment.share(col("amount") < 20, "90d", "Share of small payments")
complaints = view(Events).sum(col("kind") == "ticket", "30d", "Tickets, summed as truths")
tickets = {f"tickets_{w}": view(Events, where=col("kind") == "ticket").count(w, f"Tickets in {w}") for w in ("7d", "90d")}
everybody_90d = view(Events, by=()).mean("amount", "90d", "Mean payment of everybody", places=2, unit="EUR")
"""
STRESS = """
from interlock.evaluation.stress import col, not_lower

complaining = not_lower("More tickets make leaving no less likely", {"tickets_90d": col("tickets_90d") + 5}, within=0.05, tolerated=0.1)
"""
CODE = {"schema": SCHEMA, "events": EVENTS, "features": FEATURES, "stress": STRESS}
START = datetime(2023, 6, 1, tzinfo=UTC)
KINDS = ["login"] * 6 + ["payment"] * 2 + ["plan_change"]


def customers(random: Random) -> list[dict[str, object]]:
    """Customers, of whom those who will complain leave sooner."""
    made: list[dict[str, object]] = []
    for number in range(160):
        signed_up = START + timedelta(days=random.randint(0, 400), hours=random.randint(0, 23))
        unhappy = random.random() < 0.4
        stays = random.randint(40, 200) if unhappy else random.randint(300, 900)
        leaves = signed_up + timedelta(days=stays)
        made.append(
            {
                "customer_id": f"c{number}", "signed_up": signed_up, "country": random.choice(["AT", "DE", "CH"]),
                "birth_year": random.choice([None, 1950 + number % 50]),
                "cancelled_at": leaves if leaves < datetime(2025, 3, 1, tzinfo=UTC) else None, "unhappy": unhappy,
            }
        )  # fmt: skip
    return made


def events(random: Random, everybody: list[dict[str, object]]) -> list[dict[str, object]]:
    """What they did: up to three days late, some of it never loaded, ties to the second."""
    made: list[dict[str, object]] = []
    for customer in everybody:
        first, last = customer["signed_up"], customer["cancelled_at"] or datetime(2025, 2, 1, tzinfo=UTC)
        assert isinstance(first, datetime)
        assert isinstance(last, datetime)
        at = first
        while (at := at + timedelta(hours=random.randint(6, 240))) < last:
            leaving = customer["unhappy"] and (last - at).days < 60
            kind = "ticket" if random.random() < (0.5 if leaving else 0.03) else random.choice(KINDS)
            late = random.choice([timedelta(), timedelta(), timedelta(hours=random.randint(1, 72)), timedelta(days=3)])
            made.append(
                {
                    "event_id": f"{customer['customer_id']}-{len(made)}", "customer_id": customer["customer_id"],
                    "ts": at.replace(minute=0), "loaded_at": at.replace(minute=0) + late, "kind": kind,
                    "amount": round(random.uniform(1, 90), 2) if kind == "payment" and random.random() < 0.9 else None,
                    "plan": random.choice(["basic", "pro", None]) if kind == "plan_change" else None,
                }
            )  # fmt: skip
    return made


def write(folder: Path, code: dict[str, str] | None = None) -> Path:
    random = Random(3)  # noqa: S311 - rows, not secrets
    everybody = customers(random)
    (folder / "data/own").mkdir(parents=True)
    utc = pl.Datetime("us", "UTC")
    pl.DataFrame(everybody).drop("unhappy").cast({"signed_up": utc, "cancelled_at": utc}).write_csv(folder / "data/own/customers.csv")
    pl.DataFrame(events(random, everybody), infer_schema_length=None).cast({"ts": utc, "loaded_at": utc}).write_parquet(
        folder / "data/own/events.parquet"
    )
    Written("churn", CONF, {**CODE, **(code or {})}).into(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after every stage; not to be changed."""
    made = write(tmp_path_factory.mktemp("churn") / "a project é")
    run(made)
    return made


def test_every_stage_does_its_part(folder: Path) -> None:
    """From files to a bundle, with nothing different online, and late events among what was replayed."""
    agrees(folder)
    assert report(folder, "parity")["rows"] > 250


def test_values_are_what_the_declarations_say(folder: Path) -> None:
    """Filters, a family, an earlier week, truths that are summed, and a history of everybody, held against the raw rows."""
    by_brute_force(folder, 29)
    values = features(folder)
    assert values.height > 1000
    assert all(values[name].n_unique() > 2 for name in ("plan", "logins_7d_before", "tickets_7d", "tickets_90d", "complaints", "spent_90d"))


def test_one_customer_asks_every_month(folder: Path) -> None:
    """A request is one of a customer at a moment; its outcome has matured 30 days later, for every row alike."""
    values = features(folder)
    assert values["customer_id"].n_unique() < values.height
    assert (values["matured_at"] - values["as_of"]).unique().to_list() == [timedelta(days=30)]
    assert values["churned"].null_count() == 0


@pytest.mark.parametrize(
    ("file", "written", "instead", "message"),
    [
        ("schema", "ge=0, le=10_000", "ge=0", r"features\.py:\d+: amount has no bound.*give its column ge= and le="),
        ("schema", 'lateness="3d"', 'lateness="8d"', r"features\.py:\d+: a window of 7d is shorter than the lateness"),
        ("features", 'lookup("country", ', 'lookup("cancelled_at", ', r"features\.py:\d+: customers\.cancelled_at is not a fixed column"),
        ("features", ", places=2, unit", ", unit", r"features\.py:\d+: amount is a float without places"),
        ("features", 'col("logins_7d") / ', 'col("churned") / ', r"features\.py:\d+: churned is the outcome, which no feature may read"),
        (
            "features",
            'login.count("7d", "Logins in the last week")',
            'login.count("7d")',
            r"features\.py:\d+: logins_7d has no description",
        ),
        ("events", 'col("signed_up").dt.truncate("1mo")', 'col("signed_up").truncate("1mo")', r"events\.py:9: requests\(\): "),
        ("events", "churned=left", "left=left", r"events\.py: outcomes\(\) gives no column churned"),
        ("events", "def outcomes", "def outcome", r"events\.py: there is no function outcomes"),
        ("schema", "churned: bool", "churned: bool\n    left: bool", r"schema\.py: the outcome has 2 labels: churned, left"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, file: str, written: str, instead: str, message: str) -> None:
    """Without the bound that the design's example leaves out, and with others of a newcomer's mistakes: which line, and what to write."""
    assert written in CODE[file]
    write(tmp_path, {file: CODE[file].replace(written, instead, 1), **({"events": EVENTS.replace(
        "churned=left.fill_null(False)", "churned=left, left=left")} if "left: bool" in instead else {})})  # fmt: skip
    with pytest.raises(DeclarationError, match=f"(?s){message}"):
        run(tmp_path, "ingest", "validate", "featurize")


def test_an_event_that_loaded_too_late_is_named(tmp_path: Path) -> None:
    """Later than its history declares: the first such row is named, and what can be done."""
    write(tmp_path, {"schema": SCHEMA.replace('lateness="3d"', 'lateness="2d"')})
    with pytest.raises(ContractError, match=r"Events: \d+ rows became available later than the lateness it declares, first events row \d+"):
        run(tmp_path, "ingest", "validate", "featurize")


def test_requests_without_a_key_are_refused(tmp_path: Path) -> None:
    """A request of nobody breaks the contract, and is counted."""
    nobody = 'select(customer_id=pl.when(col("customer_id") != "c1").then("customer_id"), as_of="as_of")'
    write(tmp_path, {"events": EVENTS.replace('select("customer_id", "as_of")', nobody)})
    with pytest.raises(ContractError, match=r"\d+ of [\d,]+ requests break their contract, not_nullable on customer_id"):
        run(tmp_path, "ingest", "validate", "featurize")


def test_outcomes_are_held_to_their_model(tmp_path: Path) -> None:
    """A label that the model does not allow is refused where the outcomes are made, and not learned from."""
    write(tmp_path, {"schema": SCHEMA.replace("    churned: bool", "    churned: bool = pa.Field(eq=False)")})
    with pytest.raises(ContractError, match=r"outcomes\(\): \d+ of [\d,]+ outcomes break their contract, equal_to\(False\) on churned"):
        run(tmp_path, "ingest", "validate", "featurize")
