"""A figure, and how it stands to what is asked of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure. `goal` is what is aimed at, `bound` what it must never pass; without them it is only told."""

    what: str
    figure: float
    goal: float | None = None
    bound: float | None = None
    unit: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether there is no bound, or it is not passed."""
        return self.bound is None or self.figure <= self.bound

    @property
    def verdict(self) -> str:
        """Say how the figure stands to goal and bound."""
        if self.bound is None:
            return ""
        if not self.is_kept:
            return "beyond the bound"
        return "reached" if self.goal is not None and self.figure <= self.goal else "within the bound"

    def shown(self) -> str:
        """Give the figure with its unit, as exact as it is worth."""
        size = abs(self.figure)
        digits = 3 if size < 0.5 and not self.unit else 2 if size < 10 else 1
        return f"{self.figure:.{digits}f}{self.unit and f' {self.unit}'}"

    def line(self) -> str:
        """Say it in a line."""
        asked = "" if self.bound is None else f"goal {self.goal:g}, never above {self.bound:g}: {self.verdict}"
        return f"{self.what}: {self.shown()}{asked and f' ({asked})'}"
