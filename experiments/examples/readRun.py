"""Reads a run directory without any code of darwin-market: cells to run one by one, or all at once.

    python experiments/examples/readRun.py runs/quickstart-darwin-1

Needs one of duckdb, pyarrow or pandas (with a Parquet engine); draws where matplotlib is there, too.
"""

# %% The run: what was run, how it ended, and its final hash
import importlib.util
import json
import pathlib
import sys

run = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart-darwin-1")
if not (run / "manifest.json").exists():
    sys.exit(f"{run} is no run directory; give one: readRun.py runs/NAME")
manifest = json.loads((run / "manifest.json").read_text())
print(manifest["name"], manifest["status"], "at tick", manifest["ticks"], "hash", manifest["finalHash"])

# %% Tables are folders of Parquet parts; columns.json tells the unit and meaning of every column
columns = json.loads((run / "columns.json").read_text())
have = [name for name in ("duckdb", "pyarrow", "pandas") if importlib.util.find_spec(name)]
if not have:
    sys.exit("none of duckdb, pyarrow, pandas is installed; try: pip install duckdb")


def read(table, names):
    """Columns of a table as a dict of lists, in order of tick and world; {} where nothing was recorded."""
    parts = sorted(str(part) for part in (run / table).glob("*.parquet"))
    if not parts:
        return {}
    if "duckdb" in have:
        import duckdb

        picked = ", ".join(f'"{name}"' for name in names)
        rows = duckdb.execute(f"select {picked} from read_parquet(?) order by tick, world", [parts]).fetchall()
        return {name: [row[k] for row in rows] for k, name in enumerate(names)}
    if "pyarrow" in have:
        import pyarrow
        import pyarrow.parquet

        found = pyarrow.concat_tables([pyarrow.parquet.read_table(part, columns=names) for part in parts])
        return found.sort_by([("tick", "ascending"), ("world", "ascending")]).to_pydict()
    import pandas

    found = pandas.concat([pandas.read_parquet(part, columns=names) for part in parts])
    return found.sort_values(["tick", "world"]).to_dict("list")


# %% The price of the token and who is alive: means over the worlds of each arm, tick by tick
metrics = read("metrics", ["tick", "world", "arm", "tokenPrice", "alive"])
arms = {}
for arm, tick, price, alive in zip(metrics["arm"], metrics["tick"], metrics["tokenPrice"], metrics["alive"]):
    arms.setdefault(arm, {}).setdefault(tick, []).append((price, alive))
series = {
    arm: [
        (tick, sum(p for p, _ in rows) / len(rows), sum(a for _, a in rows) / len(rows))
        for tick, rows in sorted(by_tick.items())
    ]
    for arm, by_tick in sorted(arms.items())
}
print(f"{'arm':>4} {'tick':>8} {'token price':>12} {'alive':>8}")
for arm, rows in series.items():
    for tick, price, alive in rows[:: max(1, len(rows) // 10)]:
        print(f"{arm:4d} {tick:8d} {price:12.4f} {alive:8.1f}")
samples = len(set(metrics["tick"]))
print("worlds:", len(set(metrics["world"])), "arms:", len(series), "samples:", samples, "read with:", have[0])

# %% A figure, where matplotlib is there
if importlib.util.find_spec("matplotlib"):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot

    for arm, rows in series.items():
        matplotlib.pyplot.plot([tick for tick, _, _ in rows], [price for _, price, _ in rows], label=f"arm {arm}")
    matplotlib.pyplot.legend()
    matplotlib.pyplot.xlabel("tick")
    matplotlib.pyplot.ylabel("token price, cash")
    matplotlib.pyplot.savefig("tokenPrice.svg")
    print("wrote tokenPrice.svg")
