-- What an editor compares a draft with.

-- +goose Up
-- What was approved last, where that was taken back.
ALTER TABLE issue_drafts ADD COLUMN approved TEXT NOT NULL DEFAULT '';
