"""RESULTS.md from the measured figures."""

import os

import plot
from numbers_ import Number, plain, ratio, shown

# (peer, over HTTP, in process): how many times the peer's enqueue rate is the goal.
GOALS_A = {"graphile-worker": (15, 40), "pg-boss": (10, 25), "BullMQ": (2.5, 6), "plainjob": (4, 10), "RabbitMQ": (1.5, 4)}


class Figures:
    def __init__(self, results):
        self.results = results
        self.peers = list(results["about"])

    def values(self, system, figure, key):
        return [repetition.get(system, {}).get(figure, {}).get(key) for repetition in self.results["repetitions"]]

    def number(self, system, figure, key):
        return Number(self.values(system, figure, key))

    def ratio(self, over, under):
        return ratio(self.values(*over), self.values(*under))


def times(number):
    return shown(number, "×") if number else "-"


def per_sync(figures, system):
    if system == "library":
        return shown(figures.number("library", "enqueue_one", "jobs_per_sync"))
    counted = figures.results["syncs"].get(system)
    return plain(counted["jobs"] / max(1, counted["syncs"])) if counted else "-"


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def enqueue_table(figures, ours, peers_figure, caption, with_syncs):
    heads = ["queue", "jobs/s", "p50 ms", "p99 ms"] + (["jobs per sync"] if with_syncs else []) + ["Spillway over HTTP is", "in process is"]
    out = [f"## {caption}", "", row(*heads), row(*["---"] * len(heads))]
    http, library = ours
    systems = [("Spillway, over HTTP (parse, validate, commit, 202)", *http), ("Spillway, in process", *library)]
    systems += [(name, name, peers_figure) for name in figures.peers]
    for label, system, figure in systems:
        cells = [label, shown(figures.number(system, figure, "per_s")), shown(figures.number(system, figure, "p50_ms")),
                 shown(figures.number(system, figure, "p99_ms"))]
        if with_syncs:
            cells.append(per_sync(figures, system))
        for mine in (http, library):
            same = (system, figure) == mine
            cells.append("" if same else times(figures.ratio((*mine, "per_s"), (system, figure, "per_s"))))
        out.append(row(*cells))
    return out + [""]


def noise(figures):
    def same(system, first, second):
        return times(figures.ratio((system, first, "per_s"), (system, second, "per_s")))
    return ["## Noise: the same against itself", "", "A ratio above or below means something only outside these intervals.", "",
            row("figure", "A/A"), row("---", "---"), row("over HTTP", same("http", "accept", "accept_again")),
            row("in process", same("library", "enqueue_one", "enqueue_one_again")), ""]


def raw_table(figures):
    rows = [("accept over HTTP, 64 connections", "http", "accept"), ("bulk NDJSON over HTTP", "http", "bulk"),
            ("enqueue, 64 producers", "library", "enqueue_one"), ("enqueue, groups of 64", "library", "enqueue_group"),
            ("enqueue, bulk of 1,000", "library", "enqueue_bulk"), ("claim + settle, groups of 64", "library", "settle_group"),
            ("claim + settle, 64 workers one at a time", "library", "settle_one"),
            ("claim + start + settle (two durable steps), groups of 64", "library", "start_and_settle_group")]
    out = ["## Beside raw SQLite", "", "Raw SQLite writes the very rows that the run left behind, by the C API, in transactions of the same size, with the "
           "same pragmas and indexes: no lookups, no rules, no HTTP.", "",
           row("figure", "Spillway/s", "raw SQLite/s", "share of raw", "CPU µs each", "raw CPU µs each"), row(*["---"] * 6)]
    for label, system, figure in rows:
        share = figures.ratio((system, figure, "per_s"), (system, figure, "raw_per_s"))
        out.append(row(label, shown(figures.number(system, figure, "per_s")), shown(figures.number(system, figure, "raw_per_s")),
                       times(share), shown(figures.number(system, figure, "cpu_us")), shown(figures.number(system, figure, "raw_cpu_us"))))
    return out + [""]


