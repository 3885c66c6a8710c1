"""How many examples a property gets whose every example takes long."""

from hypothesis import settings

NIGHTLY = 1_000


def fewer(times: int) -> int:
    """So many times fewer than the profile says; at night no fewer than a thousand."""
    least = NIGHTLY if settings.get_current_profile_name() == "nightly" else 1
    return max(settings().max_examples // times, least)
