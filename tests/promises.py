"""What every pretext task and every backbone promises, as functions that raise AssertionError;
test_contracts.py applies them to the catalogue, and to tasks that break each of them."""

import copy
import inspect
import random

import torch
from toys import batch_of

from sslbench.backbones import Backbone, evaluating
from sslbench.field import Field
from sslbench.shown import ROLES, Matrix, Row, Says, as_shown

# of the chance level: where heads may end that see nothing of the sample
BELOW_CHANCE, ABOVE_CHANCE = 0.03, 0.08


def inputs_of(task, seed=0, n=8):
    return task.inputs(batch_of(task.data, n), torch.Generator().manual_seed(seed))


def loss_is_one_finite_number(task):
    scalars = task(inputs_of(task))
    for name, value in scalars.items():
        assert value.shape == (), f"{name} is not a scalar"
        assert value.isfinite(), f"{name} is {value}"
    assert scalars["loss"].dtype == torch.float32


def loss_is_float32_under_autocast(task):
    with torch.autocast("cpu", torch.bfloat16):
        loss = task(inputs_of(task))["loss"]
    assert loss.dtype == torch.float32 and loss.isfinite(), f"{loss}"


def backbone_learns(task):
    task.zero_grad()
    loss = task(inputs_of(task))["loss"]
    assert loss.requires_grad, "no gradient at all"
    loss.backward()
    weights = dict(task.backbone.named_parameters())
    moved = [name for name, p in weights.items() if p.grad is not None and p.grad.abs().sum() > 0]
    assert moved, "no weight of the backbone gets a gradient"
    assert all(weights[name].grad.isfinite().all() for name in moved)


def loss_falls_on_one_batch(task, steps=15):
    """While teachers, queues and centres rest: a queue that is filled with this one batch would make it
    harder and harder."""
    task, inputs = copy.deepcopy(task), inputs_of(task)
    optimiser = torch.optim.Adam([p for p in task.parameters() if p.requires_grad], 3e-3)
    losses = []
    for _ in range(steps):
        loss = task(inputs)["loss"]
        optimiser.zero_grad()
        assert loss.requires_grad, "no gradient at all"
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert (sum(losses[-3:]) < 0.98
            * sum(losses[:3])), f"the loss went from {losses[0]:.4f} to {losses[-1]:.4f}"


def forward_has_no_randomness(task):
    inputs, losses = inputs_of(task), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        losses.append(task(inputs)["loss"].item())
    assert losses[0] == losses[1], f"the same inputs gave the losses {losses}"


def inputs_come_from_the_generator(task):
    seen = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        random.seed(seed)
        seen.append(inputs_of(task, 3))
    assert same(*seen), "inputs depend on more than the batch and the generator"


def inputs_leave_the_batch_alone(task):
    batch = batch_of(task.data, 8)
    before = {name: x.clone() for name, x in batch.items()}
    task.inputs(batch, torch.Generator().manual_seed(0))
    assert same(batch, before), "inputs changed the batch in place"


def one_embedding_per_sample(task):
    task.eval()
    batch = readable(task)
    with torch.no_grad():
        z, again, fewer = task.embed(batch), task.embed(batch), task.embed({name: x[:3]
            for name, x in batch.items()})
    task.train()
    assert z.shape == (8, task.backbone.dim), f"shape {tuple(z.shape)}"
    assert torch.equal(z, again), "two embeddings of one batch differ"
    torch.testing.assert_close(z[:3], fewer, rtol=1e-4, atol=1e-4, msg="an embedding depends on the other "
                                                                       "samples")
    assert z.isfinite().all()


def what_it_shows_can_be_drawn(task):
    """Rows with roles hold samples of the field's size or smaller, words are said of each, a matrix is
    square."""
    with evaluating(task), torch.no_grad():
        shown = as_shown(task.show(inputs_of(task)))
    assert shown, "show returns nothing"
    for item in shown:
        assert isinstance(item, (Row, Says, Matrix)), f"{type(item).__name__} is neither Row, Says nor Matrix"
        if isinstance(item, Row):
            assert item.role in ROLES, f"{item.title} has the role {item.role!r}"
            for name, x in item.batch.items():
                whole = batch_of(task.data)[name]
                axes = (len(x) == 8, x.ndim == whole.ndim,
                        *(0 < a <= b for a, b in zip(x.shape[1:], whole.shape[1:])))
                assert all(axes), f"{item.title}: {name} is {tuple(x.shape)}, a sample {tuple(whole.shape)}"
        elif isinstance(item, Matrix):
            assert (item.values.shape == (8, 8)
                    and item.values.isfinite().all()), f"{item.title} is {tuple(item.values.shape)}"
        else:
            assert (len(item.words) == 8
                    and all(isinstance(text, str) for text in item.words)), f"{item.words!r} is said"
            assert (item.right is None or (len(item.right) == 8
                        and {type(r) for r in item.right} <= {bool, type(None)})), f"{item.right!r}"
    roles = [item.role for item in shown if isinstance(item, Row)]
    assert ("guess" not in roles or "truth" in roles), "a guess stands beside nothing to compare it with"


