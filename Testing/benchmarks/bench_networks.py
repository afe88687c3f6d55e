"""Time of a share of the honest study's networks: a plain loop of single torch fits against the batched trainer.

Run: ``python Testing/benchmarks/bench_networks.py [--networks 16] [--features 440] [--workers 2]``. Both train the same
jobs (the inner fits of outer parts of 144 simulated patients, 200 epochs) in one run, in turns, so that a busy machine
slows both. The loop is what one would write: nn.Module, autograd, torch.optim.Adam, one thread.
"""

import argparse
import time

import numpy as np
import torch
from TACEResponseLib.models import fit_z_score
from TACEResponseLib.models.fitting import FitJob
from TACEResponseLib.models.network_batch import NetworkRecipe, batch_slices
from TACEResponseLib.models.network_training import train_networks

STUDY_NETWORKS = 5 * 5 * (5 + 1) * 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=16)
    parser.add_argument("--features", type=int, default=440)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    features, outcome = simulated_cohort(144, arguments.features)
    jobs = study_jobs(outcome, arguments.networks)
    train_networks(features, jobs[:1], NetworkRecipe(epochs=2))
    share = jobs[:: arguments.rounds]
    loop_s = batched_s = loop_cpu_s = batched_cpu_s = 0.0
    loop_auc, batched_auc = [], []
    for number in range(arguments.rounds):
        part = jobs[number :: arguments.rounds]
        start, start_cpu = time.perf_counter(), time.process_time()
        loop_scores = [plain_fit(features, job) for job in part]
        middle, middle_cpu = time.perf_counter(), time.process_time()
        fits = train_networks(features, part, workers=arguments.workers)
        batched_s += time.perf_counter() - middle
        batched_cpu_s += time.process_time() - middle_cpu
        loop_s += middle - start
        loop_cpu_s += middle_cpu - start_cpu
        loop_auc += [auc(scores, outcome[job.score_rows]) for scores, job in zip(loop_scores, part, strict=True)]
        batched_auc += [auc(fit.scores, outcome[job.score_rows]) for fit, job in zip(fits, part, strict=True)]
    steps = sum(200 * len(batch_slices(len(job.train_rows), 32)) for job in jobs)
    print(
        f"{len(jobs)} of the study's {STUDY_NETWORKS} networks, {arguments.features} features, {steps} steps, ", end=""
    )
    print(f"{arguments.rounds} rounds of {len(share)}")
    print(f"{'':28}{'s':>8}{'core s':>9}{'ms/step':>9}{'study, min':>12}{'mean AUC':>10}")
    for name, seconds, cpu_s, values in (
        ("loop of single fits, 1 core", loop_s, loop_cpu_s, loop_auc),
        (f"batched, {arguments.workers} threads", batched_s, batched_cpu_s, batched_auc),
    ):
        print(f"{name:28}{seconds:8.1f}{cpu_s:9.1f}{1000 * seconds / steps:9.2f}", end="")
        print(f"{seconds / len(jobs) * STUDY_NETWORKS / 60:12.1f}{np.mean(values):10.3f}")
    # Other work on the machine takes cores from two threads and from one alike; core seconds do not count it.
    idle = loop_cpu_s / (batched_cpu_s / arguments.workers)
    print(
        f"ratio {loop_s / batched_s:.1f} by the clock, {idle:.1f} by core seconds if {arguments.workers} cores are free"
    )
    difference = np.array(batched_auc) - np.array(loop_auc)
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    print(f"AUC batched minus loop {difference.mean():+.4f}, standard error {error:.4f}")


def simulated_cohort(size: int, feature_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features of two groups that differ in a few of twenty latent factors."""
    random = np.random.default_rng(3)
    outcome = np.arange(size) % 2 == 1
    factors = random.normal(size=(size, 20)) + 0.5 * outcome[:, None] * (np.arange(20) < 4)
    features = factors @ random.normal(size=(20, feature_count)) + random.normal(size=(size, feature_count))
    return features, outcome


def study_jobs(outcome: np.ndarray, count: int) -> list[FitJob]:
    """``count`` inner fits: 92 or so of 115 outer training rows, the rest scored."""
    random = np.random.default_rng(4)
    jobs = []
    for number in range(count):
        rows = random.permutation(len(outcome))[:115]
        train = np.sort(rows[:92])
        jobs.append(FitJob(train, outcome[train], (number,), np.sort(rows[92:])))
    return jobs


def plain_fit(features: np.ndarray, job: FitJob) -> np.ndarray:
    """Train one network as a plain PyTorch script does, and score the job's rows."""
    torch.set_num_threads(1)
    torch.manual_seed(job.seed[0])
    n = features.shape[1]
    network = torch.nn.Sequential(
        torch.nn.Linear(n, n),
        torch.nn.BatchNorm1d(n),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(n, n // 2),
        torch.nn.BatchNorm1d(n // 2),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(n // 2, 2),
    )
    scaler = fit_z_score(features[job.train_rows])
    inputs = torch.tensor(scaler.apply(features[job.train_rows]), dtype=torch.float32)
    targets = torch.tensor(job.outcome.astype(np.int64))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=200)
    loss = torch.nn.CrossEntropyLoss()
    for _ in range(200):
        order = torch.randperm(len(targets))
        for rows in batch_slices(len(targets), 32):
            optimiser.zero_grad()
            loss(network(inputs[order[rows]]), targets[order[rows]]).backward()
            optimiser.step()
        schedule.step()
    network.eval()
    with torch.no_grad():
        scaled = torch.tensor(scaler.apply(features[job.score_rows]), dtype=torch.float32)
        return torch.softmax(network(scaled), dim=1)[:, 1].numpy()


def auc(scores: np.ndarray, outcome: np.ndarray) -> float:
    """Share of pairs in which the responder scores higher, ties counted half."""
    difference = scores[outcome][:, None] - scores[~outcome][None]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


if __name__ == "__main__":
    main()
