"""Hold every raw table to its contract: set aside the rows that break a rule, fail where a table as a whole is unfit."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlock import params
from interlock.contracts import ledger, reader
from interlock.contracts.check import check, misfits, unexpected
from interlock.contracts.report import findings, refuse, summary
from interlock.contracts.rules import Contract
from interlock.errors import DeclarationError, guard
from interlock.files import write_json
from interlock.usecase import load_schema

REPORT = Path("reports/validation.json")


def same_tables(declared: Iterable[str], found: Iterable[str], usecase: str) -> None:
    """Raise DeclarationError where schema.py and conf, by the raw tables that it made, do not name the same tables."""
    here, there = set(declared), set(found)
    if here != there:
        said = [f"{name} has a contract and no data" for name in sorted(here - there)]
        said += [f"{name} has data and no contract" for name in sorted(there - here)]
        raise DeclarationError(
            f"usecases/{usecase}/schema.py and conf/usecase/{usecase}.yaml name different tables: {'; '.join(said)}",
            "declare each table in both, under one name (the class FlightPlans stands for flight_plans)",
        )


def validate(
    contracts: Mapping[str, Contract], raw: Mapping[str, pl.LazyFrame], schema: str
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The quarantine ledger of each table, and the report; raises ContractError where a table as a whole is unfit."""
    found = {name: raw[name].collect_schema() for name in contracts}
    refuse([line for name, contract in contracts.items() for line in misfits(contract, found[name])], schema)
    checked = {name: check(contract, raw[name]) for name, contract in contracts.items()}
    refuse([line for name, result in checked.items() for line in findings(name, result)], schema)
    tables = {name: summary(name, raw[name], result, unexpected(contracts[name], found[name])) for name, result in checked.items()}
    return {name: result.ledger for name, result in checked.items()}, {"tables": tables}


def main() -> None:
    usecase = params.load("usecase.name", str)
    contracts = {name: reader.read(table) for name, table in load_schema(usecase).tables.items()}
    same_tables(contracts, (path.stem for path in ledger.RAW.glob("*.parquet")), usecase)
    raw = {name: ledger.raw(name) for name in contracts}
    ledgers, report = validate(contracts, raw, f"usecases/{usecase}/schema.py")
    ledger.write(ledgers)
    write_json(REPORT, report)


if __name__ == "__main__":
    guard(main)
