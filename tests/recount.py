#!/usr/bin/env python3
"""Are mercato's figures right? A recount by code that shares nothing with its kernels.

    mercato --data shop export --out tables
    tests/recount.py --tables tables --mercato "target/release/mercato --data shop" [--full] [--only METRIC]

Reads the JSON lines of `export` and works out every metric, split in every valid way, for every named period and two
ranges, narrowed to a product, category, city, channel and segment, and set against the period before and the year
before (--full: each cell with both comparisons; else they take turns). Asks `mercato tool query_metrics --batch` the
same and compares: money to the cent, counts exactly, shares to 1e-9. Written from the definitions in words, with
whole millionths and a plain loop per question: slow and simple on purpose. Python 3 standard library only.

That it can fail: `--ignore-refunds` leaves refunds out of the recount, which is the same disagreement as a kernel
that ignores them; the script must then find differences in revenue (exit status 1).
"""
import argparse, bisect, datetime as dt, json, math, os, re, shlex, subprocess, sys
from collections import defaultdict

D = dt.date
M = 1_000_000
METRICS = ("revenue orders units customers new_customers aov repeat_rate churn_rate spend gross_profit return_rate "
           "discount_share mer cac").split()
TIME = ["day", "week", "month", "quarter"]
ALL_GROUPS = TIME + ["product", "category", "city", "segment"]
GROUPS = {m: ALL_GROUPS + ["cohort_month"] for m in ("revenue", "orders", "customers", "repeat_rate")}
GROUPS.update({m: ALL_GROUPS for m in ("units", "aov", "gross_profit", "return_rate", "discount_share")})
GROUPS.update(new_customers=TIME + ["product", "category", "city"], churn_rate=["month", "quarter", "city", "segment"],
              spend=TIME + ["channel"], mer=TIME, cac=TIME)
SHARES = {"repeat_rate", "churn_rate", "return_rate", "discount_share"}
MONEY = {"revenue", "aov", "spend", "gross_profit", "cac"}
SUMS = {"revenue", "orders", "units", "new_customers", "spend", "gross_profit"}
NAMED = ("last_7_days last_30_days last_90_days this_week last_week this_month last_month this_quarter last_quarter "
         "this_year last_year all").split()
day = D.fromisoformat


def micros(text):
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * M + int((part + "000000")[:6]))


