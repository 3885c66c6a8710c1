"""What a beginner gets wrong in the files of a use case: each is told with its file, its line and what to write."""

import re
import shutil
from pathlib import Path

import pytest

from interlock.errors import DeclarationError
from interlock.notebook import Project
from tests.usecases import test_churn
from tests.usecases.project import run

SCHEMA, EVENTS, FEATURES = (f"usecases/churn/{name}.py" for name in ("schema", "events", "features"))
LOGINS, LARGEST = 'login.count("7d", "Logins in the last week")', 'payment.max("amount", "90d"'
TENURE = '(col("as_of") - col("_signed_up")).dt.total_days()'
MISTAKES = [
    (SCHEMA, '@request(by="customer_id")', "@request", "7: TypeError: request() takes 0 positional arguments", "the reference page Vocabulary"),
    (SCHEMA, '@request(by="customer_id")', '@request(by="customer")', "7: the request has no column customer", "declare it in the request's model"),
    (SCHEMA, "    as_of: Utc", "    as_of: datetime", "10: NameError: name 'datetime' is not defined", f"import datetime in {SCHEMA}"),
    (SCHEMA, "class Events(pa.DataFrameModel)", "class Events", "27: <class 'usecases.churn.schema.Events'> is no table", "derives from pa.DataFrameModel"),
    (SCHEMA, 'id="event_id", ', "", "27: TypeError: history() missing 1 required keyword-only argument: 'id'", "the reference page Vocabulary"),
    (SCHEMA, '"country", "birth_year"]', '"contry"]', "18: fixed: there is no column contry in Customers", "its columns are: customer_id, signed_up, country"),
    (SCHEMA, 'horizon="30d"', "horizon=30", "13: 30 is not a length of time", 'such as "90d"'),
    (SCHEMA, 'time="ts"', 'time="time"', "27: there is no column time here", "there are: event_id, customer_id, ts"),
    (EVENTS, "requests(customers:", "requests(customer:", " requests() asks for customer, which is no table", "tables are: customers, events"),
    (EVENTS, "return asked.filter(paying)", "asked.filter(paying)", "7: requests() gives None, not a frame", "end it with return"),
    (EVENTS, 'col("signed_up") <', 'col("signup") <', ' requests(): unable to find column "signup"', "mend the expression that Polars names"),
    (FEATURES, LOGINS, LOGINS.replace("7d", "1 week"), "15: '1 week' is not a length of time", 'such as "90d"'),
    (FEATURES, LOGINS, LOGINS.replace("count", "median"), "15: AttributeError: 'View' object has no attribute 'median'", "the reference page Vocabulary"),
    (FEATURES, "view(Customers)", "view(customers)", "6: NameError: name 'customers' is not defined", f"import customers in {FEATURES}"),
    (FEATURES, 'col("kind") == "login"', '"kind" == "login"', "14: where is False", 'write a condition, such as col("kind")'),
    (FEATURES, LARGEST, 'payment.max("amnt", "90d"', "22: there is no column amnt here", "there are: event_id"),
    (FEATURES, LARGEST, 'payment.max(7, "90d"', "22: measure is 7", 'write a column or an expression, such as "amount"'),
    (FEATURES, 'share(col("amount") < 20', 'share("amount"', "23: a share needs a condition, found Float64", "write one, such as"),
    (FEATURES, TENURE, "lambda row: row", "10: expression is <function <lambda>", "write an expression, such as"),
    (FEATURES, TENURE, 'col("logins_7d").log()', "10: Log has other last bits", "leave it out: trees need no"),
    (FEATURES, TENURE, 'col("logins_7d") - col("logins_7d").mean()', "10: Agg is not row-wise", "write view(…).count"),
]  # fmt: skip


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The churn project with its tables validated; not to be changed."""
    made = test_churn.write(tmp_path_factory.mktemp("mistakes") / "a project é")
    run(made, "ingest", "validate")
    return made


@pytest.mark.parametrize("case", MISTAKES, ids=[f"{case[0][16:]} {case[2]}" for case in MISTAKES])
def test_a_mistake_names_its_place_and_the_way_out(valid: Path, tmp_path: Path, case: tuple[str, str, str, str, str]) -> None:
    """From a notebook as from the command: the path in the project, the line where there is one, what is wrong and what to write."""
    file, written, instead, found, remedy = case
    folder = shutil.copytree(valid, tmp_path / "project")
    text = (folder / file).read_text()
    assert written in text
    (folder / file).write_text(text.replace(written, instead, 1))
    with pytest.raises(DeclarationError) as refused:
        Project(folder).features(sample=20)
    assert re.match(rf"{file}:{re.escape(found)}", refused.value.found), refused.value
    assert remedy in refused.value.remedy


def test_a_frame_in_place_of_a_plan_is_taken(valid: Path, tmp_path: Path) -> None:
    """What events.py has collected already is as good as what it has not."""
    folder = shutil.copytree(valid, tmp_path / "project")
    path = folder / EVENTS
    path.write_text(path.read_text().replace('select("customer_id", "as_of")\n\n', 'select("customer_id", "as_of").collect()\n\n', 1))
    assert ".collect()" in path.read_text()
    assert Project(folder).requests().equals(Project(valid).requests())
