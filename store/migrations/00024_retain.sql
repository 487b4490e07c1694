-- Mail that is not kept for ever.

-- +goose Up
-- Mail lies in blocks: which of it is left in one when some of it goes.
CREATE INDEX messages_raw_block ON messages (raw_block);
