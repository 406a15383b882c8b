"""A field owns the geometry of a sample: patches and back, errors, hiding, windows, absent places."""

import math

import pytest
import torch
from torch.nn.functional import one_hot
from torch.utils._python_dispatch import TorchDispatchMode
from toys import SHAPES, build, sampled, source

from sslbench.backbones.parts import Reader, Symbols
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
    perfect = (50 * one_hot(x.clamp(max=field.vocab - 1), field.vocab).movedim(-1, 1)
               if field.vocab else x.nan_to_num())
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


@pytest.mark.parametrize("field", [SHAPES["padded series"]["signal"], SHAPES["padded text"]["text"]],
                         ids=["series", "text"])
def test_an_absent_place_has_no_error_whatever_the_guess(field):
    x, guess = sample(field), torch.randn(6, field.outputs, *field.size)
    there = field.present(x)
    assert there[0].all() and not there[1, 12:].any() and there[1, :12].all()
    assert (field.error(guess, x)[~there] == 0).all() and (field.error(guess, x)[there] > 0).all()
    assert field.fill(x).isfinite().all()


def test_hidden_and_absent_symbols_are_told_apart():
    field = Field((6,), (1,), vocab=5, gaps=True)
    # a source may store any number that is no symbol
    x = field.decode(torch.tensor([[0, 4, 2, 5, 9, -1]], dtype=torch.int16))
    assert (x.tolist() == [[0, 4, 2, field.absent, field.absent, field.absent]]
            and (field.hidden, field.absent) == (5, 6))
    seen = field.hide(x, torch.tensor([[True, False, False, True, False, False]]))
    assert seen.tolist() == [[field.hidden, 4, 2, field.absent, field.absent, field.absent]]
    assert (torch.equal(field.present(seen), field.present(x))
            and field.present(x).tolist() == [[True] * 3 + [False] * 3])
    errors = field.error(torch.randn(1, 5, 6), seen)
    assert errors[0, [0, 3, 4, 5]].abs().max() == 0 < errors[0, 1:3].min()
    tokens = Reader(field, 8)(torch.tensor([[0, field.hidden, field.absent, 0, 0, 0]]))[0]
    assert not torch.equal(tokens[1], tokens[2]) and torch.equal(tokens[0], tokens[3])


def test_numbers_that_are_absent_stay_absent_when_they_are_hidden():
    field, x = Field((4,), (1,), 2,
                     gaps=True), torch.tensor([[[1.0, torch.nan, 3, 4], [5, torch.nan, torch.nan, 8]]])
    hidden = field.hide(x, torch.tensor([[True, True, True, False]]))
    assert (hidden.nan_to_num(-1).tolist() == [[[0, -1, 0, 4], [0, -1, -1, 8]]]
            and torch.equal(field.present(hidden), field.present(x)))


def test_symbols_without_gaps_are_as_they_are_stored():
    assert Field((3,), (1,), vocab=4).decode(torch.tensor([[0, 3, 2]])).tolist() == [[0, 3, 2]]


@pytest.mark.parametrize("backbone", ["transformer", "gru", "small_cnn"])
def test_weights_with_one_vector_for_hidden_and_absent_symbols_still_load(backbone):
    """Runs recorded before there were two: that vector was for both."""
    new, old = (build("simclr", backbone, source("padded text"), seed=seed).backbone.eval()
                for seed in (0, 1))
    weights = old.state_dict()
    (table,) = [f"{name}.weight" for name, m in old.named_modules() if isinstance(m, Symbols)]
    weights[table] = weights[table][:-1]
    new.load_state_dict(weights)
    assert torch.equal(new.state_dict()[table], torch.cat([weights[table], weights[table][-1:]]))


def test_only_fields_with_gaps_are_searched_for_them():
    assert FIELDS["image"].present(sample(FIELDS["image"])) is None


def test_stored_numbers_are_decoded_and_encoded_again():
    field, stored = Field((4,), (2,), scale=1 / 64, offset=128), torch.tensor([[0, 64, 128, 255]],
        dtype=torch.uint8)
    x = field.decode(stored)
    assert x.dtype == torch.float32 and x.tolist() == [[-2.0, -1.0, 0.0, 127 / 64]]
    assert torch.equal(field.encode(x), stored.float())
    assert Field((4,), (1,), vocab=256).decode(stored).dtype == torch.int64


def test_only_the_chosen_rows_are_decoded():
    field, rows = {"a": Field((4,), (2,))}, {"a": torch.arange(12).view(3, 1, 4)}
    assert torch.equal(decode(field, rows, torch.tensor([2, 0]))["a"], rows["a"][[2, 0]].float())


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_sample_is_written_and_a_guess_is_read_token_by_token(field):
    x = sample(field)
    guess = torch.randn(len(x), field.outputs, *field.size)
    patches, copy = field.patchify(x.nan_to_num() if not field.vocab else x), torch.zeros_like(x)
    for token in range(field.tokens):
        own = patches[:, token] if field.vocab else patches[:, token].unflatten(1, (-1, field.channels))
        copy = field.put(copy, token, own)
        said = field.at(guess, token)
        assert said.shape == (len(x), math.prod(field.patch), field.outputs)
        assert torch.equal(said.flatten(1),
                           Field(field.size, field.patch, field.outputs).patchify(guess)[:, token])
    assert torch.equal(copy, x if field.vocab else x.nan_to_num())
    before = copy.clone()
    changed = field.put(copy, 1, torch.ones_like(own))
    assert torch.equal(copy, before) and not torch.equal(changed, copy)
    for token in (-1, field.tokens):
        with pytest.raises(IndexError, match=f"there are {field.tokens} tokens"):
            field.put(copy, token, own)


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


@pytest.mark.parametrize("old, new",
                         [((4,), (8,)), ((2, 3), (4, 6)), ((2, 2, 2), (2, 4, 4)), ((1, 1), (3, 3))])
def test_tokens_are_interpolated_from_grid_to_grid(old, new):
    tokens = torch.randn(2, math.prod(old), 5)
    assert resample(tokens, old, new).shape == (2, math.prod(new), 5)
    assert resample(tokens, old, old) is tokens
    constant = torch.ones(1, math.prod(old), 2) * 3
    torch.testing.assert_close(resample(constant, old, new), torch.full((1, math.prod(new), 2), 3.0))


@pytest.mark.parametrize("device", ["meta", torch.device("meta"), None])
def test_rows_are_on_the_device_before_they_are_given_back(device):
    """Apple's GPUs read the memory of the rows whenever they get round to it, and it may be another's by
    then."""
    class Copies(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), given=None):
            waited.append(not (given or {}).get("non_blocking", False))
            return function(*args, **(given or {}))

    waited, field = [], Field((4, 4), (2, 2))
    with Copies():
        decode({"x": field}, {"x": torch.zeros(3, 1, 4, 4, dtype=torch.uint8)}, torch.tensor([1, 2]), device)
    assert waited and all(waited)
