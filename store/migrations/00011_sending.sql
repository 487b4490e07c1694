-- How the sending of an issue goes, as a whole.

-- +goose Up
CREATE TABLE sendings (
  issue_id   BIGINT PRIMARY KEY REFERENCES issues (id),
  begun      BIGINT NOT NULL,
  -- Letters are queued for the subscriptions up to queue_end, which there were
  -- when it began; for those up to queued they are.
  queued     BIGINT NOT NULL DEFAULT 0,
  queue_end  BIGINT NOT NULL,
  -- What was not sent by then is not sent any more.
  expires    BIGINT NOT NULL,
  -- Since when it stands still, and why; 0 while it goes on.
  paused     BIGINT NOT NULL DEFAULT 0,
  paused_why TEXT NOT NULL DEFAULT '',
  -- How it ended before everybody had it: cancelled or expired.
  ended_why  TEXT NOT NULL DEFAULT '',
  CHECK (queued <= queue_end)
);

-- Issues that began to be sent before there was this table have all their rows.
INSERT INTO sendings (issue_id, begun, queued, queue_end, expires)
SELECT id, state_at, 0, 0, state_at + 1209600000000 FROM issues WHERE state IN ('sending', 'sent');

-- One row. generation grows with each sending; the same number is written to a
-- file beside the archive, so that an archive that was put back to an earlier
-- state is found out before it sends again what it does not know of.
CREATE TABLE generations (
  one        BIGINT PRIMARY KEY CHECK (one = 1),
  generation BIGINT NOT NULL,
  -- When an operator said that the archive was put back to an earlier state: what
  -- it does not know of was before.
  restored   BIGINT NOT NULL DEFAULT 0
);
INSERT INTO generations (one, generation) VALUES (1, 0);
