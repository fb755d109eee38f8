"""Where independent pieces of work are done: one after the other, in processes of this machine, or on the machines of a Dask cluster.

Every engine gives the results in the order of the pieces. A piece and its result must be picklable; large tables travel as files that all
workers can read. No engine of our own: processes are the standard library's, machines are Dask's (`pip install countinghouse[dask]`).
"""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")
# a worker computes with one thread: two workers with default threads are no faster than one
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


class Engine(Protocol):
    """Does `work` on every piece and gives the results in order."""

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """Results in the order of the pieces; the first error of a piece is raised."""
        ...


class Here:
    """In this process, one after the other."""

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """See `Engine.map`."""
        return map(work, pieces)


class Processes:
    """In fresh processes of this machine, `workers` at a time: a process ends with its piece, and its memory with it.

    They are spawned, never forked: a pool forked after a fit in the parent hung.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"Expected workers of at least 1; got {workers}.")
        self.workers = workers

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """See `Engine.map`."""
        with _one_thread_each(), ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
            yield from pool.map(work, pieces)


class DaskCluster:
    """On a Dask cluster: `address` of its scheduler, or None for a local cluster of `workers` processes, ended with the work."""

    def __init__(self, address: str | None = None, workers: int = 2) -> None:
        self.address, self.workers = address, workers

    def map(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
        """See `Engine.map`. Raises ImportError with what to install where Dask is missing."""
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise ImportError("A Dask cluster needs the extra: pip install 'countinghouse[dask]'.") from error
        if self.address is not None:
            with Client(self.address) as client:
                yield from _gathered(client, work, pieces)
            return
        with (
            _one_thread_each(),
            LocalCluster(n_workers=self.workers, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            yield from _gathered(client, work, pieces)


def _gathered(client: Any, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> list[Result]:
    return list(client.gather(client.map(work, list(pieces), pure=False)))


@contextmanager
def _one_thread_each() -> Generator[None]:
    """Workers started meanwhile compute with one thread each; what the environment says already stands."""
    added = [name for name in ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