def drain_table(figures):
    out = ["## Working off: claim and settle, work that does nothing", "", row("queue", "jobs/s", "Spillway is"), row("---", "---", "---")]
    mine = ("library", "settle_one", "per_s")
    out.append(row("Spillway, 64 workers", shown(figures.number(*mine)), ""))
    for name in figures.peers:
        out.append(row(name, shown(figures.number(name, "drain", "per_s")), times(figures.ratio(mine, (name, "drain", "per_s")))))
    return out + [""]


def pick_up_table(figures):
    out = ["## Idle pick-up: from the call that enqueues until the handler begins", "", row("queue", "p50 ms", "p99 ms"), row("---", "---", "---")]
    for label, system in [("Spillway, in process", "library"), ("Spillway, over HTTP", "http")] + [(name, name) for name in figures.peers]:
        out.append(row(label, shown(figures.number(system, "pick_up", "p50_ms")), shown(figures.number(system, "pick_up", "p99_ms"))))
    return out + [""]


def goal(out, label, wanted, number, met):
    if number:
        out.append(row(label, wanted, shown(number), "yes" if met(number.median) else "**no**"))


def goals(figures):
    out = ["## Goals", "", row("figure", "goal", "measured (median [95 %])", "met"), row(*["---"] * 4)]
    for name, (http, library) in GOALS_A.items():
        if name not in figures.peers:
            continue
        under = (name, "enqueue", "per_s")
        for label, mine, least in (("over HTTP", ("http", "accept", "per_s"), http), ("in process", ("library", "enqueue_one", "per_s"), library)):
            goal(out, f"{label}, times {name}", f"≥ {least}×", figures.ratio(mine, under), lambda value, least=least: value >= least)
        for label, mine in (("over HTTP", ("http", "accept", "p99_ms")), ("in process", ("library", "enqueue_one", "p99_ms"))):
            goal(out, f"p99 {label} against {name}'s", "< 1×", figures.ratio(mine, (name, "enqueue", "p99_ms")), lambda value: value < 1)
    shares = [("enqueue in groups of 64, share of raw", "library", "enqueue_group", 0.6), ("bulk NDJSON, share of raw", "http", "bulk", 0.5),
              ("claim + settle in groups of 64, share of raw", "library", "settle_group", 0.6)]
    for label, system, figure, least in shares:
        share = figures.ratio((system, figure, "per_s"), (system, figure, "raw_per_s"))
        goal(out, label, f"≥ {least}×", share, lambda value, least=least: value >= least)
    grown = figures.ratio(("http", "bulk", "memory_mib_10000"), ("http", "bulk", "memory_mib_1000"))
    goal(out, "bulk memory, 10,000 lines against 1,000", "flat (≤ 1.5×)", grown, lambda value: value <= 1.5)
    for label, system, key, most in (("pick-up p50, in process", "library", "p50_ms", 1.5), ("pick-up p50, over HTTP", "http", "p50_ms", 3),
                                     ("pick-up p99, in process", "library", "p99_ms", 6), ("pick-up p99, over HTTP", "http", "p99_ms", 6)):
        goal(out, label, f"≤ {most} ms", figures.number(system, "pick_up", key), lambda value, most=most: value <= most)
    once = figures.results["once"]
    start = once["start_million"]
    waiting = f"{start['jobs']:,.0f} waiting jobs"
    for label, key, most, unit in (("first claim", "start_s", 2, "s"), ("resident memory", "memory_mib", 100, "MiB"), ("on disk per job", "bytes_per_job", 1400, "bytes")):
        goal(out, f"start with {waiting}: {label}", f"≤ {most} {unit}", Number([start[key]]), lambda value, most=most: value <= most)
    lanes = once["noisy_lane"]
    waits = Number([lanes["beside_p50_ms"] / lanes["alone_p50_ms"]])
    goal(out, "a quiet lane's wait (p50) beside a noisy one", "≤ 1.1×", waits, lambda value: value <= 1.1)
    care = once["beside_care"]
    label = f"enqueue p99 at {care['pace']:,.0f} jobs/s beside a backup and a full check ({care['beside_p99_ms']:.1f} ms), times without ({care['without_p99_ms']:.1f} ms)"
    goal(out, label, "≤ 2×", Number(care_times(care)), lambda value: value <= 2)
    return out + [""]


