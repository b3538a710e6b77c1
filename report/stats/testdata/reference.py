#!/usr/bin/env python3
"""Reference values for report/stats from NumPy and SciPy.

Usage: python3 reference.py > reference.json

Shares no code and no formula layout with the Go package: trimmed means and
winsorized variances come from scipy.stats, Yuen's test is cross-checked
against scipy.stats.ttest_ind(trim=...), and the permutation counts come from
visiting every split with NumPy (C(30,15) = 155,117,520 of them in blocks).
"""

import itertools
import json
import math
import sys

import numpy as np
import scipy
from scipy import optimize, stats
from scipy.stats import mstats


def ppf(p, nu):
    """Quantile of Student's t: SciPy 1.10's t.ppf is good to 1e-8 only, so invert its t.sf."""
    t = stats.t.ppf(p, nu)
    return optimize.brentq(lambda u: stats.t.sf(u, nu) - (1 - p), t * (1 - 1e-5), t * (1 + 1e-5), xtol=1e-14, rtol=1e-14)


def trimmed(x, g):
    x = np.asarray(x, float)
    n, h = len(x), len(x) - 2 * g
    mean = stats.trim_mean(x, (g + 0.5) / n) if g else x.mean()
    wins = np.asarray(mstats.winsorize(np.sort(x), limits=((g + 0.5) / n, (g + 0.5) / n))) if g else x
    var = np.var(wins, ddof=1)
    return mean, var, (n - 1) * var / (h * (h - 1)), h


def brute(x, y, g):
    """(extreme, total) over all splits; |ln rho| >= observed, relative slack 1e-12."""
    z = np.concatenate([x, y])
    n, nx = len(z), len(x)

    def stat(idx):
        mask = np.zeros((len(idx), n), bool)
        np.put_along_axis(mask, idx, True, axis=1)
        a = np.sort(z[idx], axis=1)
        b = np.sort(np.broadcast_to(z, mask.shape)[~mask].reshape(len(idx), n - nx), axis=1)
        return a[:, g:nx - g].mean(axis=1) / b[:, g:n - nx - g].mean(axis=1)

    rho = stat(np.arange(nx)[None, :])[0]
    c = max(rho, 1 / rho) * (1 - 1e-12)
    extreme = total = 0
    combos = itertools.combinations(range(n), nx)
    while True:
        block = np.array(list(itertools.islice(combos, 100_000)))
        if len(block) == 0:
            return extreme, total
        r = stat(block)
        extreme += int(np.sum((r >= c) | (1 / r >= c)))
        total += len(block)


def brute15(x, y):
    """The same for 15 + 15 with g = 1: every low half against whole blocks of high halves."""
    z = np.concatenate([x, y])  # in the order given: this method does not sort
    lo, hi = z[:15], z[15:]
    masks = np.arange(1 << 15)
    bits = (masks[:, None] >> np.arange(15)) & 1 == 1

    def half(v):
        s = np.where(bits, v, 0).sum(axis=1)
        return (s, np.where(bits, v, np.inf).min(axis=1), np.where(bits, v, -np.inf).max(axis=1),
                v.sum() - s, np.where(~bits, v, np.inf).min(axis=1), np.where(~bits, v, -np.inf).max(axis=1))

    L, H, pop = half(lo), half(hi), bits.sum(axis=1)
    x0, y0 = np.sort(x)[1:-1].sum(), np.sort(y)[1:-1].sum()
    c = max(x0 / y0, y0 / x0) * (1 - 1e-12)
    extreme = total = 0
    for k in range(16):
        hs = [v[pop == 15 - k] for v in H]
        for i in masks[pop == k]:
            a = L[0][i] + hs[0] - np.minimum(L[1][i], hs[1]) - np.maximum(L[2][i], hs[2])
            b = L[3][i] + hs[3] - np.minimum(L[4][i], hs[4]) - np.maximum(L[5][i], hs[5])
            extreme += int(np.count_nonzero((a >= c * b) | (b >= c * a)))
            total += len(a)
    return extreme, total


