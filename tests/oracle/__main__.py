"""`python -m tests.oracle --events 10000 --seed 1`: exit code 1 if any cell differs."""

from __future__ import annotations

import argparse
import sys

from .run import FAMILIES, Tally, run_family


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="events in all, shared evenly by the families")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=FAMILIES, action="append", help="only this family")
    parser.add_argument("--show", type=int, default=2, help="how many failing notebooks to print")
    arguments = parser.parse_args()
    families = arguments.family or FAMILIES
    wrong = 0
    shown = 0
    for family in families:
        total = Tally()
        for tally in run_family(family, arguments.events // len(families), arguments.seed):
            total.add(tally)
            if tally.failures and shown < arguments.show:
                shown += 1
                print(*tally.failures, sep="\n", end="\n\n")
        wrong += total.differing
        print(total.line(family), flush=True)
    return 1 if wrong else 0


sys.exit(main())
