-- Checks of the ledger that cost less.

-- +goose Up
{{if .Rebuilds}}
-- SQLite puts the values of an IN with more than two into a table of its own for
-- each statement, and looks into that for each row: a quarter of what it does for a
-- letter. These checks say the same, and ask for what is most common first. Only
-- the table's text changes (https://www.sqlite.org/lang_altertable.html, "Making
-- Other Kinds Of Table Schema Changes"), not its rows, of which there may be many
-- millions.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, 'CHECK (state IN
                  (''queued'', ''sending'', ''sent'', ''failed'', ''unknown'', ''suppressed''))',
  'CHECK (state = ''sent'' OR state = ''sending'' OR state = ''queued'' OR state = ''suppressed'' OR state = ''failed'' OR state = ''unknown'')'),
  'CHECK (lease = 0 OR state IN (''queued'', ''sending''))',
  'CHECK (lease = 0 OR state = ''sending'' OR state = ''queued'')')
WHERE type = 'table' AND name = 'deliveries';
PRAGMA writable_schema = RESET;
{{else}}
SELECT 1; -- PostgreSQL does not mind
{{end}}
