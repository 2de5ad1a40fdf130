"""A process that makes some passes with the engine of the tree it is started in: what two revisions are compared by.

Its command line: a recording, and pieces of further work for each tick. It prints a `RatioPass` each.
"""

import sys
from pathlib import Path

import msgspec

from engine.assembly import load
from engine.bench.baseline.ratio_pass import ratio_pass
from engine.config import bundled
from engine.model.errors import UserError

_PASSES = 3  # it takes longer to start than to make one


def main() -> int:
    """Make them under the defaults of this tree."""
    path, further = sys.argv[1:]
    try:
        config = load(bundled("config.toml"), [])
        found = [ratio_pass(config, Path(path), float(further)) for _ in range(_PASSES)]
    except UserError as problem:
        sys.stderr.write("\n".join(problem.lines) + "\n")
        return problem.exit_status
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
