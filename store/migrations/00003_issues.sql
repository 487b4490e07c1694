-- What was composed. An issue never changes but for its state.

-- +goose Up
CREATE TABLE issues (
  id          {{.Identity}},
  digest      TEXT NOT NULL,
  number      BIGINT,
  window_from BIGINT NOT NULL,
  window_to   BIGINT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('quiet', 'composed', 'sending', 'sent')),
  state_at    BIGINT NOT NULL,
  content     TEXT NOT NULL,
  UNIQUE (digest, number),
  UNIQUE (digest, window_from),
  CHECK (window_from < window_to),
  CHECK ((state = 'quiet') = (number IS NULL))
);
CREATE INDEX issues_window ON issues (digest, window_to);

{{.Frozen "issues" "id, digest, number, window_from, window_to, content"}}

-- Which messages an issue carried. A digest carries none twice.
CREATE TABLE carried (
  digest     TEXT NOT NULL,
  message_id BIGINT NOT NULL REFERENCES messages (id),
  issue_id   BIGINT NOT NULL REFERENCES issues (id),
  PRIMARY KEY (digest, message_id)
){{.Clustered}};
CREATE INDEX carried_issue ON carried (issue_id);

-- Which threads an issue told of.
CREATE TABLE issue_threads (
  thread_id BIGINT NOT NULL REFERENCES threads (id),
  issue_id  BIGINT NOT NULL REFERENCES issues (id),
  PRIMARY KEY (thread_id, issue_id)
){{.Clustered}};
