"""Drafts of tables in the shapes that strangers bring, taken through every stage to a verdict, with nothing edited."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from interlock.evaluation.verdicts import PASS, UNJUDGED
from tests.drafting import imitations
from tests.drafting.drafted import drawn_from, files_of, project
from tests.drafting.test_hostile import NASTY
from tests.usecases.project import ROOT, by_brute_force, report, run

SOUND = {"parity", "fresh", "shared", "immature", "stress", "leak"}


def _verdict(folder: Path) -> None:
    """Every stage did its part: what a draft can be held to passes, and the rest is judged."""
    gates = {gate["name"]: gate["verdict"] for gate in report(folder, "gates")["gates"]}
    assert {name: gates[name] for name in SOUND} == dict.fromkeys(SOUND, PASS)
    assert set(gates.values()) <= {PASS, "fail", *UNJUDGED}
    assert report(folder, "validation")["verdict"] in ("pass", "warn")
    assert (folder / "models/bundle").is_dir()


@pytest.mark.parametrize("name", ["stores", "shop", "wine"])
def test_shapes_of_strangers(tmp_path: Path, name: str) -> None:
    """Earlier labels of a shop with its reference, clicks before a label without a date, and classes split by row;
    features are what an oracle finds in the raw rows."""
    folder = project(tmp_path / "project", drawn_from(imitations.ALL[name](tmp_path / "own"), name))
    run(folder)
    _verdict(folder)
    by_brute_force(folder, 97)
    metrics = report(folder, "metrics")["test"]
    assert metrics["r2" if name == "stores" else "auc"] > 0.6


def test_hostile_names(tmp_path: Path) -> None:
    """Names of columns that are words of Python, hold quotes, or are no identifiers go through every stage as texts."""
    columns = [name for name in NASTY if name.isprintable() and name.strip()][:20]
    lines = ["\t".join([*('"' + name.replace('"', '""') + '"' for name in columns), "label"])]
    random = Random(9)  # noqa: S311 - rows, not secrets
    lines += ["\t".join([*(str(random.randint(0, 17)) for _ in columns), str(random.randint(0, 2) > 1)]) for _ in range(400)]
    path = tmp_path / "own/a class.tsv"
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    plan = drawn_from([path], label="label")
    folder = project(tmp_path / "project", plan)
    run(folder)
    assert report(folder, "parity")["equal"]
    read = {name for name in columns if name not in plan.left}
    assert len(read) > 10
    assert {each["name"] for each in report(folder, "features")} >= {"class_given", "validate_given", "row_given", "as_of_given"}


def test_drafts_are_formatted(tmp_path: Path) -> None:
    """Every drafted module is as ruff leaves it, and holds nothing that it warns of."""
    for name, make in imitations.ALL.items():
        for path, text in files_of(drawn_from(make(tmp_path / "own" / name), name)).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
    for words in (["format", "--check"], ["check", "--ignore", "I001"]):
        command = [sys.executable, "-m", "ruff", *words, "--config", str(ROOT / "pyproject.toml"), "usecases"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
