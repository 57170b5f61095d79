"""Measures ourselves, raw SQLite and the peers in turns, and writes RESULTS.md and results.svg."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import machine
import own
import tables

PEERS = ["graphile-worker", "pg-boss", "BullMQ", "plainjob", "RabbitMQ"]
RUN_JS = os.path.join(os.path.dirname(own.HERE), "peers", "run.js")
SETS = {
    "quick": {"repetitions": 3, "seconds": 1, "jobs": 8_000, "pick_ups": 60, "waiting": 1_000_000, "lanes": 10_000, "noisy": 100_000},
    "full": {"repetitions": 5, "seconds": 4, "jobs": 40_000, "pick_ups": 300, "waiting": 1_000_000, "lanes": 10_000, "noisy": 100_000},
}


def say(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def peer(name, folder, size, trace=False):
    command = ["node", RUN_JS, name, "--dir", folder, "--seconds", str(size["seconds"]), "--jobs", str(size["jobs"]),
               "--pick-ups", str(size["pick_ups"])] + (["--trace"] if trace else [])
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600)
    return json.loads(ran.stdout.splitlines()[-1])


def queue_settings(size):
    return {"SECONDS": size["seconds"], "JOBS": size["jobs"], "PICK_UPS": size["pick_ups"], "WAITING": size["waiting"],
            "LANES": size["lanes"], "NOISY": size["noisy"]}


def library(folder, size):
    figures = own.queue("^(enqueue|settle|start_and_settle|pick_up)", folder, queue_settings(size))
    return {"library": figures}


def over_http(folder, size):
    figures = own.accept(folder, size["seconds"])
    figures.update(own.bulk(folder, size["seconds"]))
    figures.update(own.pick_up(size["pick_ups"]))
    return {"http": figures}


def measure(folder, size, peers):
    """@return {"repetitions": [{system: figures}], "about": {peer: versions}, ...}"""
    parts = [("library", lambda: library(folder, size)), ("http", lambda: over_http(folder, size))]
    about = {}

    def run_peer(name):
        out = peer(name, folder, size)
        about[name] = {key: out[key] for key in ("version", "settings", "source")}
        return {name: out["figures"]}

    for name in peers:
        parts.append((name, lambda name=name: run_peer(name)))
    repetitions = []
    for at in range(size["repetitions"]):
        figures = {}
        # There and back again: who came first is last the next time.
        for name, part in parts if at % 2 == 0 else reversed(parts):
            say(f"repetition {at + 1} of {size['repetitions']}: {name}")
            figures.update(part())
        repetitions.append(figures)
    say("start with waiting jobs, noisy lane, backup and check")
    once = own.queue("^(start_million|noisy_lane|beside_care)", folder, queue_settings(size))
    syncs = {}
    say("counting syncs: Spillway")
    syncs["http"] = own.syncs(folder, size["seconds"])
    for name in peers:
        say(f"counting syncs: {name}")
        syncs[name] = peer(name, folder, size, trace=True)["figures"]["enqueue"]
    say("profile")
    return {"repetitions": repetitions, "once": once, "syncs": syncs, "about": about, "profile": own.profile(folder, size["seconds"])}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--own", action="store_true", help="without the peers")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--dir", default=os.path.join(own.ROOT, "build", "bench-data"))
    options = parser.parse_args()
    size = SETS["quick" if options.quick else "full"]
    os.makedirs(options.dir, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="run-", dir=options.dir)
    os.chmod(folder, 0o711)  # PostgreSQL's user passes through
    started = time.time()
    try:
        facts = machine.facts(folder)
        results = measure(folder, size, [] if options.own else PEERS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results.update(machine=facts, size=size, quick=options.quick, took_s=round(time.time() - started))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    tables.write(results, os.path.dirname(own.HERE))
    say(f"done in {results['took_s']} s: tests/bench/RESULTS.md, tests/bench/results.svg")


if __name__ == "__main__":
    main()
