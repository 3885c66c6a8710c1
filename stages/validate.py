"""Hold every raw table to its contract: set aside the rows that break a rule, fail where a table as a whole is unfit."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlock import params
from interlock.contracts import accepted, findings, ledger, reader, report
from interlock.contracts.check import Checked, Seen, check_all
from interlock.contracts.fit import misfits, unexpected
from interlock.contracts.profile import Profile, profile
from interlock.contracts.rules import Contract
from interlock.contracts.whole import judge
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
    contracts: Mapping[str, Contract], raw: Mapping[str, pl.LazyFrame], known: accepted.Accepted, world: str, usecase: str
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """The quarantine ledger of each table, and the report; `known` is what was accepted of this `world`."""
    todo = f"mend the source, or say in usecases/{usecase}/schema.py what is true of it, and run: make"
    lines = {name: list(misfits(contract, raw[name].collect_schema())) for name, contract in contracts.items()}
    checked = check_all({name: contract for name, contract in contracts.items() if not lines[name]}, raw)
    wrong = list(findings.unaccepted(contracts.values(), known, world))
    tables, ledgers = {}, {}
    for name, contract in contracts.items():
        if name in checked:
            tables[name], whole = examined(contract, raw[name], checked[name], known.get(name))
            wrong += findings.findings(contract, checked[name], whole, todo)
        else:
            tables[name] = report.unread(raw[name], unexpected(contract, raw[name].collect_schema()))
            wrong += findings.unfit(name, lines[name], todo)
        ledgers[name] = checked[name].ledger if name in checked else ledger.LEDGER
    return ledgers, report.report(world, findings.ordered(wrong), tables)


def examined(contract: Contract, raw: pl.LazyFrame, checked: Checked, known: Profile | None) -> tuple[report.Report, list[Seen]]:
    """What the report says of a table whose rows were checked, and what the rules about the whole of it saw."""
    left = ledger.less(raw, checked.ledger)
    now = profile(left, list(contract.types), known, came=checked.rows, plain=contract.keys)
    whole = judge(contract.whole, checked.rows, left, now, known)
    told = report.summary(contract.table, raw, checked, whole, unexpected(contract, raw.collect_schema()))
    return {**told, "columns": report.columns(now, known)}, whole


def main() -> None:
    usecase, world = params.load("usecase.name", str), params.load("usecase.world.name", str)
    contracts = {name: reader.read(table) for name, table in load_schema(usecase).tables.items()}
    same_tables(contracts, (path.stem for path in ledger.RAW.glob("*.parquet")), usecase)
    raw = {name: ledger.numbered(name) for name in contracts}
    ledgers, told = validate(contracts, raw, accepted.load(usecase, world), world, usecase)
    ledger.write(ledgers)
    write_json(REPORT, told)
    for each in told["findings"]:
        if each["severity"] == "warn":
            print(f"warn: {each['found']}\n  → {each['todo']}")
    findings.refuse(told["findings"])


if __name__ == "__main__":
    guard(main)
