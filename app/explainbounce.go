package app

import (
	"fmt"
	"os"

	"sigpost"
	"sigpost/bounce"
)

// ExplainedBounce is what a mail in a file reports; without recipients it is no
// report.
type ExplainedBounce struct {
	File       string             `json:"file"`
	Recipients []bounce.Recipient `json:"recipients"`
}

// ExplainBounce says what the mail in a file reports. It needs no archive and no
// configuration.
func ExplainBounce(file string) (ExplainedBounce, error) {
	e := ExplainedBounce{File: file, Recipients: []bounce.Recipient{}}
	raw, err := os.ReadFile(file)
	if err != nil {
		return e, sigpost.Usage(fmt.Errorf("the mail cannot be read: %w", err))
	}
	report, err := bounce.Read(raw)
	if err != nil {
		return e, fmt.Errorf("%s: %w", file, err)
	}
	e.Recipients = append(e.Recipients, report.Recipients...)
	return e, nil
}
