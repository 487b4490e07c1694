package ingest

import (
	"context"
	"errors"
)

// Check connects, logs in and opens each mailbox for reading, and changes
// nothing. The error has a line for each mailbox that cannot be opened.
// Nothing is tried twice.
func Check(ctx context.Context, account Account, mailboxes []string) error {
	s, err := account.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	var errs []error
	for _, name := range mailboxes {
		_, err := s.examine(ctx, name)
		errs = append(errs, err)
		if err != nil && !errors.Is(err, ErrNoMailbox) {
			break // the connection is gone
		}
	}
	return errors.Join(errs...)
}
