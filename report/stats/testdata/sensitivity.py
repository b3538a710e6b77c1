#!/usr/bin/env python3
"""Reference values of the rank statistics, Yuen's test and the outlier note.

Usage: python3 sensitivity.py > sensitivity.json

The data are those of reference.json and further ones with many ties. Nothing is
shared with the Go package: the tie-conditional Mann-Whitney test comes from R's
coin (Rscript, r-cran-coin) and, for up to 20 values, from visiting every
assignment of the midranks here; the two must agree. The Hodges-Lehmann shift
and its interval come from sorting all differences; R's wilcox.test must agree
where there are no ties. Yuen's statistic is checked against scipy.stats.
"""

import itertools
import json
import math
import subprocess
import sys

import numpy as np
import scipy
from scipy import stats
from scipy.stats import mstats

R = r"""
suppressMessages(library(coin)); options(digits = 17, warn = -1)
x <- c(%s); y <- c(%s)
d <- data.frame(v = c(x, y), arm = factor(rep(c("x", "y"), c(length(x), length(y)))))
p <- pvalue(wilcox_test(v ~ arm, data = d, distribution = exact()))
w <- wilcox.test(x, y, exact = TRUE, conf.int = TRUE, conf.level = 0.95)
cat(sprintf("%%.17g", c(as.numeric(p), w$estimate, w$conf.int)), "\n")
cat(R.version.string, "coin", as.character(packageVersion("coin")), "\n")
"""


def from_r(x, y):
    text = lambda v: ",".join(repr(float(a)) for a in v)
    out = subprocess.run(["Rscript", "--vanilla", "-"], input=R % (text(x), text(y)), capture_output=True, text=True, check=True).stdout.splitlines()
    return [float(v) for v in out[0].split()], out[1].strip()


def visit_all(x, y):
    """P(|U - mean| >= observed) over every assignment of the midranks."""
    ranks, n, nx = stats.rankdata(np.concatenate([x, y])), len(x) + len(y), len(x)
    mean = nx * (n + 1) / 2
    away = abs(ranks[:nx].sum() - mean)
    hits = total = 0
    combos = itertools.combinations(range(n), nx)
    while block := list(itertools.islice(combos, 100_000)):
        sums = ranks[np.array(block)].sum(axis=1)  # halves: exact in float64
        hits += int(np.count_nonzero(np.abs(sums - mean) >= away))
        total += len(block)
    return hits / total


def null_u(nx, ny):
    """P(U <= u) without ties, by the recurrence of Mann and Whitney in integers."""
    memo = {}

    def ways(m, n):  # number of arrangements by u
        if (m, n) not in memo:
            if m == 0 or n == 0:
                memo[m, n] = [1]
            else:
                a, b = ways(m - 1, n), ways(m, n - 1)
                memo[m, n] = [(a[u - n] if 0 <= u - n < len(a) else 0) + (b[u] if u < len(b) else 0) for u in range(m * n + 1)]
        return memo[m, n]

    w = ways(nx, ny)
    assert sum(w) == math.comb(nx + ny, nx)
    return [c / sum(w) for c in itertools.accumulate(w)]


def shift(x, y):
    d = np.sort(np.subtract.outer(x, y).ravel())
    cdf = null_u(len(x), len(y))
    k = max(1, next(u for u, p in enumerate(cdf) if p >= 0.025))  # as R's qwilcox
    return np.median(d), [d[k - 1], d[len(d) - k]], 1 - 2 * cdf[k - 1]


def yuen(x, y, g):
    def arm(v):
        v = np.asarray(v, float)
        n, h = len(v), len(v) - 2 * g
        wins = np.asarray(mstats.winsorize(np.sort(v), limits=((g + 0.5) / n,) * 2)) if g else v
        return np.sort(v)[g:n - g].mean(), (n - 1) * np.var(wins, ddof=1) / (h * (h - 1)), h

    (tx, dx, hx), (ty, dy, hy) = arm(x), arm(y)
    nu = (dx + dy) ** 2 / (dx**2 / (hx - 1) + dy**2 / (hy - 1))
    p = 2 * stats.t.sf(abs(tx - ty) / math.sqrt(dx + dy), nu)
    if len(x) == len(y):
        ref = stats.ttest_ind(x, y, equal_var=False, trim=(g + 0.5) / len(x) if g else 0)
        assert math.isclose(p, ref.pvalue, rel_tol=1e-8, abs_tol=1e-300), (p, ref)
    return {"difference": tx - ty, "standard_error": math.sqrt(dx + dy), "df": nu, "p": p}


