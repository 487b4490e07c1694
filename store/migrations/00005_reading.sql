-- What it takes to tell duplicates apart, to keep people's word on threads, to
-- read old mail anew, and to search.

-- +goose Up
-- How far a source without UIDs was read, in its own words.
ALTER TABLE mailboxes ADD COLUMN mark TEXT NOT NULL DEFAULT '';

-- Mail that was stored before this was here has reader 0, "sigpost reparse"
-- fills in the rest. Until then nothing is cut off from what it may quote.
ALTER TABLE messages ADD COLUMN claimed TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN answering INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN quoting INTEGER NOT NULL DEFAULT 1;
ALTER TABLE messages ADD COLUMN fingerprint {{.Bytes}};
ALTER TABLE messages ADD COLUMN reader BIGINT NOT NULL DEFAULT 0;
-- A number for what an answer without references must have in common with what
-- it answers; 0 where threads are never joined by it.
ALTER TABLE messages ADD COLUMN subject_key BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_subject ON messages (subject_key, received) WHERE subject_key <> 0;
CREATE INDEX messages_answers ON messages (subject_key) WHERE subject_key <> 0 AND answering = 1 AND refs = '';

-- A thread is special where more than references made it what it is: it was
-- cut off from another, in which from_id is what it answers, or may fall apart
-- when that comes, or holds answers that only their subject brought there, or
-- people decided on it.
ALTER TABLE threads ADD COLUMN special INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN from_id TEXT NOT NULL DEFAULT '';

-- What the messages of a thread refer to that is not of it, seen or not, since
-- they were cut off from it.
CREATE TABLE outward (
  message_key {{.Bytes}} NOT NULL,
  thread_id   BIGINT NOT NULL REFERENCES threads (id),
  PRIMARY KEY (message_key, thread_id)
){{.Clustered}};
CREATE INDEX outward_thread ON outward (thread_id);

-- What people decided about threads, in the order of id, by Message-ID: so it
-- holds for mail that comes later too. other_id is for a merge.
CREATE TABLE thread_decisions (
  id         {{.Identity}},
  verdict    TEXT NOT NULL CHECK (verdict IN ('split', 'merge')),
  message_id TEXT NOT NULL,
  other_id   TEXT NOT NULL,
  who        TEXT NOT NULL,
  why        TEXT NOT NULL,
  at         BIGINT NOT NULL
);

-- Threads that have grown since they were classified, and the taxonomy by which
-- all others were: see tagging.go.
CREATE INDEX threads_grown ON threads (id) WHERE revision <> classified_revision;
CREATE TABLE notes (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Of which list it is, and whether the source kept a part of it back.
ALTER TABLE quarantine ADD COLUMN list TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;

-- The full-text index: see search.go.
{{.TextIndex}}
