-- What is kept out of sight is not found, and gives its thread no name.

-- +goose Up
-- Whoever looks at a thread that has any looks at few.
CREATE INDEX messages_hidden ON messages (thread_id) WHERE hidden <> 0;

{{.UnindexHidden}}
