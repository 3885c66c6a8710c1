"""The examples of Hypothesis: the same in every run, whatever ran before."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[list[str]]:
    """The examples of one property, as it is told them."""
    found = []

    @given(st.lists(st.text(min_size=1), min_size=30))
    def note(words: list[str]) -> None:
        found.append(words)

    note()
    return found


@pytest.mark.skipif(settings.get_current_profile_name() != "quick", reason="new examples in every run")
def test_examples_do_not_depend_on_what_is_imported(tmp_path: Path) -> None:
    """The constants of a module that was imported meanwhile are not among the examples, which stay as they were."""
    before = drawn()
    place = tmp_path / "imported.py"
    place.write_text(f"WORDS = {[f'a constant {number}' for number in range(1000)]}\n")
    spec = importlib.util.spec_from_file_location("imported", place)
    assert spec
    assert spec.loader
    with pytest.MonkeyPatch.context() as patch:
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "imported", module)
        spec.loader.exec_module(module)
        assert drawn() == before
