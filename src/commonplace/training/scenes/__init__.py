"""Technical pictures with true captions, drawn by seed: scenes that teach looks."""

from commonplace.training.scenes.families import FAMILIES
from commonplace.training.scenes.grammar import VIEWS, View
from commonplace.training.scenes.scene import Scene, pair, scene, split_families

__all__ = ["FAMILIES", "VIEWS", "Scene", "View", "pair", "scene", "split_families"]
