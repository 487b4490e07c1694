package sigpost

import _ "embed"

// ExampleConfig is config.example.toml: the manual of every key, and what
// "sigpost init" writes.
//
//go:embed config.example.toml
var ExampleConfig string
