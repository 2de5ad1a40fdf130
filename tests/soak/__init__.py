"""Long runs of a real engine process on the simulated exchange, with things going wrong all the time; figures, and a verdict.

    python -m tests.soak --minutes 3           with --seed, --instruments, --per-token, --keep FOLDER
    python -m tests.soak --hours 8             the same in real time
    python -m tests.soak --compressed          the ticks of an eight-hour session within ten minutes
    python -m tests.soak.faults                how long each fault takes to be found and to be over, with real times
    python -m tests.soak.thousand              a thousand instruments: drops, processor, memory (--screen, --delivery)

Each ends with status 1 when something grew, was dropped, or is unaccounted for. None of them is part of the test suite.
"""
