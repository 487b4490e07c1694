// Package ingest brings mail from its sources into the archive, bit by bit
// behind a cursor: IMAP mailboxes, and files (mbox, pipermail, maildirs,
// public-inboxes, single mails, and folders of these).
//
// All sources go through one pipeline: a source hands over batches of raw
// mails in order, two goroutines parse a batch while the next one is being
// fetched, and batches are stored one after the other. A batch and the cursor
// behind it are one transaction of the archive, so that the cursor never
// passes anything that is not stored: a run that ends anywhere is continued
// by the next one without a gap.
//
// What cannot be understood is never dropped and never stops a run. It goes to
// quarantine with whatever bytes there are of it and the reason.
package ingest
