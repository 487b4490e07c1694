-- What is kept out of sight is not found, and gives its thread no name.

-- +goose Up
-- Whoever looks at a thread that has any looks at few.
CREATE INDEX messages_hidden ON messages (thread_id) WHERE hidden <> 0;

{{.UnindexHidden}}

UPDATE threads SET subject = m.subject, base_subject = m.base_subject FROM messages m
WHERE threads.id IN (SELECT h.thread_id FROM messages h WHERE h.hidden <> 0)
AND m.id = (SELECT f.id FROM messages f WHERE f.thread_id = threads.id AND f.hidden = 0 ORDER BY f.received, f.id LIMIT 1);
