package ingest

import "context"

// batcher gathers a file's mails for the pipeline.
type batcher struct {
	emit  emitter
	limit int // mails a batch
	b     batch
	// mark and position are as they were handed on last.
	mark     string
	position int64
}

func (r *fileRun) batcher(emit emitter) *batcher {
	return &batcher{emit: emit, limit: r.in.batchMails(), mark: r.mark}
}

func (o *batcher) add(m mail) {
	o.b.mails = append(o.b.mails, m)
	o.b.bytes += int64(len(m.raw))
}

func (o *batcher) full() bool { return len(o.b.mails) >= o.limit || o.b.bytes >= maxBatchBytes }

// flush hands on what has gathered, and the mark behind it. position is how
// many bytes of the file are done.
func (o *batcher) flush(ctx context.Context, mark string, position int64) error {
	if len(o.b.mails) == 0 && o.b.expunged == 0 && mark == o.mark {
		return nil
	}
	b := o.b
	b.mark, b.position = mark, position
	o.b, o.mark, o.position = batch{}, mark, position
	return o.emit(ctx, b)
}

// end hands on what has gathered before reading ended with err.
func (o *batcher) end(ctx context.Context, mark string, err error) error {
	if flushErr := o.flush(ctx, mark, o.position); flushErr != nil {
		return flushErr
	}
	return err
}
