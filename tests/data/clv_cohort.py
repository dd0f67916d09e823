"""Makes the simulated cohort, its optimum in 40-digit arithmetic, and a grid of function values.

    python3 -m venv venv && venv/bin/pip install mpmath && venv/bin/python tests/data/clv_cohort.py

Writes clv_cohort.csv (600 customers of a BG/NBD process with Gamma-Gamma values, whole days),
clv_optimum.json (maximum-likelihood estimates, standard errors, log-likelihood; |gradient| < 1e-30)
and clv_functions.csv (P(alive) and E[Y(t)] by the closed forms of the papers). Shares no code with src/.
"""
import csv, json, math, os, random
from collections import Counter
from mpmath import mp, mpf, matrix, loggamma, psi, log, exp, hyp2f1, lu_solve, sqrt, diff

mp.dps = 40
HERE = os.path.dirname(os.path.abspath(__file__))


def simulate():
    rng = random.Random(20261125)
    rows = []
    for _ in range(600):
        t_days = rng.randint(60, 364)
        lam = rng.gammavariate(0.7, 1 / 50.0)  # a day
        p = rng.betavariate(0.8, 3.0)
        nu = rng.gammavariate(4.0, 1 / 20.0)
        now, days, values = 0.0, [], []
        while True:
            now += rng.expovariate(lam)
            if now > t_days:
                break
            day = max(1, math.floor(now))
            if not days or days[-1] != day:
                days.append(day)
                values.append(rng.gammavariate(6.0, 1 / nu))
            if rng.random() < p:
                break
        m = round(sum(values) / len(values), 2) if values else 0.0
        rows.append((len(days), (days[-1] if days else 0) / 7, t_days / 7, m))
    return rows


def purchase_gradient(rows, mbg):
    """Gradient in (r, alpha, a, b) and the log-likelihood, natural parameters."""
    def at(r, al, a, b):
        value, g = mpf(0), [mpf(0)] * 4
        memo = {}
        for (x, tx, T), w in rows.items():
            if x not in memo:
                n = x + 1 if mbg else x
                memo[x] = (
                    loggamma(r + x) - loggamma(r) + loggamma(b + n) - loggamma(b) + loggamma(a + b) - loggamma(a + b + n),
                    psi(0, r + x) - psi(0, r),
                    psi(0, a + b) - psi(0, a + b + n),
                    psi(0, b + n) - psi(0, b) + psi(0, a + b) - psi(0, a + b + n), n)
            v, gr, ga, gb, n = memo[x]
            lT = log(al + T)
            value += w * (v + r * log(al) - (r + x) * lT)
            g[0] += w * (gr + log(al) - lT)
            g[1] += w * (r / al - (r + x) / (al + T))
            g[2] += w * ga
            g[3] += w * gb
            if n > 0:
                k = a / (b + n - 1) * exp((r + x) * (lT - log(al + tx)))
                s = k / (1 + k)
                value += w * log(1 + k)
                g[0] += w * s * (lT - log(al + tx))
                g[1] += w * s * (r + x) * (1 / (al + T) - 1 / (al + tx))
                g[2] += w * s / a
                g[3] -= w * s / (b + n - 1)
        return value, g
    return at


def value_gradient(rows):
    def at(p, q, v):
        value, g = mpf(0), [mpf(0)] * 3
        for (x, m), w in rows.items():
            px = p * x
            d, e, f = psi(0, px + q), psi(0, px), psi(0, q)
            l = log(x * m + v)
            value += w * (loggamma(px + q) - loggamma(px) - loggamma(q) + q * log(v) + (px - 1) * log(m) + px * log(x) - (px + q) * l)
            g[0] += w * x * (d - e + log(m) + log(x) - l)
            g[1] += w * (d - f + log(v) - l)
            g[2] += w * (q / v - (px + q) / (x * m + v))
        return value, g
    return at


