"""Training many networks: equal row counts share a batch, two threads share the batches."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict

import numpy as np

from ..cohort import Progress
from .dnn_score import DnnScore
from .fitting import Fit, FitJob, Learner
from .network_batch import PAPER_RECIPE, NetworkBatch, NetworkRecipe
from .scaler import fit_z_score

# Larger batches of 440-feature networks gain nothing more (Docs/design/decisions/2026-11-28-networks.md).
NETWORKS_A_BATCH = 8


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner of the study; ``recipe`` None is the paper's."""
    own = recipe or PAPER_RECIPE

    def fit_many(features: np.ndarray, jobs: Sequence[FitJob], progress: Progress | None = None) -> list[Fit]:
        return train_networks(features, jobs, own, progress=progress)

    return Learner("dnn", ensemble_size, fit_many, {**asdict(own), "seeds": ensemble_size})


def train_networks(
    features: np.ndarray,
    jobs: Sequence[FitJob],
    recipe: NetworkRecipe = PAPER_RECIPE,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Fit]:
    """Train a network for each job, each on its own rows, scaled by the z-score of those rows.

    A network depends on its rows and its seed only: jobs are put into batches by their number of rows and in their
    order, whatever ``workers`` is, and the same list of jobs gives the same bits. In another list a job may share its
    batch with others, which changes the last bits of its matrix products at most.

    Parameters
    ----------
    features : array (n_patients, n_features)
        Unscaled.
    jobs : list of FitJob
    recipe : NetworkRecipe
    workers : int, optional
        Threads, each computing on one core; as many as there are cores by default.
    progress : callable, optional
        Called as ``progress(done, total, text)`` after each batch; what it raises cancels the training.

    Returns
    -------
    list of Fit
        In the order of the jobs.
    """
    import torch

    stop = threading.Event()
    results: list[Fit | None] = [None] * len(jobs)
    # torch with two threads on two busy cores is ten times slower than with one (honesty.md).
    threads_before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(workers or os.cpu_count(), initializer=_prepare_thread) as pool:
            batches = _batches(jobs)
            tasks = {pool.submit(_train_batch, features, jobs, batch, recipe, stop): batch for batch in batches}
            try:
                done = 0
                for task in as_completed(tasks):
                    for number, fit in zip(tasks[task], task.result(), strict=True):
                        results[number] = fit
                    done += len(tasks[task])
                    if progress is not None:
                        progress(done, len(jobs), f"{done} of {len(jobs)} networks trained")
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        torch.set_num_threads(threads_before)
    return [fit for fit in results if fit is not None]


def _prepare_thread() -> None:
    import torch

    torch.set_num_threads(1)
    # Gradients of a network that fits its patients perfectly fall below 1e-38, where arithmetic is many times slower.
    torch.set_flush_denormal(True)


def _batches(jobs: Sequence[FitJob]) -> list[list[int]]:
    """Job numbers in batches of equal row count, the longest work first."""
    by_rows: dict[int, list[int]] = defaultdict(list)
    for number, job in enumerate(jobs):
        by_rows[len(job.train_rows)].append(number)
    return [
        numbers[start : start + NETWORKS_A_BATCH]
        for _, numbers in sorted(by_rows.items(), reverse=True)
        for start in range(0, len(numbers), NETWORKS_A_BATCH)
    ]


def _train_batch(
    features: np.ndarray,
    jobs: Sequence[FitJob],
    numbers: Sequence[int],
    recipe: NetworkRecipe,
    stop: threading.Event,
) -> list[Fit]:
    batch_jobs = [jobs[number] for number in numbers]
    scalers = [fit_z_score(features[job.train_rows]) for job in batch_jobs]
    networks = NetworkBatch(features.shape[1], [job.seed for job in batch_jobs], recipe)
    networks.train(
        np.stack([scaler.apply(features[job.train_rows]) for scaler, job in zip(scalers, batch_jobs, strict=True)]),
        np.stack([job.outcome for job in batch_jobs]),
        go_on=lambda: not stop.is_set(),
    )
    folded = networks.folded()
    fits = []
    for position, (job, scaler) in enumerate(zip(batch_jobs, scalers, strict=True)):
        own = folded.select(position)
        # The weights of a feature that was constant are still those of the start: it must not count in new patients.
        own.layers[0].weight[:, :, scaler.constant] = 0.0
        score = DnnScore(scaler.mean[None], scaler.scale[None], own)
        scores = score.member_scores(features[job.score_rows])[:, 0] if len(job.score_rows) else np.empty(0)
        fits.append(Fit(scores, score if job.keep_model else None))
    return fits
