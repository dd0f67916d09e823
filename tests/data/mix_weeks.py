"""Writes mix_weeks.csv: eighty weeks of a shop with two channels whose effect is known (printed at the end).

Adstock geometric over 13 weeks with weights that sum to 1, then Hill; the weeks before the first have the mean of the
first eight. Run: python3 tests/data/mix_weeks.py > tests/data/mix_weeks.csv
"""
import datetime
import math
import random
import sys

random.seed(5)
WEEKS = 80


def adstock(spend, alpha):
    before = sum(spend[:8]) / 8
    weights = [alpha**lag for lag in range(13)]
    norm = sum(weights)
    at = lambda week: spend[week] if week >= 0 else before
    return [sum(w * at(t - lag) for lag, w in enumerate(weights)) / norm for t in range(WEEKS)]


def effect(spend, alpha, half, slope, beta):
    return [beta * x**slope / (half**slope + x**slope) for x in adstock(spend, alpha)]


def spend(mean, off):
    level = lambda t: 0.0 if off and t // 5 % 3 == 2 else mean * math.exp(random.gauss(0, 0.7) - 0.2)
    return [round(level(t), 2) for t in range(WEEKS)]


search, tv = spend(1000, False), spend(1500, True)
by_search = effect(search, 0.2, 1100, 1.0, 5000)
by_tv = effect(tv, 0.6, 1600, 1.3, 6000)
print("week,revenue,search,tv,flat")
for t in range(WEEKS):
    year = 900 * math.cos(2 * math.pi * (t - 24) / 52.18)
    revenue = 9000 + 5 * t + year + by_search[t] + by_tv[t] + random.gauss(0, 250)
    day = datetime.date(2024, 7, 3) + datetime.timedelta(days=7 * t)
    print(f"{day},{revenue:.2f},{search[t]},{tv[t]},{300 + t % 3}")
print(f"search {sum(by_search):.1f} tv {sum(by_tv):.1f}", file=sys.stderr)
