"""featurize: valid tables → requests, outcomes and every feature of each request, point in time."""

from pathlib import Path

import polars as pl

from interlock import frames, loading, params, usecase
from interlock.contracts import ledger
from interlock.errors import guard
from interlock.features import collect, featureset, offline, requests
from interlock.features.expectations import enforce
from interlock.features.profile import profile
from interlock.files import listed, whole, write_json

FEATURES = Path("data/features")
REPORT = Path("reports/features.json")


def main() -> None:
    name = params.load("usecase.name", str)
    schema, events, declared = usecase.load_schema(name), loading.load(name, "events"), collect.load(name)
    tables = {table: ledger.valid(table) for table in schema.tables}
    asked = requests.requests(events, schema, tables)
    answered = requests.outcomes(events, schema, tables, asked)
    values = offline.compute(declared, asked, tables).select(*declared.request.key, *(feature.name for feature in declared.public))
    enforce(declared, values)
    origins = requests.origins(events, schema, tables, asked)
    write({"requests": asked, "outcomes": answered, "features": values, **({"origins": origins} if origins.width else {})}, declared)
    write_json(REPORT, listed(profile(declared, values)))


def write(made: dict[str, pl.DataFrame], declared: featureset.FeatureSet) -> None:
    """Write the folder whole: what it held before is gone."""
    with whole(FEATURES) as folder:
        for name, frame in made.items():
            frames.write(frame, folder / f"{name}.parquet")
        featureset.export(declared, folder / "featureset.json")


if __name__ == "__main__":
    guard(main)
