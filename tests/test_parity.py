"""Our losses and scores give the numbers of the authors' formulas: golden values, and other libraries on
random inputs."""

import pytest
import torch
import torch.nn.functional as F
from golden import (
    ALIGNMENT_AND_UNIFORMITY,
    BARLOW_TWINS,
    BYOL,
    CLIP,
    DINO,
    HIDDEN,
    IMAGES,
    MAE_RAW,
    MOCO,
    NEGATIVE_COSINE,
    NT_XENT,
    PREDICTIONS,
    RANKME_OF_A,
    SWAV,
    VICREG,
    VICREG_COVARIANCE_OF_A,
    VICREG_INVARIANCE,
    VICREG_VARIANCE_OF_A,
    A,
    B,
    Q,
)
from toys import batch_of, build, source

from sslbench.field import Field
from sslbench.machine.hardware import Hardware
from sslbench.pretexts.pairs.clip import matched
from sslbench.pretexts.parts import mean_over
from sslbench.pretexts.puzzles.rotation import turned
from sslbench.pretexts.views import barlow_twins, byol, dino, lejepa, swav, vicreg
from sslbench.pretexts.views.moco import info_nce
from sslbench.pretexts.views.simclr import nt_xent
from sslbench.probes import geometry
from sslbench.probes.knn import vote

close = lambda value: pytest.approx(value, rel=1e-9)
nearly = lambda value: pytest.approx(value, rel=1e-5)  # where one side computes in float32


def random_views(seed: int):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 16, 10, generator=generator).unbind(0)


def vicreg_of(a, b):
    return (25 * vicreg.invariance(a, b) + 25 * (vicreg.variance(a) + vicreg.variance(b)) / 2
            + vicreg.covariance(a) + vicreg.covariance(b)).item()


@pytest.mark.parametrize("temperature", NT_XENT)
def test_nt_xent_is_the_golden_value(temperature):
    assert nt_xent(A, B, temperature)["loss"].item() == close(NT_XENT[temperature])
    assert nt_xent(A, B, 2 * temperature)["loss"].item() != close(NT_XENT[temperature])


def test_vicreg_and_its_terms_are_the_golden_values():
    assert vicreg.invariance(A, B).item() == close(VICREG_INVARIANCE)
    assert vicreg.variance(A).item() == close(VICREG_VARIANCE_OF_A)
    assert vicreg.covariance(A).item() == close(VICREG_COVARIANCE_OF_A)
    assert vicreg_of(A, B) == close(VICREG)


def test_byol_is_the_golden_value():
    assert byol.distance(A, B).mean().item() == nearly(BYOL) == nearly(2 + 2 * NEGATIVE_COSINE)


def test_moco_and_clip_are_the_golden_values():
    a, b, queue = (F.normalize(x, dim=1) for x in (A, B, Q))
    assert info_nce(a, b, queue, 0.1)["loss"].item() == close(MOCO)
    assert info_nce(a, b, queue.flip(1), 0.1)["loss"].item() != close(MOCO)
    assert matched(a, b, torch.tensor(1 / 0.07, dtype=torch.float64))["loss"].item() == close(CLIP)
    assert matched(a, b.flip(0), torch.tensor(1 / 0.07, dtype=torch.float64))["loss"].item() != close(CLIP)


def barlow_of(a, b):
    agreement, redundancy = barlow_twins.terms(a, b)
    return (agreement + 5e-3 * redundancy).item()


def swav_of(a, b):
    return swav.swapped([a, b], [swav.sinkhorn(s, 0.05) for s in (a, b)], 0.1).item()


def dino_of(taught, students, center, sharp=0.04):
    return dino.distillation(((torch.stack(taught) - center) / sharp).softmax(2),
                             [s / 0.1 for s in students]).item()


