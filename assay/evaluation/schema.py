"""The tables of a results file, and what is done with them, as SQL text."""

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
COLUMN_TYPES = {
    name.strip('"'): kind
    for name, kind, *_ in (column.split() for column in f"{KEY_TYPES},{VALUE_TYPES}".split(","))
}
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
# Table -> its columns, each of which a file must have; with the table's name, since SQLite takes a
# quoted name that it does not find for a text.
TABLES = {
    "runs": "run, created, fingerprint, identity, settings",
    "episodes": ", ".join(f'episodes."{name}"' for name in (*KEY, *VALUES)),
    "trajectories": f"{', '.join(KEY)}, codec, steps",
    "blobs": "digest, bytes",
    "superseded": f"{', '.join(KEY)}, payload_digest, codec, steps, replaced",
    "findings": f"{', '.join(KEY)}, kind, stored_digest, other_digest, found",
}
COLUMNS = ", ".join(f'"{name}"' for name in (*KEY, *VALUES))
KEYS = ", ".join(KEY)
WHERE_KEY = " AND ".join(f"{name} = ?" for name in KEY)
_MARKS = ", ".join("?" * (len(KEY) + len(VALUES)))
INSERT = f"INSERT INTO episodes ({COLUMNS}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING"
INSERT_STEPS = (
    f"INSERT INTO trajectories ({KEYS}, codec, steps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
INSERT_FINDING = (
    f"INSERT INTO findings ({KEYS}, kind, stored_digest, other_digest, found) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 'nondeterminism', ?, ?, ?) ON CONFLICT DO NOTHING"
)

# Merging: `other` is the attached file, :source its run, :run ours.
_EPISODE = ", ".join(KEY[1:])
_VALUES = ", ".join(f'"{name}"' for name in VALUES)
_SAME_KEY = " AND ".join(f"m.{name} = o.{name}" for name in KEY[1:])


def _replaced(by: str, run: str, row: str) -> str:
    """Whether a run has replaced the content of a row by another on request."""
    key = " AND ".join(f"s.{name} = {row}.{name}" for name in (*KEY[1:], "payload_digest"))
    return f"EXISTS (SELECT 1 FROM {by}.superseded s WHERE s.run = {run} AND {key})"


# Key, our digest, theirs, whether they replaced ours, whether we replaced theirs.
CONFLICTS = f"""
SELECT {", ".join(f"m.{name}" for name in KEY)}, m.payload_digest, o.payload_digest,
    {_replaced("other", ":source", "m")}, {_replaced("main", ":run", "o")}
FROM other.episodes o JOIN main.episodes m ON m.run = :run AND {_SAME_KEY}
WHERE o.run = :source AND m.payload_digest <> o.payload_digest"""
# Blobs are named by their content, so those of the file's other runs may come along.
COPY = (
    f"""INSERT INTO main.superseded
    SELECT :run, {_EPISODE}, {_VALUES}, codec, steps, replaced FROM other.superseded
    WHERE run = :source
    EXCEPT SELECT * FROM main.superseded WHERE run = :run""",
    f"""INSERT INTO main.episodes SELECT :run, {_EPISODE}, {_VALUES} FROM other.episodes
    WHERE run = :source ON CONFLICT DO NOTHING""",
    f"""INSERT INTO main.trajectories SELECT :run, {_EPISODE}, codec, steps FROM other.trajectories
    WHERE run = :source ON CONFLICT DO NOTHING""",
    """INSERT INTO main.blobs SELECT digest, bytes FROM other.blobs WHERE true
    ON CONFLICT DO NOTHING""",
    f"""INSERT INTO main.findings
    SELECT :run, {_EPISODE}, kind, stored_digest, other_digest, found FROM other.findings
    WHERE run = :source ON CONFLICT DO NOTHING""",
)
