package main

import (
	"fmt"
	"io"
	"os"
	"os/user"

	"sigpost"
)

type threadCommand struct {
	Split threadSplit `cmd:"" help:"Make a message and what answers it a thread of their own, for good."`
	Merge threadMerge `cmd:"" help:"Make one thread of two, for good."`
}

type reasonFlags struct {
	By  string `placeholder:"NAME" help:"Who decides (default: your login)."`
	Why string `placeholder:"TEXT" help:"Why, for those who come after you."`
}

// who is who decides.
func (f reasonFlags) who() string {
	if f.By != "" {
		return f.By
	}
	return login()
}

// login is who uses the command line.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

type threadSplit struct {
	reasonFlags
	Message string `arg:"" name:"message-id" help:"The message that is to open a thread."`
}

// Run splits.
func (c threadSplit) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	t, err := a.SplitThread(s.ctx, c.Message, c.who(), c.Why)
	if err != nil {
		return err
	}
	return s.tellThread(t)
}

type threadMerge struct {
	reasonFlags
	One   string `arg:"" help:"A thread's number, or the Message-ID of a message in it."`
	Other string `arg:"" help:"The thread that is to be the same."`
}

// Run merges.
func (c threadMerge) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	t, err := a.MergeThreads(s.ctx, c.One, c.Other, c.who(), c.Why)
	if err != nil {
		return err
	}
	return s.tellThread(t)
}

func (s *session) tellThread(t sigpost.Thread) error {
	return s.tell(struct {
		Thread   int64  `json:"thread"`
		Subject  string `json:"subject"`
		Messages int    `json:"messages"`
	}{t.ID, t.Subject, t.Messages}, func(w io.Writer) {
		fmt.Fprintf(w, "thread %d: %s (%s)\n", t.ID, printable(t.Subject), plural(t.Messages, "message"))
	})
}
