"""RFM of ten million orders, Parquet to Parquet: mercato against polars (streaming) and DuckDB, one file, one run.

    python3 -m venv venv && venv/bin/pip install polars duckdb numpy && cargo build --release
    venv/bin/python benches/peers/rfm_parquet.py target/release/mercato

Each runs in a process of its own, three times in turn; prints the best wall seconds, the peak of memory, the ratio, and
whether all three wrote the same table. IDS=text makes the customers' ids texts.
"""
import os, subprocess, sys, tempfile, time

ORDERS = int(os.environ.get("ORDERS", 10_000_000))
CUSTOMERS = ORDERS // 10
SEGMENTS = [["lost", "lost", "at_risk", "at_risk", "cant_lose"],
            ["hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"],
            ["about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"],
            ["promising", "potential_loyalists", "potential_loyalists", "loyal", "loyal"],
            ["new", "potential_loyalists", "potential_loyalists", "champions", "champions"]]


def generate(path):
    import numpy as np
    import polars as pl
    rng = np.random.default_rng(1)
    weight = rng.gamma(0.6, size=CUSTOMERS)
    who = rng.choice(CUSTOMERS, size=ORDERS, p=weight / weight.sum()).astype(np.int64)
    day = rng.integers(19_900, 20_631, ORDERS).astype(np.int32)
    amount = np.round(rng.lognormal(3.5, 0.8, ORDERS), 2)
    data = pl.DataFrame({"customer_id": who, "date": pl.Series(day).cast(pl.Date), "amount": amount})
    if os.environ.get("IDS") == "text":
        data = data.with_columns(pl.format("C{}", pl.col("customer_id")).alias("customer_id"))
    data.write_parquet(path)


def with_polars(source, target):
    import polars as pl
    rows = pl.scan_parquet(source)
    by = rows.group_by("customer_id").agg(
        pl.col("date").max().alias("last"), pl.col("date").n_unique().alias("frequency"),
        pl.col("date").min().alias("first"), pl.col("amount").sum().alias("monetary"))
    today, n = pl.col("last").max(), pl.len()
    part = lambda column, k: (k * (column.rank("min") - 1) // column.len()).cast(pl.Int32)
    repeat = pl.col("frequency") > 1
    scored = by.with_columns(
        (today - pl.col("last")).dt.total_days().alias("recency"), (today - pl.col("first")).dt.total_days().alias("T"),
        (part(pl.col("last"), 5) + 1).alias("r"), (part(pl.col("monetary"), 5) + 1).alias("m"),
        pl.when(repeat).then(part(pl.col("frequency"), 4).over(repeat) + 2).otherwise(1).alias("f"))
    names = pl.Series("segment", [name for row in SEGMENTS for name in row])
    segment = pl.lit(names).gather((pl.col("r") - 1) * 5 + pl.col("f") - 1).alias("segment")
    table = scored.with_columns(segment).sort("customer_id")
    table.select("customer_id", "recency", "frequency", "T", "monetary", "r", "f", "m", "segment") \
         .collect(engine="streaming").write_parquet(target, compression="snappy")


def with_duckdb(source, target):
    import duckdb
    names = "[" + ", ".join(f"'{name}'" for row in SEGMENTS for name in row) + "]"
    duckdb.sql(f"""
      COPY (WITH per AS (SELECT customer_id, max(date) AS last, count(DISTINCT date) AS frequency, min(date) AS first,
                               sum(amount) AS monetary FROM '{source}' GROUP BY customer_id),
        scored AS (SELECT *, max(last) OVER () - last AS recency, max(last) OVER () - first AS "T",
          1 + (5 * (rank() OVER (ORDER BY last) - 1)) // count(*) OVER () AS r,
          1 + (5 * (rank() OVER (ORDER BY monetary) - 1)) // count(*) OVER () AS m,
          CASE WHEN frequency = 1 THEN 1 ELSE 2 + (4 * (rank() OVER (PARTITION BY frequency > 1 ORDER BY frequency) - 1))
               // count(*) OVER (PARTITION BY frequency > 1) END AS f FROM per)
        SELECT customer_id, recency, frequency, "T", monetary, r, f, m, {names}[(r - 1) * 5 + f] AS segment
        FROM scored ORDER BY customer_id) TO '{target}' (FORMAT parquet)""")


def run(command):
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def same(paths):
    import polars as pl
    tables = [pl.read_parquet(path).with_columns(pl.col(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt32).cast(pl.Int64))
              for path in paths]
    first = tables[0]
    for other in tables[1:]:
        for column in first.columns:
            a, b = first[column], other[column]
            if column == "monetary":
                assert ((a - b).abs() < 1e-6).all(), column
            elif column in "m segment".split():
                # amounts summed as doubles may fall on the other side of a cut
                assert (a != b).sum() <= len(a) * 1e-4, column
            else:
                assert (a == b).all(), column
    return "same table"


if __name__ == "__main__":
    if sys.argv[1] in ("polars", "duckdb"):
        {"polars": with_polars, "duckdb": with_duckdb}[sys.argv[1]](*sys.argv[2:])
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        subprocess.check_call([sys.executable, "-c", f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); "
                               f"import rfm_parquet; rfm_parquet.generate({at('orders.parquet')!r})"])
        commands = {name: [sys.executable, __file__, name, at("orders.parquet"), at(name + ".parquet")]
                    for name in ("polars", "duckdb")}
        commands["mercato"] = [sys.argv[1], "lab", "rfm", at("orders.parquet"), "--out", at("mercato.parquet")]
        runs = {name: [] for name in commands}
        for _ in range(3):
            for name, command in commands.items():
                runs[name].append(run(command))
        best = {name: min(seconds for seconds, _ in done) for name, done in runs.items()}
        for name, done in runs.items():
            print(f"{name:8} {best[name]:.2f} s, peak {max(peak for _, peak in done):.0f} MiB")
        print(f"ratio to the faster peer {min(best['polars'], best['duckdb']) / best['mercato']:.1f} x,",
              same([at(name + ".parquet") for name in commands]))
