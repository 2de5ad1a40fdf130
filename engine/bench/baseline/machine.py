"""What machine this is and which versions run, as far as figures depend on it."""

import os
import platform
from contextlib import suppress
from importlib.metadata import version

from engine.bench.baseline.report import Machine, Versions
from engine.text.sanitize import clean
from engine.version import RULES_REVISION, VERSION


def this_machine() -> Machine:
    """The machine, and how busy it is."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        _cpu_model(), cores, f"{platform.system()} {platform.release()}", round(pages / 1e6), os.getloadavg()[0]
    )


def these_versions() -> Versions:
    """The versions of the program, of Python, and of what a tick goes through."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return Versions(VERSION, RULES_REVISION, python, {"msgspec": version("msgspec")})


def python_minor() -> str:
    """Such as `CPython 3.11`."""
    return f"{platform.python_implementation()} {'.'.join(platform.python_version_tuple()[:2])}"


def _cpu_model() -> str:
    """The processor's name, or its architecture where the system does not tell."""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model"}:
                return clean(value.strip(), 100)
    return clean(platform.processor() or platform.machine(), 100)
