-- What is done again and again, how it went, and who was told that it goes wrong.

-- +goose Up
CREATE TABLE jobs (
  name      TEXT PRIMARY KEY,
  run       TEXT NOT NULL,
  begun     BIGINT NOT NULL DEFAULT 0,
  ended     BIGINT NOT NULL DEFAULT 0,
  succeeded BIGINT NOT NULL DEFAULT 0,
  failed    BIGINT NOT NULL DEFAULT 0,
  failing   BIGINT NOT NULL DEFAULT 0,
  failures  BIGINT NOT NULL DEFAULT 0,
  failure   TEXT NOT NULL DEFAULT '',
  took      BIGINT NOT NULL DEFAULT 0
);

-- What operators were told goes wrong, as long as it does. told is when they were
-- told last.
CREATE TABLE troubles (
  name  TEXT PRIMARY KEY,
  since BIGINT NOT NULL,
  told  BIGINT NOT NULL,
  words TEXT NOT NULL
);

-- What webhooks are to be told, and were.
CREATE TABLE alerts (
  id       {{.Identity}},
  body     TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
  attempts BIGINT NOT NULL DEFAULT 0,
  due      BIGINT NOT NULL,
  lease    BIGINT NOT NULL DEFAULT 0,
  reply    TEXT NOT NULL DEFAULT '',
  updated  BIGINT NOT NULL
);
CREATE INDEX alerts_due ON alerts (state, due);
