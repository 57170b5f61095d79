"""What the figures were taken on."""

import os
import platform
import re
import subprocess
import time


def sync_ms(folder):
    """The median time of a 16 KiB append with its sync: the floor under every durable answer."""
    path = os.path.join(folder, "sync-probe")
    times = []
    with open(path, "wb") as file:
        for _ in range(100):
            start = time.perf_counter()
            file.write(b"x" * 16_384)
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    os.remove(path)
    return sorted(times)[50]


def facts(folder):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.+)", file.read())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 2**20
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    return {"date": time.strftime("%Y-%m-%d"), "cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
            "memory_gib": round(memory), "kernel": platform.release(), "file_system": kind, "sync_ms": sync_ms(folder),
            "load_before": os.getloadavg()[0]}