def case(name, x, y, g):
    x, y = np.asarray(x, float), np.asarray(y, float)
    (coin_p, r_shift, r_low, r_high), version = from_r(x, y)
    hl, interval, level = shift(x, y)
    tied = len(set(x) | set(y)) < len(x) + len(y)
    if not tied and len(x) < 50 and len(y) < 50:
        assert np.allclose([hl, *interval], [r_shift, r_low, r_high], rtol=1e-12), (name, hl, interval, r_shift, r_low, r_high)
        assert math.isclose(coin_p, stats.mannwhitneyu(x, y, method="exact").pvalue, rel_tol=1e-9) or len(x) != len(y)
    p = coin_p
    if len(x) + len(y) <= 20:
        p = visit_all(x, y)
        assert math.isclose(p, coin_p, rel_tol=1e-9), (name, p, coin_p)
    sign = np.sign(np.subtract.outer(x, y))
    med = np.median(x)
    mad = stats.median_abs_deviation(x)
    unit = mad / 0.6745 if mad else 1.253314 * np.mean(np.abs(x - med))
    scores = (x - med) / unit if unit else 0 * x
    print(name, "coin", coin_p, "tied" if tied else "", file=sys.stderr)
    return version, {
        "name": name, "trim": g, "x": list(x), "y": list(y), "u": float((sign > 0).sum() + (sign == 0).sum() / 2), "delta": sign.mean(), "mann_whitney": p,
        "shift": hl, "shift_interval": interval, "shift_level": level, "yuen": yuen(x, y, g) if np.var(x) + np.var(y) > 0 else None,
        "yuen_logs": yuen(np.log(x), np.log(y), g) if min(*x, *y) > 0 and np.var(x) + np.var(y) > 0 else None,
        "outliers": [{"index": int(i), "score": scores[i]} for i in np.flatnonzero(np.abs(scores) > 3.5)],
    }


def main():
    rng = np.random.default_rng(20250302)
    with open("reference.json") as f:
        data = [(c["name"], c["x"], c["y"], c["trim"]) for c in json.load(f)["cases"]]
    data += [
        ("two values only", [1, 1, 2, 2, 1, 2, 2], [1, 1, 1, 2, 1, 1, 1, 1], 1),
        ("tied, unequal sizes", rng.integers(10, 15, 6), rng.integers(11, 16, 12), 1),
        ("tied, 15 against 15", rng.integers(60, 70, 15), rng.integers(62, 73, 15), 1),
        ("kilobytes of memory", rng.integers(1500, 1504, 15) * 4096, rng.integers(1502, 1506, 15) * 4096, 1),
        ("tied, 14 against 15", np.round(rng.lognormal(1, .1, 14), 1), np.round(rng.lognormal(1.05, .1, 15), 1), 1),
        ("25 against 18, tied", np.round(rng.lognormal(3, .2, 25)), np.round(rng.lognormal(3.1, .2, 18)), 2),
        ("outliers", [10, 10.1, 9.9, 10.2, 9.8, 30, 10, 1], [10, 10.1, 9.9, 10.3, 9.8, 10.2, 10, 9.7], 1),
        ("outlier where most are equal", [5, 5, 5, 5, 5, 5, 5, 40], [5, 5, 6, 5, 5, 5, 5, 6], 1),
        ("small counts", [3, 4, 4, 5], [4, 5, 6, 6], 1),
    ]
    made = [case(*d) for d in data]
    json.dump({"made_with": f"NumPy {np.__version__}, SciPy {scipy.__version__}, Python {sys.version.split()[0]}, {made[0][0]}",
               "cases": [c for _, c in made]}, sys.stdout, indent=1, default=float)
    print()


main()
