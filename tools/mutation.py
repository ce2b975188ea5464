"""Mutates the journal, the admission and the field parser, and says how much no test notices.

`make mutate` runs it. mutmut remembers what it has tried until the mutated function changes; `--alive` tries the
survivors again, too, after the tests have changed. `docs/mutation.md` says why those that are left may live.
"""

import json
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

MAX_ALIVE = 0.15
"""The share of a target's mutants that may survive."""

MAX_MEMORY_BYTES = 6 * 2**30
"""A mutant that never stops growing fails, instead of taking the machine's memory."""

SURVIVED = {0, 5, 33}
"""mutmut's exit codes for a mutant that every test let pass, and for one that no test reaches."""

SOURCE = Path("mutants/src/flock")

REACHED = Path("mutants/mutmut-stats.json")
"""Which tests reach which function: mutmut asks only new tests again, not those that have changed."""


def main() -> int:
    """Run mutmut and print the figures; 1 where a target has too many survivors, or was not tried whole."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    mutmut()
    if sys.argv[1:] == ["--alive"]:
        REACHED.unlink()
        mutmut(*survivors())
    print("\n".join(["", *survivors(), ""]))
    return max(report(target, codes) for target, codes in sorted(results().items()))


def mutmut(*names: str) -> None:
    """Try these mutants, or all that were not tried since their function or the configuration changed."""
    command = Path(sys.executable).with_name("mutmut")
    subprocess.run([command, "run", "--max-children", "1", *names], check=True)


def survivors() -> list[str]:
    """Give the names of the mutants that live."""
    return [name for codes in results().values() for name, code in codes.items() if code in SURVIVED]


def results() -> dict[str, dict[str, int | None]]:
    """Give mutmut's exit code of each mutant, by target; None for one that was not tried."""
    targets: dict[str, dict[str, int | None]] = defaultdict(dict)
    for path in sorted(SOURCE.rglob("*.py.meta")):
        targets[target_of(path)].update(json.loads(path.read_text())["exit_code_by_key"])
    return targets


def target_of(path: Path) -> str:
    """Give the target a source file belongs to."""
    if path.parent.name == "engines":
        return "field parser"
    return "admission" if path.name in {"admission.py.meta", "streams.py.meta"} else "journal"


def report(target: str, codes: dict[str, int | None]) -> int:
    """Print a target's figures; 1 where they are not good enough."""
    alive = sum(code in SURVIVED for code in codes.values())
    untried = sum(code is None for code in codes.values())
    killed, share = len(codes) - alive - untried, alive / len(codes)
    print(f"{target}: {len(codes)} mutants, {killed} killed, {alive} alive ({share:.1%})")
    if untried:
        print(f"{target}: {untried} not tried yet")
    return int(untried > 0 or share > MAX_ALIVE)


if __name__ == "__main__":
    sys.exit(main())
