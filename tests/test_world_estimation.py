"""On the world and on simulated truth: exact with perfect input, biased as theory says with one defect on."""

import numpy as np
import pandas as pd
import pytest

from migkit.measures import Estimate
from migkit.measures.estimation import (
    birthplace_migration,
    census_survival,
    compare_mirror,
    emigrants_by_multiplicity,
    emigrants_from_children,
    emigrants_from_households,
    emigrants_from_siblings,
    flow_matrix,
    flows_from_stocks,
    harmonise_flows,
    intercensal_migration,
    life_table_survival,
    match_cohorts,
    migration_rates,
    reconcile_mirror,
    residence_matrix,
    residual_migration,
    survival_ratio_migration,
    vital_statistics_migration,
)
from migkit.reference import dictionary
from migkit.sources import census, mirror
from migkit.sources.records import ErrorModel
from migkit.world import make_chunk

HOME = "GMB"
DAYS = pd.Timestamp("2014-07-01"), pd.Timestamp("2024-07-01")
OPEN_AT = 80


@pytest.fixture(scope="module")
def world():
    return make_chunk(HOME, 0.01, seed=1, chunk=0)


# ----------------------------------------------------------------------- the true account of a country, by cohort


class Truth:
    """Everything that happened in the country between the two census days."""

    def __init__(self, world):
        people = world.persons.set_index("truth_id")[["birth_date", "death_date"]]
        spells = world.spells[["truth_id", "country", "start", "end"]].join(people, on="truth_id")
        self.home = spells[spells["country"].astype("str") == HOME]
        self.people = people
        self.start, self.end = (self.residents(day) for day in DAYS)

    def residents(self, day):
        held = self.home[(self.home["start"] <= day) & (self.home["end"].isna() | (self.home["end"] > day))]
        return pd.Index(held["truth_id"])

    def age_group(self, ids, day):
        born = self.people.loc[ids, "birth_date"]
        years = (
            day.year
            - born.dt.year
            - ((born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day)))
        )
        return (years.clip(upper=OPEN_AT) // 5 * 5).map(lambda a: f"{a}+" if a == OPEN_AT else f"{a}-{a + 4}")

    def census(self, day):
        ids = self.start if day == DAYS[0] else self.end
        groups = [f"{a}-{a + 4}" for a in range(0, OPEN_AT, 5)] + [f"{OPEN_AT}+"]
        counts = self.age_group(ids, day).value_counts().reindex(groups, fill_value=0)
        return pd.DataFrame({"age": groups, "population": counts.to_numpy()})

    def within(self, dates):
        return (dates > DAYS[0]) & (dates <= DAYS[1])

    def events(self):
        """Births, deaths, arrivals and departures in the country, one row each: who and what."""
        home = self.home
        born = home["start"] == home["birth_date"]
        died = home["end"] == home["death_date"]
        kinds = {
            "births": home[born & self.within(home["start"])],
            "deaths": home[died & self.within(home["end"])],
            "in": home[~born & self.within(home["start"])],
            "out": home[~died & self.within(home["end"])],
        }
        return {kind: pd.Index(rows["truth_id"]) for kind, rows in kinds.items()}

    def cohort(self, ids):
        """The cohort of each person, by age at the second census; those of 70 or more at the first are one."""
        born = self.people.loc[ids, "birth_date"]
        later = self.age_group(ids, DAYS[1])
        return later.where(born > DAYS[1] - pd.DateOffset(years=OPEN_AT), f"{OPEN_AT}+")


@pytest.fixture(scope="module")
def truth(world):
    return Truth(world)


@pytest.fixture(scope="module")
def cohorts(truth):
    """Cohorts matched from the two censuses, with the true events of each."""
    counts = {kind: truth.cohort(ids).value_counts() for kind, ids in truth.events().items()}
    young = {group: int(counts["births"].get(group, 0)) for group in ("0-4", "5-9")}
    table = match_cohorts(truth.census(DAYS[0]), truth.census(DAYS[1]), 10, births=young).set_index("age_end")
    for kind, count in counts.items():
        table[kind] = count.reindex(table.index, fill_value=0)
    return table


def test_the_balance_of_the_country_gives_its_net_migration_exactly(truth, cohorts):
    events = {kind: len(ids) for kind, ids in truth.events().items()}
    country = pd.DataFrame(
        {
            "pop_start": [len(truth.start)],
            "pop_end": len(truth.end),
            "births": events["births"],
            "deaths": events["deaths"],
        }
    )
    assert vital_statistics_migration(country)["net"].tolist() == [events["in"] - events["out"]]
    assert min(events.values()) > 50


def test_the_residual_of_each_cohort_is_its_net_migration_exactly(cohorts):
    net = residual_migration(cohorts.reset_index())
    assert net["net"].tolist() == (cohorts["in"] - cohorts["out"]).tolist()
    assert not cohorts["split"].any()


def test_the_forward_method_counts_migrants_who_are_alive_at_the_end(truth, cohorts):
    """Manual VI: with the cohort's own survival, forward is surviving arrivals less surviving departures."""
    old = truth.start
    died = truth.people.loc[old, "death_date"] <= DAYS[1]
    alive = old[~died.to_numpy()]
    by_cohort = lambda ids: truth.cohort(ids).value_counts().reindex(cohorts.index, fill_value=0)  # noqa: E731
    there = cohorts[cohorts["age_start"] != "Born"]
    ratio = (by_cohort(alive) / by_cohort(old)).loc[there.index]
    table = there.assign(survival=ratio).reset_index()
    net = survival_ratio_migration(table, age="age_end")
    came = truth.end.difference(old)
    came = came[(truth.people.loc[came, "birth_date"] <= DAYS[0]).to_numpy()]
    gone = alive.difference(truth.end)
    assert net["forward"].to_numpy() == pytest.approx(
        (by_cohort(came) - by_cohort(gone)).loc[there.index].to_numpy()
    )
    # And the whole gap to the residual is deaths: of arrivals, here; less of those who had left, elsewhere.
    gap = residual_migration(there.reset_index())["net"] - net["forward"]
    deaths_of_old = by_cohort(old[died.to_numpy()]).loc[there.index]
    assert gap.to_numpy() == pytest.approx((there["deaths"] - deaths_of_old).to_numpy())


def test_a_second_census_that_misses_a_share_loses_that_share_of_its_count(truth, cohorts):
    """Bias of forward and of the balance: - c x P1, exactly; in both censuses alike: - c x net."""
    c = 0.04
    table = cohorts[cohorts["age_start"] != "Born"].assign(survival=0.9).reset_index()
    full = survival_ratio_migration(table, age="age_end")["forward"]
    missed = survival_ratio_migration(table.assign(pop_end=table["pop_end"] * (1 - c)), age="age_end")["forward"]
    assert (missed - full).to_numpy() == pytest.approx(-c * table["pop_end"].to_numpy())
    both = table.assign(pop_end=table["pop_end"] * (1 - c), pop_start=table["pop_start"] * (1 - c))
    assert survival_ratio_migration(both, age="age_end")["forward"].to_numpy() == pytest.approx(
        (1 - c) * full.to_numpy()
    )
    area = pd.DataFrame(
        {"pop_start": [len(truth.start)], "pop_end": [len(truth.end)], "births": [900], "deaths": [300]}
    )
    right = vital_statistics_migration(area)["net"]
    low = vital_statistics_migration(area.assign(pop_end=area["pop_end"] * (1 - c)))["net"]
    assert (low - right).iloc[0] == pytest.approx(-c * len(truth.end))
    mended = vital_statistics_migration(
        area.assign(pop_end=area["pop_end"] * (1 - c)), coverage={"pop_end": 1 - c}
    )
    assert mended["net"].iloc[0] == pytest.approx(right.iloc[0])


def test_births_and_deaths_that_are_missed_push_to_opposite_sides(truth):
    events = {kind: len(ids) for kind, ids in truth.events().items()}
    area = pd.DataFrame(
        {
            "pop_start": [len(truth.start)],
            "pop_end": len(truth.end),
            "births": events["births"],
            "deaths": events["deaths"],
        }
    )
    right = vital_statistics_migration(area)["net"].iloc[0]
    fewer_births = vital_statistics_migration(area.assign(births=area["births"] * 0.8))["net"].iloc[0]
    fewer_deaths = vital_statistics_migration(area.assign(deaths=area["deaths"] * 0.5))["net"].iloc[0]
    assert fewer_births - right == pytest.approx(0.2 * events["births"])
    assert fewer_deaths - right == pytest.approx(-0.5 * events["deaths"])


def test_reverse_less_forward_is_the_deaths_of_migrants_who_came_at_the_start():
    """Manual VI: 200 come on the first day, a fifth of everybody dies."""
    cohorts = pd.DataFrame({"age": ["30-34"], "pop_start": [1000], "pop_end": [0.8 * 1200], "survival": [0.8]})
    net = survival_ratio_migration(cohorts).loc["30-34"]
    assert net["reverse"] == pytest.approx(200)
    assert net["forward"] == pytest.approx(160)
    last_day = survival_ratio_migration(cohorts.assign(pop_end=800 + 200)).loc["30-34"]
    assert last_day["forward"] == pytest.approx(200)


def test_a_life_table_gives_back_the_migrants_of_a_stable_population():
    """Constant mortality, no births; a tenth of each cohort leaves on the last day."""
    force, edges = 0.02, np.arange(0, 86, 5)
    lived = [(np.exp(-force * a) - np.exp(-force * (a + 5))) / force for a in edges[:-1]] + [
        np.exp(-force * 85) / force
    ]
    labels = [f"{a}-{a + 4}" for a in edges[:-1]] + ["85+"]
    survival = life_table_survival(pd.DataFrame({"age": labels, "Lx": lived}), 10, radix=1)
    first = pd.DataFrame({"age": labels, "population": np.array(lived) * 1e5})
    stayed = first["population"].shift(2).fillna(0) * np.exp(-10 * force) * 0.9
    stayed.iloc[-1] = first["population"].iloc[-3:].sum() * np.exp(-10 * force) * 0.9
    net = intercensal_migration(first, first.assign(population=stayed), survival, 10)
    told = net[net["pop_start"].notna()]
    assert told["forward"].to_numpy() == pytest.approx(-0.1 * told["expected"].to_numpy())


def test_heaping_that_is_alike_everywhere_cancels_in_census_ratios_and_not_in_life_table_ratios():
    """Manual VI on census survival ratios: errors of age that area and nation share are in the ratio too."""
    rng = np.random.default_rng(2)
    groups = [f"{a}-{a + 4}" for a in range(0, 60, 5)] + ["60+"]
    n = len(groups)
    nation0 = np.linspace(9000, 2000, n)
    ratio = np.linspace(0.98, 0.6, n)
    nation1 = np.concatenate([[8000.0, 7800.0], (nation0 * ratio)[: n - 3], [(nation0 * ratio)[n - 3 :].sum()]])
    moved = np.concatenate([[0, 0], rng.integers(-200, 300, n - 2)])
    area0, area1 = 0.2 * nation0, 0.2 * nation1 + moved
    heap = np.eye(n) * 0.85
    for i in range(n):  # 15 in 100 give the next higher or lower even group
        heap[i + 1 if i % 2 and i + 1 < n else max(i - 1, 0) if i % 2 else i, i] += 0.15

    def table(counts):
        return pd.DataFrame({"age": groups, "population": counts})

    def total(start, end, survival):
        found = intercensal_migration(table(start), table(end), survival, 10)
        return found.loc[found["pop_start"].notna(), "forward"]

    life = match_cohorts(table(nation0), table(nation1), 10).assign(
        survival=lambda t: t["pop_end"] / t["pop_start"]
    )
    heaped_census = census_survival(table(heap @ nation0), table(heap @ nation1), 10)
    by_census = total(heap @ area0, heap @ area1, heaped_census)
    by_life_table = total(heap @ area0, heap @ area1, life)
    wanted = (heap @ moved)[2:]  # what heaping leaves of the migrants themselves
    assert by_census.to_numpy()[:-1] == pytest.approx(wanted[:-1])
    assert by_census.sum() == pytest.approx(wanted.sum())
    assert np.abs(by_life_table.to_numpy() - wanted).max() > 50


def test_the_interval_of_the_vital_statistics_method_covers_what_it_says():
    """Coverage of births and deaths known from a survey with an error: 95 % intervals over 200 surveys."""
    true = {"pop_start": 100_000.0, "pop_end": 115_000.0, "births": 30_000.0, "deaths": 9_000.0}
    net = 15_000 - 21_000
    share, error = {"births": 0.8, "deaths": 0.6}, {"births": 0.02, "deaths": 0.03}
    counted = pd.DataFrame({name: [figure * share.get(name, 1)] for name, figure in true.items()})
    inside, values = 0, []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        measured = {name: Estimate(rng.normal(share[name], error[name]), error[name], "survey") for name in share}
        row = vital_statistics_migration(counted, coverage=measured).iloc[0]
        inside += row["low"] <= net <= row["high"]
        values.append(row["net"])
    assert 0.90 <= inside / 200 <= 0.99
    assert np.std(values) == pytest.approx(
        vital_statistics_migration(counted, coverage={name: (share[name], error[name]) for name in share})[
            "se"
        ].iloc[0],
        rel=0.2,
    )


# --------------------------------------------------------------------------------------- birthplaces and residence


def test_birthplaces_give_net_migration_of_a_closed_country_exactly():
    """Deaths strike all who were born in a place alike; then survivors move."""
    rng = np.random.default_rng(7)
    places = list("ABCD")
    before = pd.DataFrame(
        rng.integers(1, 60, (4, 4)) * 100 + np.eye(4, dtype=int) * 20_000, index=places, columns=places
    )
    survivors = before * pd.Series({"A": 0.9, "B": 0.8, "C": 0.95, "D": 0.75}).to_numpy()[:, None]
    after, truth = survivors.copy(), pd.Series(0.0, index=places)
    for _move in range(60):
        birth, origin, destination = rng.choice(places, 3)
        n = min(rng.integers(1, 40), after.loc[birth, origin])
        after.loc[birth, origin] -= n
        after.loc[birth, destination] += n
        truth[origin] -= n
        truth[destination] += n
    found = birthplace_migration(before, after)
    assert found["net"].to_numpy() == pytest.approx(truth.to_numpy())
    # One ratio for all is wrong where mortality differs by birthplace.
    crude = birthplace_migration(before, after, survival=float(after.to_numpy().sum() / before.to_numpy().sum()))
    assert np.abs(crude["net"] - truth).max() > 100


def test_the_fewest_moves_are_a_lower_bound_and_close_the_account():
    rng = np.random.default_rng(11)
    places = list("ABCD")
    before = pd.DataFrame(rng.integers(50, 400, (4, 4)), index=places, columns=places).astype(float)
    after, moves = before.copy(), pd.DataFrame(0.0, index=places, columns=places)
    for _move in range(80):
        birth, origin, destination = rng.choice(places, 3)
        if origin == destination or after.loc[birth, origin] < 5:
            continue
        after.loc[birth, origin] -= 5
        after.loc[birth, destination] += 5
        moves.loc[origin, destination] += 5
    flows = flows_from_stocks(before, after)
    assert flows.to_numpy().sum() <= moves.to_numpy().sum()
    net = after.sum() - before.sum()
    assert migration_rates(flows)["net"].to_numpy() == pytest.approx(net.to_numpy())


def test_residence_five_years_ago_counts_survivors_and_not_moves(world):
    """Truth: transitions of those alive and here on both days. Moves in between and back are not seen."""
    day, ago = DAYS[1], DAYS[1] - pd.DateOffset(years=5)

    def region(at):
        held = world.spells[
            (world.spells["start"] <= at) & (world.spells["end"].isna() | (world.spells["end"] > at))
        ]
        held = held[held["country"].astype("str") == HOME]
        return held.set_index("truth_id")["region"].astype("str")

    both = pd.concat([region(ago).rename("then"), region(day).rename("now")], axis=1, join="inner")
    matrix = residence_matrix(both, "then", "now")
    rates = migration_rates(matrix)
    changed = both[both["then"] != both["now"]]
    assert rates["in"].sum() == rates["out"].sum() == len(changed)
    moved = flow_matrix(changed, "then", "now", persons=None)
    assert migration_rates(moved)["net"].to_dict() == rates.loc[moved.index, "net"].to_dict()
    assert rates["net"].sum() == 0


# ------------------------------------------------------------------------------------------------------- emigrants


def test_households_report_a_lower_bound_and_miss_those_who_left_whole(world):
    """With all defects off, exactly those are missing whose household has nobody left to report them."""
    table = census.observe(world, ErrorModel(dictionary("census"), "none"), 1).tables["census_emigrants"]
    spells = world.spells
    home = spells["country"].astype("str") == HOME
    left = spells[home & (spells["end"] > DAYS[0]) & (spells["end"] <= DAYS[1])]
    there = ~home & (spells["start"] <= DAYS[1]) & (spells["end"].isna() | (spells["end"] > DAYS[1]))
    emigrants = set(left["truth_id"]) & set(spells.loc[there, "truth_id"])
    households = world.persons.set_index("truth_id")["household_ref"]
    nobody_left = sum(households[who] == 0 for who in emigrants)
    total = emigrants_from_households(table.records).loc["Total", "emigrants"]
    assert total == len(emigrants) - nobody_left
    assert 0 < nobody_left < len(emigrants)


def families(rng, n, q, clustered=0.0, size=5):
    """Brothers and sisters: who is abroad. Members leave one by one, or (a share of families) whole."""
    sizes = rng.integers(1, 2 * size, n)
    rows = []
    for family, members in enumerate(sizes):
        together = rng.random() < clustered
        gone = np.full(members, rng.random() < q) if together else rng.random(members) < q
        for is_gone in gone:
            if not is_gone:
                rows.append((family, members - gone.sum() - 1, gone.sum()))
    reports = pd.DataFrame(rows, columns=["family", "siblings_home", "siblings_abroad"])
    return reports


def test_siblings_find_emigrants_with_intervals_that_cover():
    """Members leave by chance, each alone: N A / H is unbiased, families that left whole included."""
    q, population = 0.15, 50_000
    truth = population * q / (1 - q)
    inside, values = 0, []
    for seed in range(200):
        reports = families(np.random.default_rng(seed), 150, q)
        row = emigrants_from_siblings(reports, population, cluster="family").iloc[0]
        inside += row["low"] <= truth <= row["high"]
        values.append(row["emigrants"])
    assert 0.90 <= inside / 200 <= 0.99
    assert np.mean(values) == pytest.approx(truth, rel=3 * np.std(values) / truth / 200**0.5 + 0.01)


def test_siblings_miss_families_that_leave_together():
    """Leaving in families: the estimate is too low, more so the more families go whole (Zaba; Zlotnik)."""
    q, population = 0.15, 50_000
    found = [
        emigrants_from_siblings(families(np.random.default_rng(3), 3000, q, clustered), population).iloc[0][
            "emigrants"
        ]
        for clustered in (0.0, 0.5, 1.0)
    ]
    assert found[0] == pytest.approx(population * q / (1 - q), rel=0.1)
    assert found[0] > 1.3 * found[1] > 0
    assert found[2] == 0


def test_multiplicity_counts_each_emigrant_with_a_sibling_at_home_once(world):
    """M. G. Sirken (1970), on the brothers and sisters of the world, by mother."""
    people = world.persons[(world.persons["mother_id"] != 0)].copy()
    people = people[(people["birth_date"] <= DAYS[1]) & ~(people["death_date"] <= DAYS[1])]
    people["here"] = people["truth_id"].isin(Truth(world).end)
    count = people.groupby("mother_id")["here"].agg(["sum", "size"])
    people = people.join(count, on="mother_id")
    answers = people[people["here"]]
    reports = pd.DataFrame(
        {
            "siblings_home": answers["sum"] - 1,
            "siblings_abroad": answers["size"] - answers["sum"],
            "mother": answers["mother_id"],
        }
    )
    seen = (~people["here"] & (people["sum"] > 0)).sum()
    estimate = emigrants_by_multiplicity(reports, cluster="mother")
    assert seen > 100
    assert estimate.value == pytest.approx(seen)
    assert seen < (~people["here"]).sum()


def test_children_find_emigrants_with_intervals_that_cover_and_miss_families():
    """Mothers at home whatever their children do: unbiased; mothers who went along: too low (Somoza)."""
    q, stay, population = 0.12, 0.8, 20_000
    truth = population * q / (1 - q)

    def reports(seed, together):
        rng = np.random.default_rng(seed)
        children = rng.integers(1, 7, 400)
        abroad = rng.binomial(children, q)
        leaves = np.where(abroad > 0, together, 0.0)
        answers = (rng.random(400) < stay) & (rng.random(400) >= leaves)
        return pd.DataFrame({"children_home": children - abroad, "children_abroad": abroad})[answers]

    rows = [emigrants_from_children(reports(seed, 0.0), population).iloc[0] for seed in range(200)]
    inside = np.mean([row["low"] <= truth <= row["high"] for row in rows])
    assert 0.90 <= inside <= 0.99
    families_leave = np.mean(
        [emigrants_from_children(reports(s, 0.4), population).iloc[0]["emigrants"] for s in range(40)]
    )
    assert families_leave < 0.85 * truth


# ---------------------------------------------------------------------------------------------------------- mirror


def test_perfect_mirror_figures_agree_corridor_by_corridor(world):
    """With defects off, a destination publishes of those born here what the country would count itself."""
    rows = mirror.observe(world, ErrorModel(dictionary("mirror"), "none"), 1).tables["mirror_stock"].records
    rows = rows[(rows["definition"] == "B") & (rows["reference_year"].astype(int) == 2024)]
    there = rows.assign(persons=rows["persons"].astype(int), year=2024, origin=HOME)
    partner = there.groupby(["origin", "destination", "year"], as_index=False)["persons"].sum()
    spells = world.spells
    natives = world.persons.loc[world.persons["country_birth"].astype("str") == HOME, "truth_id"]
    held = spells[(spells["start"] <= DAYS[1]) & (spells["end"].isna() | (spells["end"] > DAYS[1]))]
    held = held[held["truth_id"].isin(natives) & held["country"].astype("str").isin(partner["destination"])]
    own = held["country"].astype("str").value_counts().rename_axis("destination").reset_index(name="persons")
    both = compare_mirror(own.assign(origin=HOME, year=2024), partner)
    assert len(both) >= 5 and (both["seen"] == "both").all()
    assert (both["ratio"] == 1).all()
    used = reconcile_mirror(own.assign(origin=HOME, year=2024), partner, country=HOME)
    assert (used["used"] == used["own"]).all()


def test_citizens_and_permit_holders_are_fewer_than_those_born_in_the_country(world):
    """A narrower definition pushes the ratio of own to partner figure above 1."""
    rows = mirror.observe(world, ErrorModel(dictionary("mirror"), "none"), 1).tables["mirror_stock"].records
    rows = rows[rows["reference_year"].astype(int) == 2024].assign(persons=lambda t: t["persons"].astype(int))
    sums = (
        rows.groupby(["definition", "destination"], as_index=False)["persons"].sum().assign(origin=HOME, year=2024)
    )
    kinds = {kind: part.drop(columns="definition") for kind, part in sums.groupby("definition")}
    shared = set(kinds["C"]["destination"]) & set(kinds["P"]["destination"])
    both = compare_mirror(
        kinds["C"][kinds["C"]["destination"].isin(shared)], kinds["P"][kinds["P"]["destination"].isin(shared)]
    )
    assert len(both) and (both["ratio"] >= 1).all() and (both["ratio"] > 1).any()


def test_shorter_stays_count_more_people_and_the_true_factor_brings_both_sides_together():
    """Duration of stay: whoever counts from 3 months on counts more than who counts from 12 on."""
    rng = np.random.default_rng(4)
    stays = rng.exponential(14, 20_000)
    three, twelve = int((stays >= 3).sum()), int((stays >= 12).sum())
    corridor = {"origin": ["GMB"], "destination": ["ESP"], "year": [2023]}
    own = pd.DataFrame(corridor | {"persons": [twelve], "duration": [12]})
    there = pd.DataFrame(corridor | {"persons": [three], "duration": [3]})
    assert compare_mirror(own, there)["ratio"].iloc[0] < 0.7
    row = reconcile_mirror(own, there, country="GMB", duration_factors={3: twelve / three, 12: 1}).iloc[0]
    assert row["ratio_adjusted"] == pytest.approx(1)
    assert row["used"] == pytest.approx(twelve)


def test_weighted_reconciliation_covers_the_truth():
    """Two unbiased sources with known relative errors: the interval of the weighted figure covers, 200 times."""
    corridors = pd.DataFrame({"origin": "GMB", "destination": "ESP", "year": range(200)})
    draws = np.array([np.random.default_rng(seed).normal(1, [0.05, 0.1]) for seed in range(200)])
    own = corridors.assign(persons=1000 * draws[:, 0], error=0.05)
    there = corridors.assign(persons=900 * draws[:, 1], error=0.1, coverage=0.9)
    found = reconcile_mirror(own, there, rule="weighted")
    assert 0.90 <= ((found["used"] - 1000).abs() <= 1.96 * found["se"]).mean() <= 0.99
    assert found["used"].std() < own["persons"].std()


def test_factors_of_noisy_reports_are_near_the_truth():
    """Constant coverage and Poisson noise: factors come within a few percent, and the benchmark keeps its own."""
    rng = np.random.default_rng(8)
    names = [f"C{i}" for i in range(6)]
    arrive, leave = (
        dict(zip(names, rng.uniform(0.4, 1, 6), strict=True)),
        dict(zip(names, rng.uniform(0.2, 1, 6), strict=True)),
    )
    rows = [(o, d, rng.integers(500, 5000)) for o in names for d in names if o != d]
    reports = pd.DataFrame(rows, columns=["origin", "destination", "true"])
    reports["sent"] = rng.poisson(reports["true"] * reports["origin"].map(leave))
    reports["received"] = rng.poisson(reports["true"] * reports["destination"].map(arrive))
    factors = harmonise_flows(reports, "C2").factors
    assert factors.loc["C2", "immigration"] == 1
    assert factors["immigration"].to_numpy() == pytest.approx([arrive["C2"] / arrive[c] for c in names], rel=0.06)
    assert factors["emigration"].to_numpy() == pytest.approx([arrive["C2"] / leave[c] for c in names], rel=0.06)
