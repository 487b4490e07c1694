-- A message's place has its number in 28 bits and not in 26: the text index is made anew.

-- +goose Up
DROP TABLE message_text;
{{.TextIndex}}
DELETE FROM message_words;
-- "sigpost reparse" takes the mail up into both.
UPDATE messages SET reader = -reader WHERE reader > 0;
