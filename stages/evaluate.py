"""evaluate: predictions → metrics beside baselines, the same by slice and by protected group, leaks, and chart data of the test rows."""

from pathlib import Path

from interlock.errors import guard
from interlock.evaluation import curves
from interlock.evaluation.candidate import Candidate
from interlock.files import write_json

REPORTS = Path("reports")


def main() -> None:
    candidate = Candidate.open()
    for name, report in candidate.evaluate().items():
        write_json(REPORTS / f"{name}.json", report)
    for name, curve in curves.TABLE[candidate.task.kind].items():
        write_json(REPORTS / f"{name}.json", curve(candidate.test.labels, candidate.test.scores))


if __name__ == "__main__":
    guard(main)
