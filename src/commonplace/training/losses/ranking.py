"""What a text tower learns from: which passage answers, and how its teachers order them.

Axes: b questions of a batch, each with its passage; m passages, of which the first b are theirs and the others are
mined negatives; d dimensions. Vectors have unit rows. Batches are small here: the whole matrix is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def ranking_loss(
    questions: Tensor, passages: Tensor, ignore: Tensor, *, scale: float, dims: Sequence[int] = (384,)
) -> Tensor:
    """Softmax of each question over all passages, and of each question's passage over the questions, averaged.

    questions (b, d), passages (m, d)
    ignore (b, m)  what is neither answer nor negative; never the answer itself
    scale          inverse of the temperature
    dims           the loss is the mean over vectors cut to their first 384, 256 and 128 dimensions, say (Matryoshka
                   representation learning, arXiv 2205.13147), so that these are good by themselves
    """
    b = len(questions)
    answers = torch.arange(b)
    total = questions.new_zeros(())
    for dim in dims:
        q, p = F.normalize(questions[:, :dim], dim=1), F.normalize(passages[:, :dim], dim=1)
        logits = (scale * q @ p.T).masked_fill(ignore, -torch.inf)
        total = total + (F.cross_entropy(logits, answers) + F.cross_entropy(logits[:, :b].T, answers)) / 2
    return total / len(dims)


def false_negatives(teacher: Tensor, same: Tensor) -> Tensor:
    """(b, m) bool: passages that a teacher finds nearer than the answer, or that are known to say the same.

    teacher (b, m)  its cosines: a guide that sees what the student must not push away (GISTEmbed, arXiv 2402.16829)
    same (b, m)     of one page, or asked for by the same words
    """
    ignore = same | (teacher > teacher.diagonal()[:, None])
    ignore.fill_diagonal_(False)
    return ignore


def relation_loss(student: Tensor, teacher: Tensor, *, scale: float, teacher_scale: float) -> Tensor:
    """KL divergence of the student's softmax over the passages from its teacher's; both cosines (b, m)."""
    target = (teacher_scale * teacher).log_softmax(1)
    return F.kl_div((scale * student).log_softmax(1), target, reduction="batchmean", log_target=True)


def margin_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared error of margins between answer and negative (b,), NaN where the teacher was not asked.

    MarginMSE (arXiv 2010.02666); the teacher's margin is given in the student's measure, that of cosines.
    """
    asked = teacher.isfinite()
    return F.mse_loss(student[asked], teacher[asked]) if bool(asked.any()) else student.new_zeros(())


def anchor_loss(vectors: Tensor, start: Tensor) -> Tensor:
    """One less the mean cosine to the starting vectors; both (n, d)."""
    return 1 - (vectors * start).sum(1).mean()
