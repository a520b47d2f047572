"""The mathematics, on stacks: activations, losses, the MLP, its backward pass, its optimizers.

Nothing here knows of data sets, files or configuration trees. Modules that hold a config import
torch only for the type checker, so that a wrong setting is refused before torch is loaded.
"""
