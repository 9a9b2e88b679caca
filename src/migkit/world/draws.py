"""Random draws that give the same bytes everywhere: named streams, uniform draws and table look-ups only.

Normal, gamma or Poisson draws call the platform's mathematics library; uniform draws and whole numbers do not.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def stream(seed: int, place: str, chunk: int, name: str) -> np.random.Generator:
    """The random stream of one step of one chunk.

    Streams do not depend on one another, so the result does not depend on the order or number of workers.
    """
    key = zlib.crc32(f"{place}/{name}".encode())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key, chunk])))


def chance(rng: np.random.Generator, share: float | Floats, n: int) -> Bools:
    """``n`` true-or-false draws with probability ``share`` (one number or one for each)."""
    return np.asarray(rng.random(n) < share)


def pick(rng: np.random.Generator, weights: Floats | list[float], n: int) -> Ints:
    """``n`` draws of a position with probability proportional to ``weights``."""
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    at = np.searchsorted(cumulated, rng.random(n) * cumulated[-1], side="right")
    return np.asarray(np.minimum(at, len(cumulated) - 1), dtype=np.int64)


def from_quantiles(rng: np.random.Generator, quantiles: list[float], n: int) -> Floats:
    """``n`` draws from a distribution given by evenly spaced quantiles."""
    return np.interp(rng.random(n), np.linspace(0.0, 1.0, len(quantiles)), quantiles)


def spread(rng: np.random.Generator, n: int) -> Floats:
    """``n`` numbers spread evenly over (0, 1), each shifted a little: a distribution without sampling noise."""
    return (np.arange(n) + rng.random(n)) / max(n, 1)


def elapsed(rng: np.random.Generator, mean: float, limit: Floats | Ints) -> Ints:
    """Days since an event: exponential with ``mean`` years, cut at ``limit`` days; at least 1."""
    scale = mean * 365.25
    top = 1.0 - np.exp(-np.asarray(limit, dtype=np.float64) / scale)
    days = -scale * np.log1p(-rng.random(len(top)) * top)
    return np.clip(days.astype(np.int64), 1, np.maximum(np.asarray(limit, dtype=np.int64), 1))


def shuffled(rng: np.random.Generator, n: int) -> Ints:
    """A random order of ``n`` things."""
    return np.argsort(rng.random(n), kind="stable").astype(np.int64)


def apportion(total: int, weights: Floats | list[float]) -> Ints:
    """Share ``total`` out by weights in whole numbers that add up (largest remainders, ties to the first)."""
    exact = np.asarray(weights, dtype=np.float64) / np.sum(weights) * total
    whole = np.floor(np.round(exact, 9)).astype(np.int64)
    left = int(total - whole.sum())
    order = np.argsort(-(np.round(exact - whole, 9)), kind="stable")
    whole[order[:left]] += 1
    return whole


def part(total: int | Ints, chunk: int, chunks: int) -> Ints:
    """The part of a total that falls to one chunk; the parts add up to the total."""
    whole = np.asarray(total, dtype=np.int64)
    return whole * (chunk + 1) // chunks - whole * chunk // chunks


def _key(seed: int, name: str) -> int:
    return ((seed * 0x9E3779B97F4A7C15) ^ (zlib.crc32(name.encode()) * 0xD1342543DE82EF95)) & 0xFFFFFFFFFFFFFFFF


def _bits(seed: int, name: str, ids: Ints) -> NDArray[np.uint64]:
    """64 well mixed bits for each number (splitmix64: Steele, Lea and Flood 2014)."""
    mixed = np.asarray(ids).astype(np.uint64)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64(_key(seed, name))
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def hashed(seed: int, name: str, ids: Ints) -> Floats:
    """A number in [0, 1) for each id, a pure function of seed, name and id.

    Two chunks that meet the same person draw the same number, in any order and without a word between them.
    """
    return np.asarray((_bits(seed, name, ids) >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


#: Steps of additive sequences that fill [0, 1) evenly: the golden ratio and the two of the plastic number
#: (M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
GOLDEN, PLASTIC, PLASTIC_SQUARED = 0.6180339887498949, 0.7548776662466927, 0.5698402909980532


def lowdisc(number: Ints, step: float, offset: Floats | float) -> Floats:
    """Member ``number`` of an additive sequence from ``offset``: any run of it is spread evenly over [0, 1)."""
    fixed = np.asarray(number).astype(np.uint64) * np.uint64(int(step * 2.0**53) << 11)
    fixed += (np.asarray(offset) * 2.0**53).astype(np.uint64) << np.uint64(11)
    return np.asarray((fixed >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


@dataclass(frozen=True)
class Choices:
    """Many tables of weights, laid end to end so that one search draws from all of them at once."""

    edges: Floats
    width: int

    @classmethod
    def of(cls, weights: Floats | list[list[float]]) -> "Choices":
        """Tables (rows) of weights of the same choices (columns); a row of zeros is taken as equal weights."""
        rows = np.asarray(weights, dtype=np.float64)
        rows = np.where(rows.sum(axis=1, keepdims=True) > 0, rows, 1.0)
        cumulated = np.cumsum(rows, axis=1)
        # The edges are rounded and the last is 1, so that no machine's sums put a draw into another column.
        shares = np.round(cumulated / cumulated[:, -1:], 9)
        last = rows.shape[1] - 1 - np.argmax(rows[:, ::-1] > 0, axis=1)
        shares[np.arange(rows.shape[1])[None, :] >= last[:, None]] = 1.0
        return cls((shares + np.arange(len(rows))[:, None]).ravel(), rows.shape[1])

    def at(self, row: Ints, level: Floats) -> Ints:
        """The choice at a level in [0, 1) of each given row's table."""
        found = np.searchsorted(self.edges, row + np.minimum(level, 1.0 - 1e-9), side="right")
        return np.asarray(found - row * self.width, dtype=np.int64)
