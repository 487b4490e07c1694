-- What came in: mail, its raw bytes, its threads, and the cursors of its
-- sources. Times are microseconds since 1970, 0 for none; yes and no are 1 and 0.

-- +goose Up
CREATE TABLE mailboxes (
  id              {{.Identity}},
  account         TEXT NOT NULL,
  name            TEXT NOT NULL,
  list            TEXT NOT NULL,
  uid_validity    BIGINT NOT NULL DEFAULT 0,
  uid_next        BIGINT NOT NULL DEFAULT 0,
  highest_mod_seq BIGINT NOT NULL DEFAULT 0,
  complete_at     BIGINT NOT NULL DEFAULT 0,
  failing_since   BIGINT NOT NULL DEFAULT 0,
  failure         TEXT NOT NULL DEFAULT '',
  UNIQUE (account, name)
);

-- Raw mail, many to a block, since mail compresses far better in company.
CREATE TABLE raw_blocks (
  id   {{.Identity}},
  data {{.Bytes}} NOT NULL
);

CREATE TABLE threads (
  id                  {{.Identity}},
  subject             TEXT NOT NULL,
  base_subject        TEXT NOT NULL,
  messages            BIGINT NOT NULL,
  robots              BIGINT NOT NULL,
  first_at            BIGINT NOT NULL,
  last_at             BIGINT NOT NULL,
  revision            BIGINT NOT NULL,
  -- What the classifier saw when it last looked.
  classified_revision BIGINT NOT NULL DEFAULT 0,
  classified_taxonomy TEXT NOT NULL DEFAULT ''
);
CREATE INDEX threads_last ON threads (last_at, id);

-- Where a thread went that was found to be part of another. Always one step.
CREATE TABLE redirects (
  old_thread_id BIGINT PRIMARY KEY,
  thread_id     BIGINT NOT NULL REFERENCES threads (id)
);
CREATE INDEX redirects_thread ON redirects (thread_id);

-- message_key is half a SHA-256 of the Message-ID: ids may be of any length
-- and any bytes, which neither an index nor a text column puts up with.
CREATE TABLE messages (
  id           {{.Identity}},
  thread_id    BIGINT NOT NULL REFERENCES threads (id),
  message_key  {{.Bytes}} NOT NULL UNIQUE,
  message_id   TEXT NOT NULL,
  derived      INTEGER NOT NULL,
  refs         TEXT NOT NULL,
  author_name  TEXT NOT NULL,
  author_addr  TEXT NOT NULL,
  sender_name  TEXT NOT NULL,
  sender_addr  TEXT NOT NULL,
  subject      TEXT NOT NULL,
  base_subject TEXT NOT NULL,
  sent         BIGINT NOT NULL,
  received     BIGINT NOT NULL,
  trace        BIGINT NOT NULL,
  list_ids     TEXT NOT NULL,
  archived_at  TEXT NOT NULL,
  robot        INTEGER NOT NULL,
  own          INTEGER NOT NULL,
  attachments  TEXT NOT NULL,
  size         BIGINT NOT NULL,
  defects      TEXT NOT NULL,
  raw_block    BIGINT NOT NULL REFERENCES raw_blocks (id),
  raw_offset   BIGINT NOT NULL,
  raw_size     BIGINT NOT NULL,
  stored_at    BIGINT NOT NULL
);
CREATE INDEX messages_thread ON messages (thread_id, received, id);
CREATE INDEX messages_received ON messages (received, id);

-- Messages that others refer to and that nobody has seen.
CREATE TABLE ghosts (
  message_key {{.Bytes}} PRIMARY KEY,
  thread_id   BIGINT NOT NULL REFERENCES threads (id)
);
CREATE INDEX ghosts_thread ON ghosts (thread_id);

CREATE TABLE message_lists (
  message_id BIGINT NOT NULL REFERENCES messages (id),
  list       TEXT NOT NULL,
  PRIMARY KEY (message_id, list)
){{.Clustered}};

CREATE TABLE thread_lists (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  list      TEXT NOT NULL,
  PRIMARY KEY (thread_id, list)
){{.Clustered}};

CREATE TABLE quarantine (
  id             {{.Identity}},
  quarantine_key {{.Bytes}} NOT NULL UNIQUE,
  source         TEXT NOT NULL,
  uid            BIGINT NOT NULL,
  raw            {{.Bytes}} NOT NULL,
  raw_size       BIGINT NOT NULL,
  reason         TEXT NOT NULL,
  at             BIGINT NOT NULL
);
CREATE INDEX quarantine_uid ON quarantine (source, uid);
