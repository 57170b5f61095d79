"""Our own figures: the library in bench_queue, the daemon under load from bench_http."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.join(ROOT, "build", "release")
QUEUE = os.path.join(BUILD, "bench", "bench_queue")
HTTP = os.path.join(BUILD, "bench", "bench_http")
DAEMON = os.path.join(BUILD, "bin", "spillwayd")


def queue(pattern, folder, settings):
    """Runs benchmarks by name. @return their counters by name"""
    env = dict(os.environ, SPILLWAY_BENCH_DIR=folder, **{f"SPILLWAY_BENCH_{name}": str(value) for name, value in settings.items()})
    ran = subprocess.run([QUEUE, f"--benchmark_filter={pattern}", "--benchmark_format=json"], env=env, check=True, capture_output=True, text=True)
    figures = {}
    for run in json.loads(ran.stdout)["benchmarks"]:
        name = run["name"].split("/")[0]
        known = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index", "threads",
                 "iterations", "real_time", "cpu_time", "time_unit"}
        figures[name] = {key: value for key, value in run.items() if key not in known}
    return figures


def http(*arguments):
    ran = subprocess.run([HTTP, *map(str, arguments)], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


class Daemon:
    """The built daemon on a free port, with the books of its second month. `trace` notes every sync with its time."""

    def __init__(self, folder, trace=False):
        self.folder = tempfile.mkdtemp(prefix="daemon-", dir=folder)
        self.state = os.path.join(self.folder, "state")
        self.before = os.path.join(self.folder, "before.db")
        self.database = os.path.join(self.state, "spillway.db")
        self.trace = os.path.join(self.folder, "syncs.txt") if trace else None
        http("prepare", "--state", self.state)
        shutil.copyfile(self.database, self.before)
        config = os.path.join(self.folder, "config.json")
        nowhere = "http://127.0.0.1:9"  # no lane calls: records wait for a sync
        app = {"client_id": "bench", "client_secret": "bench", "mark": "sandbox", "api_url": nowhere,
               "token_url": nowhere + "/token", "authorize_url": nowhere + "/authorize", "revoke_url": nowhere + "/revoke"}
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"listen": {"port": 0}, "state_dir": self.state, "providers": {"xero": app}}, file)
        command = [DAEMON, "--config", config]
        if trace:
            command = ["strace", "-D", "-f", "-ttt", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", self.trace, *command]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the daemon did not start: " + open(self.log.name, encoding="utf-8").read()[-2000:])
        self.port = json.loads(line)["port"]
        with open(os.path.join(self.state, "admin.key"), encoding="utf-8") as file:
            self.key = file.read().strip()

    def load(self, command, **options):
        flags = [part for name, value in options.items() for part in ("--" + name, value)]
        return http(command, "--port", self.port, "--key", self.key, *flags)

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        if self.trace:
            time.sleep(0.3)  # the tracer writes its last lines
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def accept(folder, seconds):
    """One invoice a request over 64 connections, twice in one daemon (the second is the A/A), and the same rows by SQLite alone."""
    with Daemon(folder) as daemon:
        daemon.load("accept", seconds=0.5, first=0)  # the first requests prepare statements and fill caches
        cpu = daemon.cpu_seconds()
        first = daemon.load("accept", seconds=seconds, first=10_000_000)
        first["cpu_us"] = (daemon.cpu_seconds() - cpu) / first["jobs"] * 1e6
    with Daemon(folder) as daemon:
        warm = daemon.load("accept", seconds=0.5, first=0)
        again = daemon.load("accept", seconds=seconds, first=10_000_000)
        daemon.stop()
        jobs = warm["jobs"] + again["jobs"]
        raw = http("raw", "--before", daemon.before, "--after", daemon.database, "--jobs", jobs)
    first.update(raw_per_s=raw["per_s"], raw_cpu_us=raw["cpu_us"], raw_rows_per_job=raw["rows_per_job"])
    return {"accept": first, "accept_again": again}


def bulk(folder, seconds):
    """NDJSON of 5,000 lines; memory with 1,000 and with 10,000 lines a body."""
    out = {}
    with Daemon(folder) as daemon:
        out = daemon.load("bulk", seconds=seconds, lines=5_000, connections=2)
        daemon.stop()
        raw = http("raw", "--before", daemon.before, "--after", daemon.database, "--jobs", out["jobs"], "--group", 256)
        out.update(raw_per_s=raw["per_s"], raw_cpu_us=raw["cpu_us"])
    for lines in (1_000, 10_000):
        with Daemon(folder) as daemon:
            idle = daemon.peak_mib()
            daemon.load("bulk", requests=10_000 // lines, seconds=60, lines=lines, connections=1)
            out[f"memory_mib_{lines}"] = daemon.peak_mib() - idle
    return {"bulk": out}


def pick_up(times):
    return {"pick_up": http("pick-up", "--times", times)}


def syncs(folder, seconds):
    """How many records each sync of the disk carries, seen from outside the process."""
    with Daemon(folder, trace=True) as daemon:
        start = time.time()
        loaded = daemon.load("accept", seconds=seconds, first=0)
        end = time.time()
        daemon.stop()
        with open(daemon.trace, encoding="utf-8") as file:
            times = [float(found.group(1)) for found in re.finditer(r"^(?:\d+ +)?(\d+\.\d+) f(?:data)?sync", file.read(), re.MULTILINE)]
        count = sum(start <= at <= end for at in times)
    return {"jobs": loaded["jobs"], "syncs": count}


def profile(folder, seconds):
    """The hottest functions under load by `perf`, or nothing where it does not work. @return [(share, thread, function)]"""
    if not shutil.which("perf"):
        return []
    with Daemon(folder) as daemon:
        data = os.path.join(daemon.folder, "perf.data")
        recorder = subprocess.Popen(["perf", "record", "-q", "-F", "999", "-o", data, "-p", str(daemon.process.pid)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        daemon.load("accept", seconds=max(seconds, 3), first=0)  # it takes the recorder a moment to begin
        recorder.send_signal(signal.SIGINT)
        recorder.wait(30)
        report = subprocess.run(["perf", "report", "-i", data, "--no-children", "-g", "none", "--sort", "dso,symbol", "--stdio", "-t", "|"],
                                capture_output=True, text=True, check=False)
    found = re.findall(r"^\s*([\d.]+)%\s*\|(\S+)\s*\|\[[.k]\] (\S.*?)(?:\s{2,}.*)?$", report.stdout, re.MULTILINE)
    return [(float(share), dso, name) for share, dso, name in found]
