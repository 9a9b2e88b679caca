"""How long the risk of a file takes, beside a plain pandas group-by of the same keys, and in how much memory.

Prints a table. The target: under 5 times the group-by, on a million records.
"""

import argparse
import time

import numpy as np
import pandas as pd
from memory import Memory

from migkit.measures.confidentiality import file_risk, individual_risk, suda

MEBI = 1024 * 1024
KEYS = ["sex", "age_group", "country_birth", "region", "education", "occupation"]


def made_up_records(n, seed=1):
    """Records as skewed as real ones: most were born here, few elsewhere."""
    chance = np.random.default_rng(seed)
    born = np.array([f"C{i:02d}" for i in range(60)])
    far = 1 / np.arange(1, 60)
    return pd.DataFrame(
        {
            "sex": chance.choice(["F", "M"], n),
            "age_group": np.minimum(chance.exponential(5, n).astype(int), 17),
            "country_birth": chance.choice(born, n, p=np.r_[0.9, 0.1 * far / far.sum()]),
            "region": chance.choice([f"R{i}" for i in range(8)], n),
            "education": chance.integers(0, 6, n),
            "occupation": chance.choice([str(i) for i in range(10)], n),
            "weight": chance.uniform(5, 15, n),
        }
    )


def best(repeats, job):
    """The least seconds of several runs: the others share the machine with somebody."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def line(*cells):
    print(f"{cells[0]:<58}", *(f"{cell:>12}" for cell in cells[1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--suda", action="store_true", help="special uniques too (63 group-bys)")
    options = parser.parse_args()
    records = made_up_records(options.records)
    individual_risk(records.head(1000), KEYS, "weight")  # loads scipy
    line("what", "keys", "different", "seconds", "ratio", "MiB (most)")
    worst = 0.0
    for keys in (KEYS[:5], KEYS):
        count = len(records[keys].drop_duplicates())

        def plain(keys=keys):
            return records.groupby(keys, observed=True, dropna=False)["weight"].agg(["size", "sum"])

        def ours(keys=keys):
            return file_risk(records, keys, "weight")

        base = best(options.repeats, plain)
        line("pandas group-by: size and sum of weights", len(keys), f"{count:,}", f"{base:.2f}", "1.0", "")
        with Memory() as memory:
            seconds = best(options.repeats, ours)
        worst = max(worst, seconds / base)
        line(
            "file_risk: f, F, exact individual risk, k-anonymity",
            len(keys),
            f"{count:,}",
            f"{seconds:.2f}",
            f"{seconds / base:.1f}",
            f"{memory.most / MEBI:.0f}",
        )
    with_blanks = records.assign(occupation=records["occupation"].mask(records.index % 50 == 0))
    seconds = best(1, lambda: file_risk(with_blanks, KEYS, "weight"))
    line("the same with 2 % blanks as wildcards in one key", len(KEYS), "", f"{seconds:.2f}", "", "")
    if options.suda:
        seconds = best(1, lambda: suda(records, KEYS, sampling_fraction=0.1))
        line("special uniques (SUDA), all sizes", len(KEYS), "", f"{seconds:.2f}", "", "")
    print(f"worst ratio {worst:.1f}: {'under' if worst < 5 else 'NOT UNDER'} 5 times a plain group-by")


if __name__ == "__main__":
    main()
