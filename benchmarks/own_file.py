"""An office's own file of two million persons: map, check and tables by the command line, in seconds and memory.

Makes the file by a foreign hand's rules (French headings and words, names of persons, semicolons, commas) as
CSV and as Parquet, runs each verb of ``kit own`` as a user does, in a process of its own, and prints a table.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

VERBS = ("map", "check", "tables")
HOME, ABROAD = "Sénégal", ("Guinée", "Guinée-Bissau", "Mali", "Gambie", "Côte d’Ivoire", "Niger", "Nigéria")


def make_file(rows, folder, kind):
    """The file; about 75 bytes a row as CSV."""
    rng = np.random.default_rng(4)

    def words(values, share):
        return pd.Categorical.from_codes(rng.choice(len(values), rows, p=share), categories=list(values))

    foreign = (0.94, 0.02, 0.005, 0.015, 0.01, 0.004, 0.003, 0.003)
    given, family = ("Fatou", "Awa", "Ousmane", "Maria", "Binta"), ("Diallo", "Ba", "Traoré", "Sow", "Ndiaye")
    households = np.arange(rows) // 7
    frame = pd.DataFrame(
        {
            "Identifiant individu": [f"SN{i:09}" for i in range(rows)],
            "Numéro ménage": [f"M{i:07}" for i in households],
            "Lien de parenté": np.where(np.arange(rows) % 7 == 0, "Chef de ménage", "Autre parent"),
            "Nom et prénoms": [f"{given[i % 5]} {family[i // 5 % 5]} {i}" for i in range(rows)],
            "Sexe": words(("Masculin", "Féminin", "ND"), (0.49, 0.505, 0.005)),
            "Âge": np.minimum(
                rng.exponential(23, rows).astype(int) + np.where(np.arange(rows) % 7 == 0, 15, 0), 98
            ),
            "Pays de naissance": words((HOME, *ABROAD), foreign),
            "Nationalité": words((HOME, *ABROAD), foreign),
            "Année d'arrivée": np.where(rng.random(rows) < 0.06, rng.integers(1990, 2024, rows), 9999),
            "Pondération": rng.choice(np.array([9.5, 10.0, 11.25, 10.75]), rows),
        }
    )
    path = folder / f"recensement.{kind}"
    if kind == "parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, sep=";", decimal=",", index=False, encoding="cp1252")
    return path


def run(verb, path, folder):
    """One verb in a process of its own: seconds, seconds of work, MB and how it ended."""
    mapped = folder / f"{path.name}.map.yml"
    told = {
        "map": [str(path), "--country", "SEN", "--out", str(mapped), "--force"],
        "check": [str(path), "--map", str(mapped), "--out", str(folder / "findings")],
        "tables": [str(path), "--map", str(mapped), "--out", str(folder / f"tables-{path.suffix[1:]}"), "--force"],
    }
    command = [sys.executable, "-m", "migkit.cli", "own", verb, *told[verb]]
    start = time.perf_counter()
    with (folder / "log.txt").open("w") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        _pid, status, used = os.wait4(child.pid, 0)
    if verb == "map":
        mapped.write_text(mapped.read_text(encoding="utf-8").replace("day:  ", "day: 2023-07-01  ", 1), "utf-8")
    last = (folder / "log.txt").read_text(encoding="utf-8").strip().splitlines()[-1]
    cpu = used.ru_utime + used.ru_stime
    return time.perf_counter() - start, cpu, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), last


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, default=2e6)
    parser.add_argument("--kinds", nargs="*", default=["csv", "parquet"], choices=["csv", "parquet"])
    parser.add_argument("--verbs", nargs="*", default=list(VERBS), choices=VERBS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'file':<12}{'MB':>6}  {'verb':<8}{'seconds':>8}{'CPU':>7}{'memory MB':>11}  end")
        for kind in options.kinds:
            path = make_file(int(options.rows), folder, kind)
            for verb in options.verbs:
                seconds, cpu, most, code, last = run(verb, path, folder)
                size = path.stat().st_size / 1e6
                line = f"{kind:<12}{size:>6.0f}  {verb:<8}{seconds:>8.1f}{cpu:>7.1f}{most:>11.0f}  {code} {last}"
                print(line, flush=True)


if __name__ == "__main__":
    main()
