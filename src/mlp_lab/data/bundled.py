"""The data sets that come with scikit-learn, read from its files.

Importing sklearn.datasets takes about as long as importing torch; its data files are plain text.
"""

import gzip
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import classified, numeric
from mlp_lab.data.config import DataConfig
from mlp_lab.data.rows import RawData

IRIS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
WINE = [
    *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols"),
    *("flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue"),
    *("od280/od315_of_diluted_wines", "proline"),
]
CELL = [
    *("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity"),
    *("concave points", "symmetry", "fractal dimension"),
]
BREAST_CANCER = [form.format(name) for form in ("mean {}", "{} error", "worst {}") for name in CELL]
DIABETES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
PIXELS = [f"pixel_{row}_{column}" for row, column in product(range(8), repeat=2)]


@dataclass(kw_only=True, slots=True)
class BundledConfig(DataConfig):
    """A real data set of scikit-learn's, all of its rows."""


def _numbers(name: str, delimiter: str | None = ",", skip: int = 0) -> Floats:
    spec = importlib.util.find_spec("sklearn")  # finds the package without importing it
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "datasets" / "data" / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        return np.loadtxt(lines, delimiter=delimiter, skiprows=skip)


def _classes(name: str, inputs: list[str], target: str, classes: list[str]) -> RawData:
    rows = _numbers(name, skip=0 if name.endswith(".gz") else 1)
    return RawData(rows[:, :-1], rows[:, -1], numeric(inputs), [classified(target, classes)])


def _diabetes() -> RawData:
    inputs = _numbers("diabetes_data_raw.csv.gz", delimiter=None)
    target = _numbers("diabetes_target.csv.gz", delimiter=None)
    return RawData(inputs, target, numeric(DIABETES), numeric(["progression"]))


BUNDLED: dict[str, Callable[[], RawData]] = {
    # 1,797 handwritten digits of 8 x 8 pixels (UCI, Alpaydin and Kaynak, 1998)
    "digits": partial(_classes, "digits.csv.gz", PIXELS, "digit", list(map(str, range(10)))),
    # 150 flowers of 3 species (Fisher, 1936)
    "iris": partial(_classes, "iris.csv", IRIS, "species", ["setosa", "versicolor", "virginica"]),
    # 178 wines of 3 growers (UCI, Forina et al., 1991)
    "wine": partial(_classes, "wine_data.csv", WINE, "grower", ["class_0", "class_1", "class_2"]),
    # 569 tumours (UCI, Wolberg et al., 1995)
    "breast_cancer": partial(
        _classes, "breast_cancer.csv", BREAST_CANCER, "tumour", ["malignant", "benign"]
    ),
    # 442 patients' progression of diabetes after a year (Efron et al., 2004), unscaled inputs
    "diabetes": _diabetes,
}
