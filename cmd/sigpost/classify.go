package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type classifyCommand struct{}

// Run tags what has grown.
func (classifyCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Classify(s.ctx)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellClassify(w, report) })
}

func tellClassify(w io.Writer, r app.ClassifyReport) {
	fmt.Fprintf(w, "classify  %s looked at, %d of them tagged, in %s\n", plural(r.Threads, "thread"), r.Tagged, short(r.Took))
}

type topicsCommand struct{}

// Run lists the topics of the taxonomy.
func (topicsCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	topics := a.Topics()
	return s.tell(topics, func(w io.Writer) {
		for _, name := range sortedKeys(topics) {
			fmt.Fprintf(w, "%-40s %s\n", name, topics[name])
		}
	})
}
