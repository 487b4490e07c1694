-- When somebody wrote for the first time; what a reader wants to hear nothing of.

-- +goose Up
CREATE INDEX messages_author ON messages (lower(author_addr), received);

ALTER TABLE subscriptions ADD COLUMN muted TEXT NOT NULL DEFAULT '[]';