def share_out(amount, weights):
    """In proportion, whole cents, what is left to the (first) largest."""
    total = sum(weights)
    out = []
    for w in weights:
        exact = abs(amount) * w // total if total else 0
        out.append((exact // 10_000) * 10_000 * (1 if amount >= 0 else -1))
    out[weights.index(max(weights))] += amount - sum(out)
    return out


class Shop:
    def __init__(self, tables, refunds=True):
        def read(name):
            path = f"{tables}/{name}.jsonl"  # a table without records has no file
            return [json.loads(line) for line in open(path, encoding="utf-8")] if os.path.exists(path) else []

        self.customers = {c["id"]: c for c in read("customer")}
        self.products = {p["id"]: p for p in read("product")}
        settings = {s["name"]: s["value"] for s in read("setting")}
        self.currency = settings["shop"]["currency"]
        self.orders = [self.order(o, refunds) for o in read("order") if o["currency"] == self.currency]
        self.orders.sort(key=lambda o: (o["day"], o["at"], o["id"]))
        self.first, self.last = self.orders[0]["day"], self.orders[-1]["day"]
        self.orders = [o for o in self.orders if o["sale"]]
        self.days = [o["day"] for o in self.orders]
        self.spend = [(day(s["day"]), s["channel"], micros(s["cost"])) for s in read("spend")
                      if s["currency"] == self.currency]
        self.loose = [r for r in read("unlinked_refund") if r["currency"] == self.currency]
        self.first_order = {}
        for o in self.orders:
            if o["who"]:
                self.first_order.setdefault(o["who"], o)
        self.window = settings["shop"].get("churn_window_days") or self.churn_window()
        self.held = {}

    def order(self, o, refunds):
        paid = sum(micros(p["amount"]) * (1 if p["kind"] == "payment" else -1) for p in o["payment_history"])
        if o["status"] == "cancelled" or o["service_state"] == "cancelled":
            sale = False
        elif o["service_state"] or o["status"] == "pending":
            sale = paid > 0
        else:
            sale = True
        back = o["refunds"] if refunds else []
        net = max(0, micros(o["goods"]) - sum(micros(r["amount"]) for r in back))
        city = o["city"] or (self.customers.get(o["customer"]) or {}).get("city")
        return dict(id=o["id"], who=o["customer"], day=day(o["placed_on"]), at=o["placed_at"], sale=sale, city=city,
                    net=net, discount=micros(o["discount"]), lines=self.lines(o, back, net))

    def lines(self, o, back, net):
        lines = [l for l in o["lines"] if l["kind"] == "product"]
        if not lines:
            return [dict(product=None, category=None, qty=0, back=0, net=net, discount=micros(o["discount"]))] if net else []
        value = [max(0, l["qty"] * micros(l["unit_price"]) - micros(l["discount"])) for l in lines]
        more = micros(o["goods"]) - sum(value)
        value = [v + s for v, s in zip(value, share_out(more, value))] if more else value
        off = [micros(l["discount"]) for l in lines]
        more = micros(o["discount"]) - sum(off)
        off = [v + s for v, s in zip(off, share_out(more, value))] if more else off
        left, came, loose = list(value), [0] * len(lines), 0
        for r in back:
            at = next((i for i, l in enumerate(lines) if l["n"] == r["line"]), None)
            if at is None:
                loose += r["qty"]
            else:
                left[at] -= min(micros(r["amount"]), max(0, left[at]))
                came[at] = min(lines[at]["qty"], came[at] + r["qty"])
        for i, l in enumerate(lines):
            more = max(0, min(loose, l["qty"] - came[i]))
            came[i] += more
            loose -= more
        more = sum(left) - net
        left = [v - s for v, s in zip(left, share_out(more, left))] if more else left
        category = lambda p: (self.products.get(p) or {}).get("category")
        return [dict(product=l["product"], category=category(l["product"]), qty=l["qty"], back=came[i], net=left[i],
                     discount=off[i]) for i, l in enumerate(lines)]

    def churn_window(self):
        seen, gaps = {}, []
        for o in self.orders:
            if o["who"] in seen:
                gaps.append((o["day"] - seen[o["who"]]).days)
            if o["who"]:
                seen[o["who"]] = o["day"]
        gap = sorted(gaps)[math.ceil(.9 * len(gaps)) - 1]
        return next((w for w in (30, 60, 90, 120, 180, 365) if w >= gap), 365)

    def on(self, a, b):
        return self.orders[bisect.bisect_left(self.days, a):bisect.bisect_right(self.days, b)]

    def segments(self, d):
        if d not in self.held:
            self.held[d] = self.rfm(d)
        return self.held[d]

    def rfm(self, d):
        days, money = defaultdict(set), defaultdict(int)
        for o in self.on(self.first, d):
            if o["who"] and o["net"] > 0:
                days[o["who"]].add(o["day"])
                money[o["who"]] += o["net"]
        if not days:
            return {}
        assert len(days) >= 50, "a period whose segments are refused"
        last = sorted(max(v) for v in days.values())
        often = sorted(len(v) for v in days.values() if len(v) > 1)
        table = {5: "new potential_loyalists potential_loyalists champions champions",
                 4: "promising potential_loyalists potential_loyalists loyal loyal",
                 3: "about_to_sleep about_to_sleep need_attention loyal loyal",
                 2: "hibernating hibernating at_risk at_risk cant_lose", 1: "lost lost at_risk at_risk cant_lose"}
        out = {}
        for who, v in days.items():
            r = min(5, 1 + 5 * bisect.bisect_left(last, max(v)) // len(last))
            f = 1 if len(v) == 1 else 2 + min(3, 4 * bisect.bisect_left(often, len(v)) // len(often))
            out[who] = table[r].split()[f - 1]
        return out


def month_start(d, n=0):
    k = d.year * 12 + d.month - 1 + n
    return D(k // 12, k % 12 + 1, 1)


def start(d, unit):
    return {"day": d, "week": d - dt.timedelta(d.weekday()), "month": month_start(d),
            "quarter": month_start(d, -((d.month - 1) % 3)), "year": D(d.year, 1, 1)}[unit]


def later(d, unit, n):
    return {"day": lambda: d + dt.timedelta(n), "week": lambda: d + dt.timedelta(7 * n),
            "month": lambda: month_start(d, n), "quarter": lambda: month_start(d, 3 * n),
            "year": lambda: D(d.year + n, 1, 1)}[unit]()


ONE = dt.timedelta(1)


def resolve(period, today, first, last):
    if isinstance(period, dict):
        return day(period["from"]), min(today, day(period["to"]))
    if period == "all":
        return first, last
    a, _, b = period.partition("_")
    if b.endswith("_days"):
        return today - dt.timedelta(int(b.split("_")[0]) - 1), today
    s = start(today, b)
    return (s, today) if a == "this" else (later(s, b, -1), s - ONE)


def earlier(period, compare, a, b, today):
    n = (b - a).days + 1
    named = isinstance(period, str)
    unit = period.partition("_")[2] if named and not period.endswith("_days") and period != "all" else None
    if compare == "previous_year":
        if unit == "week" or period == "last_7_days":
            return a - dt.timedelta(364), b - dt.timedelta(364)
        back = lambda d: D(d.year - 1, d.month, min(d.day, 28) if d.month == 2 else d.day)
        return back(a), back(b)
    if not named:
        for u in ("year", "quarter", "month", "week"):
            if a == start(a, u) and b == later(a, u, 1) - ONE:
                return later(a, u, -1), a - ONE
    if unit:
        s = later(a, unit, -1)
        whole = b == later(a, unit, 1) - ONE
        return s, (a - ONE if whole else min(a - ONE, s + dt.timedelta(n - 1)))
    return a - dt.timedelta(n), a - ONE


def buckets(a, b, unit):
    s = start(a, unit)
    while s <= b:
        e = later(s, unit, 1) - ONE
        yield s, max(a, s), min(b, e)
        s = e + ONE


class Count:
    """One metric over one range under one filter."""

    def __init__(self, shop, metric, a, b, flt, held):
        self.s, self.m, self.a, self.b, self.f, self.held = shop, metric, a, b, flt, held

    def wanted(self, o):
        f = self.f
        return (f.get("city") in (None, o["city"])) and (f.get("segment") in (None, self.held.get(o["who"])))

    def picked(self, o):
        f = self.f
        return [l for l in o["lines"] if f.get("product_id") in (None, l["product"]) and f.get("category") in (None, l["category"])]

    def pieces(self, o, group):
        """(group's key, lines) of an order; an order without lines still counts where nothing narrows the lines."""
        if not self.wanted(o):
            return
        lines = self.picked(o)
        if group in ("product", "category"):
            by = defaultdict(list)
            for l in lines:
                by[l[group]].append(l)
            yield from by.items()
        elif lines or not (self.f.get("product_id") or self.f.get("category")):
            yield self.key(o, group), lines

    def key(self, o, group):
        if group in TIME:
            return start(o["day"], group)
        if group == "city":
            return o["city"]
        if group == "segment":
            return self.held.get(o["who"], "not_yet_customer") if o["who"] else None
        if group == "cohort_month":
            return month_start(self.s.first_order[o["who"]]["day"]) if o["who"] else None
        return "all"

    def values(self, group):
        if self.m == "churn_rate":
            return self.churn(group)
        t = defaultdict(lambda: defaultdict(int))
        who = defaultdict(set)
        if self.m != "spend":
            for o in self.s.on(self.a, self.b):
                for k, lines in self.pieces(o, group):
                    g = t[k]
                    g["orders"] += 1
                    for l in lines:
                        g["net"] += l["net"]
                        g["discount"] += l["discount"]
                        g["qty"] += l["qty"]
                        g["back"] += l["back"]
                        p = self.s.products.get(l["product"])
                        if self.m == "gross_profit" and p and p["cost"] is not None:
                            price, cost = micros(p["price"]), micros(p["cost"])
                            g["margin"] += l["net"] * (price - cost) / price
                    if o["who"]:
                        who[k].add(o["who"])
        if self.m in ("spend", "mer", "cac"):
            for d, channel, cost in self.s.spend:
                if self.a <= d <= self.b and self.f.get("channel") in (None, channel):
                    k = start(d, group) if group in TIME else channel if group == "channel" else "all"
                    t[k]["spend"] += cost
        if self.m in ("new_customers", "cac"):
            for w, o in self.s.first_order.items():
                joined = (self.s.customers.get(w) or {}).get("joined")
                if self.a <= o["day"] <= self.b and not (joined and day(joined) < self.s.first):
                    for k, _ in self.pieces(o, group):
                        t[k]["new"] += 1
            if group not in TIME + [None]:
                for k in [k for k in t if not t[k]["new"]]:
                    del t[k]
        if self.m == "repeat_rate":
            self.repeats(t, who, group)
        if group in TIME:
            for s, _, _ in buckets(self.a, self.b, group):
                t[s]
        if group is None:
            t["all"]
        return {k: self.value(g, len(who[k])) for k, g in t.items()}

    def repeats(self, t, who, group):
        end = {k: min(self.b, later(k, group, 1) - ONE) for k in t} if group in TIME else {}
        ever = defaultdict(list)
        for o in self.s.on(self.s.first, self.b):
            for k, _ in self.pieces(o, None if group in TIME else group):
                ever[k, o["who"]].append(o["day"])
        for k in t:
            k2 = "all" if group in TIME else k
            t[k]["again"] = sum(bisect.bisect_right(ever[k2, w], end.get(k, self.b)) >= 2 for w in who[k])

    def value(self, g, buyers):
        over = lambda a, b: a / b if b else None
        m = self.m
        return {"revenue": lambda: g["net"] / M, "orders": lambda: g["orders"], "units": lambda: g["qty"] - g["back"],
                "customers": lambda: buyers, "new_customers": lambda: g["new"], "spend": lambda: g["spend"] / M,
                "aov": lambda: over(g["net"] / M, g["orders"]), "repeat_rate": lambda: over(g["again"], buyers),
                "gross_profit": lambda: g["margin"] / M, "return_rate": lambda: over(g["back"], g["qty"]),
                "discount_share": lambda: over(g["discount"], g["net"] + g["discount"]),
                "mer": lambda: over(g["net"], g["spend"]), "cac": lambda: over(g["spend"] / M, g["new"])}[m]()

    def churn(self, group):
        w = dt.timedelta(self.s.window - 1)
        parts = [(s, a, b) for s, a, b in buckets(self.a, self.b, group)] if group in TIME else [(None, self.a, self.b)]
        out = {}
        for s, a, b in parts:
            after = {o["who"] for o in self.s.on(b - w, b)}
            base = defaultdict(set)
            for o in self.s.on(a - ONE - w, a - ONE):
                if o["who"] and self.wanted(o):
                    base["all" if group is None else s if group in TIME else self.key(o, group)].add(o["who"])
            if group in TIME + [None]:
                base[s or "all"]
            out.update({k: len(v - after) / len(v) if v else None for k, v in base.items()})
        return out


def near(metric, found, right):
    if found is None or right is None:
        return found is None and right is None
    return abs(found - right) < (.005 if metric in MONEY else 1e-9 * max(1, abs(right)))


def change(metric, now, before):
    if now is None or before is None:
        return None
    return now - before if metric in SHARES else (now / before - 1 if before > 0 else None)


def grid(shop, full, only):
    filters = {"product": {"product": "Espresso Beans 1kg"}, "category": {"category": "Tea"}, "city": {"city": "Berlin"},
               "segment": {"segment": "loyal"}, "channel": {"channel": "search"}}
    ranges = [{"from": "2026-04-20", "to": "2026-05-31"}, {"from": "2026-03-01", "to": "2026-03-31"}]
    turn = 0
    for m in METRICS:
        if only and m != only:
            continue
        cells = [(g, {}, p) for g in [None] + GROUPS[m] for p in NAMED + ranges]
        kinds = [k for k in filters if k in GROUPS[m]]
        cells += [(g, filters[k], p) for k in kinds for g in [None] + GROUPS[m]
                  for p in (NAMED + ranges if full else ["last_month", "last_quarter", ranges[0]])]
        cells += [(None, {**filters["category"], **filters["city"]}, "this_quarter")] if "category" in kinds else []
        for g, f, p in cells:
            if m == "churn_rate" and p == "all":
                continue
            turn += 1
            compares = [None, "previous_period", "previous_year"]
            for c in compares if full else [compares[turn % 3]]:
                args = {"metric": m, "period": p}
                args.update({k: v for k, v in (("group_by", g), ("filter", f or None), ("compare_to", c)) if v})
                yield args


def check(shop, args, answer):
    m, g, p, c = args["metric"], args.get("group_by"), args["period"], args.get("compare_to")
    first, last = shop.first, shop.last
    if m in ("spend", "mer", "cac"):
        first, last = min(s[0] for s in shop.spend), max(s[0] for s in shop.spend)
    f = dict(args.get("filter") or {})
    if "product" in f:
        f["product_id"] = next(i for i, x in shop.products.items() if x["name"] == f.pop("product"))

    def count(a, b):
        by_segment = g == "segment" or "segment" in f
        held = shop.segments(shop.last if p == "all" else a - ONE) if by_segment else {}
        one = Count(shop, m, a, b, f, held)
        return one.values(None)["all"], one.values(g) if g else {}

    a, b = resolve(p, shop.last, first, last)
    total, parts = count(a, b)
    if not answer["ok"]:
        return [f"refused: {answer['error']}"]
    out, bad = answer["output"], []
    differ = lambda what, found, right: bad.append(f"{what}: mercato {found}, recount {right}")
    if (out["period"]["from"], out["period"]["to"]) != (str(a), str(b)):
        differ("period", out["period"], (str(a), str(b)))
    if not near(m, out["value"], total):
        differ("value", out["value"], total)
    before = {}
    if c:
        pa, pb = earlier(p, c, a, b, shop.last)
        if pa < first:
            if out["comparison"] is not None:
                differ("comparison", out["comparison"], None)
        else:
            was, before = count(pa, pb)
            found = out["comparison"]
            if found is None or (found["period"]["from"], found["period"]["to"]) != (str(pa), str(pb)):
                differ("compared with", found, (str(pa), str(pb)))
            else:
                if not near(m, found["value"], was):
                    differ("before", found["value"], was)
                if not near("ratio", found["change"], change(m, total, was)):
                    differ("change", found["change"], change(m, total, was))
                n0, n1 = (pb - pa).days + 1, (b - a).days + 1
                per_day = change(m, total / n1, was / n0) if n0 != n1 and m in SUMS else None
                if not near("ratio", found["change_per_day"], per_day):
                    differ("change per day", found["change_per_day"], per_day)
    rows = {r["key"]: r for r in out["groups"]}
    keys = {None if k is None else str(k): k for k in parts}
    extra = {None if k is None else str(k) for k in before} if g not in TIME else set()
    if set(rows) != set(keys) | extra:
        differ("groups", sorted(map(str, rows)), sorted(map(str, set(keys) | extra)))
    for name, k in keys.items():
        if name in rows and not near(m, rows[name]["value"], parts[k]):
            differ(name, rows[name]["value"], parts[k])
    if before and g not in TIME:
        for k, v in before.items():
            name = None if k is None else str(k)
            if name in rows and not near(m, rows[name]["previous"], v):
                differ(f"{name} before", rows[name]["previous"], v)
    elif before:
        pa, pb = earlier(p, c, a, b, shop.last)
        was = [before[s] for s, _, _ in buckets(pa, pb, g)]
        for i, (s, _, _) in enumerate(buckets(a, b, g)):
            right = was[i] if i < len(was) else None
            if str(s) in rows and not near(m, rows[str(s)]["previous"], right):
                differ(f"{s} before", rows[str(s)]["previous"], right)
    return bad


def named(names, text):
    """The one name that is meant by a text as typed."""
    exact = [n for n in names if n.lower() == text.lower()]
    found = exact or [n for n in names if text.lower() in n.lower()]
    assert len(found) == 1, (text, found)
    return found[0]


def check_asked(shop, answer):
    """A whole answer of `ask --json`: the headline and every row of the table against the recount of the same call."""
    call = answer["calls"][0]
    args = {k: v for k, v in call["args"].items() if v is not None}
    m, g, p = args["metric"], args.get("group_by"), args["period"]
    f = {k: v for k, v in (args.get("filter") or {}).items() if v}
    if "product" in f:
        name = named([x["name"] for x in shop.products.values()], f.pop("product"))
        f["product_id"] = next(i for i, x in shop.products.items() if x["name"] == name)
    for key, names in (("category", {x["category"] for x in shop.products.values()}),
                       ("city", {o["city"] for o in shop.orders if o["city"]}), ("channel", {s[1] for s in shop.spend})):
        if key in f:
            f[key] = named(names, f[key])
    first, last = shop.first, shop.last
    if m in ("spend", "mer", "cac"):
        first, last = min(s[0] for s in shop.spend), max(s[0] for s in shop.spend)
    a, b = resolve(p, shop.last, first, last)
    held = shop.segments(shop.last if p == "all" else a - ONE) if g == "segment" or "segment" in f else {}
    one = Count(shop, m, a, b, f, held)
    total = one.values(None)["all"]
    facts = {fact["id"]: fact["value"] for fact in answer["facts"]}
    bad = [] if near(m, facts.get(f"c1.{m}"), total) else [f"value: mercato {facts.get(f'c1.{m}')}, recount {total}"]
    if g:
        right = sorted((v for v in one.values(g).values() if v is not None), reverse=True)
        rows = [v for i, v in facts.items() if re.fullmatch(rf"c1\.r\d+\.{m}", i)]
        odd = [v for v in rows if not any(near(m, v, r) for r in right)]
        bad += [f"rows without a match: {odd}"] if odd or not rows else []
    return bad


def asked(shop, command, files):
    """Questions in words whose answer is a figure (JSON lines with question, tool, history)."""
    rows = [json.loads(line) for name in files for line in open(name, encoding="utf-8") if line.strip()]
    rows = [r for r in rows if r["tool"] == "query_metrics" and not r["history"]]
    wrong = other = 0
    for r in rows:
        said = subprocess.run(shlex.split(command) + ["ask", "--json", r["question"]], capture_output=True, text=True)
        answer = json.loads(said.stdout) if said.returncode == 0 else {"calls": []}
        if not [c for c in answer["calls"] if c["ok"] and c["tool"] == "query_metrics"]:
            other += 1
            print(r["question"], "    no figure: " + (answer.get("text") or said.stderr)[:100].replace("\n", " "), sep="\n")
            continue
        bad = check_asked(shop, answer)
        wrong += bool(bad)
        if bad:
            print(r["question"], json.dumps(answer["calls"][0]["args"], ensure_ascii=False), *bad, sep="\n    ")
    print(f"{len(rows)} questions in words, {len(rows) - other} answered with figures, {wrong} differ")
    return wrong


def main():
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--tables", required=True)
    ask.add_argument("--mercato", required=True)
    ask.add_argument("--full", action="store_true")
    ask.add_argument("--only", choices=METRICS)
    ask.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth question of the grid")
    ask.add_argument("--ignore-refunds", action="store_true")
    ask.add_argument("--ask", nargs="+", metavar="FILE", help="questions in words instead of the grid")
    o = ask.parse_args()
    shop = Shop(o.tables, not o.ignore_refunds)
    if o.ask:
        sys.exit(asked(shop, o.mercato, o.ask) > 0)
    cells = list(grid(shop, o.full, o.only))[::o.every]
    command = shlex.split(o.mercato) + ["tool", "query_metrics", "--json", "--batch"]
    said = subprocess.run(command, input="\n".join(map(json.dumps, cells)), capture_output=True, text=True)
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    if len(answers) != len(cells):
        sys.exit(f"{len(cells)} asked, {len(answers)} answered: {said.stderr}")
    wrong = 0
    for args, answer in zip(cells, answers):
        bad = check(shop, args, answer)
        wrong += bool(bad)
        if bad and wrong <= 20:
            print(json.dumps(args), *bad[:3], sep="\n    ")
    print(f"{len(cells)} questions, {wrong} differ")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
