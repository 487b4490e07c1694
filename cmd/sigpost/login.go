package main

type loginCommand struct {
	Account string `arg:"" optional:"" help:"The account, where the configuration has several."`
}

// Run waits until the person has given leave.
func (c loginCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Login(s.ctx, c.Account, s.stdout)
}
