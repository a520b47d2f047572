"""What other programs and textbooks call a setting -> its key here."""

from collections.abc import Sequence

SYNONYMS = {
    **dict.fromkeys(("learning_rate", "learning_rate_init", "eta", "eta0"), "optimizer.lr"),
    **dict.fromkeys(("l2", "l2_reg", "alpha", "reg_lambda", "lambda"), "optimizer.weight_decay"),
    **dict.fromkeys(("l1_reg", "l1_penalty", "lasso"), "optimizer.l1"),
    **dict.fromkeys(("regularization", "penalty", "decay", "wd"), "optimizer.weight_decay"),
    **dict.fromkeys(("clip", "grad_clip", "clipnorm", "max_grad_norm"), "optimizer.clip_norm"),
    **dict.fromkeys(("solver", "optim", "algorithm"), "optimizer"),
    "epsilon": "optimizer.eps",
    **dict.fromkeys(("layers", "hidden_layers", "n_layers", "num_layers"), "model.depth"),
    **dict.fromkeys(("n_hidden_layers", "num_hidden_layers"), "model.depth"),
    **dict.fromkeys(("hidden_layer_sizes", "layer_sizes", "hidden_sizes"), "model.width"),
    **dict.fromkeys(("units", "hidden_units", "neurons", "hidden"), "model.width"),
    **dict.fromkeys(("hidden_size", "hidden_dim", "n_hidden"), "model.width"),
    **dict.fromkeys(("activation_function", "nonlinearity", "activations"), "model.activation"),
    **dict.fromkeys(("dropout_rate", "drop_rate", "p"), "model.dropout"),
    **dict.fromkeys(("initializer", "weight_init", "initialization"), "model.init"),
    **dict.fromkeys(("network", "architecture"), "model"),
    **dict.fromkeys(("batch", "batchsize", "bs", "minibatch", "mini_batch"), "batch_size"),
    **dict.fromkeys(("n_epochs", "num_epochs", "max_epochs", "max_iter"), "epochs"),
    **dict.fromkeys(("iterations", "n_iter", "num_iterations"), "epochs"),
    **dict.fromkeys(("early_stopping", "n_iter_no_change"), "stop.patience"),
    "tol": "stop.min_delta",
    **dict.fromkeys(("random_state", "random_seed", "rng"), "seed"),
    **dict.fromkeys(("loss_function", "loss_fn", "criterion", "objective"), "loss"),
    **dict.fromkeys(("scheduler", "lr_scheduler", "lr_schedule"), "schedule"),
    **dict.fromkeys(("validation_fraction", "validation_split", "val_split"), "data.val_fraction"),
    **dict.fromkeys(("val_size", "validation_size"), "data.val_fraction"),
    **dict.fromkeys(("test_size", "test_split"), "data.test_fraction"),
    **dict.fromkeys(("standardize", "normalize", "scaler", "normalization"), "data.scaling"),
    "n_quantiles": "data.quantiles",
    "class_weight": "data.class_weights",
    "dataset": "data",
    **dict.fromkeys(("file", "csv"), "data.path"),
    **dict.fromkeys(("label", "outcome", "y"), "data.target"),
    **dict.fromkeys(("kfold", "k_fold", "n_folds", "n_splits"), "cv"),
    **dict.fromkeys(("n_estimators", "n_networks", "members"), "ensemble"),
    **dict.fromkeys(("gpu", "cuda", "use_cuda", "accelerator"), "device"),
    "precision": "dtype",
    **dict.fromkeys(("amp", "mixed_precision", "use_amp"), "autocast"),
    **dict.fromkeys(("n_jobs", "num_threads"), "threads"),
    **dict.fromkeys(("verbose", "silent"), "quiet"),
    **dict.fromkeys(("run_name", "experiment_name"), "name"),
    **dict.fromkeys(("resume_from", "checkpoint"), "resume"),
}
"""A name in any group -> the key."""

WITHIN = {"optimizer.momentum": "optimizer.alpha", "optimizer.beta": "optimizer.alpha"}
"""A key -> the one that it is where the chosen group has that."""

EXPLAINED = {
    "model.depth": "the number of hidden layers",
    "model.width": "units of each hidden layer, a number or a list; model.depth counts the layers",
    "optimizer.weight_decay": "the L2 penalty",
    "optimizer.l1": "the L1 penalty",
    "stop.patience": "epochs without a better validation loss, before the last one",
}
"""What a key is, where its name may not say it."""


def own_key(key: str, names: Sequence[str]) -> str:
    """The key of ours that another name stands for; nothing if it stands for none.

    Args:
        key: as typed.
        names: what there is in its group, or the keywords of Python where it has none.

    >>> own_key("learning_rate", ["epochs"]), own_key("learning_rate", ["lr", "epochs"])
    ('optimizer.lr', 'lr')
    """
    group, _, last = key.rpartition(".")
    found = WITHIN.get(key) or SYNONYMS.get(last.lower().replace("-", "_"), "")
    section, _, name = found.rpartition(".")
    if not group and name in names:
        return name
    return found if section != group or name in names else ""


def explained(key: str) -> str:
    """A key in a message, with what it is where its name may not say it."""
    meaning = next((text for own, text in EXPLAINED.items() if key in (own, _last(own))), "")
    return f"{key!r}, {meaning}" if meaning else repr(key)


def _last(key: str) -> str:
    return key.rpartition(".")[2]