def test_barlow_twins_swav_and_dino_are_the_golden_values():
    a, b = (F.normalize(x, dim=1) for x in (A, B))
    assert barlow_of(A, B) == close(BARLOW_TWINS) != close(barlow_of(A, B.flip(0)))
    assert swav_of(a, b) == close(SWAV) != close(swav_of(a, b.flip(0)))
    students, taught, center = [1.1 * B, 0.9 * A], [A, B], torch.zeros(6, dtype=torch.float64)
    for golden in DINO:
        assert dino_of(taught, students, center) == close(golden)
        assert dino_of(taught, students, A[0]) != close(golden)
        center = center.lerp(torch.stack(taught).mean((0, 1)), 0.1)


def test_mae_is_the_golden_value():
    field = Field((8, 8), (4, 4), 3)
    error = field.error(field.dense(PREDICTIONS), IMAGES.float())  # [2, 8, 8]
    loss = lambda hidden: mean_over(error, field.spread(hidden)).item()
    assert loss(HIDDEN) == nearly(MAE_RAW)
    assert loss(~HIDDEN) != nearly(MAE_RAW)


def test_patches_are_in_the_order_row_column_channel():
    patches = Field((8, 8), (4, 4), 3).patchify(IMAGES)
    # patchify of the MAE code
    theirs = torch.einsum("nchpwq->nhwpqc", IMAGES.reshape(2, 3, 2, 4, 2, 4)).reshape(2, 4, 48)
    assert torch.equal(patches, theirs)


def test_rankme_alignment_and_uniformity_are_the_golden_values():
    assert geometry.rankme(A) == close(RANKME_OF_A)
    for t, value in ALIGNMENT_AND_UNIFORMITY.items():
        assert (geometry.alignment(A, B)
                + (geometry.uniformity(A, t) + geometry.uniformity(B, t)) / 2 == nearly(value))


@pytest.mark.parametrize("seed", range(3))
def test_losses_agree_with_lightly(seed):
    from lightly.loss import (
        BarlowTwinsLoss,
        DINOLoss,
        LeJEPALoss,
        NegativeCosineSimilarity,
        NTXentLoss,
        SwaVLoss,
        VICRegLoss,
    )

    a, b = random_views(seed)
    for temperature in (0.07, 0.5, 1.0):
        assert nt_xent(a, b, temperature)["loss"].item() == nearly(NTXentLoss(temperature)(a, b).item())
    assert vicreg_of(a, b) == nearly(VICRegLoss()(a, b).item())
    assert byol.distance(a, b).mean().item() == nearly(2 + 2 * NegativeCosineSimilarity()(a, b).item())
    assert barlow_of(a, b) == nearly(BarlowTwinsLoss()(a, b).item())
    unit = [F.normalize(x, dim=1) for x in (a, b)]
    assert swav_of(*unit) == nearly(SwaVLoss()(unit, []).item())
    theirs = DINOLoss(10)([a, b], [2 * b, a, a + b]).item()
    assert dino_of([a, b], [2 * b, a, a + b], torch.zeros(10)) == nearly(theirs)
    # theirs draws the directions itself
    theirs = LeJEPALoss(lambda_param=0.1)
    a_and_b = torch.stack([a, b])
    directions = theirs.sigreg._generate_unit_vectors(a.device, a.dtype, 10)
    theirs.sigreg._generate_unit_vectors = lambda *_: directions
    roundness = (lejepa.sigreg(a, directions) + lejepa.sigreg(b, directions)) / 2
    assert roundness.item() == nearly(theirs.sigreg(a_and_b).item())


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_agrees_with_lightlys_memory_bank_step_by_step(seed):
    """Both take the batch in after its loss; theirs cuts a batch off at the end of the bank, so here it
    divides it."""
    from lightly.loss import NTXentLoss

    theirs = NTXentLoss(0.1, memory_bank_size=(32, 10))
    task = build("moco", "mlp", source("series"), queue=32, projection_dim=10)
    task.queue.copy_(theirs.memory_bank.bank)
    for step in range(4):
        a, task.keys = (F.normalize(z, dim=1) for z in random_views(10 * seed + step))
        ours = info_nce(a, task.keys, task.queue, 0.1)["loss"].item()
        # theirs fills its bank while something is learned
        assert theirs(a.requires_grad_(), task.keys).item() == nearly(ours)
        task.after_step(0.5)
        torch.testing.assert_close(theirs.memory_bank.bank, task.queue)


