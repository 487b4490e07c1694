-- How readers come, change their wishes and go.

-- +goose Up
ALTER TABLE subscriptions ADD COLUMN as_text INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN news_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN paused_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN serial BIGINT NOT NULL DEFAULT 0;
-- The subscription to another edition that took the place of one that ended; 0
-- for none. Whoever leaves by an old letter leaves that one.
ALTER TABLE subscriptions ADD COLUMN moved_to BIGINT NOT NULL DEFAULT 0;

-- Who agreed to what, when and how. Rows are added and never changed; they go
-- only with the person, when that one is erased.
CREATE TABLE consents (
  id            {{.Identity}},
  subscriber_id BIGINT NOT NULL REFERENCES subscribers (id),
  digest        TEXT NOT NULL,
  what          TEXT NOT NULL CHECK (what IN ('given', 'changed', 'withdrawn')),
  way           TEXT NOT NULL CHECK (way <> ''),
  asked         BIGINT NOT NULL,
  at            BIGINT NOT NULL,
  shown         TEXT NOT NULL,
  network       TEXT NOT NULL
);
CREATE INDEX consents_subscriber ON consents (subscriber_id, id);
{{.Frozen "consents" "id, subscriber_id, digest, what, way, asked, at, shown, network"}}
INSERT INTO consents (subscriber_id, digest, what, way, asked, at, shown, network)
SELECT b.id, s.digest, 'given', 'command line', 0, s.since, b.consent, ''
FROM subscriptions s JOIN subscribers b ON b.id = s.subscriber_id ORDER BY s.id;
INSERT INTO consents (subscriber_id, digest, what, way, asked, at, shown, network)
SELECT s.subscriber_id, s.digest, 'withdrawn', 'not known', 0, s.ended_at, '', ''
FROM subscriptions s WHERE s.state = 'ended' ORDER BY s.id;

-- Wishes that wait for their address to prove itself. subscription_id is what
-- one became, so that a second click is no error.
CREATE TABLE requests (
  id              {{.Identity}},
  addr            TEXT NOT NULL,
  addr_key        TEXT NOT NULL,
  digest          TEXT NOT NULL,
  name            TEXT NOT NULL,
  zone            TEXT NOT NULL,
  topics          TEXT NOT NULL,
  muted           TEXT NOT NULL,
  as_text         INTEGER NOT NULL,
  news_only       INTEGER NOT NULL,
  way             TEXT NOT NULL,
  shown           TEXT NOT NULL,
  network         TEXT NOT NULL,
  made            BIGINT NOT NULL,
  expires         BIGINT NOT NULL,
  subscription_id BIGINT NOT NULL DEFAULT 0,
  UNIQUE (addr_key, digest)
);
CREATE INDEX requests_expires ON requests (expires);

-- Addresses that an import must not bring back, as keyed hashes: nobody can read
-- from them who it was. secret names the key without giving it away.
CREATE TABLE suppressions (
  hash   TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  reason TEXT NOT NULL,
  at     BIGINT NOT NULL
){{.Clustered}};

-- What may happen only so often. until is when the bucket is empty again.
CREATE TABLE limits (
  bucket TEXT PRIMARY KEY,
  until  BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX limits_until ON limits (until);

-- Letters to one person about their own subscription. What they say is gone as
-- soon as they are sent.
CREATE TABLE notices (
  id         {{.Identity}},
  kind       TEXT NOT NULL,
  digest     TEXT NOT NULL,
  addr       TEXT NOT NULL,
  addr_key   TEXT NOT NULL,
  reply_to   TEXT NOT NULL,
  answers    TEXT NOT NULL,
  subject    TEXT NOT NULL,
  body       TEXT NOT NULL,
  html       TEXT NOT NULL,
  message_id TEXT NOT NULL CHECK (message_id <> ''),
  state      TEXT NOT NULL CHECK (state IN
             ('queued', 'sending', 'sent', 'failed', 'unknown', 'suppressed')),
  attempts   BIGINT NOT NULL DEFAULT 0,
  due        BIGINT NOT NULL,
  lease      BIGINT NOT NULL DEFAULT 0,
  reply      TEXT NOT NULL DEFAULT '',
  updated    BIGINT NOT NULL
);
CREATE INDEX notices_open ON notices (due, id) WHERE state IN ('queued', 'sending');
CREATE INDEX notices_message_id ON notices (message_id);
CREATE INDEX notices_addr ON notices (addr_key);
