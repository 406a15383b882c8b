"""Say of small windows what a slow copy says of the whole, centred and sharpened (DINO, Caron et al.
2021)."""

import math
from typing import Annotated

from ...machine.hardware import gather, in_float32
from .. import Hyperparameter, Row, Says, Tensor, nn, randint, torch
from ..parts import Teacher, embed_views, head, reads_windows, rising
from . import TwoViews, spread


class DINO(TwoViews):
    """Say of a small window of the sample what a slowly following copy of the network says of the whole."""

    name = "dino"
    paper = "https://arxiv.org/abs/2104.14294"
    chance_is_a_direction = True

    def __init__(self, backbone, data, *,
                 local: Annotated[
                     int, Hyperparameter("small windows of each sample; for large pictures", 0, 10)] = 0,
                 prototypes: Annotated[
                     int, Hyperparameter("answers to choose from", 8, 65536, log=True)] = 256,
                 student_temperature: Annotated[float, Hyperparameter(
                     "small: the student's answer is sharp", 0.02, 1.0, log=True)] = 0.1,
                 teacher_temperature: Annotated[float, Hyperparameter(
                     "smaller than the student's: it must become sharper", 0.01, 1.0, log=True)] = 0.04,
                 momentum: Annotated[float, Hyperparameter(
                     "share of itself the teacher keeps at every step; rises to 1", 0.5, 1.0)] = 0.99,
                 center_momentum: Annotated[float, Hyperparameter(
                     "share of itself the centre keeps at every step", 0.0, 1.0)] = 0.99):
        super().__init__(backbone, data)
        self.local, self.momentum, self.center_momentum = local, momentum, center_momentum
        self.student_temperature, self.teacher_temperature = student_temperature, teacher_temperature
        self.projector = head(backbone.dim, 2 * backbone.dim, 64)
        self.answers = nn.Linear(64, prototypes, bias=False)
        self.teacher = Teacher(nn.ModuleList([backbone, self.projector, self.answers]))
        self.register_buffer("center", torch.zeros(prototypes))
        self.mean_answer = None  # the teacher's, of this step, until after_step

    @classmethod
    def incompatible(cls, backbone, data):
        if len(cls.reads(data)) > 1:
            return "cuts windows of one field; simclr and clip compare several"
        return reads_windows(backbone)

    def inputs(self, batch, generator):
        """Two whole views, then windows of half the side of further views."""
        views = [self.own(view) for view in self.data.views(batch, generator, 2 + self.local)]
        return [*views[:2], *({name: self.window(name, x, generator) for name, x in view.items()}
                              for view in views[2:])]

    def window(self, name, x, generator):
        field = self.fields[name]
        size = tuple(max(p, s // 2 // p * p) for s, p in zip(field.size, field.patch))
        start = torch.stack([randint(generator, s - n + 1, len(x)) for s, n in zip(field.size, size)], 1)
        return field.window(x, start, size)

    def student(self, batch):
        return cosines(self.projector(self.embed(batch)), self.answers.weight)

    def taught(self, batch):
        backbone, projector, answers = self.teacher.copy
        return cosines(projector(backbone.embed(batch)), answers.weight)

    def forward(self, inputs):
        students = embed_views(self.student, inputs[:2])
        students += embed_views(self.student, inputs[2:]) if inputs[2:] else []
        with torch.no_grad():
            taught = torch.stack(embed_views(self.taught, inputs[:2]))  # [2, B, K]
            targets = ((taught - self.center) / self.teacher_temperature).softmax(2)
            self.mean_answer = taught.mean((0, 1))
        entropy = -(targets * targets.clamp(min=1e-9).log()).sum(2).mean()
        return {"loss": distillation(targets, [s / self.student_temperature for s in students]),
                "teacher_entropy": entropy, "deviation": spread(students[0])}

    @torch.no_grad()
    def after_step(self, progress):
        self.center.lerp_(gather(self.mean_answer[None]).mean(0), 1 - self.center_momentum)
        self.teacher.follow(nn.ModuleList([self.backbone, self.projector, self.answers]),
                            rising(self.momentum, progress))

    def chance(self, inputs):
        return math.log(len(self.center))  # all answers alike

    def show(self, inputs):
        a, b = ((self.taught(view) - self.center).argmax(1).tolist() for view in inputs[:2])
        said = self.student(inputs[-1]).argmax(1).tolist()
        return [Row("whole view, and the teacher's answer", inputs[0]), Says([f"answer {i}" for i in a]),
                Row("another whole view, and the teacher's answer", inputs[1]),
                Says([f"answer {j}" for j in b], [i == j for i, j in zip(a, b)], "agree"),
                Row("what the student sees, and its answer", inputs[-1]), Says([f"answer {k}" for k in said])]


def cosines(z: Tensor, answers: Tensor) -> Tensor:
    """[B, P] and [K, P] -> [B, K], in float32."""
    with in_float32(z):
        return nn.functional.normalize(z.float(), dim=1) @ nn.functional.normalize(answers.float(), dim=1).T


def distillation(targets, students: list[Tensor]) -> Tensor:
    """Mean cross-entropy of the students' logits [B, K] with the teacher's probabilities [B, K] of every
    other view; the first views are the same for both."""
    pairs = [-(target * logits.log_softmax(1)).sum(1).mean()
             for i, target in enumerate(targets) for j, logits in enumerate(students) if i != j]
    return sum(pairs) / len(pairs)
