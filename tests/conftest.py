"""For all tests: property tests try the same examples every time, so that a run says something about the change."""

from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True)
settings.load_profile("same-every-time")
