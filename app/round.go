package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"sigpost/config"
	"sigpost/ingest"
	"sigpost/internal/logs"
)

// round is what the jobs have in common that are done one behind the other under
// one lock: the sessions with mail servers, and what was tagged while mail was
// still being read.
type round struct {
	run     string // its id
	begun   time.Time
	jobs    []JobOutcome // that were done in it
	in      *ingest.Ingester
	archive knowing
	tagged  ClassifyReport
	tagging error
}

// begin gives the app a round of its own; end ends it.
func (a *App) begin() (end func()) {
	a.round = &round{run: runID(), begun: a.now()}
	a.log = logs.OfRun(a.log, a.round.run)
	return func() {
		if a.round.in != nil {
			a.round.in.Close()
		}
	}
}

// runID is what a run is called in logs, in the table of jobs and in reports.
func runID() string {
	id := make([]byte, 6)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// mailReader is what reads mail in this round.
func (a *App) mailReader() *ingest.Ingester {
	if a.round.in == nil {
		a.round.archive = a.knowing(a.Store)
		a.round.in = ingest.New(a.round.archive, a.parse, a.now, a.log)
		a.round.in.Seen = a.sawEnd
	}
	return a.round.in
}

// readAndTagFull reads a mailbox, and tags what has grown whenever what was read
// fills the room that there is for it.
func (a *App) readAndTagFull(ctx context.Context, account config.Account, mailbox config.Mailbox) (report IngestReport, err error) {
	r := a.round
	before := r.tagged.Took
	report, err = a.readMailbox(ctx, account, mailbox, func() {
		if a.fresh.full() && r.tagging == nil {
			var part ClassifyReport
			part, r.tagging = a.classifyBy(ctx, "")
			r.tagged.add(part)
		}
	})
	report.Took -= r.tagged.Took - before
	return report, err
}

// tagRest tags what has grown, and reports all that was tagged in this round.
func (a *App) tagRest(ctx context.Context) (ClassifyReport, error) {
	r := a.round
	if r.tagging == nil {
		var part ClassifyReport
		part, r.tagging = a.classify(ctx)
		r.tagged.add(part)
	}
	report, err := r.tagged, r.tagging
	r.tagged, r.tagging = ClassifyReport{}, nil
	return report, err
}

// service is what was done with the mail of service mailboxes since this was asked
// last.
func (r *round) service() (s ServiceReport) {
	if r.in != nil {
		s, r.archive.desk.report = r.archive.desk.report, ServiceReport{}
	}
	return s
}

// merge adds what was read of another mailbox.
func (r *IngestReport) merge(part IngestReport) {
	r.Mailboxes = append(r.Mailboxes, part.Mailboxes...)
	r.AddCounts.Add(part.AddCounts)
	r.Service.add(part.Service)
	r.Failed = append(r.Failed, part.Failed...)
	r.Took += part.Took
}
