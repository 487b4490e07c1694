-- What reviewers look at, and what they and readers said.

-- +goose Up
-- The threads that need a look, under each of the reasons for it, and under no
-- reason once. worth orders them: see the package review.
CREATE TABLE review_queue (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  reason    TEXT NOT NULL,
  worth     DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (thread_id, reason)
);
CREATE INDEX review_queue_worth ON review_queue (reason, worth, thread_id);

-- The tags that are in question, with the worth of their threads.
CREATE TABLE review_tags (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  worth     DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (thread_id, kind, name)
);
CREATE INDEX review_tags_worth ON review_tags (kind, name, worth, thread_id);

-- What a reviewer looked at and left as it is: the questions, a line each.
CREATE TABLE review_seen (
  thread_id BIGINT PRIMARY KEY REFERENCES threads (id),
  questions TEXT NOT NULL,
  who       TEXT NOT NULL,
  at        BIGINT NOT NULL
);

-- Tags that came or went with another taxonomy, or with what was learned.
CREATE TABLE review_changes (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  title     TEXT NOT NULL,
  gone      INTEGER NOT NULL,
  PRIMARY KEY (thread_id, kind, name)
);

-- What readers say is wrong. source is an HMAC over the thread, the tag and the
-- network, so that a network says it once, and nobody learns which it was, or
-- what else it said.
CREATE TABLE reports (
  id        {{.Identity}},
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  title     TEXT NOT NULL,
  missing   INTEGER NOT NULL,
  words     TEXT NOT NULL,
  source    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  closed    BIGINT NOT NULL DEFAULT 0,
  UNIQUE (thread_id, kind, name, missing, source)
);

-- What the classifier had said of a tag when somebody decided on it.
CREATE TABLE judgements (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  at        BIGINT NOT NULL,
  verdict   TEXT NOT NULL CHECK (verdict IN ('accept', 'reject')),
  state     TEXT NOT NULL CHECK (state IN ('accepted', 'proposed', '')),
  score     DOUBLE PRECISION NOT NULL,
  rule      TEXT NOT NULL,
  taxonomy  TEXT NOT NULL,
  PRIMARY KEY (thread_id, kind, name, at)
);
CREATE INDEX judgements_at ON judgements (at);

-- Random samples of accepted tags, one for each week. What is said of them is in
-- decisions.
CREATE TABLE samples (
  week       BIGINT NOT NULL,
  thread_id  BIGINT NOT NULL REFERENCES threads (id),
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  title      TEXT NOT NULL,
  score      DOUBLE PRECISION NOT NULL,
  rule       TEXT NOT NULL,
  taxonomy   TEXT NOT NULL,
  population BIGINT NOT NULL,
  PRIMARY KEY (week, thread_id, kind, name)
);
CREATE INDEX samples_thread ON samples (thread_id);

-- Open issues whose threads have other tags by now than when they were composed.
CREATE TABLE stale_drafts (
  issue_id BIGINT PRIMARY KEY REFERENCES issues (id),
  since    BIGINT NOT NULL
);

-- All threads are tagged again, which finds those that need a look.
UPDATE threads SET classified_taxonomy = '';
DELETE FROM notes WHERE name = 'classified';
