"""A task may look at all training rows before every pass over them; what it keeps is part of the run."""

from dataclasses import replace

import pytest
import torch
from toys import PseudoLabels, catalogue, toy  # noqa: F401  fixtures

from sslbench.field import decode
from sslbench.machine.hardware import Hardware
from sslbench.training.batches import EveryBatch
from sslbench.training.loop import Checkpoint, Step, evaluated, train
from sslbench.training.step import Training

PASS = 16  # steps of 8 of 128 rows


@pytest.fixture
def pseudo(catalogue, toy):
    """A recipe of a task that sorts all samples before every pass; two and a half passes."""
    class Pseudo(PseudoLabels, listed=True):
        """Sorts all samples before every pass."""

        name = "pseudo"

    return replace(toy, pretext="pseudo", steps=5 * PASS // 2)


def seen(recipe, **options):
    """The states of the checkpoints by step, and the losses under "losses"."""
    found = {"losses": {}}
    for event in train(recipe, device="cpu", precision="float32", evaluations=1, test=False,
                       checkpoint_every=PASS // 2, **options):
        if isinstance(event, Step):
            found["losses"][event.step] = event.scalars["loss"]
        if isinstance(event, Checkpoint):
            found[event.step] = {"step": event.step, "recipe": event.state["recipe"],
                                 "optimiser": copied(event.state["optimiser"]),
                                 **{name: copied(x) for name, x in event.state.items()
                                    if name not in ("step", "recipe", "optimiser")}}
    return found


def copied(x):
    if torch.is_tensor(x):
        return x.clone()
    if isinstance(x, dict):
        return {key: copied(value) for key, value in x.items()}
    return [copied(value) for value in x] if isinstance(x, list) else x


def test_all_rows_come_in_order_before_every_pass(pseudo, monkeypatch):
    run, looks = Training(pseudo, Hardware("cpu", "float32")), []

    def look(task, batches):
        assert not task.training and not torch.is_grad_enabled()
        looks.append((step, *(torch.cat([batch["signal"] for batch in batches]) for _ in range(2)),
                      torch.rand(2)))

    monkeypatch.setattr(type(run.task), "before_epoch", look)
    run.task.train()
    for step in range(pseudo.steps):
        run.step(step)
    rows, _ = run.data.loaded("train")
    assert [step for step, *_ in looks] == [0, PASS, 2 * PASS] and run.task.training
    assert all(torch.equal(x, decode(run.data.fields, rows)["signal"])
               for _, once, again, _ in looks for x in (once, again))
    assert not torch.equal(looks[0][-1], looks[1][-1])


@pytest.mark.parametrize("at", [PASS // 2, PASS, 2 * PASS])
def test_a_run_resumed_within_a_pass_or_between_two_ends_bit_for_bit_the_same(pseudo, at):
    whole = seen(pseudo)
    rest = seen(pseudo, resume=whole[at])
    assert rest["losses"] == {step: loss for step, loss in whole["losses"].items() if step > at}
    assert all(torch.equal(rest[pseudo.steps]["task"][name], x)
               for name, x in whole[pseudo.steps]["task"].items())
    assert not torch.equal(whole[PASS // 2]["task"]["centers"], whole[3 * PASS // 2]["task"]["centers"])


def test_what_is_kept_outside_of_buffers_is_missed(pseudo, monkeypatch):
    def forgetful(self, batches):
        self.spread_of = next(iter(batches))["signal"].mean().item()

    def forward(self, inputs):
        return {"loss": self.embed(inputs[0]).square().mean() * (1 + getattr(self, "spread_of", 0.0))}

    monkeypatch.setattr(PseudoLabels, "before_epoch", forgetful)
    monkeypatch.setattr(PseudoLabels, "forward", forward)
    whole = seen(pseudo)
    assert (seen(pseudo, resume=whole[PASS])["losses"]
            == {step: loss for step, loss in whole["losses"].items() if step > PASS})
    assert (seen(pseudo, resume=whole[PASS // 2])["losses"]
            != {s: loss for s, loss in whole["losses"].items() if s > PASS // 2})


@pytest.mark.parametrize("world", [1, 2, 3])
def test_the_shares_of_several_processes_joined_are_all_rows_in_order(toy, world):
    where, data = Hardware("cpu", "float32"), toy.make_data()
    rows, _ = data.loaded("train")
    where.world, shares = world, []
    for where.rank in range(world):
        shares.append(torch.cat([batch["signal"] for batch in EveryBatch(data, rows, where, size=10)]))
    assert len({len(share) for share in shares}) == 1
    assert torch.equal(torch.cat(shares), rows["signal"][: 128 // world * world])


@pytest.mark.parametrize("what", ["a look at all rows", "an evaluation"])
def test_whoever_asks_to_stop_need_not_wait_for_the_end_of(pseudo, what):
    class Asked(Exception):
        pass

    def stop():
        raise Asked

    run = Training(pseudo, Hardware("cpu", "float32"))
    run.check = stop
    with pytest.raises(Asked):
        run.step(0) if what == "a look at all rows" else next(evaluated(run, 0))
    assert run.task.training  # the mode it was in
    run.check = lambda: None
    assert run.step(0)["loss"].isfinite() and next(evaluated(run, 0)).scores
