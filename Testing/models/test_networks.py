"""The network against plain torch, and training in batches."""

import numpy as np
import pytest
from TACEResponseLib.models.fitting import FitJob
from TACEResponseLib.models.folded_network import FoldedNetworks, plain_layer
from TACEResponseLib.models.network_batch import NetworkBatch, NetworkRecipe, batch_slices
from TACEResponseLib.models.network_storage import low_rank, quantised
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
    """The network of paper.md as torch modules, with the weights of network ``number`` of a `NetworkBatch`."""
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


def test_one_step_of_a_batch_is_that_of_each_network_alone(trained):
    """With given dropout masks the parameters after Adam equal those of plain torch modules."""
    networks = NetworkBatch(FEATURES, [(5,), (6,)], NetworkRecipe(learning_rate=0.01))
    plain = [plain_network(networks, number).train() for number in range(2)]
    inputs, targets, all_masks = [], [], []
    for number, model in enumerate(plain):
        features, outcome = cohort(32, seed=3 + number)
        scaled = torch.from_numpy(((features - features.mean(axis=0)) / features.std(axis=0)).astype(np.float32))
        target = torch.from_numpy(outcome.astype(np.int64))
        draws = torch.Generator().manual_seed(number)
        masks = [2.0 * (torch.rand(32, width, generator=draws) < 0.5) for width in (FEATURES, FEATURES // 2)]
        hidden = model[2](model[1](model[0](scaled))) * masks[0]
        hidden = model[6](model[5](model[4](hidden))) * masks[1]
        optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
        torch.nn.functional.cross_entropy(model[8](hidden), target).backward()
        optimiser.step()
        inputs.append(scaled.T)
        targets.append(target)
        all_masks.append([mask.T for mask in masks])
    networks.step(
        torch.stack(inputs), torch.stack(targets), [torch.stack(layer) for layer in zip(*all_masks, strict=True)]
    )
    for number, model in enumerate(plain):
        for layer, module in enumerate((model[0], model[4], model[8])):
            own = networks.weights[layer][number].detach().numpy()
            np.testing.assert_allclose(own, module.weight.detach().numpy(), atol=2e-5)
        for layer, module in enumerate((model[1], model[5])):
            shape = (2, networks.widths[layer])
            for own, expected in (
                (networks.bn_weights, module.weight),
                (networks.biases, module.bias),
                (networks.running_means, module.running_mean),
                (networks.running_variances, module.running_var),
            ):
                np.testing.assert_allclose(
                    own[layer].detach().view(shape)[number], expected.detach().numpy(), atol=2e-5
                )


def test_int8_weights_move_scores_by_little(trained):
    networks, scaled = trained
    exact = networks.folded()
    stored = quantised(exact)
    values = np.stack([scaled.astype(float)] * networks.count)
    assert np.abs(stored.probabilities(values) - exact.probabilities(values)).max() < 0.03
    assert all(layer.weight.dtype == np.int8 for layer in stored.layers)


def test_layers_of_low_rank_answer_alike_where_the_features_are_correlated():
    """Forty features that are sums of five: the outputs of a layer lie in five dimensions for new patients too."""
    random = np.random.default_rng(4)
    mixing = random.normal(size=(5, 40))
    networks = FoldedNetworks(
        tuple(
            plain_layer(random.normal(0, 0.2, (2, *shape)).astype(np.float32), np.zeros((2, shape[0]), np.float32))
            for shape in [(40, 40), (4, 40), (2, 4)]
        )
    )
    training, new = (np.stack([random.normal(size=(60, 5)) @ mixing] * 2) for _ in range(2))
    stored = low_rank(networks, training, lost_share=0.08)
    assert stored.layers[0].factor is not None
    assert stored.layers[-1].factor is None
    assert stored.layers[0].factor.shape[1] < 20
    exact = networks.probabilities(new)
    assert exact.std() > 0.05
    assert np.abs(stored.probabilities(new) - exact).mean() < 0.2 * exact.std()


def test_layers_stay_whole_where_the_features_are_not_correlated():
    random = np.random.default_rng(4)
    weights = random.normal(0, 0.2, (2, 40, 40)).astype(np.float32), random.normal(0, 1, (2, 2, 40)).astype(np.float32)
    networks = FoldedNetworks(tuple(plain_layer(one, np.zeros(one.shape[:2], np.float32)) for one in weights))
    stored = low_rank(networks, random.normal(size=(2, 400, 40)))
    assert all(layer.factor is None for layer in stored.layers)


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
