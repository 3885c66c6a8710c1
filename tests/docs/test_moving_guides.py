"""The guides for those who come from elsewhere, and the page of what is said no to: what they name is there."""

import re
from pathlib import Path

import pandera.polars as pa
import pytest
from ruamel.yaml import YAML

from interlock.cli.main import PLACES, command
from interlock.evaluation.gates import Gates
from interlock.features import collect, declare
from interlock.params import convert
from interlock.usecase import Utc, col, history

GUIDES = Path(__file__).parents[2] / "docs/guides"
PAGES = sorted([*GUIDES.glob("from-*.md"), GUIDES / "said-no.md"])


def text(name: str) -> str:
    return (GUIDES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_file_and_link_is_there(page: Path) -> None:
    """Verbs of interlock, options that a verb has, and pages that are linked with the heading that is meant."""
    said = page.read_text(encoding="utf-8")
    for words in re.findall(r"`interlock ([^`]+)`", said):
        verb, *rest = words.split()
        assert verb in PLACES, verb
        found = command(verb)
        known = {option for one in (found, *getattr(found, "commands", {}).values()) for each in one.params for option in each.opts}
        assert [word for word in rest if word.startswith("--") and word not in known] == [], words
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", said):
        assert (GUIDES / link).exists(), link
    assert said.startswith("# ")


@pytest.mark.parametrize("name", ["from-kedro", "from-mlflow-recipes", "from-feast", "from-dvc"])
def test_each_says_what_it_is_here_and_what_is_lost(name: str) -> None:
    """A table from there to here, a snippet that is moved, and an honest end."""
    assert "| what you have | what it is here |" in text(name)
    assert re.findall(r"^## (.+)$", text(name), re.MULTILINE)[1:] == ["What you lose"]
    assert text(name).count("```") == 4


def test_the_snippets_are_declarations() -> None:
    """What the pages show as the new form is accepted as it stands."""

    @history(by="customer_id", id="row_id", time="ts")
    class Orders(pa.DataFrameModel):
        row_id: str
        customer_id: str
        ts: Utc
        kind: str
        amount: float = pa.Field(ge=0, le=1000)

    words = {**vars(declare), "pa": pa, "Utc": Utc, "col": col, "history": history, "Orders": Orders, "Events": Orders}
    blocks = {name: re.findall(r"```python\n(.*?)```", text(name), re.DOTALL)[-1] for name in ("from-kedro", "from-feast", "from-dvc")}
    for name, block in blocks.items():
        exec(compile(block, name, "exec"), words)  # noqa: S102 - blocks of our own pages
    assert [words[name].kind for name in ("spent_90d", "conv_rate", "logins_90d")] == ["window", "latest", "window"]
    gates = YAML(typ="safe").load(re.findall(r"```yaml\n(.*?)```", text("from-mlflow-recipes"), re.DOTALL)[-1])
    assert set(gates.pop("defaults")) == {"binary", "_self_"}
    assert convert(gates, Gates, "gates")["auc"].bound == 0.8


def test_names_that_are_taken_are_all_told() -> None:
    """The page names each column that no key may be called."""
    taken = text("said-no").partition("## Names that are taken")[2]
    assert [name for name in collect.BESIDE if f"`{name}`" not in taken] == []
