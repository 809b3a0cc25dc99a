/**
 * The tables of a store's file, version by version. A file of an older version is migrated step by step, in one
 * transaction; a released step never changes. Times are milliseconds of the wall clock.
 */

/** Distinguishes a store of mqtt-sim from other SQLite files: "MQSM". */
export const applicationId = 0x4d51534d;

/** Version 1: the initial schema. */
const version1 = `
  CREATE TABLE broker (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    alive_ms REAL NOT NULL             -- last known instant of a broker on this file
  );
  CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL,
    expiry_s INTEGER NOT NULL,         -- 4294967295: never
    offline_since_ms REAL              -- NULL: online
  );
  CREATE TABLE subscription (
    session_id INTEGER NOT NULL,
    topic_filter TEXT NOT NULL,
    qos INTEGER NOT NULL,
    no_local INTEGER NOT NULL,
    retain_as_published INTEGER NOT NULL,
    identifier INTEGER,
    PRIMARY KEY (session_id, topic_filter)
  ) WITHOUT ROWID;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    properties TEXT,                   -- JSON; NULL: none
    publisher_id TEXT NOT NULL,
    published_ms REAL NOT NULL
  );
  CREATE TABLE delivery (
    session_id INTEGER NOT NULL,
    place INTEGER NOT NULL,            -- ascending in the order of publication
    message_id INTEGER NOT NULL,
    qos INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    identifiers TEXT,                  -- JSON; NULL: none
    packet_id INTEGER NOT NULL,        -- 0: not yet sent
    state TEXT NOT NULL,               -- waiting, published, released
    PRIMARY KEY (session_id, place)
  ) WITHOUT ROWID;
  CREATE TABLE taken (
    session_id INTEGER NOT NULL,
    packet_id INTEGER NOT NULL,
    PRIMARY KEY (session_id, packet_id)
  ) WITHOUT ROWID;
  CREATE TABLE retained (
    topic TEXT PRIMARY KEY,
    message_id INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE will (
    client_id TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    delay_s INTEGER NOT NULL,
    properties TEXT,                   -- JSON; NULL: none
    due_ms REAL,                       -- NULL: armed, the connection lives
    ending TEXT                        -- JSON; what ended the connection, once it is over
  ) WITHOUT ROWID;
  INSERT INTO broker (id, alive_ms) VALUES (1, 0);
`;

/** Version 2: the identity whose rights a will is published with; the time of a clean stop. */
const version2 = `
  ALTER TABLE will ADD COLUMN username TEXT;
  ALTER TABLE broker ADD COLUMN stopped_ms REAL;  -- NULL: running, or killed
`;

/**
 * Version 3: the owner of a session and of a message (NULL: the broker had no login checks, or was older), and the
 * shared subscription of a delivery.
 */
const version3 = `
  ALTER TABLE session ADD COLUMN username TEXT;
  ALTER TABLE session ADD COLUMN proof TEXT;      -- how the name was proved: password, certificate, none
  ALTER TABLE message ADD COLUMN username TEXT;
  ALTER TABLE message ADD COLUMN proof TEXT;
  ALTER TABLE will ADD COLUMN proof TEXT;
  ALTER TABLE delivery ADD COLUMN share TEXT;
`;

/** Each step migrates from the version of its index to the next. */
export const migrations: readonly string[] = [version1, version2, version3];

/** The version that this program reads and writes. */
export const schemaVersion = migrations.length;
