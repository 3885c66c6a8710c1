"""The order in which a report tells gates."""

from typing import Any

from interlock.evaluation.verdicts import FAIL, LACKING, LATER, PASS
from interlock.reporting.gated import gates


class Side:
    """A side whose report on gates says these verdicts."""

    def __init__(self, **verdicts: str) -> None:
        self.verdicts = verdicts

    def report(self, _: str) -> Any:
        said = {"bound": 0.5, "words": "", "why": ""}
        return {"verdict": PASS, "gates": [{"name": name, "verdict": verdict, **said} for name, verdict in self.verdicts.items()]}


def test_gates_that_do_not_pass_come_first() -> None:
    """A fail, then what lacks evidence, then what changed or is gone, and what passes as before; a table that is cut loses the last."""
    base: Any = Side(same=PASS, later=LATER, mended=FAIL, gone=PASS, thin=PASS, broken=PASS)
    head: Any = Side(same=PASS, later=LATER, mended=PASS, thin=LACKING, broken=FAIL)
    found = gates(base, head, None)
    assert [one["gate"] for one in found["gates"]] == ["broken", "thin", "mended", "gone", "same", "later"]
    assert found["head"] == FAIL
