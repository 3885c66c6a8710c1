"""The guide to the quarantine shows what the command prints, over all of the real flights."""

import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from interlock.cli.quarantine import quarantine
from interlock.notebook import inside
from tests.conftest import ROOT

GUIDE = (ROOT / "docs/guides/quarantine.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```console\n\$ interlock quarantine ?([^\n]*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
MENDED = re.findall(r"^```python\n( +tailnum: .*\n)```$", GUIDE, re.MULTILINE)


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project with all flights, validated, as the current folder."""
    folder = tmp_path_factory.mktemp("guide")
    for name in ("usecases", "conf", "data/sources", "data/accepted"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "params.yaml", folder)
    with inside(folder):
        for stage in ("ingest", "validate"):
            import_module(f"stages.{stage}").main()
        yield folder


def missing(shown: str, words: str) -> list[str]:
    """The parts of what the guide shows, between its ellipses, that the command does not print in this order."""
    done = CliRunner().invoke(quarantine, words.split(), env={"COLUMNS": "80"}, catch_exceptions=False)
    printed, lacking = re.sub(r" +$", "", done.output, flags=re.MULTILINE), []
    for part in filter(None, re.split(r"^…\n", shown, flags=re.MULTILINE)):
        before, found, printed = printed.partition(part)
        printed = printed if found else before
        lacking += [] if found else [part]
    return lacking


@pytest.mark.usefixtures("flights")
def test_the_guide_shows_what_is_printed_before_and_after_a_rule_is_mended(flights: Path) -> None:
    """Each block is printed as it stands; the last one after the rule was mended as the guide mends it, by the next run."""
    *before, after = SHOWN
    assert len(before) == 3
    assert [part for words, shown in before for part in missing(shown, words)] == []
    assert missing(after[1], after[0]) != []
    schema = flights / "usecases/flights/schema.py"
    mended, count = re.subn(r"^ +tailnum: .*\^N.*\n", lambda _: MENDED[0], schema.read_text(), flags=re.MULTILINE)
    assert count == 1
    schema.write_text(mended)
    with inside(flights):
        import_module("stages.validate").main()
        assert missing(after[1], after[0]) == []
