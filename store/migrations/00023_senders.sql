-- Several processes send an issue at the same time.

-- +goose Up
-- Who sends, from joining to leaving. id is a random number that no other sender
-- gets, also not in an archive that was put back: it is what stands in the rows that
-- are theirs (deliveries.holder, slots.holder). lease is until when they may send, by
-- the database's clock; fenced is when others found that it had ended, and from then
-- on it cannot be renewed. trouble is what they met that is no recipient's fault.
CREATE TABLE senders (
  id       {{.Key}},
  issue_id BIGINT NOT NULL REFERENCES issues (id),
  who      TEXT NOT NULL,
  lease    BIGINT NOT NULL,
  fenced   BIGINT NOT NULL DEFAULT 0,
  trouble  TEXT NOT NULL DEFAULT ''
);

-- The sender that took a letter last; 0 where a lock keeps all others away.
ALTER TABLE deliveries ADD COLUMN holder BIGINT NOT NULL DEFAULT 0;
-- 1 where due is its place in the pace of its domain: it needs no other one.
ALTER TABLE deliveries ADD COLUMN placed INTEGER NOT NULL DEFAULT 0;

-- How fast letters go to a mail server or a domain, over all senders, by the
-- database's clock: next is the next free place, and nothing goes before held,
-- which was asked for so many times in a row.
CREATE TABLE paces (
  name  TEXT PRIMARY KEY,
  next  BIGINT NOT NULL DEFAULT 0,
  held  BIGINT NOT NULL DEFAULT 0,
  times BIGINT NOT NULL DEFAULT 0
){{.Clustered}};

-- The connections that there may be to a mail server, and the letters that may be on
-- their way to a domain: each is one sender's, for as long as that one has its lease.
CREATE TABLE slots (
  name   TEXT NOT NULL,
  n      BIGINT NOT NULL,
  holder BIGINT NOT NULL,
  PRIMARY KEY (name, n)
){{.Clustered}};
