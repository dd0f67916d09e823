"""BG/NBD on a million customers: mercato against lifetimes, one file, one machine, one run.

    python3 -m venv venv && venv/bin/pip install lifetimes && cargo build --release
    venv/bin/python benches/peers/clv_lifetimes.py target/release/mercato

Prints seconds of the fit alone (reading the file left out on both sides), the ratio, and both peaks of memory.
"""
import json, os, resource, subprocess, sys, tempfile, time
import numpy as np

N = int(os.environ.get("CUSTOMERS", 1_000_000))


def simulate(path):
    rng = np.random.default_rng(1)
    lam, p = rng.gamma(0.25, 1 / 4.5, N), rng.beta(0.8, 2.4, N)
    t = rng.uniform(10, 78, N)
    now, last, x = np.zeros(N), np.zeros(N), np.zeros(N, int)
    alive = np.arange(N)
    while alive.size:
        now[alive] += rng.exponential(1 / np.maximum(lam[alive], 1e-300))
        alive = alive[now[alive] <= t[alive]]
        x[alive] += 1
        last[alive] = now[alive]
        alive = alive[rng.random(alive.size) >= p[alive]]
    np.savetxt(path, np.column_stack([x, last, t]), fmt=["%d", "%.17g", "%.17g"], delimiter=",",
               header="frequency,recency,T", comments="")
    return x, last, t


def peer(path):
    import pandas as pd
    from lifetimes import BetaGeoFitter
    data = pd.read_csv(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    fit = BetaGeoFitter().fit(data.frequency, data.recency, data["T"])
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "params": fit.params_.to_dict(), "over_input_mib": (peak - before) / 1024}))


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(sys.argv[2])
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cohort.csv")
        simulate(path)
        theirs = json.loads(subprocess.check_output([sys.executable, __file__, "--peer", path]))
        # /usr/bin/time is not everywhere; wait4 is
        process = subprocess.Popen([sys.argv[1], "lab", "clv", "fit", "--model", "bg_nbd", path], stdout=subprocess.PIPE)
        ours = json.loads(process.stdout.read())
        _, _, usage = os.wait4(process.pid, 0)
        print("lifetimes", theirs)
        print("mercato  ", {"seconds": ours["seconds"], "params": ours["params"], "peak_mib_whole_process": usage.ru_maxrss / 1024})
        print(f"ratio {theirs['seconds'] / ours['seconds']:.1f} x")
