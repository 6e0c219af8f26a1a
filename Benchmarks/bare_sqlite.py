#!/usr/bin/env python3
"""Durable writes a second of SQLite alone, one commit each, by one process on the disk of FOLDER: what no server over it can exceed
without putting several writes into a commit. bare_sqlite.py FOLDER SECONDS prints: writes/s, p50, p99 and p99.9 in milliseconds."""
import sqlite3
import sys
import time

folder, seconds = sys.argv[1], float(sys.argv[2])
db = sqlite3.connect(f"{folder}/bare.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE aliases (id TEXT PRIMARY KEY, description TEXT, version INTEGER) WITHOUT ROWID")
db.executemany("INSERT INTO aliases VALUES (?, '', 1)", [(f"alias_{number}",) for number in range(100)])
taken, end = [], time.perf_counter() + seconds
while (start := time.perf_counter()) < end:
    db.execute("UPDATE aliases SET description = ?, version = version + 1 WHERE id = ?", (str(start), f"alias_{len(taken) % 100}"))
    taken.append(time.perf_counter() - start)
taken.sort()
print(*(f"{value:10.{digits}f}" for value, digits in [(len(taken) / seconds, 0)] + [
    (taken[int(len(taken) * part)] * 1000, 2) for part in (0.5, 0.99, 0.999)]))
