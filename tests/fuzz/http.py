"""Requests that nobody would think of, made by schemathesis from the service's own description, beside a running engine.

`python -m tests.fuzz.http [requests]`: no answer may be a failure of the server, or another than is described. What a
description cannot say (a date that is none, a word that means nothing to a list) is refused, so that
`positive_data_acceptance` is left out.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.gateway.service import Service, served
from tests.support.processes.command_home import Home

_PROGRAM = Path(sys.executable).parent / "schemathesis"
_WITH_PARAMETERS = 3  # operations; of the others there is little to vary
_COUNTED = re.compile(r"(\d[\d,]*) generated")


def fuzzed(service: Service, examples: int, seed: int) -> tuple[int, str]:
    """How many requests were made, and what is wrong with their answers ("" = nothing)."""
    token = service.token_file.read_text(encoding="ascii").strip()
    words = [str(_PROGRAM), "run", f"http://127.0.0.1:{service.port}/openapi.json", "--no-color", f"--seed={seed}"]
    words += [
        f"--max-examples={examples}",
        "--exclude-checks=positive_data_acceptance",
        f"--header=Authorization: Bearer {token}",
    ]
    words += ["--suppress-health-check=all", "--generation-database=none"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=service.home.cwd)
    found = _COUNTED.search(done.stdout)
    made = int(found[1].replace(",", "")) if found else 0
    return made, "" if done.returncode == 0 and made else done.stdout[-6_000:] + done.stderr[-2_000:]


def main(wanted: int) -> int:
    """Fuzz until so many were made; 1 where something is wrong."""
    with tempfile.TemporaryDirectory() as folder, served(Home(Path(folder)), engine=True) as service:
        made = seed = 0
        while made < wanted:
            seed += 1
            more, wrong = fuzzed(service, max(10, (wanted - made) // _WITH_PARAMETERS), seed)
            made += more
            print(f"{made:,} requests, resident memory {service.rss_mb():.1f} MB", flush=True)
            if wrong:
                print(wrong)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 5_000))
