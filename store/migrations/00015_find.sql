-- Searching newest first: the text index is made anew, in the order in which
-- messages were received, with the beginning of what each author wrote beside it.

-- +goose Up
DROP TABLE message_text;
{{.TextIndex}}
-- place is a message's in the order of searches: see search.go. words are the
-- beginning of what its author wrote, compressed. A message that is not here is
-- not found.
CREATE TABLE message_words (
  place {{.Key}},
  words {{.Bytes}} NOT NULL
);
CREATE INDEX message_lists_list ON message_lists (list, message_id);
-- "sigpost reparse" takes the mail up into both.
UPDATE messages SET reader = -reader WHERE reader > 0;
