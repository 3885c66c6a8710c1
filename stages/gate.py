"""gate: every report → the verdict on the candidate, bound to the very model, features and gates that it speaks of."""

import msgspec

from interlock import params
from interlock.errors import guard
from interlock.evaluation import bindings, reports
from interlock.evaluation.gates import Gates, judge
from interlock.files import listed, write_json


def main() -> None:
    usecase = params.load("usecase.name", str)
    gates: Gates = params.load("gates", Gates)
    found = reports.read(sorted({gate.report for gate in gates.values()}))
    judged = judge(gates, found)
    bound = bindings.candidate(msgspec.to_builtins(gates), map(reports.path, found))
    binds = {name: {"sha256": hashes} for name, hashes in bound.items()}
    write_json(reports.path("gates"), {"usecase": usecase, **judged, "gates": listed(judged["gates"]), "binds": listed(binds)})


if __name__ == "__main__":
    guard(main)
