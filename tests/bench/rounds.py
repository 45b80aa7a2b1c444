"""Contestants that take turns, the medians of their rounds, and how they compare.

results = await take_turns({"bare": bare, "ours": ours}, rounds=5)
print(results.table({"per second": "{:,.0f}"}))
print(verdict("ours / bare", results.ratio("ours", "bare", "per second"), at_least=0.5))
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Figures = Mapping[str, float]
Contestant = Callable[[], Awaitable[Figures]]

NAME_WIDTH = 44
COLUMN_WIDTH = 14


@dataclass(slots=True)
class Results:
    """What each contestant reached in each round, by the name of the figure."""

    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    def median(self, contestant: str, figure: str) -> float:
        """Of all its rounds."""
        return median(each[figure] for each in self.rounds[contestant])

    def ratio(self, contestant: str, peer: str, figure: str) -> float:
        """The median of the ratios of the rounds: what slows the machine down slows both of one round."""
        pairs = zip(self.rounds[contestant], self.rounds[peer], strict=True)
        return median(own[figure] / other[figure] for own, other in pairs)

    def table(self, formats: Mapping[str, str]) -> str:
        """The medians, a line for each contestant; `formats` names the columns."""
        lines = [[self._cell(name, figure, form) for figure, form in formats.items()] for name in self.rounds]
        return "\n".join(map(_line, ("", *self.rounds), (list(formats), *lines)))

    def _cell(self, contestant: str, figure: str, form: str) -> str:
        known = figure in self.rounds[contestant][0]
        return form.format(self.median(contestant, figure)) if known else "-"


async def take_turns(contestants: Mapping[str, Contestant], rounds: int) -> Results:
    """Every contestant once in each round, in the same order."""
    results = Results({name: [] for name in contestants})
    for _ in range(rounds):
        for name, run in contestants.items():
            results.rounds[name].append(await run())
    return results


def verdict(name: str, ratio: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    """A ratio beside its aim. Without an aim it is only told."""
    aims = []
    if at_least is not None:
        aims.append(f"aim ≥ {at_least:g}" + ("" if ratio >= at_least else ", missed"))
    if at_most is not None:
        aims.append(f"aim ≤ {at_most:g}" + ("" if ratio <= at_most else ", missed"))
    return f"{name:<{NAME_WIDTH}}{ratio:>{COLUMN_WIDTH}.2f}   {'; '.join(aims)}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)] if ordered else 0.0


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{NAME_WIDTH}}" + "".join(f"{cell:>{COLUMN_WIDTH}}" for cell in cells)