def chance_is_what_blind_heads_reach(task, steps=120, lr=1e-2, begun=3):
    """The heads learn on a backbone that sees nothing; they come down to the chance level and stay there.
    (They begin at it after a few steps, in which a queue fills with what this backbone says.)"""
    task = blinded(copy.deepcopy(task))
    symbols = any(field.vocab for field in task.fields.values())
    n = 128 if symbols else 48  # how often each occurs must not be learned by heart
    optimiser = torch.optim.Adam([p for p in task.parameters() if p.requires_grad], lr)
    losses, levels = [], []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = lr * min(1, step / 10) * (1 - step / steps)
        inputs = inputs_of(task, seed=step, n=n)
        loss = task(inputs)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        task.after_step((step + 1) / steps)
        losses.append(loss.item())
        levels.append(task.chance(inputs))
    start, end, level = losses[begun], sum(losses[-20:]) / 20, sum(levels[-20:]) / 20
    said = f"blind heads went from {start:.4f} to {end:.4f}; chance is said to be {level:.4f}"
    assert start > level * (1 - BELOW_CHANCE), said
    assert -BELOW_CHANCE * level < end - level < ABOVE_CHANCE * level, said


def blinded(task):
    """The task with backbones, its teacher's too, that read zeros in place of every sample."""
    for module in task.modules():
        if isinstance(module, Backbone):
            module.stem = lambda batch, stem=module.stem: stem({name: torch.zeros_like(x)
                                                                for name, x in batch.items()})
    return task


def absent_places_count_for_nothing(task):
    """Neither a guess at an absent place nor a token there moves the loss or the embedding."""
    assert any(field.gaps for field in task.fields.values()), "this promise is about fields with gaps"
    task.eval()
    errors = []
    kept = Field.error
    Field.error = lambda field, guess, x: errors.append((field, keep(guess), x)) or kept(field, guess, x)
    try:
        loss = task(inputs_of(task))["loss"]
    finally:
        Field.error = kept
    loss.backward()
    for field, guess, x in errors:
        there = field.present(x).unsqueeze(1).expand_as(guess)
        assert not there.all(), "the samples have no gaps"
        assert guess.grad[~there].abs().sum() == 0, "a guess where nothing is moves the loss"
    pooled, pool = [], task.backbone.pool
    task.backbone.pool = lambda tokens, present=None: pool(pooled.append((keep(tokens), present)) or tokens,
                                                           present)
    task.embed(readable(task)).sum().backward()
    del task.backbone.pool
    (tokens, present), = pooled
    assert present is not None and (present < 1).any(), "pooling does not know of the gaps"
    assert tokens.grad[present == 0].abs().sum() == 0, "a token where nothing is moves the embedding"
    task.train()


def keep(x):
    x.retain_grad()
    return x


def sees_no_future(backbone, causal=1):
    """Blocks of `causal` tokens are moved by themselves and by earlier blocks, by nothing that comes
    after."""
    backbone.eval()
    (field,) = backbone.fields.values()
    torch.manual_seed(0)
    tokens = torch.randn(2, field.tokens, backbone.dim)
    with torch.no_grad():
        plain = backbone.trunk(tokens, causal=causal)
        for i in range(1, field.tokens):
            start = i // causal * causal  # of its block
            other = torch.cat([tokens[:, :i], torch.randn_like(tokens[:, i:])], 1)
            seen = backbone.trunk(other, causal=causal)
            assert torch.allclose(seen[:, :start], plain[:, :start],
                                  atol=1e-5), f"a token before {start} is moved by later ones"
            moved = (seen[:, start:] - plain[:, start:]).abs().amax((0, 2)) > 1e-3  # [N - start]
            assert moved.all(), f"tokens of the block that begins at {start} do not see all of it"


def tokens_fill_the_grid(backbone, batch):
    backbone.eval()
    with torch.no_grad():
        tokens = backbone(batch)
    expected = sum(torch.Size(backbone.grid(name)).numel() for name in backbone.fields)
    assert (tokens.shape == (8, expected,
                             backbone.dim)), f"{tuple(tokens.shape)} for {expected} tokens of {backbone.dim}"
    assert backbone.pool(tokens, backbone.present(batch)).shape == (8, backbone.dim)
    assert tokens.flatten(1).std(0).max() > 1e-4, "the tokens are the same for every sample"


def explains_itself(cls):
    first = cls.summary()
    assert cls.__doc__ and first.endswith("."), f"{cls.__name__}: its docstring must begin with one sentence"
    assert len(first) <= 140, (
        f"{cls.__name__}: its first sentence is what the menu shows; {len(first)} characters are too many")
    arguments = inspect.signature(cls.__init__).parameters.values()
    known = cls.hyperparameters()
    for name in (a.name for a in arguments if a.kind is a.KEYWORD_ONLY):
        assert name in known, f"{cls.__name__}.{name} is not annotated with a Hyperparameter"
        assert known[name].meaning, f"{cls.__name__}.{name} has no meaning"
        known[name].check(name, known[name].default)


def readable(task):
    """The batch as the network reads it."""
    return {name: x for name, x in batch_of(task.data).items() if name in task.fields}


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(torch.nan_to_num(a, 7.0), torch.nan_to_num(b, 7.0))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


OF_A_TASK = (loss_is_one_finite_number, loss_is_float32_under_autocast, backbone_learns,
             loss_falls_on_one_batch,
             forward_has_no_randomness, inputs_come_from_the_generator, inputs_leave_the_batch_alone,
             one_embedding_per_sample, what_it_shows_can_be_drawn)


def broken(task, of=OF_A_TASK) -> list[str]:
    """What a task does not keep."""
    found = []
    for promise in of:
        try:
            promise(task)
        except AssertionError as error:
            found.append(f"{promise.__name__}: {error}")
    return found
