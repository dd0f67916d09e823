"""The best split of a budget over ten S-shaped channels: mercato against scipy's SLSQP, one start and ten.

    python3 -m venv venv && venv/bin/pip install scipy && cargo build --release
    venv/bin/python benches/peers/allocate_slsqp.py target/release/mercato

Prints how many of 200 random problems each brings within .01 % and .1 % of the proven bound, and the time of a problem
(mercato's own seconds, without starting the process).
"""
import json, os, subprocess, sys, tempfile, time
import numpy as np
from scipy.optimize import minimize

PROBLEMS, CHANNELS = int(os.environ.get("PROBLEMS", 200)), int(os.environ.get("CHANNELS", 10))


def problem(rng):
    scale = 10 ** rng.uniform(2, 4, CHANNELS)
    beta, half = scale * rng.uniform(0.5, 4, CHANNELS), scale * rng.uniform(0.4, 2, CHANNELS)
    slope, most = rng.uniform(0.7, 4, CHANNELS), scale * rng.uniform(2, 6, CHANNELS)
    return round(most.sum() * rng.uniform(0.05, 0.9), 2), beta, half, slope, most


def slsqp(total, beta, half, slope, most, start):
    value = lambda x: (beta / (1 + (half / np.maximum(x, 1e-9)) ** slope)).sum()
    found = minimize(lambda x: -value(x) / beta.sum(), start, method="SLSQP", bounds=[(0, m) for m in most],
                     constraints={"type": "eq", "fun": lambda x: (x.sum() - total) / total},
                     options={"maxiter": 500, "ftol": 1e-12})
    x = np.clip(found.x, 0, most)
    return value(x) if abs(x.sum() - total) <= 1e-6 * total else 0.0


rng = np.random.default_rng(1)
shares = {name: [] for name in ("mercato", "SLSQP", "SLSQP, ten starts")}
seconds = {name: 0.0 for name in shares}
for _ in range(PROBLEMS):
    total, beta, half, slope, most = problem(rng)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        rows = zip(beta, half, slope, most)
        channels = [{"name": f"c{i}", "beta": b, "half_saturation": h, "slope": s, "min": 0, "max": m}
                    for i, (b, h, s, m) in enumerate(rows)]
        json.dump({"total": total, "channels": channels}, file)
        file.flush()
        ours = json.loads(subprocess.check_output([sys.argv[1], "lab", "allocate", file.name]))
    bound = ours["upper_bound"]
    shares["mercato"].append(ours["value"] / bound)
    seconds["mercato"] += ours["seconds"]
    starts = [total * most / most.sum()] + [np.minimum(total * rng.dirichlet(np.ones(CHANNELS)), most) for _ in range(9)]
    began, values = time.perf_counter(), []
    for start in starts:
        values.append(slsqp(total, beta, half, slope, most, start))
        if len(values) == 1:
            seconds["SLSQP"] += time.perf_counter() - began
    seconds["SLSQP, ten starts"] += time.perf_counter() - began
    shares["SLSQP"].append(values[0] / bound)
    shares["SLSQP, ten starts"].append(max(values) / bound)
for name, share in shares.items():
    share = np.array(share)
    print(f"{name:18} within .01 %: {(share >= 0.9999).mean():5.0%}  within .1 %: {(share >= 0.999).mean():5.0%}"
          f"  worst {share.min():.3f}  {1e3 * seconds[name] / PROBLEMS:8.2f} ms"
          f"  {seconds[name] / seconds['mercato']:7.1f} x mercato")
