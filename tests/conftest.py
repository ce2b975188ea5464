"""How hypothesis works here: without deadlines, which a busy machine would miss; few examples for `make mutate`."""

from hypothesis import Phase, settings

settings.register_profile("flock", deadline=None)
settings.register_profile(
    "mutation",
    settings.get_profile("flock"),
    database=None,
    derandomize=True,
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("flock")
