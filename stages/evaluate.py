"""evaluate: predictions → metrics beside baselines, the same by slice and by protected group, leaks, and chart data of the test rows."""

from pathlib import Path

from interlock.errors import guard
from interlock.evaluation.candidate import Candidate
from interlock.files import write_json

REPORTS = Path("reports")


def main() -> None:
    candidate = Candidate.open()
    for name, report in {**candidate.evaluate(), **candidate.charts()}.items():
        write_json(REPORTS / f"{name}.json", report)


if __name__ == "__main__":
    guard(main)
