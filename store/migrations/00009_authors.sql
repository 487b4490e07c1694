-- When somebody wrote for the first time.

-- +goose Up
CREATE INDEX messages_author ON messages (lower(author_addr), received);