def test_the_queue_holds_the_newest_keys_in_order():
    task = build("moco", "mlp", source("series"), queue=20)
    said = []
    for step in range(4):
        task(task.inputs(batch_of(source("series")), torch.Generator().manual_seed(step)))
        said.append(task.keys)
        task.after_step(0.5)
    newest = task.queue.roll(-int(task.oldest), 0)  # the oldest first
    torch.testing.assert_close(newest, torch.cat(said)[-20:])
    large = build("moco", "mlp", source("series"), queue=16)
    large.keys = torch.randn(40, 16)  # more than it holds: the last ones stay
    large.after_step(0.5)
    assert torch.equal(large.queue, large.keys[-16:])


@pytest.mark.parametrize("seed", range(3))
def test_clip_is_the_formula_of_its_paper(seed):
    """Figure 3 of the paper, line by line."""
    a, b = random_views(seed)
    image, text = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    logits = image @ text.T * torch.tensor(2.0).exp()
    labels = torch.arange(len(a))
    expected = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
    assert matched(image, text, torch.tensor(2.0).exp())["loss"].item() == nearly(expected.item())


def test_clips_temperature_is_learned_and_bounded():
    task = build("clip", "transformer", source("image and text"), temperature=0.5)
    inputs = task.inputs(batch_of(source("image and text")), torch.Generator().manual_seed(0))
    scalars = task(inputs)
    assert scalars["temperature"].item() == nearly(0.5)
    scalars["loss"].backward()
    assert task.scale.grad.abs() > 0 and task.scale.ndim == 0
    with torch.no_grad():
        task.scale.fill_(50.0)
    assert task(inputs)["temperature"].item() == nearly(0.01)
    a, _ = task.project(inputs)
    assert (a.norm(dim=1).tolist() == nearly([1.0] * 8)
            and [list(view) for view in inputs] == [["image"], ["text"]])


def test_gradients_of_nt_xent_agree_with_lightly():
    from lightly.loss import NTXentLoss

    grads = []
    for loss in (lambda a, b: nt_xent(a, b, 0.2)["loss"], NTXentLoss(0.2)):
        a, b = (z.requires_grad_() for z in random_views(0))
        loss(a, b).backward()
        grads.append(torch.cat([a.grad, b.grad]))
    torch.testing.assert_close(*grads)


def test_vicreg_task_is_its_formula():
    task = build("vicreg", "mlp", source("series"))
    inputs = task.inputs(batch_of(source("series")), torch.Generator().manual_seed(0))
    assert task(inputs)["loss"].item() == nearly(vicreg_of(*task.project(inputs)))


def test_knn_agrees_with_lightly():
    from lightly.utils.benchmarking import knn_predict

    torch.manual_seed(0)
    y, y_test = torch.randint(5, (200,)), torch.randint(5, (60,))
    centres = torch.randn(5, 8)
    z, z_test = (centres[labels] + 1.5 * torch.randn(len(labels), 8) for labels in (y, y_test))
    theirs = knn_predict(F.normalize(z_test, dim=1), F.normalize(z, dim=1).T, y, 5, 20, 0.07)[:, 0]
    score = (theirs == y_test).float().mean().item()
    assert 0.4 < score < 0.95 and vote(z, y, z_test, y_test) == pytest.approx(score)


