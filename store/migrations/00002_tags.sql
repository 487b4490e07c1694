-- What threads are about: what the classifier found, and over it what people
-- decided, which no classifier ever touches.

-- +goose Up
CREATE TABLE taggings (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  title     TEXT NOT NULL,
  score     DOUBLE PRECISION NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('accepted', 'proposed')),
  evidence  TEXT NOT NULL,
  PRIMARY KEY (thread_id, kind, name)
);
CREATE INDEX taggings_tag ON taggings (kind, name, thread_id);

CREATE TABLE decisions (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  title     TEXT NOT NULL,
  verdict   TEXT NOT NULL CHECK (verdict IN ('accept', 'reject')),
  who       TEXT NOT NULL,
  why       TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (thread_id, kind, name)
);
CREATE INDEX decisions_tag ON decisions (kind, name, thread_id);

CREATE VIEW accepted_tags AS
SELECT thread_id, kind, name, title FROM taggings t
WHERE state = 'accepted' AND NOT EXISTS (
  SELECT 1 FROM decisions d
  WHERE d.thread_id = t.thread_id AND d.kind = t.kind AND d.name = t.name)
UNION ALL
SELECT thread_id, kind, name, title FROM decisions WHERE verdict = 'accept';