def care_times(care):
    return [care[f"times_{at}"] for at in range(int(care["pairs"]))]


def method(figures):
    size, about = figures.results["size"], figures.results["about"]
    out = ["## How", "", f"- {size['repetitions']} repetitions of {size['seconds']} s a figure, everybody in turn, the order reversed each time. Median and 95 % interval "
           "(Student's t on the logarithm); ratios are taken within a repetition.",
           "- Every figure is of durable answers: syncs were counted, ours and plainjob's also in the measured runs' own shape; see \"jobs per sync\". "
           "One job is 1 KiB of JSON; over HTTP it is a valid invoice with four lines through the full parser, which writes its record, version, event and job.",
           "- 64 calls are in flight in every enqueue figure; bulk is 1,000 jobs a call, 2 calls in flight (NDJSON: 5,000 lines). Load, clients and servers share the cores.",
           "- Peers stand in their own servers on the same disk, with these settings:", "", row("peer", "versions", "settings", "from"), row(*["---"] * 4)]
    out += [row(name, facts["version"], facts["settings"], facts["source"]) for name, facts in about.items()]
    return out + [""]


def profile(figures):
    found = figures.results["profile"]
    if not found:
        return []
    kernel = sum(share for share, dso, _ in found if dso.startswith("[kernel"))
    out = ["## Profile of the accept path over HTTP", "", f"The kernel (sockets, writes, syncs) has {kernel:.0f} %. Outside it, the five hottest functions:", "",
           row("share", "where", "function"), row("---", "---", "---")]
    outside = [entry for entry in found if not entry[1].startswith("[kernel")]
    out += [row(f"{share:.1f} %", dso, f"`{name[:110]}`") for share, dso, name in outside[:5]]
    return out + [""]


def write(results, folder):
    figures = Figures(results)
    facts = results["machine"]
    head = ["# Figures of the queue and its peers", "",
            f"Written by `tests/bench/run{' --quick' if results['quick'] else ''}` on {facts['date']}: {facts['cores']} cores of {facts['cpu']}, {facts['memory_gib']} GiB, "
            f"Linux {facts['kernel']}, {facts['file_system']}; one 16 KiB append with its sync takes {facts['sync_ms']:.2f} ms (median).", ""]
    if facts["load_before"] > 0.5:
        head += [f"**The machine was not quiet** (load {facts['load_before']:.1f} before the start): trust ratios and CPU times more than rates.", ""]
    head += ["![Durable enqueue](results.svg)", ""]
    parts = enqueue_table(figures, (("http", "accept"), ("library", "enqueue_one")), "enqueue", "A. One job for each durable acknowledgement, 64 in flight", True)
    parts += enqueue_table(figures, (("http", "bulk"), ("library", "enqueue_bulk")), "bulk", "B. Bulk against bulk", False)
    parts += drain_table(figures) + pick_up_table(figures) + raw_table(figures) + goals(figures) + noise(figures) + profile(figures) + method(figures)
    with open(os.path.join(folder, "RESULTS.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(head + parts).rstrip() + "\n")
    rows = [("Spillway in process", "ours", figures.number("library", "enqueue_one", "per_s")),
            ("Spillway over HTTP", "ours", figures.number("http", "accept", "per_s")),
            ("raw SQLite, the rows of HTTP", "raw", figures.number("http", "accept", "raw_per_s"))]
    rows += [(name, "peer", figures.number(name, "enqueue", "per_s")) for name in figures.peers]
    with open(os.path.join(folder, "results.svg"), "w", encoding="utf-8") as file:
        file.write(plot.bars("Durable enqueues a second: one job for each acknowledgement, 64 in flight", rows))
