-- Last good copies of files that lie elsewhere, such as calendars.

-- +goose Up
CREATE TABLE copies (
  name          TEXT PRIMARY KEY,
  origin        TEXT NOT NULL,
  body          {{.Bytes}} NOT NULL,
  etag          TEXT NOT NULL,
  last_modified TEXT NOT NULL,
  confirmed     BIGINT NOT NULL,
  failing       BIGINT NOT NULL,
  failure       TEXT NOT NULL
);
