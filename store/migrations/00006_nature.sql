-- A thread has one nature: what the classifier found, or the one that a person
-- decided on last.

-- +goose Up
-- What a taxonomy of one's own may have called so; all is classified anew.
DELETE FROM taggings WHERE kind = 'nature';
CREATE UNIQUE INDEX taggings_nature ON taggings (thread_id) WHERE kind = 'nature';

DROP VIEW accepted_tags;
CREATE VIEW accepted_tags AS
SELECT thread_id, kind, name, title FROM taggings t
WHERE state = 'accepted' AND NOT EXISTS (
  SELECT 1 FROM decisions d
  WHERE d.thread_id = t.thread_id AND d.kind = t.kind AND (d.name = t.name OR d.kind = 'nature' AND d.verdict = 'accept'))
UNION ALL
SELECT thread_id, kind, name, title FROM decisions d WHERE verdict = 'accept' AND (kind <> 'nature' OR NOT EXISTS (
  SELECT 1 FROM decisions later
  WHERE later.thread_id = d.thread_id AND later.kind = 'nature' AND (later.at, later.name) > (d.at, d.name)));
