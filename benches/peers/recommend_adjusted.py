"""Item k-NN by adjusted cosine on the five folds of ML-100K: mercato against the same formulas in numpy, fold by fold.

    python3 -m venv venv && venv/bin/pip install numpy && cargo build --release
    venv/bin/python benches/peers/recommend_adjusted.py target/release/mercato ../shared/data/ml-100k/ratings.csv.gz

Items with one rater in common have a similarity of 1 but for rounding, so the way sums are added decides which of them
come first, and the fifth digit of the error. Sums are therefore added user by user here, as mercato does; a matrix
product adds them as the processor's kernel likes (`--dense`; on AVX-512, or with OPENBLAS_CORETYPE=SkylakeX,
.971184 / .764779, .938505 / .735135, .923518 / .723145).
"""
import sys, tempfile
import numpy as np
from recommend_surprise import folds, ours

FORMS = {"weighted": ("--weighted",), "centred": ("--centred",), "centred, shrink 25": ("--centred", "--shrink", "25")}


def read(folder, name):
    return np.loadtxt(f"{folder}/{name}", dtype=int, usecols=(0, 1, 2))


def errors(train, test, dense, k=40):
    """RMSE and MAE of each of FORMS."""
    users, items = train[:, 0].max() + 1, max(train[:, 1].max(), test[:, 1].max()) + 1
    ratings, rated = np.zeros((users, items)), np.zeros((users, items))
    ratings[train[:, 0], train[:, 1]], rated[train[:, 0], train[:, 1]] = train[:, 2], 1
    mean = ratings.sum(0) / np.maximum(rated.sum(0), 1)
    adjusted = (ratings - (ratings.sum(1) / np.maximum(rated.sum(1), 1))[:, None]) * rated
    shared = rated.T @ rated
    if dense:
        product, squares = adjusted.T @ adjusted, (adjusted * adjusted).T @ rated
    else:
        product, squares = np.zeros((items, items)), np.zeros((items, items))
        for own, row in zip(rated, adjusted):
            these = np.flatnonzero(own)
            product[np.ix_(these, these)] += np.outer(row[these], row[these])
            squares[np.ix_(these, these)] += (row[these] ** 2)[:, None]
    norm = np.sqrt(squares * squares.T)
    cosine = np.divide(product, norm, out=np.zeros_like(norm), where=norm > 0)
    for form, shrink in (("weighted", 0), ("centred", 0), ("centred", 25)):
        similar = cosine * shared / (shared + shrink) if shrink else cosine
        misses = []
        for user, item, actual in test:
            own = np.flatnonzero(rated[user])
            near = own[np.argsort(-similar[item, own], kind="stable")[:k]]
            near = near[similar[item, near] > 0]
            weights = similar[item, near]
            if not rated[:, item].any():
                forecast = train[:, 2].mean()
            elif not len(near):
                forecast = mean[item]
            elif form == "centred":
                forecast = mean[item] + weights @ (ratings[user, near] - mean[near]) / weights.sum()
            else:
                forecast = weights @ ratings[user, near] / weights.sum()
            misses.append(min(5, max(1, forecast)) - actual)
        yield np.sqrt(np.mean(np.square(misses))), np.mean(np.abs(misses))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        folds(sys.argv[2], folder)
        parts = [(read(folder, f"u{fold}.base"), read(folder, f"u{fold}.test")) for fold in range(1, 6)]
        found = np.array([list(errors(*part, "--dense" in sys.argv)) for part in parts])
        for number, (form, args) in enumerate(FORMS.items()):
            _, _, rmse = ours(sys.argv[1], folder, ["--algo", "item_cf", *args])
            apart = max(abs(a - b) for a, b in zip(rmse, found[:, number, 0]))
            print(f"{form}: numpy {found[:, number].mean(0)}, rmse {found[:, number, 0].tolist()}")
            print(f"{form}: mercato {np.mean(rmse):.6f}, at most {apart:.1e} apart in a fold")
