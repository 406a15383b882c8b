"""A field owns the geometry of a sample: patches and back, errors, hiding, windows, absent places."""

import math

import pytest
import torch
from torch.nn.functional import one_hot
from torch.utils._python_dispatch import TorchDispatchMode
from toys import SHAPES, sampled

from sslbench.field import Field, decode, resample

FIELDS = {shape: next(iter(fields.values())) for shape, fields in SHAPES.items()}


def sample(field, n=6):
    stored = sampled(field, torch.arange(n) % 3, torch.Generator().manual_seed(0))
    return field.decode(stored)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_patches_go_back_to_where_they_came_from(field):
    x = sample(field)
    patches = field.patchify(x)
    assert patches.shape == (6, field.tokens, math.prod(field.patch) * (1 if field.vocab else field.channels))
    if field.vocab:
        x, field = x.unsqueeze(1), Field(field.size, field.patch)
    assert torch.equal(field.dense(patches), x.nan_to_num())


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_perfect_guess_has_no_error(field):
    x = sample(field)
    perfect = 50 * one_hot(x.clamp(max=field.vocab - 1), field.vocab).movedim(-1, 1) if field.vocab else x.nan_to_num()
    wrong = perfect.roll(1, 1) if field.vocab else x + 2
    assert field.error(perfect, x).shape == (6, *field.size)
    assert field.error(perfect, x).abs().max() < 1e-6
    there = field.present(x)
    errors = field.error(wrong, x) if there is None else field.error(wrong, x)[there]
    assert torch.allclose(errors, torch.full_like(errors, 50.0 if field.vocab else 4.0), rtol=1e-4)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_answers_hidden_places_and_blends_have_the_samples_shape(field):
    x = sample(field)
    mask = torch.zeros(6, *field.size, dtype=torch.bool)
    mask[:, 1] = True
    hidden = field.hide(x, mask)
    assert hidden.shape == field.blend(x, x.roll(1, 0), mask).shape == x.shape
    gone = hidden[:, 1] if field.vocab else hidden[:, :, 1]
    assert (gone == (field.vocab or 0)).all()
    kept = hidden[:, 0] if field.vocab else hidden[:, :, 0]
    assert torch.equal(kept, x[:, 0] if field.vocab else x[:, :, 0])
    assert field.answer(torch.randn(6, field.outputs, *field.size)).shape == x.shape


@pytest.mark.parametrize("field", [SHAPES["padded series"]["signal"], SHAPES["padded text"]["text"]], ids=["series", "text"])
def test_an_absent_place_has_no_error_whatever_the_guess(field):
    x, guess = sample(field), torch.randn(6, field.outputs, *field.size)
    there = field.present(x)
    assert there[0].all() and not there[1, 12:].any() and there[1, :12].all()
    assert (field.error(guess, x)[~there] == 0).all() and (field.error(guess, x)[there] > 0).all()
    assert field.fill(x).isfinite().all()


def test_only_fields_with_gaps_are_searched_for_them():
    assert FIELDS["image"].present(sample(FIELDS["image"])) is None


def test_stored_numbers_are_decoded_and_encoded_again():
    field, stored = Field((4,), (2,), scale=1 / 64, offset=128), torch.tensor([[0, 64, 128, 255]], dtype=torch.uint8)
    x = field.decode(stored)
    assert x.dtype == torch.float32 and x.tolist() == [[-2.0, -1.0, 0.0, 127 / 64]]
    assert torch.equal(field.encode(x), stored.float())
    assert Field((4,), (1,), vocab=256).decode(stored).dtype == torch.int64


def test_only_the_chosen_rows_are_decoded():
    field, rows = {"a": Field((4,), (2,))}, {"a": torch.arange(12).view(3, 1, 4)}
    assert torch.equal(decode(field, rows, torch.tensor([2, 0]))["a"], rows["a"][[2, 0]].float())


@pytest.mark.parametrize("field, start, size", [
    (Field((16,), (4,), 2), [[3], [8]], (5,)), (Field((8, 8), (2, 2), vocab=5), [[0, 4], [2, 1]], (4, 3)),
    (Field((4, 8, 8), (2, 4, 4)), [[1, 0, 2], [0, 3, 4]], (2, 4, 4)),
], ids=["one axis", "two axes", "three axes"])
def test_a_window_is_what_slicing_gives(field, start, size):
    x = sample(field, 2)
    windows = field.window(x, torch.tensor(start), size)
    for i, begin in enumerate(start):
        cut = tuple(slice(b, b + n) for b, n in zip(begin, size))
        assert torch.equal(windows[i], x[i][cut] if field.vocab else x[i][(slice(None), *cut)])


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_one_value_per_token_is_spread_over_its_patch(field):
    m = torch.randn(3, field.tokens)
    spread = field.spread(m)
    assert spread.shape == (3, *field.size)
    patches = Field(field.size, field.patch).patchify(spread.unsqueeze(1))
    assert torch.equal(patches, m.unsqueeze(2).expand_as(patches))


@pytest.mark.parametrize("old, new", [((4,), (8,)), ((2, 3), (4, 6)), ((2, 2, 2), (2, 4, 4)), ((1, 1), (3, 3))])
def test_tokens_are_interpolated_from_grid_to_grid(old, new):
    tokens = torch.randn(2, math.prod(old), 5)
    assert resample(tokens, old, new).shape == (2, math.prod(new), 5)
    assert resample(tokens, old, old) is tokens
    constant = torch.ones(1, math.prod(old), 2) * 3
    torch.testing.assert_close(resample(constant, old, new), torch.full((1, math.prod(new), 2), 3.0))


@pytest.mark.parametrize("device", ["meta", torch.device("meta"), None])
def test_rows_are_on_the_device_before_they_are_given_back(device):
    """Apple's GPUs read the memory of the rows whenever they get round to it, and it may be another's by then."""
    class Copies(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), given=None):
            waited.append(not (given or {}).get("non_blocking", False))
            return function(*args, **(given or {}))

    waited, field = [], Field((4, 4), (2, 2))
    with Copies():
        decode({"x": field}, {"x": torch.zeros(3, 1, 4, 4, dtype=torch.uint8)}, torch.tensor([1, 2]), device)
    assert waited and all(waited)
