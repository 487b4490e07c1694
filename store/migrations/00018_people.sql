-- Who has signed in, and what they and others did.

-- +goose Up
-- Secrets are kept as SHA-256 hashes, in hexadecimal digits. used and revoked are
-- 0 until it happens.
CREATE TABLE sign_in_links (
  hash    TEXT PRIMARY KEY,
  addr    TEXT NOT NULL,
  way     TEXT NOT NULL CHECK (way IN ('mail', 'terminal')),
  back    TEXT NOT NULL,
  made    BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used    BIGINT NOT NULL DEFAULT 0
){{.Clustered}};
CREATE INDEX sign_in_links_expires ON sign_in_links (expires);

CREATE TABLE sessions (
  id       {{.Identity}},
  hash     TEXT NOT NULL UNIQUE,
  addr     TEXT NOT NULL,
  addr_key TEXT NOT NULL,
  way      TEXT NOT NULL CHECK (way IN ('mail', 'terminal')),
  network  TEXT NOT NULL,
  agent    TEXT NOT NULL,
  created  BIGINT NOT NULL,
  seen     BIGINT NOT NULL,
  expires  BIGINT NOT NULL,
  revoked  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sessions_addr ON sessions (addr_key, id);

CREATE TABLE audit (
  id          {{.Identity}},
  at          BIGINT NOT NULL,
  who         TEXT NOT NULL CHECK (who <> ''),
  action      TEXT NOT NULL CHECK (action <> ''),
  object_kind TEXT NOT NULL,
  object      TEXT NOT NULL,
  says        TEXT NOT NULL,
  detail      TEXT NOT NULL,
  undo        TEXT NOT NULL,
  undoes      BIGINT NOT NULL,
  undone_by   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_object ON audit (object_kind, object, id);
-- What was done stays written as it is: only that it was undone is noted.
{{.Frozen "audit" "at, who, action, object_kind, object, says, detail, undo, undoes"}}
