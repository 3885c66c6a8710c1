"""Features tried out: a few requests through the declarations as they are now, without a run of the graph."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
import polars as pl

from interlock import frames, loading, usecase
from interlock.contracts import ledger
from interlock.errors import ContractError, DeclarationError
from interlock.features import offline, requests
from interlock.features.featureset import FeatureSet, Latest, Window
from interlock.features.histories import history
from interlock.features.places import Declarations

SALT = "sample"
SEPARATOR = "\x1f"


def every_request(name: str) -> pl.DataFrame:
    """The requests that the use case `name` makes of the valid tables, in the order of their key."""
    schema = usecase.load_schema(name)
    tables = {table: ledger.valid(table) for table in schema.tables}
    return requests.requests(loading.load(name, "events"), schema, tables)


def sample(asked: pl.DataFrame, key: Sequence[str], rows: int) -> pl.DataFrame:
    """At most `rows` of the requests, those whose keys hash lowest: the same on every machine; their order is kept."""
    text = asked.select(key=pl.concat_str(pl.col(key).cast(pl.String), separator=SEPARATOR))["key"]
    return asked[frames.stable_hash(text, SALT).arg_sort()[:rows].sort()]


def values(declarations: Declarations, asked: pl.DataFrame, names: Sequence[str] = ()) -> pl.DataFrame:
    """The features of `asked`, private ones too, after its columns; with `names` these alone, and what they read.

    Raises DeclarationError or ContractError with the file and line of the declaration that does not hold.
    """
    features = part(declarations.declared, names) if names else declarations.declared
    tables = valid_tables(features)
    try:
        return offline.compute(features, asked, tables)
    except (ContractError, pl.exceptions.PolarsError):
        _blame(declarations, features, asked, tables)
        raise


def part(features: FeatureSet, names: Sequence[str]) -> FeatureSet:
    """The features `names` with those that they read."""
    wanted, waiting = set(), list(names)
    while waiting:
        if (name := waiting.pop()) in features.by_name and name not in wanted:
            wanted.add(name)
            waiting += features.reads(features.by_name[name])
    kept = tuple(feature for feature in features.features if feature.name in wanted)
    used = {feature.history for feature in kept if isinstance(feature, Latest | Window)}
    histories = {name: declared for name, declared in features.histories.items() if name in used}
    return msgspec.structs.replace(features, features=kept, histories=histories)


def valid_tables(features: FeatureSet) -> dict[str, pl.LazyFrame]:
    """The valid rows of every table that `features` are computed from."""
    return {name: ledger.valid(name) for name in features.tables}


def _blame(declarations: Declarations, features: FeatureSet, asked: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> None:
    """Compute history by history and feature by feature, and raise the first failure with the place of its declaration."""
    for name in features.histories:
        with _at(declarations.histories[name]):
            history(features, name, tables)
    for feature in features.ordered():
        with _at(declarations.features[feature.name]):
            offline.compute(part(features, [feature.name]), asked, tables)


@contextmanager
def _at(place: str) -> Iterator[None]:
    try:
        yield
    except ContractError as error:
        raise ContractError(f"{place}: {error.found}", error.remedy) from error
    except pl.exceptions.PolarsError as error:
        raise DeclarationError(f"{place}: {str(error).splitlines()[0]}", "mend the expression, or what it reads") from error
