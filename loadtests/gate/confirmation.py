"""A difference of counters that repeats itself, told from one that a race inside the pipeline made.

Branches of a workflow run side by side: which of two is first may decide one call more or less, however calm the machine is. So what
differs is counted again, on both sides. A change of the program is there every time and in the same direction; what is not is shown as
`varies`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from loadtests.gate.baseline import Change, differences
from loadtests.gate.counters import Counters

__all__ = ["MOST_LOOKS", "confirmed_differences", "steady_counters"]

MOST_LOOKS = 3
"""A race that decides one run of six lets identical trees differ three times in the same direction once in some five hundred gates."""


def confirmed_differences(
    before: Callable[[], Counters], after: Callable[[], Counters], looks: int = MOST_LOOKS
) -> tuple[Counters, list[Change]]:
    """Count both sides, again while something differs that is compared, and return the first counters of `after` and the changes."""
    with ThreadPoolExecutor(2) as both:

        def count() -> tuple[Counters, Counters]:
            sides = both.submit(before), both.submit(after)
            return sides[0].result(), sides[1].result()

        agreed, first = count()
        changes = {change.name: change for change in differences(agreed, first)}
        for _ in range(looks - 1):
            if not any(change.compared for change in changes.values()):
                break
            again = {change.name: change for change in differences(*count())}
            changes = {name: _together(change, again.get(name)) for name, change in changes.items()}
    return first, list(changes.values())


def steady_counters(counted: Callable[[], Counters], looks: int = MOST_LOOKS + 1) -> Counters:
    """Count until two runs agree, and return those; the last one where no two of `looks` do."""
    runs = [counted()]
    while len(runs) < looks:
        runs.append(counted())
        if any(not _differs(earlier, runs[-1]) for earlier in runs[:-1]):
            break
    return runs[-1]


def _differs(before: Counters, after: Counters) -> bool:
    return any(change.compared for change in differences(before, after))


def _together(change: Change, again: Change | None) -> Change:
    """The change as it is after one more look: the smaller one where both say the same, not compared where they do not."""
    if again is None or not again.compared or not change.compared or again.worse is not change.worse:
        return replace(change, compared=False)
    return min(change, again, key=lambda one: abs(one.after - one.before))
