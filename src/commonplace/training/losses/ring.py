"""Several processes as a ring: texts, and what was summed up for them, visit every process and come home.

Each process keeps its images and holds one block of texts at a time, so that memory does not grow with the number
of processes (Inf-CL, arXiv 2410.17243).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import torch
import torch.distributed as dist
from torch import Tensor

from commonplace.errors import CommonplaceError, UsageError

Group: TypeAlias = "dist.ProcessGroup | None"
"""The processes that share a batch; None is this process by itself."""


def world_size(group: Group) -> int:
    return 1 if group is None else dist.get_world_size(group)


def stops(travellers: Sequence[Tensor], group: Group) -> Iterator[int]:
    """Count the stops of a journey round the ring; after the last one every tensor is home.

    The tensors are overwritten: at each stop they hold what the left neighbour held before.
    """
    yield 0
    if group is None or world_size(group) == 1:
        return
    for stop in range(1, world_size(group)):
        _pass_on(travellers, group)
        yield stop
    _pass_on(travellers, group)


def _pass_on(travellers: Sequence[Tensor], group: dist.ProcessGroup) -> None:
    rank, world = dist.get_rank(group), dist.get_world_size(group)
    right, left = (dist.get_global_rank(group, (rank + step) % world) for step in (1, -1))
    arrivals = [torch.empty_like(tensor) for tensor in travellers]
    sends = [dist.P2POp(dist.isend, tensor, right, group) for tensor in travellers]
    receives = [dist.P2POp(dist.irecv, tensor, left, group) for tensor in arrivals]
    for request in dist.batch_isend_irecv(sends + receives):
        request.wait()
    for tensor, arrival in zip(travellers, arrivals, strict=True):
        tensor.copy_(arrival)


def mean(values: Tensor, group: Group) -> Tensor:
    """The mean over the processes."""
    if group is not None:
        dist.all_reduce(values, group=group)
    return values / world_size(group)


def agree(problem: CommonplaceError | None, images: Tensor, group: Group) -> None:
    """Raise in every process if one has a problem or another shape: who waits for a dead process waits forever."""
    if group is not None:
        mine = torch.tensor(tuple(images.shape) if problem is None else (-1, -1), device=images.device)
        everyone = [torch.empty_like(mine) for _ in range(world_size(group))]
        dist.all_gather(everyone, mine, group=group)
        shapes = [tuple(theirs.tolist()) for theirs in everyone]
        if problem is None and len(set(shapes)) > 1:
            problem = UsageError(
                f"the processes hold images {shapes}, where (-1, -1) refused its input and says why; "
                "expected one shape in all. Drop the incomplete last batch."
            )
    if problem is not None:
        raise problem
