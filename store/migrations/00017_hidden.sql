-- Messages that are kept and counted, and not shown to anybody.

-- +goose Up
-- 0 is shown. 1 is the author's wish (X-No-Archive), 2 a reviewer's removal, 3 both.
-- Whatever shows messages asks for hidden = 0.
ALTER TABLE messages ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;

-- Who removed a message, and why: what its tombstone says.
CREATE TABLE removals (
  message_id BIGINT PRIMARY KEY REFERENCES messages (id),
  who        TEXT NOT NULL,
  why        TEXT NOT NULL,
  at         BIGINT NOT NULL
);

-- Message-IDs that mails carry and that belong to others: few.
CREATE INDEX messages_claimed ON messages (id) WHERE claimed <> '';
