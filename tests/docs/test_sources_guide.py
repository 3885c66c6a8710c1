"""The guide to sources is true: its examples are accepted, its messages are those of the code, and each connector has a section."""

import re
from pathlib import Path

from ruamel.yaml import YAML

from interlock.params import convert
from interlock.sources.connectors import CONNECTORS
from interlock.sources.spec import Tables, connector

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/sources.md").read_text(encoding="utf-8")


def test_every_connector_has_an_example_that_is_accepted() -> None:
    """Each YAML block is a `tables` section that conf may hold, and together they show every connector."""
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    shown = {
        connector(spec) for block in blocks for spec in convert(YAML(typ="safe").load(block)["tables"], Tables, "usecase.tables").values()
    }
    assert shown == set(CONNECTORS)


def test_messages_are_those_of_the_code() -> None:
    """Each message in the table of messages is one that the sources print."""
    files = sorted((ROOT / "interlock/sources").rglob("*.py"))
    source = "".join(re.sub(r"\{[^{}]*\}", "…", file.read_text(encoding="utf-8")) for file in files)
    messages = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", GUIDE.partition("| it says |")[2], re.MULTILINE)
    parts = [part for message in messages for part in re.split(r"…|\d+|\brows\b", message) if len(part.strip()) > 3]
    assert len(messages) == 5
    assert [part for part in parts if part.strip(" ,") not in source] == []