def test_rotation_turns_by_the_label():
    task, batch = build("rotation", "mlp", source("image")), batch_of(source("image"), 32)
    (turned, turn) = task.inputs(batch, torch.Generator().manual_seed(0))
    plain = source("image").augment(batch, torch.Generator().manual_seed(0))["image"]
    for x, original, quarters in zip(turned["image"], plain, turn.tolist()):
        assert torch.equal(x, torch.rot90(original, quarters, (1, 2)))
    assert set(turn.tolist()) == {0, 1, 2, 3}
    assert (task((turned, turn))["loss"].item() == nearly(F.cross_entropy(task.classify(task.embed(turned)),
        turn).item()))


@pytest.mark.parametrize("backbone", ["transformer", "gru"])
@pytest.mark.parametrize("data", ["text", "series", "image"])
def test_a_prediction_depends_on_earlier_tokens_only(backbone, data):
    task = build("next_token", backbone, source(data)).eval()
    (name, field), = task.fields.items()
    x = batch_of(source(data))[name]
    for i in (0, 1, field.tokens - 1):
        later = field.spread((torch.arange(field.tokens) >= i).expand(len(x), -1))  # token i and all after it
        other = field.blend(x, x.roll(1, 0), later)
        a, b = (tokens_of(field, task.guess({name: sample})[name]) for sample in (x, other))
        torch.testing.assert_close(a[:, : i + 1], b[:, : i + 1])
        assert i + 1 == field.tokens or not torch.allclose(a[:, i + 1:], b[:, i + 1:])


def tokens_of(field, guess):
    """[B, outputs, *size] -> [B, N, width]"""
    return Field(field.size, field.patch, field.outputs).patchify(guess)


def test_bert_hides_eighty_percent_and_changes_ten():
    data = source("text")
    task = build("masked", "transformer", data, mask_ratio=0.5)
    x, total = batch_of(data, 64), torch.zeros(3)
    for seed in range(20):
        batch, order, blanked = task.inputs(x, torch.Generator().manual_seed(seed))
        hidden, seen, true = task.masks(order)["text"], blanked["text"], batch["text"]
        assert torch.equal(seen[~hidden], true[~hidden])
        blank, kept = (seen == 11)[hidden].float().mean(), (seen == true)[hidden].float().mean()
        total += torch.stack([blank, 1 - blank - kept, kept])
    assert (total / 20).tolist() == pytest.approx([0.8, 0.1 * 10 / 11, 0.1 + 0.1 / 11], abs=0.01)


def test_byols_teacher_follows_with_its_momentum():
    task = build("byol", "mlp", source("image"), momentum=0.9)
    teacher = [p.clone() for p in task.teacher.parameters()]
    with torch.no_grad():
        for p in task.parameters():
            p += p.requires_grad * 1.0
    task.after_step(0.0)
    for before, now in zip(teacher, task.teacher.parameters()):
        torch.testing.assert_close(now, before + 0.1)
    task.after_step(1.0)
    torch.testing.assert_close(next(task.teacher.parameters()), teacher[0] + 0.1)  # the momentum rose to 1


@pytest.mark.parametrize("shape", [(3, 6, 6), (2, 4, 5, 5)])
def test_rotation_turns_each_sample_like_rot90(shape):
    x, turn = torch.randn(8, *shape, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 4
    expected = torch.stack([sample.rot90(int(k), (-2, -1)) for sample, k in zip(x, turn)])
    assert torch.equal(turned(x, turn), expected) and not torch.equal(expected, x)


def test_the_generators_for_dropout_are_seeded_as_torch_seeds_them():
    torch.manual_seed(7)
    seven = torch.rand(4)
    torch.manual_seed(8)
    eight = torch.rand(8)
    torch.manual_seed(8)
    first = torch.rand(4)
    with pytest.raises(KeyError), Hardware("cpu").seeded(7):
        assert torch.equal(torch.rand(4), seven)
        raise KeyError  # also then the user's own numbers go on
    assert torch.equal(torch.cat([first, torch.rand(4)]), eight)
