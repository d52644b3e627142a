"""What every test keeps: no task and no thread is left behind."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

POOLS = ("asyncio_", "ThreadPoolExecutor", "pytest", "MainThread")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every async test the task check; sync tests have no loop to check."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.fixturenames.insert(0, "no_leaked_tasks")


@pytest.fixture
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fail an async test that leaves a task running."""
    yield
    # What was cancelled just now gets its last steps.
    for _ in range(20):
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
        if not left:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"left tasks behind: {[task.get_name() for task in left]}")


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + 2.0
    while True:
        left = [t for t in threading.enumerate() if t not in before and not t.name.startswith(POOLS)]
        if not left:
            return
        if time.monotonic() > end:
            pytest.fail(f"left threads behind: {[t.name for t in left]}")
        time.sleep(0.02)
