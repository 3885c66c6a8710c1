"""How many examples Hypothesis tries here: few in `make test`, a thousand and more at night (HYPOTHESIS_PROFILE=nightly)."""

import os

from hypothesis import HealthCheck, settings

slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=slow)
settings.register_profile("nightly", max_examples=2400, deadline=None, suppress_health_check=slow)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
