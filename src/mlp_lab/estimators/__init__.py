"""The same engine behind scikit-learn's interface and from a DataFrame; needs no Hydra."""
