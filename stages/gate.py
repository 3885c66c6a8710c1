"""gate: every report → the verdict on the candidate, bound to the very model, features and gates that it speaks of."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from interlock import params
from interlock.errors import guard
from interlock.evaluation import bindings, reports
from interlock.evaluation.gates import Gates, judge
from interlock.files import listed, write_json

FEATURES = Path("data/features")
MODEL = Path("models/model")


def bound(gates: Gates, judged: Iterable[str]) -> dict[str, Any]:
    """The hashes of what the verdict speaks of."""
    return {
        "model": bindings.folder(MODEL),
        "features": bindings.folder(FEATURES),
        "reports": bindings.files(map(reports.path, judged)),
        "gates": bindings.configuration(msgspec.to_builtins(gates)),
    }


def main() -> None:
    usecase = params.load("usecase.name", str)
    gates: Gates = params.load("gates", Gates)
    found = reports.read(sorted({gate.report for gate in gates.values()}))
    judged = judge(gates, found)
    binds = {name: {"sha256": hashes} for name, hashes in bound(gates, found).items()}
    write_json(reports.path("gates"), {"usecase": usecase, **judged, "gates": listed(judged["gates"]), "binds": listed(binds)})


if __name__ == "__main__":
    guard(main)
