"""The reference pages say what commands, configuration, stages and packages are: all of it, and as it is."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from interlock.cli.main import PLACES
from interlock.files import read_json
from interlock.params import GROUPS, SECTIONS, Section, convert, read_yaml
from tools.docs import commands, configuration
from tools.docs.__main__ import DOCUMENTS, text
from tools.docs.blocks import MARK, annotated, read, renewed

ROOT = Path(__file__).parents[2]
REFERENCE = Path("docs/reference")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def said(page: str) -> str:
    return (ROOT / REFERENCE / page).read_text(encoding="utf-8")


def meant(page: str) -> set[str]:
    """What a page sets in code, in a line or in a block."""
    return set(re.findall(r"`([^`\n]+)`", said(page)))


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_generated_parts_are_what_they_are_generated_from(path: Path) -> None:
    """Each generated part of a document equals the help, struct, dvc.yaml or report that it speaks of."""
    assert text(path) == path.read_text(encoding="utf-8"), "run: python -m tools.docs"


@pytest.mark.parametrize("page", ["configuration.md", "stages.md"])
def test_every_key_has_a_meaning(page: str) -> None:
    """No row of a generated table leaves its last column, which is written by hand, empty."""
    for name in MARK.findall(said(page)):
        block = re.search(f"<!-- {re.escape(name)} -->\n(.*?)<!-- /", said(page), re.DOTALL)
        assert block is not None
        assert [row[0] for row in read(block[1]) if not row[-1]] == [], name


def test_every_verb_has_a_section_and_an_example() -> None:
    """Every verb and subcommand that can be called has a heading of its own, and an example in its help."""
    words = [("interlock", *verb) for verb in commands.verbs()]
    assert {verb[1] for verb in words} == set(PLACES)
    for verb in words:
        assert re.search(f"^## {' '.join(verb)}$", said("commands.md"), re.MULTILINE), verb
        assert f"Example:\n    {' '.join(verb)}" in commands.printed(verb[1:]), verb


def test_every_key_of_every_section_is_in_the_configuration() -> None:
    """Every group, choice by `from` or `by`, and key that params.yaml may hold stands in the page."""
    found = meant("configuration.md")
    structs = {*configuration.structs(), *(struct for section in SECTIONS for struct in within(configuration.declared(section)))}
    keys = {name for struct in structs for name in struct.__struct_fields__}
    tags = {str(struct.__struct_config__.tag) for section in SECTIONS for struct in within(configuration.declared(section))} - {"None"}
    assert keys | tags | set(SECTIONS) <= found
    folders = {*GROUPS, "experiment", "sweep"}
    assert all(f"{folder}/<name>.yaml" in said("configuration.md") for folder in folders)
    assert {folder.name for folder in Path("conf").iterdir() if folder.is_dir()} == folders


def within(hint: Any) -> set[type[Section]]:
    """The structs in a type, by its annotations."""
    if isinstance(hint, type) and issubclass(hint, Section):
        return {hint}.union(*map(within, get_type_hints(hint).values()))
    return set().union(*map(within, get_args(hint)))


def test_examples_of_configuration_are_accepted() -> None:
    """Every YAML example of the page holds what its sections may hold."""
    checked = 0
    for example in re.findall(r"```yaml\n(.*?)```", said("configuration.md"), re.DOTALL):
        for key, value in read_text(example).items():
            section = key if key in SECTIONS else f"usecase.{key}"
            if section in SECTIONS and "@package" not in example:
                convert(value, configuration.declared(section), section)
                checked += 1
    assert checked >= 8


def read_text(yaml: str) -> dict[str, Any]:
    from ruamel.yaml import YAML

    found: dict[str, Any] = YAML(typ="safe").load(yaml)
    return found


def test_every_stage_output_and_key_of_a_report_is_in_stages() -> None:
    """Every stage of dvc.yaml, every path it writes, and every key at the top of each report in git stands in the page."""
    found = meant("stages.md")
    for name, stage in read_yaml(Path("dvc.yaml"))["stages"].items():
        assert f"\n## {name}\n" in said("stages.md")
        for out in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            assert (out if isinstance(out, str) else next(iter(out))) in found
    for path in Path("reports").glob("*.json"):
        block = re.search(f"<!-- {path} -->\n(.*?)<!-- /", said("stages.md"), re.DOTALL)
        assert block is not None, path
        rows = [row[0].strip("`") for row in read(block[1])]
        assert [key for key in top(read_json(path)) if not any(covers(row, key) for row in rows)] == [], path


def top(report: Any) -> set[str]:
    return set().union(*map(set, report)) if isinstance(report, list) else set(report)


def covers(row: str, key: str) -> bool:
    """Whether a row speaks of `key` at the top of a report: by its name, among those in braces, or as one of all."""
    first = row.removeprefix("[].").partition(".")[0].removesuffix("[]")
    return first.startswith("<") or key in first.strip("{}").split(",")


def test_every_direct_package_has_a_reason() -> None:
    """Each package that pyproject.toml names, to run or to test, stands in the decision on packages, and no other does."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *(name for group in project["dependency-groups"].values() for name in group)]
    named = {match[0] for name in asked if (match := re.match(r"[A-Za-z0-9._-]+", name))}
    page = Path("docs/decisions/0010-packages.md").read_text(encoding="utf-8")
    listed = {name for row in re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}
    assert listed == named


def test_what_is_new_appears_and_what_is_gone_is_refused() -> None:
    """A part without a place comes at the end under a heading, one that nothing generates is an error, and the rest is left alone."""
    page = Path("page.md")
    grown = renewed(page, "# Page\n\n<!-- a -->\nold\n<!-- /a -->\n\nBy hand.\n", {"a": lambda _: "new", "b": lambda _: "more"})
    assert grown == "# Page\n\n<!-- a -->\nnew\n<!-- /a -->\n\nBy hand.\n\n## b\n\n<!-- b -->\nmore\n<!-- /b -->\n"
    with pytest.raises(ValueError, match=r"page\.md: nothing generates b"):
        renewed(page, grown, {"a": lambda _: "new"})


def test_meanings_are_kept_when_a_table_is_renewed() -> None:
    """The last column follows its key, whatever changes in the others; a new key has none yet, and an old one goes with its row."""
    there = annotated(["key", "type", "meaning"], [("`a`", "text"), ("`b`", "text")], "| key | meaning |\n| --- | --- |\n| `b` | a \\| b |")
    assert there.endswith("| `a` | text |  |\n| `b` | text | a \\| b |")
    assert read(annotated(["key", "type", "meaning"], [("`b`", "number"), ("`c`", "text")], there)) == [
        ["`b`", "number", "a \\| b"],
        ["`c`", "text", ""],
    ]
