package calendar

import "errors"

func readIRC(data []byte, o Options) (Reading, error)  { return Reading{}, errors.New("TODO") }
func readSIGs(data []byte, o Options) (Reading, error) { return Reading{}, errors.New("TODO") }
