"""What other programs and textbooks call a setting -> its key here.

Names are compared without signs and capitals: `learning_rate`, `learningRate` and `learning-rate`
are one.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from mlp_lab.errors import plain_name

SYNONYMS = {
    **dict.fromkeys(("learning_rate", "learning_rate_init", "eta", "eta0"), "optimizer.lr"),
    **dict.fromkeys(("step_length", "base_lr", "init_lr", "initial_lr"), "optimizer.lr"),
    **dict.fromkeys(("l2", "l2_reg", "alpha", "reg_lambda", "lambda"), "optimizer.weight_decay"),
    **dict.fromkeys(("l1_reg", "l1_penalty", "lasso"), "optimizer.l1"),
    **dict.fromkeys(("regularization", "penalty", "decay", "wd"), "optimizer.weight_decay"),
    **dict.fromkeys(("regularization_rate", "l2_penalty", "ridge"), "optimizer.weight_decay"),
    **dict.fromkeys(("kernel_regularizer", "l2_regularization"), "optimizer.weight_decay"),
    **dict.fromkeys(("clip", "grad_clip", "clipnorm", "max_grad_norm"), "optimizer.clip_norm"),
    **dict.fromkeys(("gradient_clip_val", "global_clipnorm"), "optimizer.clip_norm"),
    **dict.fromkeys(("solver", "optim", "algorithm"), "optimizer"),
    "epsilon": "optimizer.eps",
    **dict.fromkeys(("layers", "hidden_layers", "n_layers", "num_layers"), "model.depth"),
    **dict.fromkeys(("n_hidden_layers", "num_hidden_layers"), "model.depth"),
    **dict.fromkeys(("hidden_layer_sizes", "layer_sizes", "hidden_sizes"), "model.width"),
    **dict.fromkeys(("units", "hidden_units", "neurons", "hidden", "nodes"), "model.width"),
    **dict.fromkeys(("hidden_size", "hidden_dim", "n_hidden", "num_hidden"), "model.width"),
    **dict.fromkeys(("n_units", "num_units", "n_neurons", "num_neurons"), "model.width"),
    **dict.fromkeys(("network_shape", "hidden_channels", "layer_size"), "model.width"),
    **dict.fromkeys(("activation_function", "nonlinearity", "activations"), "model.activation"),
    **dict.fromkeys(("hidden_activation", "activation_fn"), "model.activation"),
    **dict.fromkeys(("output_activation", "out_activation"), "model.output"),
    **dict.fromkeys(("dropout_rate", "drop_rate", "p", "dropout_p"), "model.dropout"),
    **dict.fromkeys(("initializer", "weight_init", "initialization"), "model.init"),
    **dict.fromkeys(("kernel_initializer", "init_mode"), "model.init"),
    **dict.fromkeys(("batch_norm", "batch_normalization", "use_batch_norm"), "model.normalisation"),
    **dict.fromkeys(("layer_norm", "layer_normalization", "norm"), "model.normalisation"),
    **dict.fromkeys(("skip", "skip_connections", "resnet"), "model.residual"),
    **dict.fromkeys(("network", "architecture"), "model"),
    **dict.fromkeys(("batch", "bs", "minibatch", "minibatch_size"), "batch_size"),
    **dict.fromkeys(("train_batch_size", "per_device_train_batch_size"), "batch_size"),
    **dict.fromkeys(("n_epochs", "num_epochs", "max_epochs", "max_iter"), "epochs"),
    **dict.fromkeys(("num_train_epochs", "nb_epoch", "passes"), "epochs"),
    **dict.fromkeys(("iterations", "n_iter", "num_iterations"), "epochs"),
    **dict.fromkeys(("early_stopping", "early_stop", "n_iter_no_change"), "stop.patience"),
    **dict.fromkeys(("early_stopping_rounds", "early_stopping_patience"), "stop.patience"),
    "tol": "stop.min_delta",
    **dict.fromkeys(("max_time", "time_limit"), "stop.seconds"),
    **dict.fromkeys(("random_state", "random_seed", "rng", "manual_seed"), "seed"),
    **dict.fromkeys(("loss_function", "loss_fn", "criterion", "objective"), "loss"),
    **dict.fromkeys(("scheduler", "lr_scheduler", "lr_schedule"), "schedule"),
    **dict.fromkeys(("validation_fraction", "validation_split", "val_split"), "data.val_fraction"),
    **dict.fromkeys(("val_size", "validation_size"), "data.val_fraction"),
    **dict.fromkeys(("test_size", "test_split", "test_ratio"), "data.test_fraction"),
    **dict.fromkeys(("standardize", "normalize", "scaler", "normalization"), "data.scaling"),
    **dict.fromkeys(("feature_scaling", "preprocessing"), "data.scaling"),
    "n_quantiles": "data.quantiles",
    **dict.fromkeys(("class_weight", "balanced"), "data.class_weights"),
    **dict.fromkeys(("sample_weight", "weight_column"), "data.weight"),
    **dict.fromkeys(("dataset", "problem"), "data"),
    **dict.fromkeys(("file", "csv", "filename", "data_path"), "data.path"),
    **dict.fromkeys(("label", "outcome", "y", "target_column", "dependent"), "data.target"),
    **dict.fromkeys(("n_samples", "samples", "n_rows", "num_samples"), "data.rows"),
    **dict.fromkeys(("na_values", "missing_values"), "data.missing"),
    **dict.fromkeys(("kfold", "n_folds", "n_splits"), "cv"),
    "n_repeats": "cv_repeats",
    **dict.fromkeys(("n_estimators", "n_networks", "members"), "ensemble"),
    **dict.fromkeys(("gpu", "cuda", "use_cuda", "accelerator"), "device"),
    "precision": "dtype",
    **dict.fromkeys(("amp", "mixed_precision", "use_amp"), "autocast"),
    **dict.fromkeys(("n_jobs", "num_threads", "num_workers"), "threads"),
    **dict.fromkeys(("verbose", "silent"), "quiet"),
    **dict.fromkeys(("run_name", "experiment_name", "title"), "name"),
    **dict.fromkeys(("notes", "project"), "tags"),
    **dict.fromkeys(("resume_from", "checkpoint", "warm_start", "from_checkpoint"), "resume"),
    **dict.fromkeys(("ema", "swa", "weight_averaging"), "averaging.kind"),
}
"""A name in any group -> the key."""

WITHIN = {
    **dict.fromkeys(("optimizer.momentum", "optimizer.beta"), "optimizer.alpha"),
    "optimizer.alpha": "optimizer.rho",  # torch's name of it
    **dict.fromkeys(("data.seed", "data.random_state", "data.random_seed"), "data.split_seed"),
    **dict.fromkeys(("schedule.warmup", "schedule.warmup_steps"), "schedule.warmup_epochs"),
}
"""A key -> the one that it is where the chosen group has that."""

MENTIONED = {
    **dict.fromkeys(
        ("shuffle", "shuffle_rows"), "training rows are put into a new order in every epoch, always"
    ),
    **dict.fromkeys(
        ("bias", "use_bias", "fit_intercept", "intercept"), "every layer has biases, always"
    ),
    **dict.fromkeys(
        ("metrics", "metric", "scoring", "eval_metric"),
        "all metrics of a task are computed, always; stop.monitor=metric stops by the main one,"
        " stop.monitor=roc_auc by that",
    ),
    **dict.fromkeys(
        ("restore_best_weights", "save_best_only", "load_best_model_at_end"),
        "the best epoch's weights are kept, always",
    ),
    **dict.fromkeys(
        ("train_size", "train_fraction", "train_split", "train_ratio", "perc_train_data"),
        "the training rows are what data.test_fraction and data.val_fraction leave;"
        " data.train_rows keeps a number of them",
    ),
    **dict.fromkeys(
        ("nesterov", "nesterovs_momentum"), "it is an optimizer of its own: optimizer=nesterov"
    ),
    "betas": "they are two keys: optimizer.beta1 and optimizer.beta2",
    **dict.fromkeys(
        ("callbacks", "callback"),
        "there are none: stopping is stop.patience, a schedule schedule=..., records tracking.*",
    ),
    "power_t": "schedules are chosen by name, as schedule=cosine",
    **dict.fromkeys(("warmup", "warmup_steps", "warmup_ratio"), "a warm-up is schedule=warmup"),
}
"""What has no key here, or another one than its value suggests -> how it is here."""

ON_A_COMMAND_LINE = {
    **dict.fromkeys(
        ("output_dir", "out_dir", "out", "log_dir", "save_dir", "save", "run_dir", "folder"),
        "the folder of a run is hydra.run.dir=FOLDER, that of a sweep hydra.sweep.dir=FOLDER",
    ),
    **dict.fromkeys(
        ("seeds", "n_seeds", "num_seeds"), "several seeds are a sweep: train -m seed=0,1,2"
    ),
    **dict.fromkeys(
        ("n_trials", "trials", "num_trials"),
        "a search is hydra/sweeper=optuna hydra.sweeper.n_trials=50",
    ),
    "sweeper": "it is hydra/sweeper=grid or hydra/sweeper=optuna",
    "launcher": "it is hydra/launcher=stacked or hydra/launcher=basic",
}
"""The same of what only a command line has."""

EXPLAINED = {
    "model.depth": "the number of hidden layers",
    "model.width": "units of each hidden layer, a number or a list; model.depth counts the layers",
    "model.normalisation": "of hidden layers: none, layer or batch",
    "optimizer.weight_decay": "the L2 penalty",
    "optimizer.l1": "the L1 penalty",
    "stop.patience": "epochs without a better validation loss, before the last one",
    "optimizer.rho": "the decay rate of the average of squares",
    "quiet": "true: no line an epoch",
}
"""What a key is, where its name may not say it."""

_BY_PLAIN_NAME = {plain_name(name): key for name, key in SYNONYMS.items()}

_MENTIONED = {plain_name(name): words for name, words in MENTIONED.items()}

_ON_A_COMMAND_LINE = {plain_name(name): words for name, words in ON_A_COMMAND_LINE.items()}

ALIKE = 0.8
"""Share of letters that two names have in common where one is the other, mistyped."""


def meaning(key: str) -> str:
    """The key that another name stands for, whether or not the chosen groups have it."""
    return _BY_PLAIN_NAME.get(plain_name(_last(key)), "")


def own_key(key: str, names: Sequence[str]) -> str:
    """The key of ours that another name stands for; nothing if it stands for none.

    Args:
        key: as typed.
        names: what there is in its group, or the keywords of Python where it has none.

    >>> own_key("learning_rate", ["epochs"]), own_key("learningRate", ["lr", "epochs"])
    ('optimizer.lr', 'lr')
    """
    group = key.rpartition(".")[0]
    within = WITHIN.get(key, "")
    found = within if _last(within) in names else "" if within else meaning(key)
    section, _, name = found.rpartition(".")
    if not group and name in names:
        return name
    return found if section != group or name in names else ""


def remark(key: str, *, on_a_command_line: bool = False) -> str:
    """How it is here, where a name of other programs has no key; nothing for any other.

    >>> remark("useBias"), remark("lr")
    ('every layer has biases, always', '')
    """
    name = plain_name(_last(key))
    return _MENTIONED.get(name) or (_ON_A_COMMAND_LINE.get(name, "") if on_a_command_line else "")


def mistyped(word: str, keys: Iterable[str]) -> str:
    """The one of some keys that a word without a group is but for a few letters, or nothing.

    Names of other programs count, too.

    >>> mistyped("weigth_decay", ["optimizer.weight_decay"]), mistyped("foo", ["data.folds"])
    ('optimizer.weight_decay', '')
    """
    known = {plain_name(_last(key)): key for key in reversed(list(keys))}
    for names in (known, _BY_PLAIN_NAME):
        close = get_close_matches(plain_name(word), names, n=1, cutoff=ALIKE)
        if close:
            found = names[close[0]]
            return _last(found) if _last(found) in known.values() else found
    return ""


def explained(key: str) -> str:
    """A key in a message, with what it is where its name may not say it."""
    meaning = next((text for own, text in EXPLAINED.items() if key in (own, _last(own))), "")
    return f"{key!r}, {meaning}" if meaning else repr(key)


def _last(key: str) -> str:
    return key.rpartition(".")[2]