def optimum(at, start):
    n = len(start)
    theta = [log(mpf(s)) for s in start]

    def gradient(th):
        nat = [exp(t) for t in th]
        _, g = at(*nat)
        return [gi * x for gi, x in zip(g, nat)]

    def hessian(th):
        h = mpf(10) ** -18
        cols = []
        for i in range(n):
            up, down = list(th), list(th)
            up[i] += h
            down[i] -= h
            gu, gd = gradient(up), gradient(down)
            cols.append([(u - d) / (2 * h) for u, d in zip(gu, gd)])
        return matrix([[(cols[i][j] + cols[j][i]) / 2 for j in range(n)] for i in range(n)])

    for step in range(60):
        g = gradient(theta)
        H = hessian(theta)
        d = lu_solve(H, matrix([-x for x in g]))
        if sum(d[i] * g[i] for i in range(n)) < 0:  # not an ascent direction
            d = matrix([x / 100 for x in g])
        size = max(abs(x) for x in d)
        scale = min(mpf(1), mpf("0.5") / size)
        theta = [t + scale * d[i] for i, t in enumerate(theta)]
        if size < mpf(10) ** -20:
            break
    nat = [exp(t) for t in theta]
    value, _ = at(*nat)
    cov = (-hessian(theta)) ** -1
    return {
        "params": [mp.nstr(x, 25) for x in nat],
        "se": [mp.nstr(sqrt(cov[i, i]) * nat[i], 20) for i in range(n)],
        "log_likelihood": mp.nstr(value, 25),
        "gradient": mp.nstr(max(abs(x) for x in gradient(theta)), 3),
    }


def functions():
    """The closed forms, 60 digits so that their cancellation does not reach the 17 we write."""
    mp.dps = 60
    rows = []
    sets = {"cdnow": (.2426, 4.4135, .7929, 2.4258), "a near 1": (.2426, 4.4135, 1 + 1e-9, 2.4258),
            "pool": (10.465, .00798565, 3.0516, 2.820), "small": (.05, 9.0, .02, 40.0), "many": (2.0, 1.5, .3, 500.0)}
    people = [(0, 0.0, 0.0), (0, 0.0, 38.86), (0, 0.0, 1e5), (1, 1.71, 38.86), (2, 30.43, 38.86), (26, 30.86, 31.0),
              (161, 99.0, 100.0), (254, 80.0, 100.0), (400, 35.0, 38.86), (500, 38.0, 38.86), (1000, 9e4, 1e5),
              (10000, 1e5, 1e5), (10000, 99999.0, 1e5)]
    for name, params in sets.items():
        r, al, a, b = map(mpf, params)
        for mbg in (0, 1):
            for x, tx, T in people:
                n = x + mbg
                pa = mpf(1) if n == 0 else 1 / (1 + a / (b + n - 1) * ((al + T) / (al + tx)) ** (r + x))
                for t in (0.1429, 39.0, 1000.0, 1e5):
                    z = mpf(t) / (al + T + t)
                    A, B, R = a, b + n, r + x
                    # E[Y | alive] = (A+B-1)/(A-1) [1 - ((al+T)/(al+T+t))^R 2F1(R, B; A+B-1; z)]
                    f = hyp2f1(R, B, A + B - 1, z, maxterms=10**7)
                    e = (A + B - 1) / (A - 1) * (1 - (1 - z) ** R * f)
                    rows.append([("mbg_nbd" if mbg else "bg_nbd"), *map(repr, params), x, repr(tx), repr(T), repr(t),
                                 mp.nstr(pa, 17), mp.nstr(pa * e, 17)])
        print(name, len(rows), flush=True)
    return rows


def main():
    rows = simulate()
    with open(os.path.join(HERE, "clv_cohort.csv"), "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["frequency", "recency", "T", "monetary_value"])
        out.writerows([x, repr(tx), repr(T), m] for x, tx, T, m in rows)
    counts = Counter((x, mpf(tx), mpf(T)) for x, tx, T, _ in rows)
    values = Counter((x, mpf(m)) for x, _, _, m in rows if x > 0 and m > 0)
    result = {
        "bg_nbd": optimum(purchase_gradient(counts, False), (.7, 7, .8, 3)),
        "mbg_nbd": optimum(purchase_gradient(counts, True), (.7, 7, .8, 3)),
        "gamma_gamma": optimum(value_gradient(values), (6, 4, 20)),
    }
    print(json.dumps(result, indent=1), flush=True)
    with open(os.path.join(HERE, "clv_optimum.json"), "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    with open(os.path.join(HERE, "clv_functions.csv"), "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow("model r alpha a b frequency recency T t p_alive expected".split())
        out.writerows(functions())


main()
