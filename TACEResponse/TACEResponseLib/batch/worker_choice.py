"""Which workers a person asked for."""

from __future__ import annotations

from .run_batch import Workers


def choose_workers(count: int | None, dask_address: str | None) -> Workers:
    """Processes of this machine, a Dask cluster, or this process itself where neither was asked for.

    Raises ValueError for both at once or less than one worker.
    """
    if count is not None and dask_address is not None:
        raise ValueError("Give --workers or --dask, not both.")
    if count is not None and count < 1:
        raise ValueError("--workers needs a number from 1.")
    if dask_address is not None:
        from .dask_cluster import DaskCluster

        return DaskCluster(dask_address)
    if count is not None:
        from .local_workers import LocalWorkers

        return LocalWorkers(count)
    from .in_process import InProcess

    return InProcess()
