-- Lists of threads, ready in the order in which they are shown.

-- +goose Up
-- What lists a thread is in by what is known of it: one for each tag that holds,
-- natures too, one for each mailing list, and the one of those without an answer.
-- No tag has a kind with a colon. store/listing.go says in words what the last
-- one is.
CREATE VIEW listed AS
SELECT a.kind, a.name, t.last_at, a.thread_id
FROM accepted_tags a JOIN threads t ON t.id = a.thread_id
UNION ALL
SELECT ':list', l.list, t.last_at, l.thread_id
FROM thread_lists l JOIN threads t ON t.id = l.thread_id
UNION ALL
SELECT ':unanswered', '', t.last_at, a.thread_id
FROM accepted_tags a JOIN threads t ON t.id = a.thread_id
WHERE a.kind = 'nature' AND a.name IN ('question', 'proposal', 'discussion') AND NOT EXISTS (
  SELECT 1 FROM messages m WHERE m.thread_id = a.thread_id AND m.robot = 0 AND m.own = 0 AND lower(m.author_addr) <> (
    SELECT lower(f.author_addr) FROM messages f WHERE f.thread_id = a.thread_id ORDER BY f.received, f.id LIMIT 1))
AND (SELECT f.robot + f.own FROM messages f WHERE f.thread_id = a.thread_id ORDER BY f.received, f.id LIMIT 1) = 0;

-- The same, written down: whatever changes a thread writes its rows anew.
CREATE TABLE listing (
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  last_at   BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  PRIMARY KEY (kind, name, last_at, thread_id)
){{.Clustered}};
INSERT INTO listing (kind, name, last_at, thread_id)
SELECT kind, name, last_at, thread_id FROM listed ORDER BY kind, name, last_at, thread_id;
CREATE INDEX listing_thread ON listing (thread_id);

-- Messages are counted by week without being read.
DROP INDEX messages_received;
CREATE INDEX messages_received ON messages (received, id, thread_id, robot, own);

-- Who has written: an author is looked for by words of a name or of an address.
-- What is longer than any address is left out, since an index does not take it.
CREATE TABLE authors (
  id   {{.Identity}},
  addr TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (addr, name)
);
INSERT INTO authors (addr, name) SELECT DISTINCT author_addr, substr(author_name, 1, 200) FROM messages
WHERE author_addr <> '' AND length(author_addr) <= 320;
