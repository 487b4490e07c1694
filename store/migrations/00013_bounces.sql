-- What came back for letters, and which readers are not mailed for that.

-- +goose Up
-- A subscription that is suspended stays 'active' in state, which is the reader's
-- own doing, and has a time here. trials counts how often it was tried again since
-- a letter last arrived.
ALTER TABLE subscriptions ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN suspended_for TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN resumed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscriptions ADD COLUMN trials BIGINT NOT NULL DEFAULT 0;
CREATE INDEX subscriptions_suspended ON subscriptions (suspended_at) WHERE suspended_at > 0;
CREATE INDEX subscriptions_tried ON subscriptions (id) WHERE trials > 0;

CREATE TABLE bounces (
  id              {{.Identity}},
  fingerprint     TEXT NOT NULL UNIQUE,
  subscription_id BIGINT NOT NULL REFERENCES subscriptions (id),
  delivery_id     BIGINT NOT NULL REFERENCES deliveries (id),
  at              BIGINT NOT NULL,
  source          TEXT NOT NULL CHECK (source IN ('report', 'smtp')),
  class           TEXT NOT NULL CHECK (class IN ('hard', 'soft', 'complaint', 'auto-reply', 'delivered')),
  reason          TEXT NOT NULL,
  status          TEXT NOT NULL,
  reply           TEXT NOT NULL,
  evidence        TEXT NOT NULL,
  domain          TEXT NOT NULL,
  feedback        TEXT NOT NULL,
  counts          INTEGER NOT NULL
);
CREATE INDEX bounces_subscription ON bounces (subscription_id, id);
CREATE INDEX bounces_delivery ON bounces (delivery_id);
CREATE INDEX bounces_at ON bounces (at);

-- The mails of service mailboxes that were acted on, so that none is twice,
-- whatever becomes of their UIDs.
CREATE TABLE served (
  mail_key TEXT PRIMARY KEY,
  at       BIGINT NOT NULL
){{.Clustered}};
