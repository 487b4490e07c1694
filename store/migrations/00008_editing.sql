-- Issues are drafts that editors may change until they are approved.

-- +goose Up
{{if .Rebuilds}}
-- A check cannot be changed: the table is made anew. Its rows are gone and back
-- before anybody asks whether what refers to them still holds.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE issues_kept AS SELECT * FROM issues;
DROP TABLE issues;
CREATE TABLE issues (
  id          {{.Identity}},
  digest      TEXT NOT NULL,
  number      BIGINT,
  window_from BIGINT NOT NULL,
  window_to   BIGINT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('quiet', 'draft', 'ready', 'approved', 'sending', 'sent')),
  state_at    BIGINT NOT NULL,
  content     TEXT NOT NULL,
  UNIQUE (digest, number),
  UNIQUE (digest, window_from),
  CHECK (window_from < window_to),
  CHECK ((state = 'quiet') = (number IS NULL))
);
CREATE INDEX issues_window ON issues (digest, window_to);
INSERT INTO issues (id, digest, number, window_from, window_to, state, state_at, content)
SELECT id, digest, number, window_from, window_to, CASE state WHEN 'composed' THEN 'approved' ELSE state END, state_at, content
FROM issues_kept;
DROP TABLE issues_kept;
{{else}}
ALTER TABLE issues DROP CONSTRAINT issues_state_check;
UPDATE issues SET state = 'approved' WHERE state = 'composed';
ALTER TABLE issues ADD CONSTRAINT issues_state_check
CHECK (state IN ('quiet', 'draft', 'ready', 'approved', 'sending', 'sent'));
{{.Thaw "issues"}}
{{end}}
{{.Frozen "issues" "id, digest, number, window_from, window_to"}}
-- What an issue holds changes only while it is open, and what has begun to be
-- sent does not become open again.
{{.FrozenWhen "issues_content" "issues" "content" "OLD.state NOT IN ('draft', 'ready')"}}
{{.FrozenWhen "issues_state" "issues" "state" "OLD.state IN ('sending', 'sent') AND NEW.state NOT IN ('sending', 'sent')"}}

-- What was composed, without edits. The issue itself holds it with them: what
-- would be sent. previous is empty until it is composed anew.
CREATE TABLE issue_drafts (
  issue_id BIGINT PRIMARY KEY REFERENCES issues (id),
  content  TEXT NOT NULL,
  previous TEXT NOT NULL DEFAULT '',
  made_at  BIGINT NOT NULL,
  built_at BIGINT NOT NULL
);
INSERT INTO issue_drafts (issue_id, content, made_at, built_at)
SELECT id, content, state_at, state_at FROM issues WHERE state = 'approved';

-- What editors changed. thread_id is 0 where it is about no thread.
CREATE TABLE issue_edits (
  issue_id  BIGINT NOT NULL REFERENCES issues (id),
  kind      TEXT NOT NULL CHECK (kind IN ('pin', 'drop', 'move', 'headline', 'summary', 'note', 'section', 'order')),
  thread_id BIGINT NOT NULL,
  section   TEXT NOT NULL,
  text      TEXT NOT NULL,
  who       TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (issue_id, kind, thread_id, section)
){{.Clustered}};

-- Letters to editors about a draft: each of each kind once.
CREATE TABLE nudges (
  id         {{.Identity}},
  issue_id   BIGINT NOT NULL REFERENCES issues (id),
  kind       TEXT NOT NULL,
  addr       TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN
             ('queued', 'sending', 'sent', 'failed', 'unknown', 'suppressed')),
  message_id TEXT NOT NULL CHECK (message_id <> ''),
  attempts   BIGINT NOT NULL DEFAULT 0,
  due        BIGINT NOT NULL,
  lease      BIGINT NOT NULL DEFAULT 0,
  reply      TEXT NOT NULL DEFAULT '',
  updated    BIGINT NOT NULL,
  UNIQUE (issue_id, kind, addr)
);
CREATE INDEX nudges_message_id ON nudges (message_id);
