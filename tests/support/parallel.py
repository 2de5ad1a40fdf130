"""Tests that spend their time waiting for processes, and so do it side by side; each passes or fails by itself, in any order."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

THREADS = 4
Figures = dict[str, float] | None


class Parallel:
    """Decorates the tests of one module that may run side by side; only those that were selected are run.

    Each gets what `harness` makes for it in a folder of its own, closed at its end. What a test returns are figures to be
    kept as its properties.
    """

    def __init__(self, harness: Callable[[Path], AbstractContextManager[Any]]) -> None:
        self._harness = harness
        self._runs: dict[str, Future[Figures]] = {}

    def __call__(self, scenario: Callable[[Any], Figures]) -> Callable[..., None]:
        """Make a test of `scenario`."""

        def test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, record_property) -> None:  # type: ignore[no-untyped-def]
            self._wait(request, tmp_path_factory, record_property)

        return self._named(test, scenario)

    def each(self, kinds: Iterable[str]) -> Callable[[Callable[[Any, str], Figures]], Callable[..., None]]:
        """Make a test of a scenario for each of `kinds`, which it gets as well."""

        def decorate(scenario: Callable[[Any, str], Figures]) -> Callable[..., None]:
            def test(request: pytest.FixtureRequest, tmp_path_factory, record_property, kind: str) -> None:  # type: ignore[no-untyped-def]
                self._wait(request, tmp_path_factory, record_property)

            return pytest.mark.parametrize("kind", list(kinds))(self._named(test, scenario))  # type: ignore[no-any-return]

        return decorate

    def _named(self, test: Any, scenario: Callable[..., Figures]) -> Callable[..., None]:
        for name in ("__name__", "__doc__", "__module__"):
            setattr(test, name, getattr(scenario, name))
        test.scenario, test.parallel = scenario, self
        return test  # type: ignore[no-any-return]

    def _wait(self, request: pytest.FixtureRequest, folders: pytest.TempPathFactory, record_property: Any) -> None:
        if request.node.name not in self._runs:
            self._start(request, folders)
        for name, figure in (self._runs[request.node.name].result() or {}).items():
            record_property(name, figure)

    def _start(self, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> None:
        """Run every selected test of this module, so many at once, until the module is over."""
        pool = ThreadPoolExecutor(THREADS)
        request.node.getparent(pytest.Module).addfinalizer(lambda: pool.shutdown(cancel_futures=True))
        for item in request.session.items:
            if getattr(getattr(item, "obj", None), "parallel", None) is self:
                kinds = item.callspec.params.values() if hasattr(item, "callspec") else ()
                self._runs[item.name] = pool.submit(self._run, item.obj.scenario, folders.mktemp("side"), *kinds)

    def _run(self, scenario: Callable[..., Figures], folder: Path, *kinds: str) -> Figures:
        with self._harness(folder) as ready:
            return scenario(ready, *kinds)
