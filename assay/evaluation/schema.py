"""The tables of a results file, as SQL text."""

APPLICATION_ID = 0x61737361  # "assa": tells our files from other SQLite files
SCHEMA_VERSION = 1

KEY = ("run", "env_id", "env_digest", "policy_id", "split", "episode", "sample")
KEY_TYPES = """
    run INTEGER NOT NULL, env_id TEXT NOT NULL, env_digest TEXT NOT NULL, policy_id TEXT NOT NULL,
    split TEXT NOT NULL, episode INTEGER NOT NULL, sample INTEGER NOT NULL"""
VALUES = (
    "problem", "env_seed", "policy_seed", "status", "passed", "reason", "cut", "return", "n_steps",
    "prompt_tokens", "completion_tokens", "wall_ms", "attempts", "world", "difficulty",
    "payload_digest",
)  # fmt: skip
VALUE_TYPES = """
    problem INTEGER NOT NULL, env_seed INTEGER NOT NULL, policy_seed INTEGER NOT NULL,
    status TEXT NOT NULL, passed INTEGER NOT NULL, reason TEXT NOT NULL, cut TEXT NOT NULL,
    "return" REAL, n_steps INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, wall_ms REAL NOT NULL, attempts INTEGER NOT NULL,
    world TEXT NOT NULL, difficulty REAL, payload_digest TEXT NOT NULL"""
SCHEMA = f"""
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, created TEXT NOT NULL, fingerprint TEXT NOT NULL,
    identity TEXT NOT NULL, settings TEXT NOT NULL);
CREATE TABLE episodes ({KEY_TYPES}, {VALUE_TYPES},
    PRIMARY KEY ({", ".join(KEY)})) WITHOUT ROWID;
CREATE TABLE trajectories ({KEY_TYPES}, codec TEXT NOT NULL, steps BLOB NOT NULL,
    PRIMARY KEY ({", ".join(KEY)}));
CREATE TABLE blobs (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE superseded ({KEY_TYPES}, {VALUE_TYPES}, codec TEXT, steps BLOB,
    replaced TEXT NOT NULL);
CREATE TABLE findings ({KEY_TYPES}, kind TEXT NOT NULL, stored_digest TEXT NOT NULL,
    other_digest TEXT NOT NULL, found TEXT NOT NULL,
    UNIQUE ({", ".join(KEY)}, kind, other_digest));
"""
COLUMNS = ", ".join(f'"{name}"' for name in (*KEY, *VALUES))
KEYS = ", ".join(KEY)
WHERE_KEY = " AND ".join(f"{name} = ?" for name in KEY)
_MARKS = ", ".join("?" * (len(KEY) + len(VALUES)))
INSERT = f"INSERT INTO episodes ({COLUMNS}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING"
INSERT_STEPS = (
    f"INSERT INTO trajectories ({KEYS}, codec, steps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
