package main

import "sigpost/app"

type loginCommand struct {
	Account string `arg:"" optional:"" help:"The account, where the configuration has several."`
}

// Run waits until the person has given leave.
func (c loginCommand) Run(s *session) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	return app.Login(s.ctx, cfg, c.Account, s.stdout)
}
