-- Where an issue was announced: a channel of Slack or IRC. The ledger of these
-- notes has the rows and the rules of deliveries, and a table of its own: what
-- stands between a reader and the same letter twice is UNIQUE over a subscription
-- that is never NULL.

-- +goose Up
CREATE TABLE announcements (
  id        {{.Identity}},
  issue_id  BIGINT NOT NULL REFERENCES issues (id),
  -- The name of the [[announce]] in the configuration.
  channel   TEXT NOT NULL CHECK (channel <> ''),
  state     TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown', 'suppressed')),
  attempts  BIGINT NOT NULL DEFAULT 0,
  due       BIGINT NOT NULL,
  lease     BIGINT NOT NULL DEFAULT 0,
  reply     TEXT NOT NULL DEFAULT '',
  updated   BIGINT NOT NULL,
  UNIQUE (issue_id, channel),
  CHECK (lease = 0 OR state IN ('queued', 'sending'))
);
-- A query can use this only if it says state IN ('queued', 'sending') in these
-- very words.
CREATE INDEX announcements_open ON announcements (issue_id) WHERE state IN ('queued', 'sending');