def case(name, x, y, g, permute):
    x, y = np.asarray(x, float), np.asarray(y, float)
    (tx, wx, dx, hx), (ty, wy, dy, hy) = trimmed(x, g), trimmed(y, g)
    yuen = stats.ttest_ind(x, y, equal_var=False, trim=(g + 0.5) / max(len(x), len(y)) if g else 0)
    if dx + dy > 0 and len(x) == len(y):
        assert math.isclose((tx - ty) / math.sqrt(dx + dy), yuen.statistic, rel_tol=1e-9), name
    half = [t * math.sqrt(d) for t, d in ((ppf(0.975, hx - 1), dx), (ppf(0.975, hy - 1), dy))]
    out = {
        "name": name, "trim": g, "x": list(x), "y": list(y),
        "mean": np.mean(x), "median": np.median(x), "sd": np.std(x, ddof=1),
        "trimmed_x": tx, "trimmed_y": ty, "winsorized_x": wx, "winsorized_y": wy,
        "se_x": math.sqrt(dx), "se_y": math.sqrt(dy),
        "interval_x": [tx - half[0], tx + half[0]], "interval_y": [ty - half[1], ty + half[1]],
    }
    vx, vy = dx / tx**2, dy / ty**2
    v, rho = vx + vy, tx / ty
    nu = v**2 / (vx**2 / (hx - 1) + vy**2 / (hy - 1))
    se, lr, m = math.sqrt(v), math.log(rho), math.log(1.10)
    dist = stats.t(nu)
    out |= {
        "rho": rho, "log_variance": v, "df": nu,
        "interval": [math.exp(lr - ppf(0.975, nu) * se), math.exp(lr + ppf(0.975, nu) * se)],
        "tost": max(dist.sf((lr + m) / se), dist.cdf((lr - m) / se)),
        "mde": math.exp((ppf(0.975, nu) + ppf(0.80, nu)) * se) - 1,
    }

    def mde(n):
        h = n - 2 * g
        ux, uy = (w * (n - 1) / (h * (h - 1)) / t**2 for w, t in ((wx, tx), (wy, ty)))
        d = (ux + uy) ** 2 / ((ux**2 + uy**2) / (h - 1))
        return math.exp((ppf(0.975, d) + ppf(0.80, d)) * math.sqrt(ux + uy)) - 1

    n = 2 * g + 2
    while mde(n) > 0.10:
        n += 1
    out["runs_needed"] = n
    if permute:
        out["extreme"], out["splits"] = permute(x, y)
    print(name, "rho", rho, out.get("extreme"), out.get("splits"), file=sys.stderr)
    return out


def main():
    rng = np.random.default_rng(20250301)
    small = lambda g: lambda x, y: brute(x, y, g)
    cases = [
        case("equal sizes, g 1", rng.lognormal(1, .3, 8), rng.lognormal(1.4, .3, 8), 1, small(1)),
        case("unequal sizes, g 1", rng.lognormal(1, .3, 7), rng.lognormal(1.2, .4, 11), 1, small(1)),
        case("no trim", rng.lognormal(1, .2, 9), rng.lognormal(1.1, .2, 8), 0, small(0)),
        case("g 2", rng.lognormal(1, .2, 9), rng.lognormal(1.1, .2, 9), 2, small(2)),
        case("g 3, unequal sizes", rng.lognormal(1, .2, 10), rng.lognormal(1.3, .2, 8), 3, small(3)),
        case("least size", [1.0, 2.0, 3.0, 4.5], [2.0, 2.5, 3.0, 9.0], 1, small(1)),
        case("many ties", rng.integers(3, 7, 9), rng.integers(4, 8, 9), 1, small(1)),
        case("one arm constant", [2.0] * 8, rng.lognormal(1, .3, 8), 1, small(1)),
        case("disjoint", rng.uniform(1, 2, 8), rng.uniform(50, 70, 8), 1, small(1)),
        case("15 against 15", rng.lognormal(3, .25, 15), rng.lognormal(3.15, .25, 15), 1, brute15),
        case("15 against 15, tied hundredths", np.round(rng.lognormal(.1, .05, 15), 2), np.round(rng.lognormal(.13, .05, 15), 2), 1, brute15),
        case("15 against 15, close", rng.lognormal(3, .02, 15), rng.lognormal(3.01, .02, 15), 1, brute15),
        case("30 against 30, no counts", rng.lognormal(3, .25, 30), rng.lognormal(3.15, .25, 30), 1, None),
        case("heavy tail", 10 * rng.pareto(1.5, 15) + 5, 10 * rng.pareto(1.5, 15) + 6, 1, brute15),
    ]
    quantiles = [{"p": p, "nu": nu, "t": ppf(p, nu)} for nu in (1, 1.5, 2, 3, 7.3, 12, 12.9, 24, 58, 1000) for p in (.6, .8, .9, .95, .975, .995, .9999)]
    tails = [{"t": t, "nu": nu, "p": stats.t.sf(t, nu)} for nu in (1, 1.5, 3, 12.9, 24, 58) for t in (-3, -.5, 0, .01, 1, 2.2, 6, 20)]
    json.dump({"made_with": f"NumPy {np.__version__}, SciPy {scipy.__version__}, Python {sys.version.split()[0]}",
               "cases": cases, "quantiles": quantiles, "tails": tails}, sys.stdout, indent=1, default=float)
    print()


main()
