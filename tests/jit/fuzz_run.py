"""The fuzzer's command line: programs of consecutive seeds for so many seconds; what fails is shrunk and printed.

make fuzz ARGS="--seconds 600 --seed 0"
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

from fuzz_programs import FuzzProgram, shrunk
from fuzz_ways import VARIANTS, Failure, RefusedError, failure
from fuzz_writer import write

EVERY = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How the program of a seed is tried: a seed says all of it."""

    program: FuzzProgram
    variants: tuple[str, ...]
    compiled: bool
    gradients: bool
    torch: Any

    @classmethod
    def of(cls, seed: int, torch: Any, *, every: int = EVERY) -> Plan:
        """Loops are compiled, which takes most of the time, for one program in ``every``."""
        program = write(seed)
        gradients = seed % 3 == 0
        first = tuple(VARIANTS)[seed % (len(VARIANTS) - 1 if gradients else len(VARIANTS))]
        compiled = seed % every == 0
        variants = (first,) if gradients or compiled else ("samples", first)
        return cls(program, variants, compiled, gradients, torch)

    def failure(self, program: FuzzProgram | None = None, known: Failure | None = None) -> Failure | None:
        """How it fails; a smaller program is tried just where the ``known`` failure was.

        Raises: `RefusedError` where plain Python refuses the program.
        """
        variants = self.variants if known is None else (known.variant,)
        return failure(
            program or self.program,
            variants=variants,
            compiled=self.compiled,
            gradients=self.gradients,
            torch=self.torch if known is None or known.way == "torch" else None,
            only="" if known is None else known.way,
        )

    def smallest(self, known: Failure) -> Failure:
        """The failure of the smallest program found that fails in the same way."""

        def fails(candidate: FuzzProgram) -> bool:
            try:
                got = self.failure(candidate, known)
            except RefusedError:
                return False
            return got is not None and got.kind == known.kind

        small = shrunk(self.program, fails)
        return self.failure(small, known) or known


def report(failure: Failure) -> str:
    """A failure as a program to paste into a file, with how it was found."""
    backwards = "; gradients are asked for" if failure.gradients else ""
    told = "\n".join(f"# {line}" for line in f"{failure.way}: {failure.what}".splitlines())
    head = f"# seed {failure.program.seed}, arguments {failure.variant!r}{backwards}"
    return f"{head}\n{told}\nimport tensorlab as tl\n\n\n{failure.program.source}"


def found(seeds: Iterator[int], torch: Any, *, every: int = EVERY) -> Iterator[Failure | None]:
    """For each seed how its program fails, shrunk, or None."""
    for seed in seeds:
        plan = Plan.of(seed, torch, every=every)
        try:
            known = plan.failure()
        except RefusedError:
            known = None
        if known is not None:
            print(f"# seed {seed} fails by {known.way}; looking for a smaller program", file=sys.stderr, flush=True)
        yield None if known is None else plan.smallest(known)


def main() -> int:
    """Run the command line; the exit status is the number of failures, at most 100."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="stop after so many seconds")
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--count", type=int, default=None, help="stop after so many programs")
    parser.add_argument("--every", type=int, default=EVERY, help="compile the loops of one program in so many")
    options = parser.parse_args()
    torch = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
    end, failures, done = monotonic() + options.seconds, 0, 0
    for known in found(count(options.seed), torch, every=options.every):
        done += 1
        if known is not None:
            failures += 1
            print(report(known), flush=True)
        if monotonic() > end or done == options.count:
            break
    print(f"# {done} programs from seed {options.seed}, {failures} failures")
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main())
