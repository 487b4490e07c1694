-- Who reads, and what was sent to them.

-- +goose Up
CREATE TABLE subscribers (
  id       {{.Identity}},
  name     TEXT NOT NULL,
  addr     TEXT NOT NULL,
  -- The address in lower case, which no two subscribers share.
  addr_key TEXT NOT NULL UNIQUE,
  zone     TEXT NOT NULL,
  consent  TEXT NOT NULL CHECK (consent <> ''),
  created  BIGINT NOT NULL
);

CREATE TABLE subscriptions (
  id            {{.Identity}},
  subscriber_id BIGINT NOT NULL REFERENCES subscribers (id),
  digest        TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('active', 'ended')),
  topics        TEXT NOT NULL,
  since         BIGINT NOT NULL,
  ended_at      BIGINT NOT NULL DEFAULT 0,
  UNIQUE (subscriber_id, digest)
);
CREATE INDEX subscriptions_digest ON subscriptions (digest, id);

-- The ledger. UNIQUE (issue_id, subscription_id) is what stands between a
-- reader and the same letter twice.
CREATE TABLE deliveries (
  id              {{.Identity}},
  issue_id        BIGINT NOT NULL REFERENCES issues (id),
  subscription_id BIGINT NOT NULL REFERENCES subscriptions (id),
  state           TEXT NOT NULL CHECK (state IN
                  ('queued', 'sending', 'sent', 'failed', 'unknown', 'suppressed')),
  message_id      TEXT NOT NULL CHECK (message_id <> ''),
  attempts        BIGINT NOT NULL DEFAULT 0,
  due             BIGINT NOT NULL,
  lease           BIGINT NOT NULL DEFAULT 0,
  reply           TEXT NOT NULL DEFAULT '',
  updated         BIGINT NOT NULL,
  UNIQUE (issue_id, subscription_id),
  CHECK (lease = 0 OR state IN ('queued', 'sending'))
);
CREATE INDEX deliveries_message_id ON deliveries (message_id);
-- A query can use this only if it says state = 'queued' in these very words.
CREATE INDEX deliveries_queued ON deliveries (issue_id, due, id) WHERE state = 'queued';
CREATE INDEX deliveries_sending ON deliveries (issue_id, id) WHERE state = 'sending';
