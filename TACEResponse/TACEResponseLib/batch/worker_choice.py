"""Which workers a person asked for."""

from __future__ import annotations

from .run_batch import Workers


def choose_workers(count: int | None, dask_address: str | None, resume: bool) -> Workers | None:
    """Processes of this machine, a Dask cluster, or None for neither: case after case in this process.

    Raises ValueError for both at once or less than one worker.
    """
    if count is not None and dask_address is not None:
        raise ValueError("Give --workers or --dask, not both.")
    if count is not None and count < 1:
        raise ValueError("--workers needs a number from 1.")
    if dask_address is not None:
        from .dask_cluster import DaskCluster

        return DaskCluster(dask_address)
    if count is None and not resume:
        return None
    from .local_workers import LocalWorkers

    return LocalWorkers(count or 1)
