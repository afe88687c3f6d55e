"""The network against plain torch, and training in batches."""

import numpy as np
import pytest
from TACEResponseLib.models.fitting import FitJob
from TACEResponseLib.models.network_batch import NetworkBatch, NetworkRecipe, batch_slices
from TACEResponseLib.models.network_training import train_networks

torch = pytest.importorskip("torch")

FEATURES = 24
SHORT = NetworkRecipe(epochs=12)


def cohort(count=70, seed=0):
    random = np.random.default_rng(seed)
    outcome = random.random(count) < 0.5
    features = random.normal(size=(count, FEATURES))
    features[:, :4] += 1.2 * outcome[:, None]
    return 3 + 2 * features, outcome


def plain_network(networks, number):
    """The network of study.md as torch modules, with the weights of network ``number`` of a `NetworkBatch`."""
    n = networks.widths[0]
    model = torch.nn.Sequential(
        torch.nn.Linear(n, n, bias=False),
        torch.nn.BatchNorm1d(n),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(n, n // 2, bias=False),
        torch.nn.BatchNorm1d(n // 2),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(n // 2, 2),
        torch.nn.Softmax(dim=1),
    )
    with torch.no_grad():
        for layer, (linear, norm) in enumerate(((0, 1), (4, 5))):
            shape = (networks.count, networks.widths[layer])
            model[linear].weight.copy_(networks.weights[layer][number])
            model[norm].weight.copy_(networks.bn_weights[layer].view(shape)[number])
            model[norm].bias.copy_(networks.biases[layer].view(shape)[number])
            model[norm].running_mean.copy_(networks.running_means[layer].view(shape)[number])
            model[norm].running_var.copy_(networks.running_variances[layer].view(shape)[number])
        model[8].weight.copy_(networks.weights[2][number])
        model[8].bias.copy_(networks.biases[2].view(networks.count, 2)[number])
    return model


@pytest.fixture(scope="module")
def trained():
    features, outcome = cohort()
    scaled = ((features - features.mean(axis=0)) / features.std(axis=0)).astype(np.float32)
    networks = NetworkBatch(FEATURES, [(1,), (2,), (3,)], SHORT)
    networks.train(np.stack([scaled] * 3), np.stack([outcome] * 3))
    return networks, scaled


def test_the_folded_network_in_numpy_equals_torch(trained):
    networks, scaled = trained
    folded = networks.folded().probabilities(np.stack([scaled.astype(float)] * 3))
    for number in range(3):
        with torch.no_grad():
            expected = plain_network(networks, number).eval()(torch.from_numpy(scaled))[:, 1].numpy()
        np.testing.assert_allclose(folded[:, number], expected, atol=1e-6)
    assert folded.std() > 0.1


def test_gradients_written_by_hand_are_those_of_autograd(trained):
    """One training step with given dropout masks: parameters after Adam equal torch's own."""
    features, outcome = cohort(32, seed=3)
    scaled = torch.from_numpy(((features - features.mean(axis=0)) / features.std(axis=0)).astype(np.float32))
    target = torch.from_numpy(np.stack([~outcome, outcome], axis=1).astype(np.float32))
    networks = NetworkBatch(FEATURES, [(5,)], NetworkRecipe(learning_rate=0.01))
    plain = plain_network(networks, 0).train()
    masks = [2.0 * (torch.rand(32, width, generator=torch.Generator().manual_seed(1)) < 0.5) for width in (24, 12)]
    hidden = plain[2](plain[1](plain[0](scaled))) * masks[0]
    hidden = plain[6](plain[5](plain[4](hidden))) * masks[1]
    loss = torch.nn.functional.cross_entropy(plain[8](hidden), target)
    optimiser = torch.optim.Adam(plain.parameters(), lr=0.01)
    loss.backward()
    optimiser.step()
    networks.step(scaled[:, None], target[:, None], [mask[:, None] for mask in masks])
    for layer, module in enumerate((plain[0], plain[4], plain[8])):
        np.testing.assert_allclose(networks.weights[layer][0].numpy(), module.weight.detach().numpy(), atol=2e-5)


def test_int8_weights_move_scores_by_little(trained):
    networks, scaled = trained
    exact = networks.folded()
    values = np.stack([scaled.astype(float)] * 3)
    assert np.abs(exact.quantised().probabilities(values) - exact.probabilities(values)).max() < 0.03
    assert exact.quantised().weights[0].dtype == np.int8


def jobs_for(outcome, seeds, keep_model=False):
    everyone = np.arange(len(outcome))
    return [FitJob(everyone[:-10], outcome[:-10], (seed,), everyone[-10:], keep_model) for seed in seeds]


def test_a_network_depends_on_its_rows_and_seed_only():
    features, outcome = cohort()
    all_at_once = train_networks(features, jobs_for(outcome, range(6)), SHORT, workers=2)
    again = train_networks(features, jobs_for(outcome, range(6)), SHORT, workers=1)
    alone = train_networks(features, jobs_for(outcome, [3]), SHORT)
    for first, second in zip(all_at_once, again, strict=True):
        np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_allclose(all_at_once[3].scores, alone[0].scores, atol=1e-3)
    assert np.abs(all_at_once[0].scores - all_at_once[1].scores).max() > 0.01


def test_the_kept_model_scores_unscaled_features():
    features, outcome = cohort()
    (fit,) = train_networks(features, jobs_for(outcome, [1], keep_model=True), SHORT)
    np.testing.assert_allclose(fit.model.member_scores(features[-10:])[:, 0], fit.scores)


def test_networks_learn_what_is_there_and_nothing_else():
    features, outcome = cohort(160, seed=8)
    train, test = np.arange(100), np.arange(100, 160)
    (fit,) = train_networks(features, [FitJob(train, outcome[train], (1,), test)], NetworkRecipe(epochs=60))
    positive, negative = fit.scores[outcome[test]], fit.scores[~outcome[test]]
    assert np.mean(positive[:, None] > negative[None]) > 0.8


@pytest.mark.parametrize(("rows", "sizes"), [(33, [33]), (65, [32, 33]), (64, [32, 32]), (1, [1]), (40, [32, 8])])
def test_a_last_batch_of_one_joins_the_one_before(rows, sizes):
    slices = batch_slices(rows, 32)
    assert [part.stop - part.start for part in slices] == sizes
    assert slices[0].start == 0
    assert slices[-1].stop == rows


def test_n_mod_32_equal_1_trains():
    features, outcome = cohort(65)
    everyone = np.arange(65)
    (fit,) = train_networks(features, [FitJob(everyone, outcome, (1,), everyone)], NetworkRecipe(epochs=2))
    assert np.isfinite(fit.scores).all()


def test_progress_can_cancel():
    features, outcome = cohort()

    def cancel(done, total, text):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        train_networks(features, jobs_for(outcome, range(12)), SHORT, workers=1, progress=cancel)
    assert torch.get_num_threads() >= 1
