-- Many processes work on one archive.

-- +goose Up
-- Goes up whenever the cursor is moved: who has seen another version moves nothing.
ALTER TABLE mailboxes ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- Threads that somebody is tagging, until when nobody else need do it, by the
-- database's clock. A row whose time is over is as good as none.
CREATE TABLE tagging_claims (
  thread_id BIGINT PRIMARY KEY,
  until     BIGINT NOT NULL
);
