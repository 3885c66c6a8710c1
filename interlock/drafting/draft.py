"""The files of a use case, drafted from a plan."""

from collections.abc import Mapping
from typing import Any

from interlock.drafting import conf_text, events_text, features_text, schema_text
from interlock.drafting.plan import Plan
from interlock.errors import ConfigError

STRESS = '"""How scores must behave when something about a row changes: nothing is stated yet."""\n'


def files(plan: Plan, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The text of each file by its path in the project; `tables` is what conf says of each table."""
    features, of = features_text.features(plan)
    conf = conf_text.usecase(plan, tables, of)
    if "${" in conf:
        raise ConfigError("a name in these tables holds ${, which conf takes for a reference to another value", "rename it in the source")
    folder, model = f"usecases/{plan.name}", conf_text.model(plan)
    return {
        f"{folder}/schema.py": schema_text.schema(plan),
        f"{folder}/events.py": events_text.events(plan),
        f"{folder}/features.py": features,
        f"{folder}/stress.py": STRESS,
        f"conf/usecase/{plan.name}.yaml": conf,
        f"conf/gates/{plan.name}.yaml": conf_text.gates(plan),
        **({f"conf/model/{plan.name}.yaml": model} if model else {}),
    }
