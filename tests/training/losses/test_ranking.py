"""The text tower's losses, on numbers small enough to work out by hand."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch

from commonplace.training.losses.ranking import (
    anchor_loss,
    false_negatives,
    margin_loss,
    ranking_loss,
    relation_loss,
)

pytestmark = pytest.mark.train
EYE = torch.eye(2)
NOTHING = torch.zeros(2, 2, dtype=torch.bool)


def test_the_ranking_loss_is_the_softmax_both_ways() -> None:
    """Each row and column: -log(e^2 / (e^2 + e^0))."""
    assert ranking_loss(EYE, EYE, NOTHING, scale=2, dims=(2,)).item() == pytest.approx(math.log(1 + math.exp(-2)))


def test_mined_negatives_stand_beside_the_passages_of_the_batch() -> None:
    """One question, its passage and a negative as near: -log(1/2), and nothing to choose the other way."""
    passages = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    ignore = torch.zeros(1, 2, dtype=torch.bool)
    assert ranking_loss(EYE[:1], passages, ignore, scale=5, dims=(2,)).item() == pytest.approx(math.log(2) / 2)


def test_what_is_ignored_is_no_negative() -> None:
    ignore = ~torch.eye(2, dtype=torch.bool)
    assert ranking_loss(EYE, EYE, ignore, scale=2, dims=(2,)).item() == 0


def test_shorter_vectors_are_judged_by_themselves() -> None:
    """Cut to one dimension and back at length 1, both passages are alike."""
    vectors = torch.tensor([[0.6, 0.8], [0.6, -0.8]])
    assert ranking_loss(vectors, vectors, NOTHING, scale=9, dims=(1,)).item() == pytest.approx(math.log(2))


def test_a_passage_that_the_teacher_finds_nearer_than_the_answer_is_left_alone() -> None:
    teacher = torch.tensor([[0.5, 0.9, 0.1], [0.2, 0.6, 0.1]])
    same = torch.tensor([[True, False, False], [False, True, True]])
    assert false_negatives(teacher, same).tolist() == [[False, True, False], [False, False, True]]


def test_the_relation_loss_is_zero_where_the_student_orders_like_its_teacher() -> None:
    cosines = torch.tensor([[0.9, 0.1], [0.3, 0.4]])
    assert relation_loss(cosines, cosines, scale=3, teacher_scale=3).item() == pytest.approx(0, abs=1e-7)
    assert relation_loss(cosines, cosines.flip(1), scale=3, teacher_scale=3).item() > 0.1


def test_margins_are_compared_where_the_teacher_was_asked() -> None:
    student = torch.tensor([0.5, 0.1], requires_grad=True)
    assert margin_loss(student, torch.tensor([0.3, torch.nan])).item() == pytest.approx(0.04)
    assert margin_loss(student, torch.full((2,), torch.nan)).item() == 0


def test_the_anchor_is_one_less_the_cosine() -> None:
    assert anchor_loss(EYE, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).item() == pytest.approx(0.5)
