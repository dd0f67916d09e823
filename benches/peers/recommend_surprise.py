"""User and item k-NN on the five folds of ML-100K: mercato against Surprise, same files, one machine, one run.

    python3 -m venv venv && venv/bin/pip install "numpy<2" "pandas<3" scikit-surprise==1.1.5 && cargo build --release
    venv/bin/python benches/peers/recommend_surprise.py target/release/mercato ../shared/data/ml-100k/ratings.csv.gz

Seconds are those of fitting and foretelling; mercato's include reading and parsing the two files. Item k-NN stands
beside Surprise's nearest (KNNWithMeans, cosine, item-based), whose similarity is not adjusted.
"""
import csv, gzip, json, os, resource, subprocess, sys, tempfile, time


def folds(path, folder):
    with gzip.open(path, "rt") as file:
        rows = [tuple(map(int, row)) for row in list(csv.reader(file))[1:]]
    rows.sort(key=lambda row: row[:2])
    for fold in range(1, 6):
        for name, keep in (("base", lambda k: k != fold), ("test", lambda k: k == fold)):
            with open(os.path.join(folder, f"u{fold}.{name}"), "w") as file:
                file.writelines("\t".join(map(str, row[:4])) + "\n" for row in rows if keep(row[4]))


def peer(folder):
    import pandas as pd
    from surprise import Dataset, KNNWithMeans, Reader, accuracy
    read = lambda name: pd.read_csv(os.path.join(folder, name), sep="\t", names=["u", "i", "r", "t"])[["u", "i", "r"]]
    for user_based in (True, False):
        seconds, cpu, rmse = 0.0, 0.0, []
        for fold in range(1, 6):
            train = Dataset.load_from_df(read(f"u{fold}.base"), Reader(rating_scale=(1, 5))).build_full_trainset()
            test = list(read(f"u{fold}.test").itertuples(index=False, name=None))
            start, used = time.perf_counter(), time.process_time()
            model = KNNWithMeans(k=40, sim_options={"name": "cosine", "user_based": user_based}, verbose=False).fit(train)
            forecasts = model.test(test)
            seconds, cpu = seconds + time.perf_counter() - start, cpu + time.process_time() - used
            rmse.append(accuracy.rmse(forecasts, verbose=False))
        print(json.dumps({"user_based": user_based, "seconds": seconds, "cpu": cpu, "rmse": rmse}))


def ours(binary, folder, args):
    seconds, rmse, before = 0.0, [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for fold in range(1, 6):
        files = [os.path.join(folder, f"u{fold}.{name}") for name in ("base", "test")]
        command = [binary, "lab", "recommend", "ratings", "--train", files[0], "--test", files[1], "--fallback", "global"]
        got = json.loads(subprocess.check_output(command + args))
        seconds, rmse = seconds + got["seconds"], rmse + [got["rmse"]]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, rmse


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(sys.argv[2])
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        folds(sys.argv[2], folder)
        theirs = subprocess.check_output([sys.executable, __file__, "--peer", folder], text=True).splitlines()
        for line, algo in zip(map(json.loads, theirs), ("user_cf", "item_cf")):
            seconds, cpu, rmse = ours(sys.argv[1], folder, ["--algo", algo, "--centred"])
            print(f"{algo}: Surprise {line['seconds']:.2f} s ({line['cpu']:.2f} CPU), rmse {line['rmse']}")
            print(f"{algo}: mercato  {seconds:.3f} s ({cpu:.3f} CPU, whole processes), rmse {rmse}")
            print(f"{algo}: {line['seconds'] / seconds:.1f} x faster, {line['cpu'] / cpu:.1f} x less CPU")
